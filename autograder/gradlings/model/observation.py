"""What was observed when student code was called: plain records that could come from any process."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from gradlings.model.scorecard import Verdict


@dataclass(frozen=True)
class Raised:
    """An exception that student code let out."""

    kind: str
    message: str
    place: str
    """`file:line` of the innermost line of the submission, or "" if there is none."""
    trace: tuple[str, ...]
    """The submission's own lines on the way, outermost first."""
    exception: BaseException | None = None
    """The exception itself, for a debugger; only where student code runs in this process."""


@dataclass(frozen=True)
class CallResult:
    """What one call gave: a value or an exception, and the arguments as they are afterwards."""

    verdict: Verdict = Verdict.PASS
    """PASS here means: it returned. Otherwise ERROR, TIMEOUT or MEMORY."""
    value: Any = None
    raised: Raised | None = None
    args_after: tuple[Any, ...] = ()
    judged: dict[Any, Any] | None = field(default=None, compare=False, repr=False)
    """What checks said of it, for an outcome that will come up again; None for all others."""


@dataclass(frozen=True)
class Examination:
    """Everything one `agree` or `satisfies` observed: the calls, their outcomes, and which were right."""

    parameters: tuple[str, ...]
    calls: tuple[tuple[Any, ...], ...]
    outcomes: tuple[CallResult, ...]
    right: tuple[bool, ...]
