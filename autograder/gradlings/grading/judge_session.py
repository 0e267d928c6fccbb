"""One judge at work: the checks of an assignment collected once, a warm zygote, and one submission after another.

Every submission that is graded for marks is graded here, in whichever process or on whichever machine.
"""

from __future__ import annotations

import faulthandler
import hashlib
import logging
import platform
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from importlib import metadata
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import gradlings
from gradlings.checks.hidden_probes import checks_of, read_hidden
from gradlings.grading.fault_log import collected_log
from gradlings.grading.fingerprint import fingerprint
from gradlings.grading.hidden_pass import checks_to_run, with_hidden_verdicts, with_pardons, worlds_to_try
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise, all_exercises, code_given_to, read_exercises
from gradlings.model.kit_paths import kit_of
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import Scorecard
from gradlings.runners.public_answers import exercises_with_answers, unnamed_functions, with_public_answers
from gradlings.sandbox.settings import LIMITS, WorkerLimits
from gradlings.submission.answer_shapes import like_answers
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from gradlings.submission.reference_functions import answer_shapes
from gradlings.submission.right_functions import RightFunctions, right_functions

if TYPE_CHECKING:
    from gradlings.execution.runner_protocol import SubmissionRunner
    from gradlings.runners.session import Graded, Grader
    from gradlings.sandbox.judge import Judge
    from gradlings.sandbox.remote_runner import RemoteRunner
    from gradlings.sandbox.self_check import Protection

PUBLIC_SEED = 0
_IGNORED_SUFFIXES = (".png", ".svg", ".ipynb", ".md", ".pyc")
_MAX_SECONDS = 600.0
"""Time for one submission, after which a judge that hangs ends its own process."""
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class AssignmentBundle:
    """All that a judge needs to grade an assignment: bytes, so that it is the same on every machine."""

    assignment: str
    source_name: str
    exercises: tuple[Exercise, ...]
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
    right: RightFunctions = field(default_factory=RightFunctions)
    """What stands in for a submission's own functions in follow-through."""
    share: float | None = 1.0
    """Of its points that a check earns by follow-through; None if nothing stands in, and none are given."""
    answers: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The shapes of shipped answers, by function; they decide nothing."""
    limits: WorkerLimits = LIMITS

    def digests(self) -> dict[str, str]:
        """Return the SHA-256 of every file that decides scores, by name."""
        found = {name: hashlib.sha256(data).hexdigest() for name, data in self.files.items()}
        texts = "\0".join(f"{name}\0{text}" for name, text in sorted(self.right.texts.items()))
        followed = hashlib.sha256(f"{self.share}\0{texts}".encode()).hexdigest()
        found[f"solutions/{self.assignment}/{self.source_name}.py (follow-through)"] = followed
        return found | ({"hidden.py (hidden)": hashlib.sha256(self.hidden).hexdigest()} if self.hidden else {})


@dataclass(frozen=True)
class JudgeReply:
    """A judge's reply for one submission: a scorecard, or why there is none."""

    card: Scorecard | None = None
    problem: str = ""
    """Why the submission cannot be graded."""
    fault: str = ""
    """What went wrong on our side."""
    protection: str = ""
    """The isolation that was active where it was graded; empty if it was graded nowhere."""
    cell_problems: tuple[tuple[str, str], ...] = ()
    """The problems in the scorecard, each with the `file` of its cell."""
    notes: tuple[str, ...] = ()
    """For whoever gives the marks."""
    log: tuple[str, ...] = ()
    """What was logged meanwhile, tracebacks included: for the instructor only."""
    functions: Mapping[str, str] = field(default_factory=dict)
    """By name, those whose mistake has no name: see `anonymous_code`."""


def versions() -> dict[str, str]:
    """Return what scores depend on here, by name.

    That of gradlings comes with a fingerprint of its code: between releases the number alone says little.
    """
    others = {"python": platform.python_version(), **{name: metadata.version(name) for name in ("torch", "numpy")}}
    return {"gradlings": f"{gradlings.__version__}+{fingerprint()}", **others}


