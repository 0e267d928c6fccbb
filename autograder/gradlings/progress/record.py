"""What one student did so far, in `progress.jsonl` in the kit's root folder; docs/progress.md documents its lines.

The file stays on the student's machine. Grading for marks never reads or writes it.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

import msgspec
from msgspec import structs

from gradlings.model.exercise import Exercise, place_of, read_exercises
from gradlings.model.kit_paths import KIT_FOLDER, PROGRESS_FILE
from gradlings.model.misconceptions import is_name, name_made_of
from gradlings.model.scorecard import EARLIER_AT_FAULT, ExerciseScore, Scorecard, Verdict
from gradlings.progress.log_file import append, content, locked, set_aside, split_lines
from gradlings.submission.reader import Submission

_log = logging.getLogger(__name__)
_NO_MISTAKE_OF_ITS_OWN = (Verdict.PASS, Verdict.FOLLOWED_THROUGH)


class Attempt(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="checked"):
    """The line of one exercise in one run: written when its code or its result is new."""

    when: datetime
    source: str
    """What ran the checks: "pytest", "watch" or "notebook"."""
    assignment: str
    exercise: str
    points: int
    max_points: int
    verdicts: tuple[Verdict, ...]
    """One for each check, in their order."""
    misconceptions: tuple[str, ...] = ()
    """Ids of the misconceptions that were named, such as "3.5/sign-of-dw"."""
    shown_by: dict[str, tuple[int, ...]] = {}
    """By id of a misconception: the places in `verdicts` of the checks that showed it. Earlier versions wrote none."""
    code: str = ""
    """Start of the SHA-256 of the cells that define the exercise's functions: tells whether they changed."""

    @property
    def solved(self) -> bool:
        """Whether every check passed."""
        return all(verdict is Verdict.PASS for verdict in self.verdicts)

    @property
    def waits(self) -> bool:
        """Whether nothing keeps it from being solved but an earlier exercise that its code calls."""
        return not self.solved and all(verdict in (Verdict.PASS, *EARLIER_AT_FAULT) for verdict in self.verdicts)

    @property
    def attempted(self) -> bool:
        """Whether the stub was edited."""
        return any(verdict is not Verdict.NOT_ATTEMPTED for verdict in self.verdicts)

    def overcomes(self, id: str, shown: Attempt) -> bool:
        """Return whether the checks that showed a misconception in an earlier attempt pass in this one."""
        failed = tuple(place for place, verdict in enumerate(shown.verdicts) if verdict is not Verdict.PASS)
        places = shown.shown_by.get(id, failed)
        passed = {place for place, verdict in enumerate(self.verdicts) if verdict in _NO_MISTAKE_OF_ITS_OWN}
        return id not in self.misconceptions and passed.issuperset(places)


class HintShown(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="hint"):
    """The line of one hint that was shown: a level of the ladder, or the hint for a misconception."""

    when: datetime
    exercise: str
    level: int = 0
    """1 to 3; 0 for a hint that was chosen by the misconception."""
    misconception: str = ""
    """Its id, then."""


LogLine = Attempt | HintShown
_KINDS = ("checked", "hint")


@dataclass(frozen=True)
class History:
    """All that is on record, oldest first."""

    attempts: tuple[Attempt, ...] = ()
    hints: tuple[HintShown, ...] = ()
    problem: str = ""
    """One sentence to show if the file is damaged or cannot be read; empty otherwise."""


def read_history(root: Path) -> History:
    """Read the record of a kit. A damaged file is set aside, and `History.problem` says so; never raises."""
    path = root / PROGRESS_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return History()
    except OSError as error:
        return History(problem=f"{path} cannot be read ({_reason(error)}).")
    problem = ""
    if not all(map(_readable, split_lines(data))):
        try:
            problem = set_aside(path, _readable)
        except OSError as error:
            problem = f"Some lines of {path.name} cannot be read, nor can the file be set aside ({_reason(error)})."
    lines = [_parsed(line) for line in split_lines(data)]
    return History(
        tuple(line for line in lines if isinstance(line, Attempt)),
        tuple(line for line in lines if isinstance(line, HintShown)),
        problem,
    )


def solved_ever(root: Path) -> frozenset[str]:
    """Return the ids of the exercises that were ever solved, as far as the record of a kit can be read."""
    try:
        lines = map(_parsed, split_lines((root / PROGRESS_FILE).read_bytes()))
    except OSError:
        return frozenset()
    return frozenset(line.exercise for line in lines if isinstance(line, Attempt) and line.solved)


def record(root: Path, card: Scorecard, source: str, digests: Mapping[str, str]) -> str:
    """Append what is new in a run's scorecard; `digests` are the `code_digests` of what was checked.

    Left out are exercises that were never touched, that were only checked in part (`-k`, `-x`), that have a check with
    a fault of ours, or whose code and result are the same as in their last line.

    Returns:
        Why nothing could be recorded, in a sentence (a read-only folder); else "".
    """
    declared = declared_exercises(root / KIT_FOLDER / card.assignment)
    attempts = attempts_in(card, source, digests, [exercise for _, exercise in declared])
    if not any(attempt.attempted for attempt in attempts) and not (root / PROGRESS_FILE).exists():
        return ""
    return _append(root, attempts)


def record_hint(root: Path, exercise: str, *, level: int = 0, misconception: str = "") -> str:
    """Append that a hint was shown; return as `record` does."""
    return _append(root, [hint_shown(exercise, level, misconception)])


