"""The functions of a student, as `picture.py` of an assignment calls them: what goes wrong names the function."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from gradlings.execution.runner_protocol import SubmissionRunner, raised_in
from gradlings.execution.student_api import Student, Unavailable
from gradlings.execution.time_limit import TimeUp
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.scorecard import Verdict

_DRAWING_SECONDS = 5.0


class OwnFunctions:
    """The functions of a student: `own.split_heads(x, 2)` calls one on its arguments as they are.

    A call raises `Unavailable`, with a sentence that names the function, if that is not written or raises.
    """

    def __init__(self, runner: SubmissionRunner, folder: Path) -> None:
        exercises = [each for path in sorted(folder.glob("test_*.py")) for each in read_exercises(path)]
        self._exercise_of = {name: each.id for each in exercises for name in each.functions}
        # an exercise of its own: what others forbid is the business of their checks
        self._student = Student(runner, Exercise("", (), 0))
        self._last = ""
        self.seconds = max((each.seconds for each in exercises), default=0.0) + _DRAWING_SECONDS
        """How long a picture may take: as long as the longest exercise, and a little for drawing it."""

    def __getattr__(self, name: str) -> Any:
        return partial(self._call, name)

    def _call(self, name: str, *args: Any) -> Any:
        function, runner = getattr(self._student, name), self._student.runner
        try:
            function.check_available()
        except Unavailable as why:
            raise Unavailable(why.verdict, self._why_not(name, why)) from None
        self._last = name
        try:
            return function.unguarded(*args)
        except (KeyboardInterrupt, TimeUp):
            raise
        except BaseException as error:  # SystemExit and pytest's own outcomes, too
            raised = raised_in(runner.submission.files, error)
            message = " ".join(function.sentence_for(Verdict.ERROR, raised, "...").split())
            where = f" ({raised.place})" if raised.place else ""
            sentence = f"No picture yet: {self._named(name)}: {message}{where}"
            raise Unavailable(Verdict.ERROR, sentence) from None

    def _why_not(self, name: str, why: Unavailable) -> str:
        if why.verdict is Verdict.NOT_ATTEMPTED:
            return f"The picture at the end comes once {self._named(name)} is written, too."
        return f"No picture yet: {self._named(name)}: {' '.join(why.message.split())}"

    def _named(self, name: str) -> str:
        exercise = self._exercise_of.get(name)
        return f"{name} ({exercise})" if exercise else name

    def agreed(self, name: str, got: Any, expected: Any) -> Any:
        """Return what a function gave, if it is what is right.

        Raises:
            Unavailable: it is not.
        """
        from gradlings.checks.compare import difference  # deferred: needs torch

        if difference(got, expected) is not None:
            sentence = f"No picture yet: what {self._named(name)} gives for it is not right. Its check says more."
            raise Unavailable(Verdict.WRONG, sentence)
        return got

    def blamed_for(self, error: BaseException) -> str:
        """Return what to say of an error that came up while a picture was made: it names the last function called."""
        if not self._last:
            return f"The picture at the end could not be drawn ({type(error).__name__}: {error}). Please report it."
        if isinstance(error, TimeUp):
            return f"No picture yet: it was still not done after {self.seconds:g} s, in {self._named(self._last)}."
        what = " ".join(f"{type(error).__name__}: {error}".split())
        return f"No picture yet: it cannot be made of what {self._named(self._last)} gives ({what})."
