"""Why checks are run: that decides who reads what they say, and what they may leave behind."""

from __future__ import annotations

from enum import Enum


class RunMode(Enum):
    """Why the checks of an assignment are run."""

    SELF_CHECK = "self-check"
    """A student runs them on files of their own: progress is recorded, pictures are left beside the file, and checks
    with nothing attempted are shown without importing torch."""
    GRADING = "grading"
    """For marks: students read the result later; nothing is left on this machine."""
    HIDDEN = "hidden"
    """For marks, on the hidden probes alone: nothing is read of it but how many are right."""
    PROOF = "proof"
    """An author proves the checks: no student reads the result, so mistakes are not diagnosed and hidden probes are
    shown."""

    @property
    def students_read(self) -> bool:
        """Whether students read the result, so that mistakes are diagnosed."""
        return self in (RunMode.SELF_CHECK, RunMode.GRADING)
