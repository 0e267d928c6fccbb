"""`Judge`: owns a zygote, and loads the bytes of a submission into a locked-down worker."""

from __future__ import annotations

import errno
import logging
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.given import NOTHING_GIVEN, Given
from gradlings.model.text import without_control_characters
from gradlings.sandbox.settings import (
    LAYERS,
    LIMITS,
    SUBMISSION_LIMITS,
    ProtectionLayers,
    SubmissionLimits,
    WorkerLimits,
)
from gradlings.submission.helpers.files import NO_HELPERS, Helpers

if TYPE_CHECKING:  # what these import exists on Linux only
    from gradlings.sandbox.processes import WorkerProcess, Zygote
    from gradlings.sandbox.remote_runner import RemoteRunner
    from gradlings.sandbox.self_check import Protection

_log = logging.getLogger(__name__)
_ONLY_LINUX = (
    "Grading for marks needs Linux: {} has nothing that locks a process down from the inside. Grade on a Linux machine "
    "or in a Linux container; `pytest assignments/NN` checks one's own code everywhere."
)
_MAY_NOT_KILL = (
    "Grading for marks is refused: this root may not end a process of another user id. Start as an ordinary user, or "
    "give it CAP_KILL (docker run --cap-add SETUID --cap-add SETGID --cap-add KILL)."
)
_NOT_STARTED = "Grading for marks cannot start: the process that workers are forked from did not: {}"


def check_system() -> None:
    """Raise `InputError` on a system that cannot lock a process down."""
    if sys.platform != "linux":
        raise InputError(_ONLY_LINUX.format({"darwin": "macOS", "win32": "Windows"}.get(sys.platform, "this system")))


