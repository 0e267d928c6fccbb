"""What watch mode knows and does: keys, saves and answers change it, the screen shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gradlings.learning.curriculum import Course, Place, where
from gradlings.learning.watch import key_actions
from gradlings.learning.watch.edits import Sources
from gradlings.learning.watch.messages import Answer, Kind, Request
from gradlings.learning.watch.state import Shown, View, list_entries
from gradlings.model.errors import InputError
from gradlings.model.scorecard import ExerciseScore, Scorecard, Verdict
from gradlings.progress.hints import next_hint, step
from gradlings.progress.record import history, record, record_hint
from gradlings.progress.summary import attempts
from gradlings.submission.exercise_text import Prose, exercise_prose

_STARTING, _CHECKING = "loading PyTorch ...", "checking ..."
_LOADING = 10.0  # seconds for the cells of a submission, on top of the limits of its checks


class Session:
    """The state of watch mode.

    Args:
        check: has a request answered.
        restart: has the checks read anew.
        free: whether to move on if the first check finds that this exercise is solved already.
    """

    def __init__(
        self,
        course: Course,
        place: Place,
        check: Callable[[Request], None],
        restart: Callable[[], None],
        *,
        free: bool = False,
    ) -> None:
        self.open = True
        self._check, self._restart = check, restart
        self._number = 0
        self._scores: dict[str, ExerciseScore] = {}
        self._unrecorded: list[tuple[Scorecard, dict[str, str]]] = []
        self._free = free
        self._warned = False
        self._ready = False
        self._asked_at = 0.0
        self._sources = Sources(course.places)
        self._checked: set[Path] = set()
        """Files of checks that were run since the warm process started."""
        self.shown = Shown(course, place, Prose("", ""), note=course.problem)
        self._go(place)

    @property
    def farewell(self) -> str:
        """One line for the end."""
        course, here = self.shown.course, self._place.assignment
        solved = sum(place.solved for place in course.of(here))
        said = f"{here} {course.title(here)}: {solved} of {len(course.of(here))} solved."
        return said + (" `gradlings watch` goes on from here." if course.next else " All assignments are done.")

    # ---- what happens

    def saved(self, paths: set[Path]) -> None:
        """Something below the assignments changed; empty: a second has passed, look whether it did."""
        here = self._place.checks_file
        if any(path.parent == here.parent and _belongs_to_checks(path) for path in paths):
            self._restart()
            self._ready = False
            self._checked.clear()
            self._request()
        for checks_file in dict.fromkeys((here, *self._sources.behind(paths))):
            edited = self._sources.look(checks_file)
            if edited is not None:
                self._edited(checks_file, edited)
                break
        waited = time.monotonic() - self._asked_at
        if self.shown.busy and self._ready and waited > 1:
            self.shown = replace(self.shown, busy=f"{_CHECKING} {waited:.0f} s")

    def _edited(self, checks_file: Path, exercises: tuple[str, ...]) -> None:
        """Goes where somebody is working: to the one exercise that was edited, or to another file."""
        elsewhere = checks_file != self._place.checks_file
        for exercise in exercises:
            if exercise != self._place.exercise.id:
                self._scores.pop(exercise, None)  # a verdict on what is gone
        if exercises and (elsewhere or (len(exercises) == 1 and exercises[0] != self._place.exercise.id)):
            self._show(self.shown.course.find(exercises[0]))
        elif elsewhere:
            self._checked.discard(checks_file)
            return
        self._request()

    def pause(self) -> float:
        """Seconds until `saved` is to be called even if nothing happens."""
        return self._sources.pause()

    def answered(self, answer: Answer) -> None:
        """The warm process said something."""
        if answer.kind is Kind.READY:
            self._ready = True
            if self.shown.busy:
                self.shown = replace(self.shown, busy=_CHECKING)
            return
        if answer.kind is Kind.FAILED:
            self.shown = replace(self.shown, problems=(answer.message,), busy="", score=None)
            return
        if answer.number != self._number:
            return
        if answer.kind is Kind.ENDED:
            if self.shown.busy:
                self.shown = replace(self.shown, problems=(answer.message,), busy="", score=None)
            return
        assert answer.card is not None
        self._received(answer.card, answer.codes)
        if answer.kind is Kind.FIRST:
            self._verdict(answer.card)
        elif self._free:
            self._free = False
            if self._place.solved and self.shown.course.next is not None:
                self._go(self.shown.course.next)

    def _received(self, card: Scorecard, codes: dict[str, str]) -> None:
        course = self.shown.course
        places = {place.exercise.id: place for place in course.places}
        for score in card.exercises:
            ours = any(check.verdict is Verdict.GRADER_ERROR for check in score.checks)
            if score.id in places and not ours:
                self._scores[score.id] = score
                course = course.updated(replace(places[score.id], points=score.points, solved=score.solved))
        self._unrecorded.append((card, codes))
        self._set_course(course)

    def settle(self) -> None:
        """Keeps a record of what was found: not before it is on the screen."""
        course = self.shown.course
        for card, codes in self._unrecorded:
            problem = record(course.root, card, "watch", codes)
            past = history(course.root)
            for score in card.exercises:
                place = next((place for place in course.places if place.exercise.id == score.id), None)
                if place is not None:
                    made = place.attempts + score.attempted if problem else len(attempts(past, score.id))
                    course = course.updated(replace(place, attempts=made))
            if problem and not self._warned:
                self._warned = True
                self.shown = replace(self.shown, note=problem)
        self._unrecorded.clear()
        self._set_course(course)

    def _set_course(self, course: Course) -> None:
        place = next(place for place in course.places if place.exercise.id == self._place.exercise.id)
        self.shown = replace(self.shown, course=course, place=place)

    def _verdict(self, card: Scorecard) -> None:
        messages = {check.message for score in card.exercises for check in score.checks}
        score = self._scores.get(self._place.exercise.id)
        new = score != self.shown.score
        solved = score is not None and score.solved
        self.shown = replace(
            self.shown,
            score=score,
            problems=tuple(problem for problem in card.problems if problem not in messages),
            busy="",
            scroll=0 if self.shown.view is View.EXERCISE else self.shown.scroll,
            # a hint that was chosen by a misconception says nothing about another one
            hints=tuple(hint for hint in self.shown.hints if not (solved or (new and hint.misconception))),
        )

    # ---- keys

    def pressed(self, key: str) -> None:
        """A key, by the names of `terminal.split_keys`; or a number such as 03 or 3.5, which goes there."""
        self.shown = replace(self.shown, note="")
        there = key_actions.moved(self.shown, key)
        if there is not None:
            self.shown = there
            return
        self._free = False
        if key[:1].isdigit():
            self._find(key)
        elif key == "enter" and self.shown.view is View.LIST:
            chosen = list_entries(self.shown.course, self._place.assignment)[self.shown.cursor]
            self._go(self.shown.course.find(chosen) if isinstance(chosen, str) else chosen)
        elif key in ("enter", "escape"):
            self.shown = key_actions.back(self.shown)
        elif key == "n":
            self._step(1)
        elif key == "p":
            self._step(-1)
        elif key == "h":
            self._hint()
        elif key == "l":
            self.shown = key_actions.listed(self.shown)
        elif key == "s":
            self.shown = key_actions.solved_for_you(self.shown)
        elif key == "r":
            self._request()
        elif key == "q":
            self.open = False

    def _find(self, wanted: str) -> None:
        try:
            self._go(self.shown.course.find(wanted))
        except InputError as error:
            self.shown = replace(self.shown, note=str(error))

    def _step(self, step: int) -> None:
        there = self.shown.course.neighbour(self._place, step)
        if there is None:
            self.shown = replace(
                self.shown, note="This is the last exercise." if step > 0 else "This is the first exercise."
            )
        else:
            self._go(there)

    def _hint(self) -> None:
        root, exercise, given = self.shown.course.root, self._place.exercise.id, self.shown.hints
        hint = next_hint(root, exercise, history(root))
        if hint in given and hint.following:  # it could not be recorded that it was given
            hint = step(root, exercise, hint.following)
        if hint in given:
            self.shown = replace(key_actions.back(self.shown), note="There are no more hints for this exercise.")
            return
        record_hint(
            root, exercise, level=hint.level, misconception=hint.misconception.name if hint.misconception else ""
        )
        self.shown = replace(key_actions.back(self.shown), hints=(*given, hint))

    # ---- going somewhere

    @property
    def _place(self) -> Place:
        return self.shown.place

    def _go(self, place: Place) -> None:
        """Shows an exercise and, if its file was never checked, checks it."""
        self._show(place)
        if place.checks_file not in self._checked:
            self._request()

    def _show(self, place: Place) -> None:
        self.shown = replace(
            self.shown,
            place=place,
            prose=exercise_prose(place.checks_file.parent, place.source_name, place.exercise.id),
            where=where(place),
            score=self._scores.get(place.exercise.id),
            problems=(),
            hints=(),
            view=View.EXERCISE,
            scroll=0,
        )

    def _request(self) -> None:
        self._number += 1
        place = self._place
        self._checked.add(place.checks_file)
        others = [
            other.exercise
            for other in self.shown.course.places
            if other.checks_file == place.checks_file and other.exercise.id != place.exercise.id
        ]
        self._check(
            Request(
                self._number,
                str(place.checks_file),
                (place.exercise.id,),
                tuple(other.id for other in others),
                _LOADING + place.exercise.seconds * len(place.exercise.checks),
                _LOADING + sum(other.seconds * len(other.checks) for other in others),
            )
        )
        self._asked_at = time.monotonic()
        self.shown = replace(self.shown, busy=_CHECKING if self._ready else _STARTING)


def _belongs_to_checks(path: Path) -> bool:
    return path.name in ("drivers.py", "misconceptions.json") or (
        path.name.startswith("test_") and path.suffix == ".py"
    )
