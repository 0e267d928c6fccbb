"""What one student did so far, in `progress.jsonl` in the kit's root folder; docs/progress.md documents its lines.

The file stays on the student's machine. Grading for marks never reads or writes it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.kit_paths import KIT_FOLDER, PROGRESS_FILE
from gradlings.model.misconceptions import name_of, shipped_misconceptions
from gradlings.model.scorecard import ExerciseScore, Scorecard, Verdict
from gradlings.progress.log_file import append, content, locked, set_aside
from gradlings.submission.reader import Submission


class Attempt(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="checked"):
    """One exercise in one run: written when its code or its result is new."""

    when: datetime
    source: str
    """What ran the checks: "pytest", "watch" or "notebook"."""
    assignment: str
    exercise: str
    points: int
    max_points: int
    verdicts: tuple[Verdict, ...]
    """One a check, in their order."""
    misconceptions: tuple[str, ...] = ()
    """Names of the misconceptions that were diagnosed."""
    code: str = ""
    """Start of the SHA-256 of the cells that define the exercise's functions: tells whether they changed."""

    @property
    def solved(self) -> bool:
        return all(verdict is Verdict.PASS for verdict in self.verdicts)

    @property
    def attempted(self) -> bool:
        return any(verdict is not Verdict.NOT_ATTEMPTED for verdict in self.verdicts)


class HintShown(msgspec.Struct, frozen=True, kw_only=True, tag_field="what", tag="hint"):
    """One hint that was shown: a level of the ladder, or the one for a misconception."""

    when: datetime
    exercise: str
    level: int = 0
    """1 to 3; 0 for a hint that was chosen by the misconception."""
    misconception: str = ""


Entry = Attempt | HintShown
_KINDS = ("checked", "hint")


@dataclass(frozen=True)
class History:
    """All that is on record, oldest first."""

    attempts: tuple[Attempt, ...] = ()
    hints: tuple[HintShown, ...] = ()
    problem: str = ""
    """One sentence to show if the file is damaged or cannot be read; empty otherwise."""


def history(root: Path) -> History:
    """Reads the record of a kit. A damaged file is set aside, and `problem` says so; nothing here raises."""
    path = root / PROGRESS_FILE
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return History()
    except OSError as error:
        return History(problem=f"{path} cannot be read ({_reason(error)}).")
    problem = ""
    if not all(map(_readable, _lines(data))):
        try:
            problem = set_aside(path, _readable)
        except OSError as error:
            problem = f"Some lines of {path.name} cannot be read, nor can the file be set aside ({_reason(error)})."
    entries = [entry for entry in map(_entry, _lines(data)) if entry is not None]
    return History(
        tuple(entry for entry in entries if isinstance(entry, Attempt)),
        tuple(entry for entry in entries if isinstance(entry, HintShown)),
        problem,
    )


def record(root: Path, card: Scorecard, source: str, codes: Mapping[str, str]) -> str:
    """Appends what is new in a run's scorecard.

    Left out are exercises that were never touched, that were only checked in part (`-k`, `-x`), whose check failed
    through our fault, and whose code and result are those of their last line.

    Args:
        root: the kit's root; `root/assignments/<card.assignment>` holds what was checked.
        source: "pytest", "watch" or "notebook".
        codes: `codes` of what was checked.

    Returns:
        Why nothing could be recorded, in a sentence (a read-only folder); else "".
    """
    when = datetime.now(UTC).replace(microsecond=0)
    made = _attempts_of(root, card, source, when, codes)
    if not any(attempt.attempted for attempt in made) and not (root / PROGRESS_FILE).exists():
        return ""

    def new(past: list[Attempt]) -> list[Attempt]:
        last = {attempt.exercise: attempt for attempt in past}
        return [attempt for attempt in made if _is_new(attempt, last.get(attempt.exercise))]

    return _append(root, new)


def record_hint(root: Path, exercise: str, *, level: int = 0, misconception: str = "") -> str:
    """Appends that a hint was shown; returns as `record`."""
    shown = HintShown(
        when=datetime.now(UTC).replace(microsecond=0), exercise=exercise, level=level, misconception=misconception
    )
    return _append(root, lambda past: [shown])