def bundle_of(
    folder: Path,
    source_name: str,
    *,
    hidden: Path | None = None,
    closed: tuple[Path, ...] = (),
    allow_weaker: bool = False,
    share: float | None = 1.0,
) -> AssignmentBundle:
    """Read an assignment's folder, whose checks are in `test_autodiff.py` if students write `autodiff.py`.

    `hidden` is the file of hidden probes. No submission may read it, the folder, or what is in `closed`. `share` is
    that of `AssignmentBundle`; right functions come from the solution beside the assignment, else from the shipped one,
    else from the checks. Without a share there are none.

    Raises:
        InputError: there are no checks in it, or a file cannot be read.
    """
    checks = folder / f"test_{source_name}.py"
    if not checks.is_file():
        raise InputError(f"{folder} has no checks: {checks.name} is missing.")
    paths = [path for path in sorted(folder.iterdir()) if path.is_file() and path.name != f"{source_name}.py"]
    wanted = [path for path in paths if path.suffix not in _IGNORED_SUFFIXES and path.name[0] != "."]
    try:
        files = {path.name: path.read_bytes() for path in wanted}
        secret = hidden.read_bytes() if hidden else b""
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read ({error.strerror}).") from None
    exercises = read_exercises(checks)
    names = [name for exercise in exercises for name in exercise.functions]
    everything_closed = (*closed, folder, hidden) if hidden else (*closed, folder)
    return AssignmentBundle(
        folder.name,
        source_name,
        exercises,
        files,
        secret,
        str(hidden or ""),
        versions(),
        tuple(map(str, everything_closed)),
        allow_weaker,
        RightFunctions() if share is None else right_functions(kit_of(folder), checks, source_name, names),
        share,
        answer_shapes(kit_of(folder), folder.name, source_name, names),
    )


