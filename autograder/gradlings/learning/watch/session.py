"""What watch mode does on keys, saves and messages of the check server: each changes the state, the screen shows it."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from gradlings.learning.curriculum import Curriculum, where
from gradlings.learning.watch import key_actions
from gradlings.learning.watch.edits import EditDetector
from gradlings.learning.watch.messages import CheckRequest, MessageKind, ServerMessage
from gradlings.learning.watch.state import View, WatchState, list_entries
from gradlings.model.errors import InputError
from gradlings.model.scorecard import ExerciseScore, Scorecard, Verdict
from gradlings.progress.hints import ladder_hint, next_hint
from gradlings.progress.record import read_history, record, record_hint
from gradlings.progress.summary import ExerciseProgress, attempts
from gradlings.submission.exercise_text import Prose, exercise_prose, solved_texts

_STARTING, _CHECKING = "loading PyTorch ...", "checking ..."
_LOADING_SECONDS = 10.0  # for the cells of a submission, on top of the limits of its checks


class Session:
    """One run of watch mode, which shows `exercise` first.

    `check` sends a request to the check server; `restart` starts that anew, so that it reads the checks again. With
    `skip_solved` the session moves on if the first check finds that the exercise is solved already.
    """

    def __init__(
        self,
        curriculum: Curriculum,
        exercise: ExerciseProgress,
        check: Callable[[CheckRequest], None],
        restart: Callable[[], None],
        *,
        skip_solved: bool,
    ) -> None:
        self.open = True
        self._check, self._restart = check, restart
        self._number = 0
        self._scores: dict[str, ExerciseScore] = {}
        self._unrecorded: list[tuple[Scorecard, dict[str, str]]] = []
        self._skip_solved = skip_solved
        self._warned = False
        self._ready = False
        self._requested_at = 0.0
        self._edits = EditDetector(curriculum.exercises)
        self._checked: set[Path] = set()
        """Files of checks that were run since the check server started."""
        self.state = WatchState(curriculum, exercise, Prose("", ""), note=curriculum.history.problem)
        self._go(exercise)

    @property
    def farewell(self) -> str:
        """One line for the end."""
        curriculum, assignment = self.state.curriculum, self._exercise.assignment
        after = "`gradlings watch` goes on from here." if curriculum.next else "All assignments are done."
        return f"{assignment} {curriculum.titles[assignment]}: {curriculum.solved_of(assignment)}. {after}"

    # ---- saves

    def on_save(self, paths: set[Path]) -> None:
        """Check what changed below the assignments; no `paths` if nothing was reported and it is time to look."""
        checks_file = self._exercise.checks_file
        if any(path.parent == checks_file.parent and _belongs_to_checks(path) for path in paths):
            self._restart()
            self._ready = False
            self._checked.clear()
            self._request()
        for changed in dict.fromkeys((checks_file, *self._edits.checks_files_of(paths))):
            edited = self._edits.edited_exercises(changed)
            if edited is not None:
                self._on_edit(changed, edited)
                break
        waited = time.monotonic() - self._requested_at
        if self.state.busy and self._ready and waited > 1:
            self.state = replace(self.state, busy=f"{_CHECKING} {waited:.0f} s")

    def _on_edit(self, checks_file: Path, edited: tuple[str, ...]) -> None:
        """Show what the student works on: the one exercise that was edited, or an exercise of another file."""
        elsewhere = checks_file != self._exercise.checks_file
        for id in edited:
            if id != self._exercise.id:
                self._scores.pop(id, None)  # the code it judged is gone
        if edited and (elsewhere or (len(edited) == 1 and edited[0] != self._exercise.id)):
            self._show(self.state.curriculum.by_id[edited[0]])
        elif elsewhere:
            self._checked.discard(checks_file)
            return
        self._request()

    def pause(self) -> float:
        """Return the seconds until `on_save` is to be called even if nothing happens."""
        return self._edits.pause()

    # ---- messages

    def on_message(self, message: ServerMessage | None) -> None:
        """Take in a message of the check server, if there is one."""
        if message is None:
            return
        if message.kind is MessageKind.READY:
            self._ready = True
            if self.state.busy:
                self.state = replace(self.state, busy=_CHECKING)
        elif message.kind is MessageKind.FAILED:
            self._show_failure(message)
        elif message.number != self._number:
            return
        elif message.kind is MessageKind.ENDED:
            if self.state.busy:
                self._show_failure(message)
        else:
            assert message.card is not None
            self._take_scores(message.card, message.digests)
            if message.kind is MessageKind.FIRST:
                self._show_result(message.card)
            elif self._skip_solved:
                self._skip_solved = False
                if self._exercise.solved and self.state.curriculum.next is not None:
                    self._go(self.state.curriculum.next)

    def _show_failure(self, message: ServerMessage) -> None:
        self.state = replace(self.state, problems=(message.text,), busy="", score=None)

    def _take_scores(self, card: Scorecard, digests: dict[str, str]) -> None:
        curriculum = self.state.curriculum
        for score in card.exercises:
            our_fault = any(check.verdict is Verdict.GRADER_ERROR for check in score.checks)
            if score.id in curriculum.by_id and not our_fault:
                self._scores[score.id] = score
                exercise = replace(curriculum.by_id[score.id], points=score.points, solved=score.solved)
                curriculum = curriculum.updated(exercise)
        self._unrecorded.append((card, digests))
        self._set_curriculum(curriculum)

    def record_results(self) -> None:
        """Append new results to the record. To be called after drawing, so that the screen does not wait for it."""
        curriculum = self.state.curriculum
        for card, digests in self._unrecorded:
            problem = record(curriculum.root, card, "watch", digests)
            history = read_history(curriculum.root)
            for score in card.exercises:
                exercise = curriculum.by_id.get(score.id)
                if exercise is not None:
                    count = exercise.attempts + score.attempted if problem else len(attempts(history, score.id))
                    curriculum = curriculum.updated(replace(exercise, attempts=count))
            if problem and not self._warned:
                self._warned = True
                self.state = replace(self.state, note=problem)
        self._unrecorded.clear()
        self._set_curriculum(curriculum)

    def _set_curriculum(self, curriculum: Curriculum) -> None:
        self.state = replace(self.state, curriculum=curriculum, exercise=curriculum.by_id[self._exercise.id])

    def _show_result(self, card: Scorecard) -> None:
        messages = {check.message for score in card.exercises for check in score.checks}
        score = self._scores.get(self._exercise.id)
        new = score != self.state.score
        solved = score is not None and score.solved
        self.state = replace(
            self.state,
            score=score,
            problems=tuple(problem for problem in card.problems if problem not in messages),
            busy="",
            scroll=0 if self.state.view is View.EXERCISE else self.state.scroll,
            # a hint for a misconception does not fit another answer
            hints=tuple(hint for hint in self.state.hints if not (solved or (new and hint.misconception))),
        )

    # ---- keys

    def on_key(self, key: str) -> None:
        """Do what a key asks for, by its name in `terminal.split_keys`; a number such as 03 or 3.5 goes there."""
        self.state = replace(self.state, note="")
        scrolled = key_actions.scroll(self.state, key)
        if scrolled is not None:
            self.state = scrolled
            return
        self._skip_solved = False
        if key == "enter" and self.state.view is View.LIST:
            key = list_entries(self.state)[self.state.cursor]
        if key[:1].isdigit():
            try:
                self._go(self.state.curriculum.find(key))
            except InputError as error:
                self.state = replace(self.state, note=str(error))
        elif key in ("enter", "escape"):
            self.state = key_actions.back(self.state)
        elif key in ("n", "p"):
            self._step(1 if key == "n" else -1)
        elif key == "h":
            self._hint()
        elif key == "l":
            self.state = key_actions.toggle_list(self.state)
        elif key == "s":
            self.state = key_actions.toggle_solution(self.state)
        elif key == "r":
            self._request()
        elif key == "q":
            self.open = False

    def _step(self, step: int) -> None:
        exercise = self.state.curriculum.neighbor(self._exercise.id, step)
        if exercise is None:
            self.state = replace(self.state, note=f"This is the {'last' if step > 0 else 'first'} exercise.")
        else:
            self._go(exercise)

    def _hint(self) -> None:
        root, id, shown = self.state.curriculum.root, self._exercise.id, self.state.hints
        hint = next_hint(root, id, read_history(root))
        if hint in shown and hint.next_level:  # the record could not be written
            hint = ladder_hint(root, id, hint.next_level)
        if hint in shown:
            self.state = replace(key_actions.back(self.state), note="There are no more hints for this exercise.")
            return
        record_hint(root, id, level=hint.level, misconception=hint.misconception.id if hint.misconception else "")
        self.state = replace(key_actions.back(self.state), hints=(*shown, hint))

    # ---- going to an exercise

    @property
    def _exercise(self) -> ExerciseProgress:
        return self.state.exercise

    def _go(self, exercise: ExerciseProgress) -> None:
        """Show an exercise and, if its file was never checked, check it."""
        self._show(exercise)
        if exercise.checks_file not in self._checked:
            self._request()

    def _show(self, exercise: ExerciseProgress) -> None:
        self.state = replace(
            self.state,
            exercise=exercise,
            prose=exercise_prose(exercise.checks_file.parent, exercise.source_name, exercise.id),
            where=where(exercise),
            solved=solved_texts(exercise.checks_file.parent).get(exercise.id, ""),
            score=self._scores.get(exercise.id),
            problems=(),
            hints=(),
            view=View.EXERCISE,
            scroll=0,
        )

    def _request(self) -> None:
        self._number += 1
        current = self._exercise
        self._checked.add(current.checks_file)
        same_file = [each for each in self.state.curriculum.exercises if each.checks_file == current.checks_file]
        others = [exercise.declared for exercise in same_file if exercise.id != current.id]
        self._check(
            CheckRequest(
                self._number,
                str(current.checks_file),
                first=(current.id,),
                rest=tuple(other.id for other in others),
                first_seconds=_LOADING_SECONDS + current.declared.seconds * len(current.declared.checks),
                rest_seconds=_LOADING_SECONDS + sum(other.seconds * len(other.checks) for other in others),
            )
        )
        self._requested_at = time.monotonic()
        self.state = replace(self.state, busy=_CHECKING if self._ready else _STARTING)


def _belongs_to_checks(path: Path) -> bool:
    is_checks_file = path.name.startswith("test_") and path.suffix == ".py"
    return is_checks_file or path.name in ("drivers.py", "misconceptions.json")
