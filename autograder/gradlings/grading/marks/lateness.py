"""Until when a submission was due, when it came, and how a person says the difference."""

from __future__ import annotations

import math
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import Decimal

from gradlings.grading.intake.handed_in import HandedIn
from gradlings.grading.marks.policy import LatePolicy
from gradlings.model.errors import InputError

_PARTS = (("day", "days", 86_400), ("h", "h", 3_600), ("min", "min", 60), ("s", "s", 1))


@dataclass(frozen=True)
class Deadline:
    """When an assignment is due, and what being late costs."""

    due: datetime
    """In UTC."""
    policy: LatePolicy | None = None
    """None: nothing, but it is said."""
    times_of_files: bool = False
    """Whether a file's own time counts where the LMS's record says none."""

    @property
    def zone(self) -> tzinfo | None:
        """Of times that name none; None for this machine's."""
        return self.policy.tzinfo if self.policy else None

    def came(self, handed_in: HandedIn) -> datetime | None:
        """Return when something was handed in, in UTC; None if that is not known."""
        with suppress(ValueError, OverflowError, OSError):
            if handed_in.at:
                return in_zone(datetime.fromisoformat(handed_in.at), self.zone)
            if self.times_of_files and handed_in.modified:
                return datetime.fromtimestamp(handed_in.modified, UTC)
        return None


@dataclass(frozen=True)
class Late:
    """How late one submission is."""

    seconds: int | None
    """Whole ones, upwards; None if that is not known."""
    units: int = 0
    """Of the policy, each counted as soon as it has begun."""
    text: str = ""
    """A sentence; empty in time."""

    def penalty(self, policy: LatePolicy | None, earned: Decimal, maximum: int) -> Decimal:
        """Return what is taken of the points earned, not rounded."""
        return policy.penalty(earned, maximum, self.units) if policy else Decimal(0)


def late(deadline: Deadline, handed_in: HandedIn, extension: datetime | None = None) -> Late:
    """Return how late something is, where one student may have until another time."""
    came, due = deadline.came(handed_in), extension or deadline.due
    if came is None:
        text = "Late, by how much is not known: the LMS marks it so, without a time." if handed_in.marked_late else ""
        return Late(None, text=text)
    seconds = math.ceil((came - due).total_seconds())
    if seconds <= 0:
        return Late(0)
    units = deadline.policy.units(due, came) if deadline.policy else 0
    grace = ", within the grace" if deadline.policy and not units else ""
    return Late(seconds, units, f"Late by {in_words(seconds)}{grace}.")


def in_words(seconds: int) -> str:
    """Return a length of time in its two largest units: "1 day 3 h", "5 min 10 s"."""
    said: list[str] = []
    for one, many, size in _PARTS:
        number, seconds = divmod(seconds, size)
        if number or (said and len(said) < 2):
            said.append(f"{number} {one if number == 1 else many}" if number else "")
        if len(said) == 2:
            break
    return " ".join(filter(None, said))


def parse_time(text: str, zone: tzinfo | None) -> datetime:
    """Return a time in UTC, taken in a zone where the text names none; a date alone is due until its end.

    Raises:
        ValueError: it is not ISO 8601.
    """
    text = text.strip()
    when = datetime.fromisoformat(text)
    if len(text) <= len("2026-03-01"):
        when += timedelta(days=1)
    return in_zone(when, zone)


def parse_due(text: str, zone: tzinfo | None) -> datetime:
    """Return the time of `--due`.

    Raises:
        InputError: it is none.
    """
    try:
        return parse_time(text, zone)
    except (ValueError, OverflowError):
        raise InputError(
            f"--due {text} is no time. Write it as 2026-03-01T23:59, or with its zone as 2026-03-01T23:59+01:00."
        ) from None


def in_zone(when: datetime, zone: tzinfo | None) -> datetime:
    """Return a time in UTC, taken in its own zone, else in the given one, else in this machine's.

    In UTC, since two times in one zone are subtracted as if no clock were ever changed.
    """
    if when.tzinfo is None and zone is not None:
        when = when.replace(tzinfo=zone)
    return when.astimezone(UTC)