class JudgeSession:
    """Grades submissions of one assignment in locked-down workers; belongs to one thread.

    Entering it starts the zygote, has a worker try what must not work, and collects the checks.
    """

    def __init__(self, bundle: AssignmentBundle) -> None:
        self.bundle = bundle
        self.protection: Protection
        """The isolation that is really active; set when the session is entered."""
        self._open = ExitStack()
        self._judge: Judge
        self._grader: Grader

    def __enter__(self) -> Self:
        """Start it.

        Raises:
            InputError: grading for marks is refused here, or the checks cannot be used.
        """
        from gradlings.sandbox.judge import Judge

        bundle = self.bundle
        others = [f"{name} {mine}" for name, mine in versions().items() if bundle.versions.get(name) != mine]
        if others:
            wanted = ", ".join(f"{name} {version}" for name, version in bundle.versions.items())
            raise InputError(f"Here is {', '.join(others)}; the class is graded with {wanted}. Install the same here.")
        try:
            with self._open as opened:
                folder = Path(opened.enter_context(tempfile.TemporaryDirectory(prefix="gradlings-")))
                folder /= bundle.assignment
                folder.mkdir()
                for name, data in bundle.files.items():
                    (folder / name).write_bytes(data)
                self._checks = folder / f"test_{bundle.source_name}.py"
                self._drivers = bundle.files.get("drivers.py", b"").decode("utf-8")
                given, closed = code_given_to(self._checks), [folder, *map(Path, bundle.closed)]
                weaker, limits = bundle.allow_weaker, bundle.limits
                self._judge = judge = Judge(
                    bundle.exercises, given, closed=closed, allow_weaker=weaker, limits=limits, late_imports=False
                )
                opened.callback(judge.close)
                judge.start()  # its zygote imports torch while this process does, to collect the checks
                from gradlings.runners.session import collected_checks

                self._grader = opened.enter_context(collected_checks(folder))
                self._grader.for_marks(bundle.right, bundle.share or 0.0)
                hidden = bundle.hidden.decode("utf-8")
                known = checks_of(all_exercises(self._checks))  # those that are not on a path, too
                self._hidden = read_hidden(hidden, Path(bundle.hidden_from), known)
                self.protection = opened.enter_context(judge).protection
                self._open = opened.pop_all()
        except UnicodeDecodeError as error:
            raise InputError(f"The files of assignment {bundle.assignment} must be UTF-8 ({error}).") from None
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        self._open.close()

    def active_protection(self) -> tuple[str, tuple[str, ...]]:
        """Return the protection that is active, as a sentence without its end, and notes on it."""
        return self.protection.sentence().rstrip("."), self.protection.notes()

    def code_digest(self, data: bytes, filename: str) -> str:
        """Return `submission.manifest.digest_of_code`, computed in a worker, since it takes a notebook apart.

        Raises:
            ValueError: it is no notebook.
        """
        return self._judge.code_digest(data, filename)

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        """Grade the bytes of `autodiff.py` or `autodiff.ipynb`. Never raises: a fault of ours is part of the reply."""
        faulthandler.dump_traceback_later(_MAX_SECONDS, exit=True)
        with collected_log() as log:
            try:
                reply = self._reply(data, filename, seed, helpers)
            except Exception as error:
                _log.exception("The judge failed on %s.", filename)
                reply = JudgeReply(fault=f"{type(error).__name__}: {error}")
            finally:
                faulthandler.cancel_dump_traceback_later()
        return replace(reply, protection=self.active_protection()[0], log=tuple(log))

    def _reply(self, data: bytes, filename: str, seed: int, helpers: Helpers) -> JudgeReply:
        from gradlings.execution.runner_protocol import cell_problems

        remote = self._judge.load(data, filename, self._drivers, helpers)
        if remote.submission.problem:
            return JudgeReply(problem=remote.submission.problem)
        graded = self._grader.check(remote, self._checks, seed=seed)
        card, worlds = graded.scorecard, graded.worlds
        points = sum(exercise.points for exercise in self.bundle.exercises)
        if card.max_points != points:
            raise RuntimeError(f"only checks worth {card.max_points} of {points} points were run")
        wrong = exercises_with_answers(card)
        if wrong:
            public = graded if seed == PUBLIC_SEED else self._on_public_probes(remote, wrong, worlds)
            card = with_public_answers(card, public, named=seed == PUBLIC_SEED)
        if self._judge.import_late():
            return self._reply(data, filename, seed, helpers)
        card = replace(card, problems=tuple(remote.problems()))
        problems = tuple(cell_problems(remote.submission, remote.cell_errors))
        notes = like_answers(remote.submission.shapes, self.bundle.answers)
        card = self._with_hidden_probes(card, remote, seed, worlds)
        words = (self._checks.read_text("utf-8"), self._drivers)
        functions = unnamed_functions(card, remote.function_texts, words)  # last, since it uses up a worker
        return JudgeReply(card, cell_problems=problems, notes=notes, functions=functions)

    def _with_hidden_probes(
        self, card: Scorecard, remote: RemoteRunner, seed: int, worlds: Mapping[str, tuple[str, ...]]
    ) -> Scorecard:
        """Return a scorecard, final but for this, in which checks fail that the hidden probes show to be wrong."""
        chosen = checks_to_run(card, self._hidden)
        if not chosen:
            return card
        remote.begin_hidden_probes()

        def checked(only: set[str], mode: RunMode, worlds: Mapping[str, tuple[str, ...]]) -> Graded:
            check, hidden = self._grader.check, self._hidden
            return check(remote, self._checks, seed=seed, only=only, hidden=hidden, mode=mode, worlds=worlds)

        of_hidden = checked(chosen, RunMode.HIDDEN, worlds).scorecard
        judged = with_hidden_verdicts(card, of_hidden, self._hidden, remote.submission.place_of)
        exercises, right = self.bundle.exercises, self.bundle.right
        again = worlds_to_try(card, judged, exercises, right)
        found = checked(set(again), RunMode.PROOF, again) if again else None
        return with_pardons(judged, found, exercises, right, self.bundle.share or 0.0) if found else judged

    def _on_public_probes(
        self, remote: SubmissionRunner, wrong: set[str], worlds: Mapping[str, tuple[str, ...]]
    ) -> Graded:
        """Run exercises that are wrong once more, on the public probes, and only to learn what their mistakes are.

        What known misconceptions return is shipped for those only, and there the whole class meets the same.
        """
        return self._grader.check(remote, self._checks, seed=PUBLIC_SEED, only=wrong, mode=RunMode.PROOF, worlds=worlds)
