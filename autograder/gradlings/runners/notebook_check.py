"""The checks of one exercise on what is defined in a running notebook.

The functions are those of the kernel, as they are at this moment; their source is IPython's record of the cells that
were run. Nothing is run a second time.
"""

from __future__ import annotations

import ast
import gc
import html
import linecache
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from gradlings.execution.drivers import load_drivers
from gradlings.execution.kept_settings import SideEffects, standard_settings, taken_names
from gradlings.execution.local_runner import LocalRunner
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.model.kit_paths import kit_of
from gradlings.model.scorecard import ExerciseScore
from gradlings.model.text import map_text
from gradlings.progress.record import code_digests, record
from gradlings.submission.cells import Cell, without_magics
from gradlings.submission.exercise_text import Answer, answers, solved_texts
from gradlings.submission.reader import from_cells, shown, source_name_of
from gradlings.submission.stand_ins import blank


def check_in_notebook(exercise: str, shell: Any) -> tuple[int, str]:
    """Return the points of an exercise and the verdict as HTML; `shell` is IPython's."""
    try:
        checks_file = find_checks(exercise, _folders(shell))
        score = _score(exercise, checks_file, shell)
    except InputError as error:
        return 0, _sentence(str(error))
    except Exception as error:
        message = (
            f"The check itself failed ({type(error).__name__}: {error}). This is not your fault: please report it."
        )
        return 0, _sentence(message)
    from gradlings.rendering.html import exercise_fragment

    if not score.solved:
        return score.points, exercise_fragment(score)
    solved = solved_texts(checks_file.parent).get(exercise, "")
    others = [(answer.name, answer.code) for answer in _answers(exercise, checks_file)]
    return score.points, exercise_fragment(score, solved=solved, answers=others)


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
    if known:
        raise InputError(f"There is no exercise {exercise} here; there are {', '.join(known)}.")
    raise InputError(
        f'check("{exercise}") needs the checks of the assignment (test_*.py) beside the notebook; {folders[0]} holds '
        "none. Download the whole folder of the assignment and open the notebook there."
    )


def _folders(shell: Any) -> list[Path]:
    """Return where the notebook may lie: the current folder, and the one that the editor names."""
    named = (shell.user_ns.get("__vsc_ipynb_file__"), os.environ.get("JPY_SESSION_NAME"))  # VS Code, Jupyter
    return [Path.cwd(), *(Path(path).parent for path in named if isinstance(path, str) and os.path.isabs(path))]


def _score(exercise: str, checks_file: Path, shell: Any) -> ExerciseScore:
    import torch

    from gradlings.runners.session import collected_checks

    numbers = _numbers(shell)
    submission = from_cells(Path("this notebook"), _cells(numbers, shell))
    submission = replace(submission, syntax_problems=submission.syntax_problems[::-1])  # the last attempt counts
    drivers = load_drivers(checks_file.parent)
    runner = LocalRunner(submission, shell.user_ns, lambda: drivers, in_notebook=True)
    threads = torch.get_num_threads()
    try:
        # settings of the kernel are the student's, and must reach neither an oracle nor the functions
        with standard_settings() as changed, collected_checks(checks_file.parent) as grader:
            runner.side_effects = SideEffects(changed, taken_names(shell.user_ns, submission))
            graded = grader.check(runner, checks_file, seed=0, only=(exercise,))
    finally:  # a pytest run settles down for good, a notebook goes on
        torch.set_num_threads(threads)
        gc.unfreeze()
    (score,) = graded.scorecard.exercises
    root = kit_of(checks_file.parent)
    if root is not None:
        record(root, graded.scorecard, "notebook", code_digests(submission, read_exercises(checks_file)))

    def with_cell_numbers(text: str) -> str:
        for file, number in numbers.items():
            text = text.replace(shown(file), f"cell [{number}]")  # Jupyter makes up file names for cells
        return text

    return map_text(score, with_cell_numbers)


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


def _sentence(text: str) -> str:
    return f"<p><strong>Not checked.</strong> {html.escape(text)}</p>"
