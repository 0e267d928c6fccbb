"""What being late costs: a policy as a small TOML file, and the penalty by it, with exact numbers."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, fields
from datetime import datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from gradlings.model.errors import InputError

_CENT = Decimal("0.01")
_MAX_BYTES = 100_000
_SECONDS = {"hour": 3_600, "day": 86_400}


class Unit(StrEnum):
    """What of being late is counted, as soon as it has begun."""

    HOUR = "hour"
    DAY = "day"
    """24 hours."""
    CALENDAR_DAY = "calendar day"
    """By the dates in the policy's zone: any time of the next day is one."""


@dataclass(frozen=True)
class LatePolicy:
    """What each unit costs, and the bounds. Exactly one of the three rates is set where anything is taken per unit."""

    unit: Unit = Unit.DAY
    grace_minutes: Decimal = Decimal(0)
    """So long nothing is taken; after that, the time counts from when it was due."""
    percent_of_maximum: Decimal | None = None
    percent_of_earned: Decimal | None = None
    points: Decimal | None = None
    cap: Decimal | None = None
    """The most that is taken by the rate: percent, or points."""
    floor: Decimal = Decimal(0)
    """In percent of the maximum: so much is left by the rate of what has it."""
    zero_after: int | None = None
    """After so many units nothing is left, whatever cap and floor say."""
    penalize_bonus: bool = False
    """Whether a bonus is added before the penalty is taken."""
    zone: str = ""
    """Of times without one and of calendar days; empty for this machine's."""

    def units(self, due: datetime, handed_in: datetime) -> int:
        """Return how many units have begun between two times with zones; 0 within the grace."""
        seconds = (handed_in - due).total_seconds()
        if seconds <= float(self.grace_minutes) * 60:
            return 0
        if self.unit is Unit.CALENDAR_DAY:
            # midnight ends the day that is due
            last = (due.astimezone(self.tzinfo) - timedelta(seconds=1)).date()
            return max(1, (handed_in.astimezone(self.tzinfo).date() - last).days)
        whole, rest = divmod(seconds, _SECONDS[self.unit])
        return int(whole) + bool(rest)

    def penalty(self, earned: Decimal, maximum: int, units: int) -> Decimal:
        """Return what is taken of the points earned, not rounded: from 0 to all of them."""
        if units <= 0:
            return Decimal(0)
        if self.zero_after is not None and units > self.zero_after:
            return earned
        rate = next(filter(None, (self.percent_of_maximum, self.percent_of_earned, self.points)), Decimal(0))
        taken = rate * units if self.cap is None else min(rate * units, self.cap)
        if self.points is None:
            taken *= (earned if self.percent_of_earned is not None else Decimal(maximum)) / 100
        left = min(earned, maximum * self.floor / 100)
        return min(taken, earned - left)

    @property
    def tzinfo(self) -> tzinfo | None:
        """The zone as `datetime.astimezone` takes it: None for this machine's."""
        return ZoneInfo(self.zone) if self.zone else None


def rounded(points: Decimal) -> Decimal:
    """Return points with two decimals, half a hundredth upwards."""
    return points.quantize(_CENT, ROUND_HALF_UP)


_RATES = ("percent_of_maximum", "percent_of_earned", "points")
_NUMBERS = {
    "grace_minutes": 100_000,
    "percent_of_maximum": 100,
    "percent_of_earned": 100,
    "points": 10_000,
    "cap": 10_000,
    "floor": 100,
    "zero_after": 10_000,
}
"""Their largest values: whatever is above is a slip."""


def read_policy(path: Path) -> LatePolicy:
    """Read a policy from a TOML file whose keys are the fields of `LatePolicy`.

    Raises:
        InputError: it cannot be read, or a value makes no sense; the sentence names file and key.
    """
    try:
        data = path.read_bytes()
        if len(data) > _MAX_BYTES:
            raise InputError(f"{path} is too large for a late policy. Give a small TOML file.")
        found = tomllib.loads(data.decode("utf-8-sig"), parse_float=Decimal)
    except OSError as error:
        raise InputError(f"{path} cannot be read ({error.strerror}). Give a late policy as a TOML file.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is no TOML file: {error}. An example is in docs/after-grading.md.") from None
    known = [field.name for field in fields(LatePolicy)]
    for key, value in found.items():
        if key not in known:
            raise InputError(f"{path}: `{key}` is no key of a late policy; there are {', '.join(known)}.")
        if key in _NUMBERS:
            found[key] = _number(path, key, value)
    return _checked(path, found)


def _number(path: Path, key: str, value: object) -> Decimal | int:
    most = _NUMBERS[key]
    whole = key == "zero_after"
    right = isinstance(value, int if whole else int | Decimal) and not isinstance(value, bool)
    if not (right and Decimal(value).is_finite() and 0 <= value <= most):  # type: ignore[arg-type,operator]  # `right`
        kind = "whole number" if whole else "number"
        raise InputError(f"{path}: `{key} = {value}` must be a {kind} from 0 to {most}.")
    return value if whole else Decimal(value)  # type: ignore[arg-type,return-value]  # a number, see above


def _checked(path: Path, found: dict[str, object]) -> LatePolicy:
    """Return the policy of values that are numbers where they should be.

    Raises:
        InputError: one is no such thing, or they do not go together.
    """
    units = ", ".join(f'"{unit}"' for unit in Unit)
    if found.get("unit", Unit.DAY) not in tuple(Unit):
        raise InputError(f"{path}: `unit = {found['unit']!r}` must be one of {units}.")
    if not isinstance(found.get("penalize_bonus", False), bool):
        raise InputError(f"{path}: `penalize_bonus` must be true or false.")
    zone = found.get("zone", "")
    try:
        ZoneInfo(zone or "UTC")  # type: ignore[arg-type]  # a TypeError if it is no text
    except (ZoneInfoNotFoundError, ValueError, TypeError, OSError):
        raise InputError(f'{path}: `zone = {zone!r}` is not known here; write one like "Europe/Berlin".') from None
    rates = [rate for rate in _RATES if rate in found]
    if len(rates) > 1:
        raise InputError(f"{path}: {' and '.join(f'`{rate}`' for rate in rates)} exclude each other. Keep one.")
    if not rates and "zero_after" not in found:
        raise InputError(f"{path} takes nothing for being late. Give one of {', '.join(_RATES)}, or zero_after.")
    if not rates and ("cap" in found or "floor" in found):
        raise InputError(f"{path}: `cap` and `floor` bound a rate. Give one of {', '.join(_RATES)}, too.")
    if "cap" in found and rates != ["points"] and found["cap"] > 100:  # type: ignore[operator]  # a number
        raise InputError(f"{path}: `cap` is in percent here, as `{rates[0]}` is; at most 100.")
    return LatePolicy(**{**found, "unit": Unit(str(found.get("unit", Unit.DAY)))})  # type: ignore[arg-type]  # checked