def codes(submission: Submission, exercises: Iterable[Exercise]) -> dict[str, str]:
    """Each exercise's id, and what tells whether its code changed; empty if the submission could not be read."""
    return {} if submission.problem else {each.id: _code(submission, each.functions) for each in exercises}


def declared(folder: Path) -> list[tuple[Path, Exercise]]:
    """The exercises of an assignment's folder, by number, each with the file of its checks.

    Raises:
        InputError: a file of checks cannot be read.
    """
    found = [(path, exercise) for path in sorted(folder.glob("test_*.py")) for exercise in read_exercises(path)]
    return sorted(found, key=lambda pair: [int(part) for part in pair[1].id.split(".")])


def _attempts_of(
    root: Path, card: Scorecard, source: str, when: datetime, codes_checked: Mapping[str, str]
) -> list[Attempt]:
    folder = root / KIT_FOLDER / card.assignment
    exercises = {exercise.id: (path, exercise) for path, exercise in declared(folder)}
    misconceptions = shipped_misconceptions(folder) if any(score.misconceptions for score in card.exercises) else ()
    found = []
    for score in card.exercises:
        if score.id not in exercises or not _whole(score, exercises[score.id][1]):
            continue
        if score.id not in codes_checked:
            continue  # nothing was checked: no file, or two edited ones
        found.append(
            Attempt(
                when=when,
                source=source,
                assignment=card.assignment,
                exercise=score.id,
                points=score.points,
                max_points=score.max_points,
                verdicts=tuple(check.verdict for check in score.checks),
                misconceptions=tuple(name_of(misconceptions, score.id, sentence) for sentence in score.misconceptions),
                code=codes_checked[score.id],
            )
        )
    return found


def _whole(score: ExerciseScore, exercise: Exercise) -> bool:
    """True if all checks of an exercise ran, and none failed through our fault."""
    ours = any(check.verdict is Verdict.GRADER_ERROR for check in score.checks)
    return len(score.checks) == len(exercise.checks) and not ours and exercise.points > 0


def _code(submission: Submission, functions: tuple[str, ...]) -> str:
    cells = [cell.source for cell in submission.cells if any(map(cell.defines, functions))]
    return hashlib.sha256("\0".join(cells).encode("utf-8", "surrogatepass")).hexdigest()[:12]


def _is_new(made: Attempt, last: Attempt | None) -> bool:
    if last is None:
        return made.attempted
    if not made.attempted:
        return last.attempted  # back to the stub
    return _result(made) != _result(last)


def _result(attempt: Attempt) -> tuple[object, ...]:
    return (attempt.code, attempt.points, attempt.max_points, attempt.verdicts, attempt.misconceptions)


def _append(root: Path, new: Callable[[list[Attempt]], Sequence[Entry]]) -> str:
    """Decides under the lock what is new, and writes it."""
    try:
        with locked(root / PROGRESS_FILE) as descriptor:
            past = [entry for entry in map(_entry, _lines(content(descriptor))) if isinstance(entry, Attempt)]
            lines = [msgspec.json.encode(entry) + b"\n" for entry in new(past)]
            if lines:
                append(descriptor, b"".join(lines))
    except OSError as error:
        return f"Progress is not recorded: {PROGRESS_FILE} cannot be written ({_reason(error)})."
    return ""


def _lines(data: bytes) -> list[bytes]:
    return [line for line in data.split(b"\n") if line.strip()]


def _entry(line: bytes) -> Entry | None:
    try:
        return msgspec.json.decode(line, type=Attempt | HintShown)
    except msgspec.DecodeError:
        return None


def _readable(line: bytes) -> bool:
    """True for an entry, and for one of a kind that only a later version knows: those are left where they are."""
    if _entry(line) is not None:
        return True
    try:
        other = msgspec.json.decode(line)
    except msgspec.DecodeError:
        return False
    return isinstance(other, dict) and isinstance(other.get("what"), str) and other["what"] not in _KINDS


def _reason(error: OSError) -> str:
    return error.strerror or str(error)
