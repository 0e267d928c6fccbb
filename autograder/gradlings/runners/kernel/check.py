"""The checks of one exercise on what is defined in a running notebook.

The functions are those of the kernel, as they are at this moment; their source is IPython's record of the cells that
were run. Nothing is run a second time, but for the `def` of a function whose name stands for something else by now.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import html
import logging
import os
import sys
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradlings.execution.drivers import load_drivers
from gradlings.execution.kept_settings import SideEffects, standard_settings, taken_names
from gradlings.execution.local_runner import LocalRunner
from gradlings.model.errors import InputError
from gradlings.model.exercise import path_of, read_exercises
from gradlings.model.kit_paths import kit_of
from gradlings.model.scorecard import ExerciseScore, Scorecard
from gradlings.model.text import map_text
from gradlings.progress.record import code_digests
from gradlings.runners.kernel.cells import cell_numbers, cells_that_ran
from gradlings.runners.kernel.memory import keep
from gradlings.runners.kernel.place import Place, folders, functions, place_of, require_its_notebook
from gradlings.submission import shipped_kit
from gradlings.submission.cells import compiled
from gradlings.submission.exercise_text import Answer, answers, solved_texts
from gradlings.submission.helpers.files import MAX_HELPER_BYTES, Helper, Helpers, is_of_the_kit
from gradlings.submission.reader import Submission, from_cells, shown, source_name_of

if TYPE_CHECKING:
    from gradlings.runners.session import Grader

_log = logging.getLogger(__name__)


def check_in_notebook(exercise: str, shell: Any) -> tuple[int, str]:
    """Return the points of an exercise and the verdict as HTML; `shell` is IPython's."""
    try:
        place = place_of(exercise, folders(shell))
        require_its_notebook(place, exercise, shell.user_ns)
        score = _score(exercise, place, shell)
    except InputError as error:
        return 0, not_checked(str(error))
    except Exception as error:
        return 0, not_checked(f"The check itself failed ({described(error)}).")
    sentence = f"{exercise} {score.name}: {score.points} of {score.max_points} points."
    return score.points, drawn(lambda: _page(score, place, shell), sentence)


def _page(score: ExerciseScore, place: Place, shell: Any) -> str:
    from gradlings.rendering.html import exercise_fragment

    if not score.solved:
        return exercise_fragment(score, advice=_advice(score.id, shell))
    solved = solved_texts(place.folder).get(score.id, "")
    others = [(answer.name, answer.code) for answer in _answers(score.id, place.checks_file)]
    return exercise_fragment(score, solved=solved, answers=others)


def _advice(exercise: str, shell: Any) -> str:
    """Return which calls help, and what must be imported for them."""
    missing = [name for name in ("hint", "try_call") if name not in shell.user_ns]
    first = f" (First: from gradlings import {', '.join(missing)})" if missing else ""
    return f'Stuck? hint("{exercise}") helps, and try_call("{exercise}") makes a cell of the call that fails.{first}'


def _answers(exercise: str, checks_file: Path) -> tuple[Answer, ...]:
    """Return the answers of an exercise that are installed."""
    folder = checks_file.parent
    try:
        return answers(kit_of(folder) or folder.parent.parent, folder.name, source_name_of(checks_file), exercise)
    except InputError:
        return ()


def _score(exercise: str, place: Place, shell: Any) -> ExerciseScore:
    with kernel_checks(place, shell) as kernel:
        graded = kernel.grader.check(kernel.runner, place.checks_file, seed=0, only=(exercise,))
    return recorded(graded.scorecard, place, kernel)[0]


@dataclass(frozen=True)
class KernelChecks:
    """The checks of an assignment, and the functions of a notebook's kernel as a submission."""

    grader: Grader
    runner: LocalRunner
    numbers: Mapping[str, int]
    """Those of the cells that were run, by the names under which IPython compiled them."""


