"""The checks of watch mode, collected once and kept warm."""

from __future__ import annotations

import gc
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path

from gradlings.learning.watch.messages import Answer, Kind, Request
from gradlings.model.errors import InputError
from gradlings.progress.record import codes
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission import shipped_kit
from gradlings.submission.reader import parse, source_name_of

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
    import gradlings.checks.diagnosis.diagnose  # noqa: F401 (is first needed by a wrong answer)

    try:
        sources = shipped_kit.solutions() / folder.name
    except InputError:
        return
    for checks_file in sorted(folder.glob("test_*.py")):
        source = sources / f"{source_name_of(checks_file)}.py"
        if source.is_file():
            loaded = grader.run_cells(parse(source), checks_file)
            yield
            quick = [exercise for exercise in grader.exercises(checks_file) if exercise.seconds <= _QUICK]
            for exercise in quick:
                grader.check(loaded, checks_file, seed=0, only=(exercise.id,))
                yield


def run(checks: Checks, wanted: Request, send: Send) -> None:
    """Runs a submission and its checks in this process."""
    from gradlings.execution.time_limit import UNSTOPPABLE, before_the_end_of_a_run

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
            card = grader.check(loaded, checks_file, seed=0, only=only).scorecard
            send(Answer(kind, wanted.number, replace(card, problems=tuple(loaded.problems())), codes=checked))


def _no_debugger(*_: object, **__: object) -> None:
    raise RuntimeError("breakpoint() has no terminal here. Take it out, or debug with: pytest assignments/NN --pdb")
