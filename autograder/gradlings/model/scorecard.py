"""The result of a submission, to and from JSON.

Everything that is shown to anyone (terminal page, HTML, CSV, gradebook) is a pure function of a `Scorecard`.
This module imports nothing else of the package.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum


class Verdict(StrEnum):
    """How one check ended."""

    PASS = "pass"
    WRONG = "wrong"  # an answer came back and it is not right
    ERROR = "error"  # the submission raised, could not be read, or a function has the wrong signature
    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASH = "crash"  # the process that ran the submission died
    FORBIDDEN = "forbidden"  # something the exercise does not allow was used
    FOLLOWED_THROUGH = "followed_through"  # right, with right functions in place of those of earlier exercises
    UNDECIDED = "undecided"  # it calls a wrong function of an earlier exercise, and no right one is at hand
    MISSING = "missing"  # the function is not there: deleted or renamed
    NOT_ATTEMPTED = "not_attempted"
    GRADER_ERROR = "grader_error"  # the check itself failed: costs the student nothing


EARLIER_AT_FAULT = (Verdict.FOLLOWED_THROUGH, Verdict.UNDECIDED)
"""Verdicts of a check that fails because of an earlier exercise: nothing is said of a mistake of its own."""


@dataclass(frozen=True)
class Row:
    """One compared value of an answer, as text: a member of a tuple, or the whole answer (`name` is empty)."""

    name: str
    got: str
    expected: str
    right: bool = False


class Form(StrEnum):
    """How a picture of numbers is drawn."""

    MATRIX = "matrix"
    CURVE = "curve"


@dataclass(frozen=True)
class Picture:
    """The first wrong part of an answer beside the right one, small enough to be drawn: at most 12 by 12 numbers."""

    form: Form
    name: str
    """Of the part: a member of a tuple; empty for the whole answer."""
    caption: str
    """Which part of a larger tensor this is, or how the shapes differ; may be empty."""
    got: tuple[tuple[str, ...], ...]
    """Numbers as text, row by row; "nan", "inf", "T" and "F" are among them. A curve is one row."""
    expected: tuple[tuple[str, ...], ...]
    wrong: tuple[tuple[int, int], ...] = ()
    """Row and column of each number that differs; empty where the shapes differ."""


@dataclass(frozen=True)
class Named:
    """A misconception that explains wrong answers."""

    id: str
    """Such as "3.5/sign-of-dw": what is compared."""
    sentence: str
    """How it is told."""


@dataclass(frozen=True)
class CheckResult:
    """The result of one check (one pytest item)."""

    exercise: str
    check: str
    title: str
    verdict: Verdict
    max_points: int
    subject: str = ""
    """The student's function (or functions) that the check calls."""
    message: str = ""
    """What happened, in one or two plain sentences; empty when right."""
    call: str = ""
    """The call with the smallest failing input, e.g. `sigmoid(z=-1.0)`."""
    rows: tuple[Row, ...] = ()
    picture: Picture | None = None
    """Where the numbers of a wrong answer make a picture."""
    place: str = ""
    """`file:line` of the student's function, or of the line that failed."""
    probes_right: int = 0
    probes: int = 0
    fitting: tuple[Named, ...] = ()
    """While a run goes on: every misconception that predicts all this check saw. None is left on a scorecard."""
    misconception: Named | None = None
    """On a scorecard, at the check that a page shows of a wrong function: the one that explains all checks of it."""
    claim: str = ""
    """What the general signatures say of the wrong values; empty when they are silent."""
    notes: tuple[str, ...] = ()
    """What costs no points but is worth knowing, e.g. that the code would not run on a GPU."""
    trace: tuple[str, ...] = ()
    """The student's own lines that led to an exception, outermost first."""
    printed: str = ""
    outcome: str = ""
    """Of a wrong answer, where a class is graded: a digest of what came back on the public probes."""
    share: float = 1.0
    """Of its points that a check earns by follow-through."""

    @property
    def points(self) -> int:
        """Points earned: a check is all or nothing, but for a share of its points by follow-through."""
        if self.verdict is Verdict.FOLLOWED_THROUGH:
            return round(self.max_points * self.share)
        return self.max_points if self.verdict is Verdict.PASS else 0


