"""One judge at work: the checks of an assignment collected once, a warm zygote, and one submission after another.

Whatever brings submissions here (a command, a pool of processes, a cluster, nbgrader), this is where they are graded.
"""

from __future__ import annotations

import faulthandler
import hashlib
import platform
import tempfile
from contextlib import ExitStack
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import gradlings
from gradlings.checks.hidden_probes import checks_of, read_hidden
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, read_exercises
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import ExerciseScore, Scorecard, Verdict

if TYPE_CHECKING:
    from gradlings.execution.runner_protocol import SubmissionRunner
    from gradlings.runners.session import Grader
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.self_check import Protection

PUBLIC_SEED = 0
_NOT_CHECKS = (".png", ".svg", ".ipynb", ".md", ".pyc")
_STUCK = 600.0
"""Seconds after which a judge that does not come back from a submission ends its own process."""


@dataclass(frozen=True)
class AssignmentBundle:
    """What a judge is given to grade an assignment: bytes, so that it is the same on every machine."""

    assignment: str
    source_name: str
    files: dict[str, bytes]
    """The checks and all they use, by file name."""
    hidden: bytes
    """The text of the hidden probes; empty if there are none."""
    hidden_from: str
    """Where they come from, for messages."""
    versions: dict[str, str]
    """Of gradlings and of all that decides scores; they must be the same wherever it is graded."""
    closed: tuple[str, ...] = ()
    """Files and folders on the grading machine that no submission may read."""
    allow_weaker: bool = False

    def digests(self) -> dict[str, str]:
        """SHA-256 of everything that decides scores, by name."""
        found = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        return found | ({"hidden.py (hidden)": hashlib.sha256(self.hidden).hexdigest()} if self.hidden else {})


@dataclass(frozen=True)
class JudgeReply:
    """What a judge says of one submission: a scorecard, or why there is none."""

    card: Scorecard | None = None
    problem: str = ""
    """Why the submission cannot be graded."""
    fault: str = ""
    """What went wrong on our side."""
    protection: str = ""
    """What was active where it was graded; empty if that was nowhere."""


def versions() -> dict[str, str]:
    """What scores depend on here, by name.

    That of gradlings comes with a digest of its code: between releases the number alone says little.
    """
    root = Path(gradlings.__file__).parent
    code = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        if path.parent.name != "rendering":
            code.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    others = {"python": platform.python_version(), **{name: metadata.version(name) for name in ("torch", "numpy")}}
    return {"gradlings": f"{gradlings.__version__}+{code.hexdigest()[:12]}", **others}


def bundle_of(
    folder: Path,
    source_name: str,
    *,
    hidden: Path | None = None,
    closed: tuple[Path, ...] = (),
    allow_weaker: bool = False,
) -> AssignmentBundle:
    """Reads an assignment's folder.

    Args:
        hidden: the file of hidden probes.
        closed: files and folders that no submission may read, besides the assignment's own.

    Raises:
        InputError: there are no checks in it, or a file cannot be read.
    """
    checks = folder / f"test_{source_name}.py"
    if not checks.is_file():
        raise InputError(f"{folder} has no checks: {checks.name} is missing.")
    wanted = [
        path
        for path in sorted(folder.iterdir())
        if path.is_file()
        and path.suffix not in _NOT_CHECKS
        and path.name[0] != "."
        and path.name != f"{source_name}.py"
    ]
    try:
        files = {path.name: path.read_bytes() for path in wanted}
        secret = hidden.read_bytes() if hidden else b""
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}).") from None
    return AssignmentBundle(
        folder.name,
        source_name,
        files,
        secret,
        str(hidden or ""),
        versions(),
        tuple(str(path) for path in (*closed, folder, *filter(None, [hidden]))),
        allow_weaker,
    )


