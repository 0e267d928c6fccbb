"""The checks of one exercise on what is defined in a running notebook.

The functions are those of the kernel, as they are at this moment; their source is IPython's record of the cells that
were run. Nothing is run a second time, but for the `def` of a function whose name stands for something else by now.
"""

from __future__ import annotations

import ast
import contextlib
import gc
import html
import linecache
import os
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gradlings.execution.drivers import load_drivers
from gradlings.execution.kept_settings import SideEffects, standard_settings, taken_names
from gradlings.execution.local_runner import LocalRunner
from gradlings.model.errors import InputError
from gradlings.model.exercise import given_sentence, path_of, read_exercises
from gradlings.model.kit_paths import kit_of
from gradlings.model.scorecard import ExerciseScore, Scorecard
from gradlings.model.text import map_text
from gradlings.progress.record import code_digests, record
from gradlings.submission import shipped_kit
from gradlings.submission.cells import Cell, compiled, without_magics
from gradlings.submission.exercise_text import Answer, answers, solved_texts
from gradlings.submission.helpers.files import MAX_HELPER_BYTES, Helper, Helpers, is_of_the_kit
from gradlings.submission.reader import Submission, from_cells, shown, source_name_of
from gradlings.submission.stand_ins import blank

if TYPE_CHECKING:
    from gradlings.runners.session import Grader


def check_in_notebook(exercise: str, shell: Any) -> tuple[int, str]:
    """Return the points of an exercise and the verdict as HTML; `shell` is IPython's."""
    try:
        checks_file = find_checks(exercise, folders(shell))
        score = _score(exercise, checks_file, shell)
    except InputError as error:
        return 0, not_checked(str(error))
    except Exception as error:
        message = (
            f"The check itself failed ({type(error).__name__}: {error}). This is not your fault: please report it."
        )
        return 0, not_checked(message)
    from gradlings.rendering.html import exercise_fragment

    if not score.solved:
        return score.points, exercise_fragment(score, advice=_advice(exercise, shell))
    solved = solved_texts(checks_file.parent).get(exercise, "")
    others = [(answer.name, answer.code) for answer in _answers(exercise, checks_file)]
    return score.points, exercise_fragment(score, solved=solved, answers=others)


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


def find_checks(exercise: str, folders: list[Path]) -> Path:
    """Return the file of checks that declares an exercise, in the first of the folders that holds one.

    Raises:
        InputError: there is none; the message says where it was looked for and what to do.
    """
    known: list[str] = []
    for folder in folders:
        for path in sorted(folder.glob("test_*.py")):
            ids = [found.id for found in read_exercises(path)]
            if exercise in ids:
                return path
            known += ids
        if said := given_sentence(folder, exercise):
            raise InputError(said)
    if known:
        raise InputError(f"There is no exercise {exercise} here; there are {', '.join(known)}.")
    raise InputError(
        f'check("{exercise}") needs the checks of the assignment (test_*.py) beside the notebook; {folders[0]} holds '
        "none. Download the whole folder of the assignment and open the notebook there."
    )


def folders(shell: Any) -> list[Path]:
    """Return where the notebook may lie: the current folder, and the one that the editor names."""
    named = (shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))  # VS Code, Jupyter
    return [Path.cwd(), *(Path(path).parent for path in named if isinstance(path, str) and os.path.isabs(path))]


def _score(exercise: str, checks_file: Path, shell: Any) -> ExerciseScore:
    with kernel_checks(checks_file.parent, shell) as kernel:
        graded = kernel.grader.check(kernel.runner, checks_file, seed=0, only=(exercise,))
    return recorded(graded.scorecard, checks_file, kernel)[0]


@dataclass(frozen=True)
class KernelChecks:
    """The checks of an assignment, and the functions of a notebook's kernel as a submission."""

    grader: Grader
    runner: LocalRunner
    numbers: Mapping[str, int]
    """Those of the cells that were run, by the names under which IPython compiled them."""


@contextlib.contextmanager
def kernel_checks(folder: Path, shell: Any) -> Iterator[KernelChecks]:
    """Collect the checks in a folder, for what is defined in the kernel; the settings are torch's own meanwhile."""
    import torch

    from gradlings.execution.stand_in_names import in_place
    from gradlings.runners.session import collected_checks

    numbers = _numbers(shell)
    submission = from_cells(Path("this notebook"), _cells(numbers, shell), _helpers(folder))
    path, given = path_of(folder), None
    if path and path.given.functions:
        submission, given = in_place(submission, {}, path.given)
    submission = replace(submission, syntax_problems=submission.syntax_problems[::-1])  # the last attempt counts
    drivers = load_drivers(folder)
    names = [name for file in folder.glob("test_*.py") for each in read_exercises(file) for name in each.functions]
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


def recorded(card: Scorecard, checks_file: Path, kernel: KernelChecks) -> tuple[ExerciseScore, ...]:
    """Record a run where the notebook is in a kit; return its scores, with numbers of cells in place of file names."""
    root = kit_of(checks_file.parent)
    if root is not None:
        record(root, card, "notebook", code_digests(kernel.runner.submission, read_exercises(checks_file)))

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


def _helpers(folder: Path) -> Helpers:
    """Return the modules that the kernel imported from beside the notebook, other than those of the kit."""
    kit = shipped_kit.handed_out(folder.name)
    files = {file for module in list(sys.modules.values()) if isinstance(file := vars(module).get("__file__"), str)}
    found = []
    for file in sorted(file for file in files if file.startswith(f"{folder}{os.sep}") and file.endswith(".py")):
        path = Path(file).relative_to(folder).as_posix()
        if path not in kit and not is_of_the_kit(path):
            with contextlib.suppress(OSError), open(file, "rb") as opened:
                found.append(Helper(path, file, opened.read(MAX_HELPER_BYTES)))
    return Helpers(tuple(found))


def _numbers(shell: Any) -> dict[str, int]:
    """Return every cell that was run, in order: the name under which IPython compiled it, and its number in brackets.

    A cell that ran twice has the number of its last run.
    """
    found = {}
    for file in list(linecache.cache):
        label = shell.compile.format_code_name(file)  # ("Cell", "In[5]"), as its own tracebacks have it
        if label:
            found[file] = int(label[1].removeprefix("In[").removesuffix("]"))
    return dict(sorted(found.items(), key=lambda entry: entry[1]))


def _cells(numbers: Mapping[str, int], shell: Any) -> tuple[Cell, ...]:
    """Return the cells as they ran, without what later ones define anew.

    The cell that calls `check` is left out, if it defines nothing: it is on the way to everything that is called.
    """
    history = shell.history_manager.input_hist_raw
    later: set[str] = set()
    cells = []
    for file, number in reversed(list(numbers.items())):
        source, defined = _without(without_magics(history[number]) if number < len(history) else "", later)
        if number == max(numbers.values()) and not defined:
            continue
        later |= defined
        cells.append(Cell(source, file, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    return tuple(reversed(cells))


def _without(source: str, later: set[str]) -> tuple[str, set[str]]:
    """Blank the functions of a cell that a later cell defines anew; return that source and what the cell defines."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source, set()
    lines = source.split("\n")
    defined = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
            if node.name in later:
                blank(lines, node)
    return "\n".join(lines), defined


def not_checked(text: str) -> str:
    """Return as HTML why nothing was checked."""
    return f"<p><strong>Not checked.</strong> {html.escape(text)}</p>"
