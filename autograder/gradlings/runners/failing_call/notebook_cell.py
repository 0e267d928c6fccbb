"""`try_call("3.5")` in a notebook: the failing call as a cell below."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.kit_paths import kit_of
from gradlings.model.run_mode import RunMode
from gradlings.runners.failing_call.found import failing_call
from gradlings.runners.failing_call.script import cell_of
from gradlings.runners.failing_call.value_source import Stored
from gradlings.runners.notebook_check import find_checks, folders, kernel_checks


def cell_in_notebook(exercise: str, shell: Any) -> str:
    """Make the cell, and return in Markdown what was done; `shell` is IPython's."""
    try:
        checks_file = find_checks(exercise, folders(shell))
        with kernel_checks(checks_file.parent, shell) as kernel:
            graded = kernel.grader.check(kernel.runner, checks_file, seed=0, only=(exercise,), mode=RunMode.SELF_CHECK)
        found = failing_call(graded, exercise)
        if found.call is None or found.check is None:
            return found.sentence
        folder = (kit_of(checks_file.parent) or checks_file.parent) / ".gradlings"
        stored_in = folder / f"try_{exercise.replace('.', '_')}.pt"
        cell = cell_of(
            found.call, exercise, found.check.message, checks_file.parent, shell.user_ns, stored_in=stored_in
        )
        _store(cell.stored, stored_in)
    except InputError as error:
        return str(error)
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
