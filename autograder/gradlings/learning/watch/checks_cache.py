"""The checks of watch mode: collected once, and run on each request."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gradlings.learning.watch.messages import CheckRequest, MessageKind, ServerMessage
from gradlings.model.errors import InputError
from gradlings.progress.record import code_digests
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission import shipped_kit
from gradlings.submission.reader import parse, source_name_of

_log = logging.getLogger(__name__)

_MAX_REHEARSED_SECONDS = 10.0  # checks with a longer limit are not rehearsed: a save would have to wait for them


class ChecksCache:
    """The graders of the assignments that were asked for, each with its checks collected once."""

    def __init__(self, stack: ExitStack) -> None:
        self._stack = stack
        self._graders: dict[Path, Grader] = {}
        self._rehearsals: list[Iterator[None]] = []

    def grader(self, folder: Path) -> Grader:
        """Return the grader of an assignment's folder.

        Raises:
            InputError: the checks cannot be collected.
        """
        if folder not in self._graders:
            self._graders[folder] = self._stack.enter_context(collected_checks(folder))
            self._rehearsals.append(_rehearsal(folder, self._graders[folder]))
        return self._graders[folder]

    def rehearse(self) -> bool:
        """Do a little of what saves time later; return False if there is nothing left to do."""
        while self._rehearsals:
            try:
                next(self._rehearsals[-1])
                return True
            except StopIteration:
                self._rehearsals.pop()
                gc.collect()
                gc.freeze()  # a collection in a child would copy the pages it shares with this process
        return False


def _rehearsal(folder: Path, grader: Grader) -> Iterator[None]:
    """Run the checks on the answers that ship with the package, one exercise at a time.

    What torch and the checks import or prepare on first use is then there for every child.
    """
    import gradlings.checks.diagnosis.diagnose  # noqa: F401 (is first needed by a wrong answer)

    try:
        sources = shipped_kit.solutions() / folder.name
    except InputError as error:
        _log.info("nothing to rehearse with: %s", error)
        return
    for checks_file in sorted(folder.glob("test_*.py")):
        source = sources / f"{source_name_of(checks_file)}.py"
        if source.is_file():
            loaded = grader.run_cells(parse(source), checks_file)
            yield
            for exercise in grader.exercises(checks_file):
                if exercise.seconds <= _MAX_REHEARSED_SECONDS:
                    grader.check(loaded, checks_file, seed=0, only=(exercise.id,))
                    yield


def run_request(checks: ChecksCache, request: CheckRequest, send: Callable[[ServerMessage], object]) -> None:
    """Run a submission and its checks in this process."""
    from gradlings.execution.time_limit import UNSTOPPABLE, before_the_end_of_a_run

    def report_end() -> None:
        send(ServerMessage(MessageKind.ENDED, request.number, text=UNSTOPPABLE))

    before_the_end_of_a_run(report_end)
    sys.breakpointhook = _no_debugger
    checks_file = Path(request.checks_file)
    try:
        grader = checks.grader(checks_file.parent)
    except InputError as error:
        send(ServerMessage(MessageKind.FAILED, request.number, text=str(error)))
        return
    loaded = grader.own_submission(checks_file)
    digests = code_digests(loaded.submission, grader.exercises(checks_file))
    for kind, only in ((MessageKind.FIRST, request.first), (MessageKind.REST, request.rest)):
        if only:
            card = grader.check(loaded, checks_file, seed=0, only=only).scorecard
            card = replace(card, problems=tuple(loaded.problems()))
            send(ServerMessage(kind, request.number, card, digests=digests))


def _no_debugger(*_: object, **__: object) -> None:
    raise RuntimeError("breakpoint() has no terminal here. Take it out, or debug with: pytest assignments/NN --pdb")