def hint_shown(exercise: str, level: int, misconception: str) -> HintShown:
    """Return the line for a hint that is shown now."""
    return HintShown(when=_now(), exercise=exercise, level=level, misconception=misconception)


def code_digests(submission: Submission, exercises: Iterable[Exercise]) -> dict[str, str]:
    """Return each exercise's id with a digest of its code; empty if the submission could not be read."""
    return {} if submission.problem else {each.id: _code(submission, each.functions) for each in exercises}


def declared_exercises(folder: Path) -> list[tuple[Path, Exercise]]:
    """Return the exercises of an assignment's folder in the order in which they are done, each with its file of checks.

    Raises:
        InputError: a file of checks cannot be read.
    """
    files = [(path, read_exercises(path)) for path in sorted(folder.glob("test_*.py"))]
    in_order = sorted(files, key=lambda file: place_of(file[1]))
    return [(path, exercise) for path, exercises in in_order for exercise in exercises]


def attempts_in(
    card: Scorecard, source: str, digests: Mapping[str, str], declared: Iterable[Exercise]
) -> list[Attempt]:
    """Return the lines for a run's scorecard, whether they are new or not; `declared` are its exercises.

    The other arguments are as for `record`.
    """
    when = _now()
    exercises = {exercise.id: exercise for exercise in declared}
    found = []
    for score in card.exercises:
        # without a digest nothing was checked: no file, or two edited ones
        if score.id not in digests or not _fully_checked(score, exercises.get(score.id)):
            continue
        found.append(
            Attempt(
                when=when,
                source=source,
                assignment=card.assignment,
                exercise=score.id,
                points=score.points,
                max_points=score.max_points,
                verdicts=tuple(check.verdict for check in score.checks),
                misconceptions=score.misconceptions,
                shown_by=_shown_by(score),
                code=digests[score.id],
            )
        )
    return found


def _shown_by(score: ExerciseScore) -> dict[str, tuple[int, ...]]:
    shown = [(check.misconception.id, place) for place, check in enumerate(score.checks) if check.misconception]
    return {id: tuple(place for other, place in shown if other == id) for id in score.misconceptions}


def _fully_checked(score: ExerciseScore, exercise: Exercise | None) -> bool:
    """Return whether all checks of a declared exercise ran, none with a fault of ours."""
    if exercise is None or exercise.points == 0 or len(score.checks) != len(exercise.checks):
        return False
    return all(check.verdict is not Verdict.GRADER_ERROR for check in score.checks)


def _code(submission: Submission, functions: tuple[str, ...]) -> str:
    cells = [cell.source for cell in submission.cells if any(map(cell.defines, functions))]
    cells += [helper.text for helper in submission.helpers.files]  # which of them a function uses is not known
    return hashlib.sha256("\0".join(cells).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _is_new(attempt: Attempt, last: Attempt | None) -> bool:
    if last is None:
        return attempt.attempted
    if not attempt.attempted:
        return last.attempted  # back to the stub
    result = attrgetter("code", "points", "max_points", "verdicts", "misconceptions")
    return bool(result(attempt) != result(last))


def _append(root: Path, lines: Sequence[LogLine]) -> str:
    """Decide under the lock which attempts are new, and write them; hints always are."""
    try:
        with locked(root / PROGRESS_FILE) as descriptor:
            past = map(_parsed, split_lines(content(descriptor)))
            last = {line.exercise: line for line in past if isinstance(line, Attempt)}
            new = [line for line in lines if isinstance(line, HintShown) or _is_new(line, last.get(line.exercise))]
            if new:
                append(descriptor, b"".join(msgspec.json.encode(line) + b"\n" for line in new))
    except OSError as error:
        return f"Progress is not recorded: {PROGRESS_FILE} cannot be written ({_reason(error)})."
    return ""


def _now() -> datetime:
    return datetime.now(UTC).replace(microsecond=0)


def _parsed(line: bytes) -> LogLine | None:
    try:
        return _with_ids(msgspec.json.decode(line, type=Attempt | HintShown))
    except msgspec.DecodeError:
        return None


def _with_ids(line: LogLine) -> LogLine:
    """Return a line with ids in place of names, which earlier versions wrote: "sign of dw" for "3.5/sign-of-dw"."""
    if isinstance(line, HintShown):
        return structs.replace(line, misconception=_id(line.exercise, line.misconception))
    return structs.replace(
        line,
        misconceptions=tuple(_id(line.exercise, each) for each in line.misconceptions),
        shown_by={_id(line.exercise, each): places for each, places in line.shown_by.items()},
    )


def _id(exercise: str, text: str) -> str:
    """Return the id that a name of earlier versions has become; what makes none stays as it is, and is not lost."""
    name = name_made_of(text)
    return f"{exercise}/{name}" if is_name(name) and not text.startswith(f"{exercise}/") else text


def _readable(line: bytes) -> bool:
    """Return whether a line is of a kind we know, or of one that a later version may know: neither is damaged."""
    if _parsed(line) is not None:
        return True
    try:
        other = msgspec.json.decode(line)
    except msgspec.DecodeError as error:
        _log.info("a line of the record cannot be read: %s", error)
        return False
    return isinstance(other, dict) and isinstance(other.get("what"), str) and other["what"] not in _KINDS


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
