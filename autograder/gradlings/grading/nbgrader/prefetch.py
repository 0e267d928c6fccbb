"""From nbgrader's folders to a judge and back: while nbgrader is busy with one notebook, the next ones are judged."""

from __future__ import annotations

import atexit
import secrets
from pathlib import Path
from typing import Any

from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.grading.judge_session import JudgeReply, bundle_of
from gradlings.grading.judge_subprocess import JudgeProcess
from gradlings.model.errors import InputError
from gradlings.model.exercise import read_exercises
from gradlings.sandbox.judge import check_system

_AHEAD = 2  # submissions that are judged before nbgrader asks for them
_SECRET = secrets.randbits(48)


class Desk:
    """The submissions of one notebook of a course, on their way to the judge."""

    def __init__(self, course: Any, assignment: str, notebook: str, settings: Any) -> None:
        """`course` is nbgrader's CourseDirectory, `settings` our preprocessor with its traits.

        Raises:
            InputError: this system cannot grade for marks, or there are no checks for the notebook.
        """
        check_system()
        self._course, self._assignment, self._notebook = course, assignment, notebook
        self.seed = _SECRET if settings.seed is None else settings.seed
        folder = Path(course.format_path(course.source_directory, ".", assignment))
        hidden = Path(course.root, settings.hidden, assignment, HIDDEN)
        self._brief = bundle_of(
            folder,
            notebook,
            hidden=hidden if hidden.is_file() else None,
            closed=tuple(path for path in (Path(course.root, "gradebook.db"),) if path.exists()),
            allow_weaker=settings.allow_weaker,
        )
        self.exercises = read_exercises(folder / f"test_{notebook}.py")
        self.judge = JudgeProcess(self._brief)

    def look_ahead(self, student: str, folders: list[str]) -> None:
        """Hands over a student's notebook, and those of the folders after it; `folders` are in nbgrader's order."""
        mine = self._course.format_path(self._course.submitted_directory, student, self._assignment)
        following = folders[folders.index(mine) + 1 :][:_AHEAD] if mine in folders else []
        for folder in (mine, *following):
            path = Path(folder, f"{self._notebook}.ipynb")
            if path.is_file() and not self.judge.knows(_key(path)):
                self.judge.hand_over(_key(path), path.read_bytes(), path.name, self.seed)

    def result(self, student: str, otherwise: bytes) -> JudgeReply:
        """The result of a student's notebook; of `otherwise` where there is none in the student's folder."""
        folder = self._course.format_path(self._course.submitted_directory, student, self._assignment)
        path = Path(folder, f"{self._notebook}.ipynb")
        if not path.is_file():
            self.judge.hand_over(student, otherwise, path.name, self.seed)
            return self.judge.take(student)
        self.look_ahead(student, [])
        return self.judge.take(_key(path))


def _key(path: Path) -> tuple[str, int, int]:
    """A notebook as it is now: another one in its place is another submission."""
    facts = path.stat()
    return str(path), facts.st_mtime_ns, facts.st_size


_open: tuple[tuple[Any, ...], Desk | InputError] | None = None


def desk_for(course: Any, assignment: str, notebook: str, settings: Any) -> Desk:
    """One desk for all submissions that this process grades; a new one for other checks or another assignment.

    Raises:
        InputError: nothing can be graded.
    """
    global _open
    source = Path(course.format_path(course.source_directory, ".", assignment))
    places = (source, Path(course.root, settings.hidden, assignment))
    files = [path for place in places if place.is_dir() for path in sorted(place.iterdir()) if path.is_file()]
    known = [(path, path.stat().st_mtime_ns, path.stat().st_size) for path in files]
    key = (source, notebook, settings.seed, settings.allow_weaker, *known)
    if _open is None or _open[0] != key or (isinstance(_open[1], Desk) and _open[1].judge.died):
        _close()
        try:
            _open = key, Desk(course, assignment, notebook, settings)
        except InputError as refusal:
            _open = key, refusal
    desk = _open[1]
    if isinstance(desk, InputError):
        raise desk
    return desk


def _close() -> None:
    global _open
    if _open is not None and isinstance(_open[1], Desk):
        _open[1].judge.close()
    _open = None


atexit.register(_close)
