"""Grades the files of one student with one judge, as `gradlings grade` does a class."""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path

from gradlings.checks.hidden_probes import FILE as HIDDEN
from gradlings.grading.class_inputs import graded_source_name
from gradlings.grading.class_run import grade_class
from gradlings.grading.fault_log import logged_to
from gradlings.grading.intake.collect import collect_one
from gradlings.grading.judge_session import bundle_of
from gradlings.grading.local_pool import LocalPool
from gradlings.model.student_result import StudentResult
from gradlings.sandbox.settings import LIMITS

SETTINGS = "settings.json"


@dataclass(frozen=True)
class PlatformSettings:
    """How an assignment is graded on a platform; written by the instructor's machine as `settings.json`."""

    assignment: str
    secret: str = ""
    """Makes the seeds of random probes, which nobody can foresee and a second run repeats; "" for a new one each time,
    where a student could read the secret."""
    stand_ins: bool = True
    allow_weaker: bool = False
    memory_mb: int = LIMITS.memory_mb
    """For a submission, on top of what its process has of torch."""

    def seed(self, submission: str) -> int:
        """Return the seed of the random probes of a submission, by what the platform calls it."""
        if not self.secret:
            return secrets.randbits(48)
        digest = hashlib.blake2b(submission.encode(), key=self.secret.encode()[:64], digest_size=6).digest()
        return int.from_bytes(digest, "big")


def grade_one(kit: Path, settings: PlatformSettings, submission: Path, *, student: str, name: str) -> StudentResult:
    """Grade what lies in a folder as the work of one student; `name` is what the platform calls this submission.

    Raises:
        InputError: grading for marks is refused here, or the kit cannot be used.
    """
    folder = kit / "assignments" / settings.assignment
    source_name = graded_source_name(folder)
    collected = collect_one(submission, student, source_name)
    solutions = kit / "solutions"
    hidden = solutions / settings.assignment / HIDDEN
    bundle = bundle_of(
        folder,
        source_name,
        hidden=hidden if hidden.is_file() else None,
        closed=(solutions,) if solutions.is_dir() else (),
        allow_weaker=settings.allow_weaker,
        share=1.0 if settings.stand_ins else None,
    )
    bundle = replace(bundle, limits=replace(LIMITS, memory_mb=settings.memory_mb))
    with tempfile.TemporaryDirectory(prefix="gradlings-") as results:
        to = Path(results)
        with logged_to(to, verbose=True), LocalPool(bundle, 1) as pool:
            graded = grade_class(folder, collected, to, pool, seed=settings.seed(name))
        (result,) = graded.results
    return replace(result, protection=pool.protection)