@dataclass(frozen=True)
class ExerciseScore:
    """One exercise: the results of its checks."""

    id: str
    functions: tuple[str, ...]
    max_points: int
    checks: tuple[CheckResult, ...]

    @property
    def points(self) -> int:
        """The points of its checks."""
        return sum(check.points for check in self.checks)

    @property
    def name(self) -> str:
        """The names of its functions."""
        return ", ".join(self.functions)

    @property
    def attempted(self) -> bool:
        """Whether anything of it was written."""
        return any(check.verdict is not Verdict.NOT_ATTEMPTED for check in self.checks)

    @property
    def solved(self) -> bool:
        """Whether every check passed."""
        return all(check.verdict is Verdict.PASS for check in self.checks)

    @property
    def notes(self) -> tuple[str, ...]:
        """The notes of all checks, each once."""
        return tuple(dict.fromkeys(note for check in self.checks for note in check.notes))

    @property
    def misconceptions(self) -> tuple[str, ...]:
        """The ids of the misconceptions that are named."""
        return tuple(dict.fromkeys(named.id for named in self.named.values()))

    @property
    def named(self) -> dict[str, Named]:
        """The misconceptions that are named, by the function that is wrong."""
        return {check.subject: check.misconception for check in self.checks if check.misconception}

    @property
    def shown(self) -> dict[str, CheckResult]:
        """By function the one check that a page shows of it: the first that failed by itself, else the first."""
        failing = [check for check in self.checks if check.verdict not in (Verdict.PASS, Verdict.NOT_ATTEMPTED)]
        own = [check for check in failing if check.verdict not in EARLIER_AT_FAULT]
        return {check.subject: check for check in [*reversed(failing), *reversed(own)]}

    def with_fitting_named(self) -> ExerciseScore:
        """Return the same score with the misconceptions named that alone fit all checks of a function."""
        found = {subject: self._fitting_all_of(subject) for subject in self.shown}
        return self.naming({subject: named for subject, named in found.items() if named})

    def naming(self, misconceptions: Mapping[str, Named]) -> ExerciseScore:
        """Return the same score with these misconceptions and no other, by function, where an answer of it is wrong."""
        no_answer = (*EARLIER_AT_FAULT, Verdict.GRADER_ERROR)
        shown = [check for check in self.shown.values() if check.verdict not in no_answer]

        def told(check: CheckResult) -> CheckResult:
            here = any(check is each for each in shown)
            return replace(check, fitting=(), misconception=misconceptions.get(check.subject) if here else None)

        return replace(self, checks=tuple(map(told, self.checks)))

    def explanation_of(self, check: CheckResult) -> str:
        """Return what a page says of the cause of a wrong answer: the misconception, else what its values look like."""
        if check.misconception:
            return check.misconception.sentence
        first = self.shown.get(check.subject) is check
        return check.claim if first and check.subject not in self.named else ""

    def _fitting_all_of(self, subject: str) -> Named | None:
        """Return the one misconception that fits every check of a function."""
        own = [check for check in self.checks if check.verdict not in EARLIER_AT_FAULT]
        fitting = [{named.id: named for named in check.fitting} for check in own if check.subject == subject]
        if not fitting:
            return None
        common = set.intersection(*map(set, fitting))
        if len(common) > 1:  # the checks of the other functions may tell them apart
            common = common.intersection(*({named.id for named in check.fitting} for check in own))
        return fitting[0][common.pop()] if len(common) == 1 else None


@dataclass(frozen=True)
class Scorecard:
    """The whole result of one submission."""

    assignment: str
    title: str
    exercises: tuple[ExerciseScore, ...]
    problems: tuple[str, ...] = ()
    """What is wrong with the submission as a whole (a syntax error, two edited files), each said once."""
    seed: int = 0
    not_run: int = 0
    """Checks that were selected but not run, because the run was stopped early."""

    @property
    def points(self) -> int:
        """Points earned."""
        return sum(exercise.points for exercise in self.exercises)

    @property
    def max_points(self) -> int:
        """The points of all exercises."""
        return sum(exercise.max_points for exercise in self.exercises)

    @property
    def general_problems(self) -> tuple[str, ...]:
        """The problems that are not the message of just one exercise: those are shown there."""
        messages = [{check.message for check in exercise.checks} for exercise in self.exercises]
        return tuple(problem for problem in self.problems if sum(problem in each for each in messages) != 1)

    @property
    def full_marks(self) -> bool:
        """Whether every exercise is solved."""
        return all(exercise.solved for exercise in self.exercises)

    def to_json(self) -> bytes:
        """Return the scorecard as JSON in UTF-8."""
        import msgspec  # deferred: the terminal page of an untouched kit does without it

        return msgspec.json.encode(self)

    @classmethod
    def from_json(cls, text: bytes | str) -> Scorecard:
        """Read a scorecard from `to_json`.

        Raises:
            msgspec.DecodeError: the text is not JSON, or not a scorecard.
        """
        import msgspec

        return msgspec.json.decode(text, type=cls)
