"""What was observed when student code was called: plain records that could come from any process."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from gradlings.model.rules import Breach
from gradlings.model.scorecard import Verdict


@dataclass(frozen=True)
class Raised:
    """An exception that student code raised."""

    kind: str
    """The name of its class."""
    message: str
    place: str
    """`file:line` of the innermost line of the submission, or "" if there is none."""
    trace: tuple[str, ...]
    """The submission's own lines of the traceback, outermost first."""
    exception: BaseException | None = None
    """The exception itself, for a debugger; only where student code runs in this process."""


@dataclass(frozen=True, eq=False)
class CallResult:
    """What one call gave: a value or an exception, and the arguments as they are after it. Compares by identity."""

    verdict: Verdict = Verdict.PASS
    """PASS here means: it returned. Otherwise ERROR, TIMEOUT, MEMORY or CRASH."""
    value: Any = None
    raised: Raised | None = None
    args_after: tuple[Any, ...] = ()
    breaches: tuple[Breach, ...] = ()
    """What ran during the call though the exercise forbids it."""
    called: tuple[str, ...] = ()
    """The stand-ins that the call used; see `SubmissionRunner.with_stand_ins`."""


class NotKept:
    """Stands for a value that was judged and then dropped, since results may only take so much memory."""


@dataclass(frozen=True)
class Examination:
    """Everything one `agree` or `satisfies` observed: the calls, their results, and which were right."""

    parameters: tuple[str, ...]
    calls: tuple[tuple[Any, ...], ...]
    results: tuple[CallResult, ...]
    right: tuple[bool, ...]