class Judge:
    """Runs submissions in locked-down workers, one at a time; a judge belongs to one thread.

        with Judge(exercises) as judge:
            remote = judge.load(data, "autodiff.py", drivers)
            grader.check(remote, checks_file, seed=secret)

    Entering it starts the zygote and has a worker try what must not work; with `allow_weaker`, grading continues if
    some of it worked. What the `exercises` forbid is read from a submission before it runs. `closed` are files and
    folders that no worker may read (solutions, hidden checks), for that self-check. What is `given` takes the place
    of a submission's own functions. Without `late_imports` it starts in half the time, and whoever grades has to call
    `import_late`.
    """

    def __init__(
        self,
        exercises: Sequence[Exercise] = (),
        given: Given = NOTHING_GIVEN,
        *,
        closed: Sequence[Path] = (),
        allow_weaker: bool = False,
        limits: WorkerLimits = LIMITS,
        submission_limits: SubmissionLimits = SUBMISSION_LIMITS,
        layers: ProtectionLayers = LAYERS,
        late_imports: bool = True,
    ) -> None:
        self._exercises = tuple(exercise for exercise in exercises if exercise.forbids)
        self._functions = tuple(name for exercise in exercises for name in exercise.functions)
        self._given, self._closed, self._allow_weaker = given, tuple(closed), allow_weaker
        self._limits, self._submission_limits, self._layers = limits, submission_limits, layers
        self._late_imports, self._ends_at_late_imports, self._bubblewrap_problem = late_imports, True, ""
        self._zygote: Zygote | None = None
        self._current: RemoteRunner | None = None
        self.protection: Protection
        """What is really active; set when the judge is entered."""

    def start(self) -> None:
        """Start the zygote, which takes seconds, and do not wait for it.

        Raises:
            InputError: the system is not Linux, or refuses what a judge needs to begin.
        """
        check_system()
        from gradlings.sandbox import bubblewrap

        if self._zygote is None and self._layers.bubblewrap and (reason := bubblewrap.failure()):
            self._leave_out_bubblewrap(reason)
        try:
            self._running()
        except OSError as error:
            raise InputError(_NOT_STARTED.format(error)) from None

    def __enter__(self) -> Self:
        """Wait for the zygote, which is started if it is not yet, and run the self-check.

        Raises:
            InputError: the system is not Linux, or no zygote or worker can be started.
            Unprotected: workers are not locked down, and `allow_weaker` is not set.
        """
        from gradlings.sandbox.processes import ZygoteDied

        try:
            self.start()
            from gradlings.sandbox.self_check import Unprotected, protection  # imports torch, as the zygote does now

            startup = self._startup()
            self.protection = protection(self.load, self._fork, startup, self._limits, self._closed)
            if not self.protection.holds and (self.protection.failed or not self._allow_weaker):
                raise Unprotected(self.protection.refusal())
        except ZygoteDied as error:
            self.close()
            lines = without_control_characters(str(error)).splitlines()  # often a traceback
            raise InputError(_NOT_STARTED.format(lines[-1] if lines else "no reason was given")) from None
        except PermissionError as error:
            if error.errno != errno.EPERM:  # what a folder refuses is EACCES
                raise
            self._current = None  # workers end with their zygote
            self.close()
            raise InputError(_MAY_NOT_KILL) from None
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def load(self, data: bytes, filename: str, drivers: str = "", helpers: Helpers = NO_HELPERS) -> RemoteRunner:
        """Read and run the bytes of a submission in a new worker, after ending the previous one.

        Messages show `filename`, in which `.ipynb` means a notebook; `drivers` is the text of the judge's `drivers.py`.
        Only the worker can read and import the `helpers`.

        Raises:
            ZygoteDied: no worker can be started (that is no fault of the submission).
        """
        from gradlings.sandbox.budget import Budget
        from gradlings.sandbox.loading import Loader
        from gradlings.sandbox.remote_runner import RemoteRunner
        from gradlings.sandbox.source_facts import Material

        if self._current is not None:
            self._current.close()
        self._ends_at_late_imports = True
        fixed: dict[str, Any] = {"helpers": helpers, "functions": self._functions, "given": self._given}
        material = Material(data, filename, drivers, self._exercises, **fixed)
        self._current = RemoteRunner(Loader(material, lambda: self._fork(drivers), Budget(self._submission_limits)))
        return self._current

    def code_digest(self, data: bytes, filename: str) -> str:
        """Return `submission.manifest.digest_of_code`, computed in a worker of its own.

        Raises:
            ValueError: the file is no notebook, or cannot be read in time.
        """
        from gradlings.sandbox.source_facts import digest_in_worker

        worker = self._fork()
        try:
            return digest_in_worker(worker, data, filename, self._submission_limits.cell_seconds)
        finally:
            worker.close()

    def import_late(self) -> bool:
        """Have the zygote import what a worker ended for the want of, if one did; return whether to run it again.

        Workers that are forked later for the same submission do not end, but import it themselves: they may know hidden
        probes, and whether one of them ends must not change what others see.
        """
        from gradlings.sandbox.processes import ZygoteDied

        self._ends_at_late_imports = False
        if self._zygote is None or not self._zygote.needs_late_imports:
            return False
        self._late_imports = True  # also for a zygote that replaces this one
        try:
            self._zygote.import_late()
        except ZygoteDied as error:
            _log.warning("The zygote died and is started again: %s", without_control_characters(str(error)))
            self._stop()
        return True

    def close(self) -> None:
        """End the worker and the zygote."""
        if self._current is not None:
            self._current.close()
            self._current = None
        self._stop()

    @property
    def process_id(self) -> int:
        """The process id of the zygote; if it died, a new one is started."""
        return int(self._running().startup["pid"])

    def _startup(self) -> dict[str, Any]:
        """Wait for the zygote; if it dies in bubblewrap, which may be installed and not work, start one without."""
        from gradlings.sandbox.processes import ZygoteDied

        zygote = self._zygote or self._running()  # not a new one in place of one that died: why it died is wanted
        try:
            startup = zygote.startup
        except ZygoteDied as error:
            if not zygote.in_bubblewrap:
                raise
            self._leave_out_bubblewrap(str(error))
            self._stop()
            startup = self._running().startup
        if self._bubblewrap_problem:
            startup["missing"]["bubblewrap"] = self._bubblewrap_problem
        return startup

    def _leave_out_bubblewrap(self, reason: str) -> None:
        reason = without_control_characters(reason)
        _log.warning("bubblewrap is installed but does not work, so it is left out: %s", reason)
        self._bubblewrap_problem = (reason.splitlines() or ["it ended without a word"])[-1]
        self._layers = replace(self._layers, bubblewrap=False)

    def _fork(self, drivers: str = "") -> WorkerProcess:
        """Fork a worker; a zygote that died is replaced, once."""
        from gradlings.sandbox.processes import ZygoteDied

        try:
            return self._running().fork(drivers, ends_at_late_imports=self._ends_at_late_imports)
        except ZygoteDied as error:
            _log.warning("The zygote died and is started again: %s", without_control_characters(str(error)))
            self._stop()
            return self._running().fork(drivers, ends_at_late_imports=self._ends_at_late_imports)

    def _running(self) -> Zygote:
        from gradlings.sandbox.processes import Zygote

        if self._zygote is not None and not self._zygote.alive:
            _log.warning("The zygote died and is started again")
            self._stop()
        if self._zygote is None:
            rules = sorted({exercise.forbids for exercise in self._exercises})
            self._zygote = Zygote(self._layers, self._limits, rules, late_imports=self._late_imports)
        return self._zygote

    def _stop(self) -> None:
        if self._zygote is not None:
            self._zygote.close()
            self._zygote = None
