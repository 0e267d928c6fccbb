"""From nbgrader's folders to a judge and back: while nbgrader is busy with one notebook, the next ones are judged."""

from __future__ import annotations

import atexit
import secrets
import threading
from concurrent.futures import Future
from pathlib import Path
from typing import Any

from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.grading.judge_session import JudgeReply, bundle_of
from gradlings.grading.local_pool import LocalPool
from gradlings.sandbox.judge import check_system
from gradlings.submission.exercise_text import solved_texts

_LOOKAHEAD = 2  # submissions that are judged before nbgrader asks for them
_SECRET_SEED = secrets.randbits(48)


class Prefetcher:
    """The submissions of one notebook of a course, on their way to a judge in a process that starts meanwhile."""

    def __init__(self, course: Any, assignment: str, notebook: str, settings: Any) -> None:
        """`course` is nbgrader's CourseDirectory, `settings` our preprocessor with its traits.

        Raises:
            InputError: this system cannot grade for marks, or there are no checks for the notebook.
        """
        check_system()
        self._course, self._assignment, self._notebook = course, assignment, notebook
        self.seed: int = _SECRET_SEED if settings.seed is None else settings.seed
        hidden, gradebook = Path(course.root, settings.hidden, assignment, HIDDEN), Path(course.root, "gradebook.db")
        bundle = bundle_of(
            Path(course.format_path(course.source_directory, ".", assignment)),
            notebook,
            hidden=hidden if hidden.is_file() else None,
            closed=(gradebook,) if gradebook.exists() else (),
            allow_weaker=settings.allow_weaker,
            share=settings.follow_through if settings.stand_ins else None,
        )
        self.exercises = bundle.exercises
        self.solved = solved_texts(hidden.parent)
        """What the feedback says of solved exercises, by id; a course keeps it where nothing is released."""
        self._running: dict[Any, Future[JudgeReply]] = {}
        self._pool = LocalPool(bundle, judges=1)
        self._pool.start()

    def protection(self) -> str:
        """Return the isolation that is active; wait until the judge is ready.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        self._pool.wait_until_ready()
        return f"{self._pool.protection}."

    def look_ahead(self, student: str, folders: list[str]) -> None:
        """Hand over a student's notebook, and those of the folders after it; `folders` are in nbgrader's order."""
        own = self._folder(student)
        following = folders[folders.index(own) + 1 :][:_LOOKAHEAD] if own in folders else []
        for folder in (own, *following):
            path = Path(folder, f"{self._notebook}.ipynb")
            if path.is_file() and not path.is_symlink() and _key(path) not in self._running:
                self._hand_over(_key(path), path.read_bytes())

    def reply(self, student: str, fallback: bytes) -> JudgeReply:
        """Wait for the reply on a student's notebook; on `fallback` if there is none in the student's folder."""
        path = Path(self._folder(student), f"{self._notebook}.ipynb")
        if path.is_file():
            self.look_ahead(student, [])
            key: Any = _key(path)
        else:
            self._hand_over(key := student, fallback)
        return self._running.pop(key).result()

    def close(self) -> None:
        """End the judge."""
        self._pool.close()

    def _folder(self, student: str) -> str:
        return str(self._course.format_path(self._course.submitted_directory, student, self._assignment))

    def _hand_over(self, key: Any, data: bytes) -> None:
        filename = f"{self._notebook}.ipynb"  # replies are found by key, not by name
        self._running[key] = self._pool.submit(self._pool.judge, data, filename, self.seed)


def _key(path: Path) -> tuple[str, int, int]:
    """Return what tells a notebook from a later one in its place."""
    status = path.stat()
    return str(path), status.st_mtime_ns, status.st_size


_current: tuple[tuple[Any, ...], Prefetcher] | None = None


def prefetcher_for(course: Any, assignment: str, notebook: str, settings: Any) -> Prefetcher:
    """Return the prefetcher of this process; a new one for other checks or another assignment.

    Raises:
        InputError: nothing can be graded.
    """
    global _current
    source = Path(course.format_path(course.source_directory, ".", assignment))
    places = (source, Path(course.root, settings.hidden, assignment))
    files = [path for place in places if place.is_dir() for path in sorted(place.iterdir()) if path.is_file()]
    key = (source, notebook, settings.seed, settings.allow_weaker, *map(_key, files))
    if _current is None or _current[0] != key:
        _close()
        _current = key, Prefetcher(course, assignment, notebook, settings)
    return _current[1]


def _close() -> None:
    global _current
    if _current is not None:
        _current[1].close()
    _current = None


# Before the executor's own hook, which waits for all that is under way; where Python has none, at exit.
getattr(threading, "_register_atexit", atexit.register)(_close)