@contextlib.contextmanager
def kernel_checks(place: Place, shell: Any) -> Iterator[KernelChecks]:
    """Collect the checks of a place, for what is defined in the kernel; the settings are torch's own meanwhile."""
    import torch

    from gradlings.execution.stand_in_names import in_place
    from gradlings.runners.session import collected_checks

    folder = place.folder
    numbers = cell_numbers(shell)
    submission = from_cells(Path("this notebook"), cells_that_ran(numbers, shell), _helpers(place))
    path, given = path_of(folder), None
    if path and path.given.functions:
        submission, given = in_place(submission, {}, path.given)
    submission = replace(submission, syntax_problems=submission.syntax_problems[::-1])  # the last attempt counts
    drivers = load_drivers(folder)
    names = [name for file in folder.glob("test_*.py") for name in functions(read_exercises(file))]
    last = _last_functions(submission, names, shell.user_ns)
    rebound = {name: type(shell.user_ns[name]).__name__ for name in last}
    runner = LocalRunner(
        *(submission, shell.user_ns, lambda: drivers),
        in_notebook=True,
        stand_ins=given,
        rebound=rebound,
        last_functions=last,
    )
    threads = torch.get_num_threads()
    try:
        # settings of the kernel are the student's, and must reach neither an oracle nor the functions
        with standard_settings() as changed, collected_checks(folder) as grader:
            runner.side_effects = SideEffects(changed, taken_names(shell.user_ns, submission))
            yield KernelChecks(grader, runner, numbers)
    finally:  # a pytest run settles down for good, a notebook goes on
        torch.set_num_threads(threads)
        gc.unfreeze()


def recorded(card: Scorecard, place: Place, kernel: KernelChecks) -> tuple[ExerciseScore, ...]:
    """Record a run in the kit, or in this kernel; return its scores, with numbers of cells in place of file names."""
    try:
        keep(card, place, code_digests(kernel.runner.submission, place.exercises))
    except Exception:  # the record does not decide what was found
        _log.debug("a result is not on record", exc_info=True)

    def with_cell_numbers(text: str) -> str:
        for file, number in kernel.numbers.items():
            text = text.replace(shown(file), f"cell [{number}]")  # Jupyter makes up file names for cells
        return text

    return tuple(map_text(score, with_cell_numbers) for score in card.exercises)


def _last_functions(submission: Submission, names: Collection[str], namespace: dict[str, Any]) -> dict[str, Any]:
    """Return by name the functions whose names stand for something else by now, each made from its last `def` again."""
    lost = {name for name in names if name in namespace and not callable(namespace[name])}
    found: dict[str, Any] = {}
    for cell in submission.cells if lost else ():
        with contextlib.suppress(Exception):  # a cell that is no Python, or a decorator that fails now
            for node in compiled(cell).body:
                if isinstance(node, ast.FunctionDef) and node.name in lost:
                    code = compile(ast.Module([node], []), cell.file, "exec", flags=cell.flags, dont_inherit=True)
                    exec(code, namespace, found)
    return {name: function for name, function in found.items() if callable(function)}


def _helpers(place: Place) -> Helpers:
    """Return the modules that the kernel imported from beside the notebook, other than those of the kit."""
    kit, folder = shipped_kit.handed_out(place.folder.name), place.notebook_folder
    files = {file for module in list(sys.modules.values()) if isinstance(file := vars(module).get("__file__"), str)}
    found = []
    for file in sorted(file for file in files if file.startswith(f"{folder}{os.sep}") and file.endswith(".py")):
        path = Path(file).relative_to(folder).as_posix()
        if path not in kit and not is_of_the_kit(path):
            with contextlib.suppress(OSError), open(file, "rb") as opened:
                found.append(Helper(path, file, opened.read(MAX_HELPER_BYTES)))
    return Helpers(tuple(found))


def not_checked(text: str) -> str:
    """Return as HTML why nothing was checked."""
    return f"<p><strong>Not checked.</strong> {html.escape(text)}</p>"


def described(error: Exception) -> str:
    """Return what is said of an error that is a fault of ours."""
    return f"{type(error).__name__}: {error}; this is not your fault: please report it"


def drawn(page: Callable[[], str], otherwise: str) -> str:
    """Return a page as HTML; if it cannot be made, the sentence that must not be lost with it."""
    try:
        return page()
    except Exception as error:
        _log.debug("a page could not be made", exc_info=True)
        why = html.escape(described(error))
        return f"<p><strong>{html.escape(otherwise)}</strong> The page could not be made ({why}).</p>"
