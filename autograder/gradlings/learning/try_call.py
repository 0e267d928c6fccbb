"""`gradlings try 3.5`: write the failing call of an exercise as a script, and run it."""

from __future__ import annotations

import contextlib
import io
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from gradlings.learning.curriculum import where
from gradlings.model.errors import InputError
from gradlings.model.exercise import code_given_to
from gradlings.model.files import write_atomically
from gradlings.model.scorecard import Verdict
from gradlings.progress.summary import ExerciseProgress

_MODE = 0o666


@dataclass(frozen=True)
class Trial:
    """The failing call of an exercise as a script."""

    call: str
    """As the page shows it; empty if there is no such call."""
    place: str
    """`file:line` of the student's function, or of the line that failed."""
    script: Path | None
    sentence: str
    """Why there is no call, or what is different about it from what the page says."""
    endless: bool = False
    """Whether the call ran out of time."""


def write_trial(root: Path, exercise: ExerciseProgress) -> Trial:
    """Check an exercise of a kit, and write its first failing call into `.gradlings/`.

    Raises:
        InputError: the checks cannot be run, or the script cannot be written.
    """
    import torch

    from gradlings.execution.tensor_tree import fresh
    from gradlings.runners.failing_call.found import failing_call
    from gradlings.runners.failing_call.script import script_of
    from gradlings.runners.session import collected_checks

    with contextlib.redirect_stdout(io.StringIO()), collected_checks(exercise.checks_file.parent) as grader:
        runner = grader.own_submission(exercise.checks_file)
        found = failing_call(grader.check(runner, exercise.checks_file, seed=0, only=(exercise.id,)), exercise.id)
    if found.call is None or found.check is None:
        return Trial("", found.check.place if found.check else where(exercise), None, found.sentence)
    path = root.resolve() / ".gradlings" / f"try_{exercise.id.replace('.', '_')}.py"
    file = runner.submission.path.resolve()
    imported = file.suffix == ".py" and not runner.problems() and not runner.side_effects.settings
    if code_given_to(exercise.checks_file).functions:
        imported = False  # what is given there may have been edited
    said, stored_in = found.check.message, path.with_suffix(".pt")
    script = script_of(found.call, exercise.id, said, file, imported=imported, stored_in=stored_in)
    try:
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, script.text.encode(), mode=_MODE)
        if script.stored:
            torch.save(fresh(script.stored), stored_in)
    except OSError as error:
        raise InputError(
            f"{path} cannot be written ({error.strerror}). Make room there, or make it writable."
        ) from None
    return Trial(found.check.call, found.check.place, path, found.sentence, found.check.verdict is Verdict.TIMEOUT)


def run_trial(script: Path) -> str:
    """Run a script in a process of its own, and return what it printed, errors included."""
    command = [sys.executable, "-X", "utf8", str(script)]
    ended = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace"
    )
    return ended.stdout


def debug_trial(script: Path, exercise: ExerciseProgress) -> None:
    """Run a script on this terminal under Python's debugger, which stops in the student's function."""
    functions = exercise.declared.functions
    source = exercise.checks_file.with_name(exercise.source_name)
    subprocess.run([sys.executable, "-m", "gradlings.learning.debug_call", str(script), str(source), *functions])
