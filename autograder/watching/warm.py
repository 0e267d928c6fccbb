"""The warm process: imports torch and collects each assignment's checks once, and runs them in a fork.

    python -m autograder.watching.warm fork|once CHECKS...

Requests come line by line on standard input, answers go line by line to what was standard output. It ends when its
standard input does. `once` is for systems without a safe fork (macOS, Windows): it answers one request in this very
process and ends; whoever started it keeps a spare one ready.
"""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from autograder.errors import InputError
from autograder.running import Grader, collected_checks
from autograder.watching.messages import Answer, Kind, Request, line, request

Send = Callable[[Answer], None]


class Checks:
    """The graders of the assignments that were asked for, each with its checks collected once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._graders: dict[Path, Grader] = {}

    def of(self, folder: Path) -> Grader:
        """Raises `InputError` if the checks cannot be collected."""
        if folder not in self._graders:
            self._graders[folder] = self._stack.enter_context(collected_checks(folder))
        return self._graders[folder]


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    _close_standard_streams()
    threads_off()
    with ExitStack() as stack:
        checks = Checks(stack)
        try:
            for path in sys.argv[2:]:
                checks.of(Path(path).parent)
        except InputError as error:
            answers.write(line(Answer(Kind.FAILED, message=str(error))))
        answers.write(line(Answer(Kind.READY)))
        if sys.argv[1] == "fork":
            from autograder.watching.forking import serve

            serve(checks, answers)
        else:
            _serve_once(checks, answers)
        os._exit(0)  # nothing to tidy up, and pytest's end takes a while


def threads_off() -> None:
    """A second thread in this process would hang every child that uses threads."""
    import torch

    torch.set_num_threads(1)
    weight = torch.ones(2, requires_grad=True)
    (weight * weight).sum().backward()  # the first backward pass loads more of torch


def _close_standard_streams() -> None:
    """What student code or torch print is for nobody here; the answers have a channel of their own."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    sys.stdout = os.fdopen(os.dup(nowhere), "w")


def _serve_once(checks: Checks, answers: BinaryIO) -> None:
    data = sys.stdin.buffer.readline()
    if not data.strip():
        return
    threading.Thread(target=_end_with_input, daemon=True).start()

    def send(made: Answer) -> None:
        answers.write(line(made))

    run(checks, request(data), send)


def _end_with_input() -> None:
    """The command closes our input, or dies: then nobody waits for an answer."""
    sys.stdin.buffer.read()
    os._exit(0)


def run(checks: Checks, wanted: Request, send: Send) -> None:
    """Runs a submission and its checks in this process."""
    from autograder.time_limit import UNSTOPPABLE, before_the_end_of_a_run

    before_the_end_of_a_run(lambda: send(Answer(Kind.ENDED, wanted.number, message=UNSTOPPABLE)))
    checks_file = Path(wanted.checks)
    try:
        grader = checks.of(checks_file.parent)
    except InputError as error:
        send(Answer(Kind.FAILED, wanted.number, message=str(error)))
        return
    loaded = grader.own_submission(checks_file)
    for kind, only in ((Kind.FIRST, wanted.first), (Kind.REST, wanted.rest)):
        if only:
            card = grader.grade_loaded(loaded, checks_file, seed=0, only=only).scorecard
            send(Answer(kind, wanted.number, replace(card, problems=tuple(loaded.problems()))))


if __name__ == "__main__":
    main()
