"""The exercises of a kit in their order, and the progress in them. No torch, and no student code runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.exercise import given_sentence
from gradlings.model.kit_paths import KIT_FOLDER, kit_root
from gradlings.model.text import counted
from gradlings.progress.record import History, read_history
from gradlings.progress.summary import ExerciseProgress, summarize
from gradlings.submission.given.named_paths import EVERYTHING, named_path, path_of_kit
from gradlings.submission.manifest import assignment_title
from gradlings.submission.reader import read_submission, shown

_ALL = "All of them: gradlings list"
_MAX_SUGGESTED = 3


@dataclass(frozen=True)
class Curriculum:
    """All exercises of a kit, in their order."""

    root: Path
    exercises: tuple[ExerciseProgress, ...]
    history: History
    """All that is on record."""
    path: str = ""
    """A sentence, if the exercises are only those of a path."""

    @cached_property
    def titles(self) -> dict[str, str]:
        """The titles of the assignments by their ids, in their order."""
        folders = dict.fromkeys(exercise.checks_file.parent for exercise in self.exercises)
        return {folder.name: assignment_title(folder) for folder in folders}

    @cached_property
    def by_id(self) -> dict[str, ExerciseProgress]:
        """The exercises by their ids, in their order."""
        return {exercise.id: exercise for exercise in self.exercises}

    @cached_property
    def next(self) -> ExerciseProgress | None:
        """The first exercise that is not solved; None when all are."""
        return next((exercise for exercise in self.exercises if not exercise.solved), None)

    def of(self, assignment: str) -> tuple[ExerciseProgress, ...]:
        """Return the exercises of an assignment."""
        return tuple(exercise for exercise in self.exercises if exercise.assignment == assignment)

    def solved_of(self, assignment: str) -> str:
        """Return how many exercises of an assignment are solved, e.g. "3 of 10 solved"."""
        exercises = self.of(assignment)
        return f"{sum(exercise.solved for exercise in exercises)} of {len(exercises)} solved"

    def neighbor(self, id: str, step: int) -> ExerciseProgress | None:
        """Return the exercise that is `step` places after another one; None beyond either end."""
        index = list(self.by_id).index(id) + step
        return self.exercises[index] if 0 <= index < len(self.exercises) else None

    def updated(self, exercise: ExerciseProgress) -> Curriculum:
        """Return a copy with a new state of one exercise."""
        return replace(self, exercises=tuple((self.by_id | {exercise.id: exercise}).values()))

    def find(self, wanted: str) -> ExerciseProgress:
        """Return the exercise with an id ("3.5"), or the first unsolved one of an assignment ("03" or "3").

        Raises:
            InputError: there is no such exercise or assignment.
        """
        if wanted in self.by_id:
            return self.by_id[wanted]
        inside = self.of(wanted.zfill(2))
        if inside:
            return next((exercise for exercise in inside if not exercise.solved), inside[0])
        self._require_not_given(wanted)
        near = self._near(wanted) or f"An exercise is written as {self.exercises[-1].id}."
        raise InputError(
            f"There is no assignment or exercise {wanted}. There are the assignments {', '.join(self.titles)}. {near}"
        )

    def exercise(self, wanted: str) -> ExerciseProgress:
        """Return the exercise with an id ("3.5"), or the one that asks for a function ("manual_gradients").

        Raises:
            InputError: there is no such exercise; the message suggests those with a similar id or name.
        """
        found = self.by_id.get(wanted) or self._by_function.get(wanted)
        if found is None:
            self._require_not_given(wanted)
            near = self._near(wanted)
            raise InputError(" ".join(filter(None, [f"There is no exercise {wanted}.", near, _ALL])))
        return found

    def _require_not_given(self, wanted: str) -> None:
        for folder in sorted((self.root / KIT_FOLDER).glob("[0-9]*")):
            if said := given_sentence(folder, wanted):
                raise InputError(f"{said} {_ALL}")

    @cached_property
    def _by_function(self) -> dict[str, ExerciseProgress]:
        return {name: exercise for exercise in self.exercises for name in exercise.declared.functions}

    def _near(self, wanted: str) -> str:
        """Return a question that suggests exercises whose id or function looks like what is wanted; "" if none does."""
        known = self._by_function | self.by_id
        close = get_close_matches(wanted, known, n=_MAX_SUGGESTED, cutoff=0.6)
        near = dict.fromkeys(f"{known[each].id} {known[each].name}" for each in close)
        return f"Did you mean {' or '.join(near)}?" if near else ""


def find_root(start: Path) -> Path:
    """Return the root of the kit that a folder is in.

    Raises:
        InputError: there is none.
    """
    root = kit_root(start)
    if root is None or not any((root / KIT_FOLDER).glob("[0-9]*/test_*.py")):
        raise InputError(
            f"There is no kit in {start.resolve()}. `gradlings init my-kit` makes one; then change into it (cd my-kit)."
        )
    return root


def read_curriculum(root: Path, path: str = "") -> Curriculum:
    """Read the exercises of a kit, but for warm-ups (worth nothing), with what is on record of them.

    Those of the path that the kit is on, or of a path in it that is named; "all" names the whole.

    Raises:
        InputError: a file of checks cannot be read, or there is no such path.
    """
    of_kit = path_of_kit(root)
    chosen = named_path(root / KIT_FOLDER, path) if path and path != of_kit else None
    if path and path != of_kit != EVERYTHING:
        raise InputError(f"This kit is on the path {of_kit}; `gradlings init . --path {path}` makes it another.")
    history = read_history(root)
    exercises = summarize(root, history)
    if of_kit != EVERYTHING:
        said = f"Path {of_kit}: {counted(len(exercises), 'exercise')}; the code of all others is given."
        return Curriculum(root, exercises, history, said)
    if chosen is None:
        return Curriculum(root, exercises, history)
    exercises = tuple(each for each in exercises if each.id in chosen.exercises)
    said = f"Path {path}: {counted(len(exercises), 'exercise')}; no others are counted here."
    return Curriculum(root, exercises, history, said)


def where(exercise: ExerciseProgress) -> str:
    """Return `file:line` of the function to write, in the file that the student edits; just the file if it is gone."""
    submission = read_submission(exercise.checks_file.parent, exercise.source_name)
    for name in exercise.declared.functions:
        if name in submission.functions:
            return f"{shown(submission.functions[name].file)}:{submission.functions[name].line}"
    return shown(submission.path)
