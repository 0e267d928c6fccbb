"""`try_call("3.5")` in a notebook: the failing call as a cell below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.run_mode import RunMode
from gradlings.runners.failing_call.found import failing_call
from gradlings.runners.failing_call.script import cell_of
from gradlings.runners.failing_call.value_source import Stored
from gradlings.runners.kernel.check import described, kernel_checks
from gradlings.runners.kernel.place import folders, place_of, require_its_notebook


def cell_in_notebook(exercise: str, shell: Any) -> str:
    """Make the cell, and return in Markdown what was done; `shell` is IPython's."""
    try:
        return _made(exercise, shell)
    except InputError as error:
        return str(error)
    except Exception as error:
        return f"There is no cell ({described(error)})."


def _made(exercise: str, shell: Any) -> str:
    place = place_of(exercise, folders(shell))
    require_its_notebook(place, exercise, shell.user_ns)
    with kernel_checks(place, shell) as kernel:
        graded = kernel.grader.check(
            kernel.runner, place.checks_file, seed=0, only=(exercise,), mode=RunMode.SELF_CHECK
        )
    found = failing_call(graded, exercise)
    if found.call is None or found.check is None:
        return found.sentence
    stored_in = (place.kit or place.notebook_folder) / ".gradlings" / f"try_{exercise.replace('.', '_')}.pt"
    cell = cell_of(found.call, exercise, found.check.message, place.folder, shell.user_ns, stored_in=stored_in)
    _store(cell.stored, stored_in)
    shell.set_next_input(cell.text.rstrip())
    differs = f" {found.sentence}" if found.sentence else ""
    return f"The cell below makes the call `{found.check.call}`: run it, and change it as you like.{differs}"


def _store(tensors: Stored, path: Path) -> None:
    import torch

    from gradlings.execution.tensor_tree import fresh

    if not tensors:
        return
    try:
        path.parent.mkdir(exist_ok=True)
        torch.save(fresh(tensors), path)
    except (OSError, RuntimeError) as error:  # torch raises RuntimeError where it cannot open a file
        raise InputError(f"{path} cannot be written ({error}). Make its folder writable.") from None