class JudgeSession:
    """Grades submissions of one assignment in locked-down workers; belongs to one thread.

    Entering it starts the zygote, has a worker try what must not work, and collects the checks.
    """

    def __init__(self, brief: AssignmentBundle) -> None:
        self.brief = brief
        self.protection: Protection
        """What is really active; known once the bench is entered."""
        self._open = ExitStack()
        self._judge: Judge
        self._grader: Grader

    def __enter__(self) -> Self:
        """Raises `InputError` where grading for marks is refused or the checks cannot be used."""
        from gradlings.sandbox.judge import Judge

        others = [f"{name} {mine}" for name, mine in versions().items() if self.brief.versions.get(name) != mine]
        if others:
            wanted = ", ".join(f"{name} {version}" for name, version in self.brief.versions.items())
            raise InputError(f"Here is {', '.join(others)}; the class is graded with {wanted}. Install the same here.")
        try:
            with self._open as opened:
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="gradlings-")))
                folder /= self.brief.assignment
                folder.mkdir()
                for name, data in self.brief.files.items():
                    (folder / name).write_bytes(data)
                self._checks = folder / f"test_{self.brief.source_name}.py"
                self._exercises = read_exercises(self._checks)
                drivers = self.brief.files.get("drivers.py", b"").decode("utf-8")
                closed = [folder, *map(Path, self.brief.closed)]
                judge = Judge(self._exercises, closed=closed, allow_weaker=self.brief.allow_weaker)
                self._judge, self._drivers = opened.enter_context(judge), drivers
                self.protection = judge.protection
                from gradlings.runners.session import collected_checks

                self._grader = opened.enter_context(collected_checks(folder))
                hidden = self.brief.hidden.decode("utf-8")
                self._hidden = read_hidden(hidden, Path(self.brief.hidden_from), checks_of(self._exercises))
                self._open = opened.pop_all()
        except UnicodeDecodeError as error:
            raise InputError(f"The files of assignment {self.brief.assignment} must be UTF-8 ({error}).") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._open.close()

    @property
    def exercises(self) -> tuple[Exercise, ...]:
        return self._exercises

    def code_digest(self, data: bytes, filename: str) -> str:
        """`submission.digest_of_code`, computed in a worker, since it takes a notebook apart.

        Raises:
            ValueError: it is no notebook.
        """
        return self._judge.code_digest(data, filename)

    def judged(self, data: bytes, filename: str, seed: int) -> JudgeReply:
        """Grades the bytes of one submission. Never raises: a fault of ours is part of the answer.

        Args:
            filename: `autodiff.py` or `autodiff.ipynb`.
            seed: of the random probes.
        """
        said = self.protection.sentence().rstrip(".")
        faulthandler.dump_traceback_later(_STUCK, exit=True)
        try:
            remote = self._judge.load(data, filename, self._drivers)
            if remote.submission.problem:
                return JudgeReply(problem=remote.submission.problem, protection=said)
            card = self._grader.check(remote, self._checks, seed=seed, hidden=self._hidden).scorecard
            points = sum(exercise.points for exercise in self._exercises)
            if card.max_points != points:
                raise RuntimeError(f"only checks worth {card.max_points} of {points} points were run")
            card = self._with_names(card, remote) if seed != PUBLIC_SEED or self._hidden else card
            return JudgeReply(replace(card, problems=tuple(remote.problems())), protection=said)
        except Exception as error:
            return JudgeReply(fault=f"{type(error).__name__}: {error}", protection=said)
        finally:
            faulthandler.cancel_dump_traceback_later()

    def _with_names(self, card: Scorecard, remote: SubmissionRunner) -> Scorecard:
        """The same verdicts, with the misconceptions named.

        What known misconceptions give is kept for the public probes. A wrong function is run once more on those,
        and only to learn its misconception's name.
        """
        wrong = {score.id for score in card.exercises if _has_an_answer(score)}
        if not wrong:
            return card
        public = self._grader.check(remote, self._checks, seed=PUBLIC_SEED, only=wrong, mode=RunMode.PROOF).scorecard
        names = {
            (score.id, check.check): check.misconceptions
            for score in public.exercises
            if not score.solved
            for check in score.checks
        }
        return replace(
            card,
            exercises=tuple(
                replace(
                    score,
                    checks=tuple(
                        replace(check, misconceptions=names.get((score.id, check.check), ())) for check in score.checks
                    ),
                )
                for score in card.exercises
            ),
        )


def _has_an_answer(score: ExerciseScore) -> bool:
    """Whether something came back that may have a name; what hung or died once is not run again for that."""
    verdicts = {check.verdict for check in score.checks}
    return bool(verdicts & {Verdict.WRONG, Verdict.ERROR}) and not verdicts & {
        Verdict.TIMEOUT,
        Verdict.MEMORY,
        Verdict.CRASH,
    }
