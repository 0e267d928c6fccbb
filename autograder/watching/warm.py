"""The warm process: imports torch and collects each assignment's checks once, and runs them in a fork.

    python -m autograder.watching.warm fork|once CHECKS...

Requests come line by line on standard input, answers go line by line to what was standard output. It ends when its
standard input does. `once` is for systems without a safe fork (macOS, Windows): it answers one request in this very
process and ends; whoever started it keeps a spare one ready.
"""

from __future__ import annotations

import gc
import os
import queue
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import BinaryIO

from autograder import kit
from autograder.errors import InputError
from autograder.progress import codes
from autograder.pytest_plugin import topic_of
from autograder.running import Grader, collected_checks
from autograder.submission import parse
from autograder.watching.messages import Answer, Kind, Request, line, request

_QUICK = 10.0  # seconds; checks with a longer limit are not rehearsed, as a save would have to wait for them
Send = Callable[[Answer], None]


class Checks:
    """The graders of the assignments that were asked for, each with its checks collected once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._graders: dict[Path, Grader] = {}
        self._rehearsals: list[Iterator[None]] = []

    def of(self, folder: Path) -> Grader:
        """Raises `InputError` if the checks cannot be collected."""
        if folder not in self._graders:
            self._graders[folder] = self._stack.enter_context(collected_checks(folder))
            self._rehearsals.append(_rehearsal(folder, self._graders[folder]))
        return self._graders[folder]

    def rehearse(self) -> bool:
        """Does a little of what saves time later; False if there is nothing left to do."""
        while self._rehearsals:
            try:
                next(self._rehearsals[-1])
                return True
            except StopIteration:
                self._rehearsals.pop()
                gc.collect()
                gc.freeze()  # what is collected in a child has to be copied first
        return False


def _rehearsal(folder: Path, grader: Grader) -> Iterator[None]:
    """Runs the checks on the answers that ship with the package, one exercise at a time.

    Whatever torch and the checks import or prepare on first use is then there for every child.
    """
    import autograder.diagnosis.diagnosing  # noqa: F401 (is first needed by a wrong answer)

    try:
        sources = kit.solutions() / folder.name
    except InputError:
        return
    for checks_file in sorted(folder.glob("test_*.py")):
        source = sources / f"{topic_of(checks_file)}.py"
        if source.is_file():
            loaded = grader.load(parse(source), checks_file)
            yield
            quick = [exercise for exercise in grader.exercises(checks_file) if exercise.seconds <= _QUICK]
            for exercise in quick:
                grader.grade_loaded(loaded, checks_file, seed=0, only=(exercise.id,))
                yield


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    requests = sys.stdin.buffer  # pytest puts another one in its place
    _close_standard_streams()
    import torch

    torch.set_num_threads(1)  # a second thread in this process would hang every child that uses threads
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
            _serve_once(checks, requests, answers)
        os._exit(0)  # nothing to tidy up, and pytest's end takes a while


def _close_standard_streams() -> None:
    """What student code or torch print is for nobody here; the answers have a channel of their own."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    sys.stdout = os.fdopen(os.dup(nowhere), "w")


def _serve_once(checks: Checks, requests: BinaryIO, answers: BinaryIO) -> None:
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, heard), daemon=True).start()
    while heard.empty() and checks.rehearse():
        pass

    def send(made: Answer) -> None:
        answers.write(line(made))

    run(checks, request(heard.get()), send)


def _listen(requests: BinaryIO, heard: queue.SimpleQueue[bytes]) -> None:
    """Passes the request on, and ends this process once the command closes our input, or dies: nobody waits then."""
    data = requests.readline()
    if data.strip():
        heard.put(data)
    requests.read()
    os._exit(0)


def run(checks: Checks, wanted: Request, send: Send) -> None:
    """Runs a submission and its checks in this process."""
    from autograder.time_limit import UNSTOPPABLE, before_the_end_of_a_run

    before_the_end_of_a_run(lambda: send(Answer(Kind.ENDED, wanted.number, message=UNSTOPPABLE)))
    sys.breakpointhook = _no_debugger
    checks_file = Path(wanted.checks)
    try:
        grader = checks.of(checks_file.parent)
    except InputError as error:
        send(Answer(Kind.FAILED, wanted.number, message=str(error)))
        return
    loaded = grader.own_submission(checks_file)
    checked = codes(loaded.submission, grader.exercises(checks_file))
    for kind, only in ((Kind.FIRST, wanted.first), (Kind.REST, wanted.rest)):
        if only:
            card = grader.grade_loaded(loaded, checks_file, seed=0, only=only).scorecard
            send(Answer(kind, wanted.number, replace(card, problems=tuple(loaded.problems())), codes=checked))


def _no_debugger(*_: object, **__: object) -> None:
    raise RuntimeError("breakpoint() has no terminal here. Take it out, or debug with: pytest assignments/NN --pdb")


if __name__ == "__main__":
    main()
