"""What being late costs: properties of every policy, and policies and times that people write."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.grading.intake.handed_in import HandedIn, timestamp
from gradlings.grading.marks.lateness import Deadline, in_words, late, parse_due
from gradlings.grading.marks.marker import Marker
from gradlings.grading.marks.overrides import Override
from gradlings.grading.marks.policy import LatePolicy, Unit, read_policy
from gradlings.model.errors import InputError
from gradlings.model.mark import Mark
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import Status, StudentResult

tried = settings(deadline=None, derandomize=True, max_examples=150)
MAXIMUM = 30
DUE = datetime(2026, 3, 28, 22, 30, tzinfo=UTC)
"""On a Saturday night in Berlin, hours before the clocks are changed there."""

cents = st.decimals(0, 100, places=2)
rates = st.sampled_from(["percent_of_maximum", "percent_of_earned", "points"])
policies = st.builds(
    lambda rate, size, **others: LatePolicy(**{rate: size}, **others),
    rates,
    cents,
    unit=st.sampled_from(Unit),
    grace_minutes=st.decimals(0, 3000, places=1),
    cap=st.none() | cents,
    floor=cents,
    zero_after=st.none() | st.integers(0, 12),
    penalize_bonus=st.booleans(),
    zone=st.sampled_from(["", "Europe/Berlin", "Pacific/Auckland"]),
)
seconds = st.integers(-400_000, 1_500_000)


def result(points: int) -> StudentResult:
    checks = tuple(
        CheckResult("9.1", f"test_{n}", "", Verdict.PASS if n < points else Verdict.WRONG, 1) for n in range(MAXIMUM)
    )
    card = Scorecard("09", "", (ExerciseScore("9.1", ("f",), MAXIMUM, checks),))
    return StudentResult("ann", "09", Status.GRADED, max_points=MAXIMUM, card=card)


def mark(policy: LatePolicy, late_by: int, points: int = 20, override: Override | None = None) -> Mark:
    marker = Marker({"9.1": MAXIMUM}, {"ann": override or Override()}, Deadline(DUE, policy))
    at = (DUE + timedelta(seconds=late_by)).isoformat()
    return marker.mark(result(points), HandedIn(at, "the test"))


# ---- properties of every policy


@tried
@given(policies, seconds, st.integers(0, MAXIMUM))
def test_a_mark_is_bounded_and_adds_up(policy: LatePolicy, late_by: int, points: int) -> None:
    found = mark(policy, late_by, points)
    assert found.raw == points
    assert found.final is not None
    assert 0 <= found.final <= points
    assert found.final == points - found.penalty
    assert found.final == round(found.final, 2)
    assert found.seconds_late == max(0, late_by)
    if late_by <= policy.grace_minutes * 60:
        assert found.final == points
        assert not found.penalty
    elif policy.zero_after is None:
        assert found.final >= min(Decimal(points), policy.floor * MAXIMUM / 100) - Decimal("0.005")
        if policy.cap is not None and policy.points is not None:
            assert found.penalty <= policy.cap


@tried
@given(policies, seconds, seconds, st.integers(0, MAXIMUM), cents)
def test_later_is_never_better_with_a_bonus_or_without(
    policy: LatePolicy, first: int, second: int, points: int, bonus: Decimal
) -> None:
    earlier, later = sorted((first, second))
    for override in (Override(), Override(bonus=bonus)):
        before, after = mark(policy, earlier, points, override).final, mark(policy, later, points, override).final
        assert before is not None
        assert after is not None
        assert after <= before <= points + override.bonus


@tried
@given(policies, seconds, cents)
def test_a_bonus_is_kept_whole_unless_it_is_penalized(policy: LatePolicy, late_by: int, bonus: Decimal) -> None:
    with_bonus, without = mark(policy, late_by, override=Override(bonus=bonus)), mark(policy, late_by)
    assert with_bonus.final is not None
    assert without.final is not None
    if not policy.penalize_bonus:
        assert with_bonus.final == without.final + bonus
    assert with_bonus.final == with_bonus.raw + bonus - with_bonus.penalty  # type: ignore[operator]  # there is one


# ---- policies, one by one

HOUR, DAY = 3_600, 86_400


@pytest.mark.parametrize(
    ("policy", "late_by", "final"),
    [
        (LatePolicy(percent_of_maximum=Decimal(10)), 1, "17"),
        (LatePolicy(percent_of_maximum=Decimal(10)), DAY, "17"),
        (LatePolicy(percent_of_maximum=Decimal(10)), DAY + 1, "14"),
        (LatePolicy(percent_of_earned=Decimal(10)), DAY + 1, "16"),
        (LatePolicy(points=Decimal("1.5"), unit=Unit.HOUR), 2 * HOUR + 1, "15.5"),
        (LatePolicy(percent_of_maximum=Decimal(10), cap=Decimal(25)), 9 * DAY, "12.5"),
        (LatePolicy(percent_of_maximum=Decimal(10), floor=Decimal(50)), 9 * DAY, "15"),
        (LatePolicy(percent_of_maximum=Decimal(10), floor=Decimal(50), zero_after=7), 7 * DAY, "15"),
        (LatePolicy(percent_of_maximum=Decimal(10), floor=Decimal(50), zero_after=7), 7 * DAY + 1, "0"),
        (LatePolicy(zero_after=0), 1, "0"),
        (LatePolicy(percent_of_maximum=Decimal(10), grace_minutes=Decimal(15)), 900, "20"),
        (LatePolicy(percent_of_maximum=Decimal(10), grace_minutes=Decimal(15)), 901, "17"),
        (LatePolicy(percent_of_earned=Decimal("33.33")), 1, "13.33"),
        (LatePolicy(percent_of_earned=Decimal("0.025")), 1, "20"),  # 19.995: half a hundredth upwards
        (LatePolicy(percent_of_earned=Decimal("0.026")), 1, "19.99"),
    ],
)
def test_a_policy(policy: LatePolicy, late_by: int, final: str) -> None:
    assert mark(policy, late_by).final == Decimal(final)


@pytest.mark.parametrize(
    ("due", "handed_in", "days"),
    [
        ("2026-03-01T18:00", "2026-03-01T20:00", 1),
        ("2026-03-01T23:59", "2026-03-02T00:10", 1),
        ("2026-03-01T23:59", "2026-03-02T23:59", 1),
        ("2026-03-01T23:59", "2026-03-03T00:00", 2),
        ("2026-03-02T00:00", "2026-03-02T10:00", 1),  # midnight ends the day before
        ("2026-03-02T00:00", "2026-03-03T10:00", 2),
    ],
)
def test_calendar_days_are_those_of_the_zone(due: str, handed_in: str, days: int) -> None:
    for zone in ("Europe/Berlin", "Pacific/Auckland"):
        policy = LatePolicy(points=Decimal(1), unit=Unit.CALENDAR_DAY, zone=zone)
        deadline = Deadline(parse_due(due, policy.tzinfo), policy)
        assert late(deadline, HandedIn(handed_in, "an LMS")).units == days


def test_a_day_on_which_clocks_are_changed_has_its_own_length() -> None:
    policy = LatePolicy(points=Decimal(1), zone="Europe/Berlin")
    deadline = Deadline(parse_due("2026-03-28T12:00", policy.tzinfo), policy)
    found = late(deadline, HandedIn("2026-03-29T13:00", "an LMS"))
    assert (found.seconds, found.units, found.text) == (DAY, 1, "Late by 1 day.")


def test_what_is_not_known_costs_nothing_and_is_said() -> None:
    marker = Marker({"9.1": MAXIMUM}, {}, Deadline(DUE, LatePolicy(zero_after=0)))
    found = marker.mark(result(20), HandedIn(marked_late=True, modified=4e9))
    assert found.final == 20
    assert found.seconds_late is None
    assert found.notes == ("Late, by how much is not known: the LMS marks it so, without a time.",)
    by_file = Marker({"9.1": MAXIMUM}, {}, Deadline(DUE, LatePolicy(zero_after=0), times_of_files=True))
    assert by_file.mark(result(20), HandedIn(modified=4e9)).final == 0
    no_time = by_file.mark(result(20), HandedIn())
    assert no_time.final == 20
    assert (no_time.seconds_late, no_time.notes) == (None, ())


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (1, "1 s"),
        (310, "5 min 10 s"),
        (HOUR, "1 h"),
        (27 * HOUR, "1 day 3 h"),
        (DAY + 59, "1 day"),
        (3 * DAY, "3 days"),
    ],
)
def test_a_length_of_time_in_words(number: int, words: str) -> None:
    assert in_words(number) == words


# ---- what people write


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "late.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_policy_is_read_from_toml(tmp_path: Path) -> None:
    text = """
    unit = "calendar day"
    grace_minutes = 15
    percent_of_maximum = 12.5
    cap = 50
    floor = 40
    zero_after = 7
    penalize_bonus = true
    zone = "Europe/Berlin"
    """
    expected = LatePolicy(
        *(
            Unit.CALENDAR_DAY,
            Decimal(15),
            Decimal("12.5"),
            None,
            None,
            Decimal(50),
            Decimal(40),
            7,
            True,
            "Europe/Berlin",
        )
    )
    assert read_policy(written(tmp_path, text)) == expected


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("percent = 10", "`percent` is no key of a late policy; there are unit, grace_minutes"),
        ("points = 1\npercent_of_earned = 5", "`percent_of_earned` and `points` exclude each other"),
        ("", "takes nothing for being late"),
        ("unit = 'week'\npoints = 1", '`unit = \'week\'` must be one of "hour", "day", "calendar day"'),
        ("unit = ['day']\npoints = 1", "must be one of"),
        ("points = -1", "`points = -1` must be a number from 0"),
        ("points = nan", "`points = NaN` must be a number from 0"),
        ("points = '1'", "must be a number"),
        ("points = true", "must be a number"),
        ("percent_of_maximum = 101", "from 0 to 100"),
        ("points = 1\nzero_after = 1.5", "must be a whole number"),
        ("percent_of_maximum = 10\ncap = 150", "`cap` is in percent here"),
        ("zero_after = 3\nfloor = 10", "`cap` and `floor` bound a rate"),
        ("points = 1\npenalize_bonus = 'no'", "`penalize_bonus` must be true or false"),
        ("points = 1\nzone = 'Berlin'", "`zone = 'Berlin'` is not known here"),
        ("points = 1\nzone = 5", "is not known here"),
        ("points 1", "is no TOML file"),
    ],
)
def test_a_policy_that_makes_no_sense_is_refused(text: str, says: str, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        read_policy(written(tmp_path, text))
    assert says in str(refused.value)
    assert str(refused.value).startswith(str(tmp_path / "late.toml"))


def test_a_policy_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"late\.toml cannot be read"):
        read_policy(tmp_path / "late.toml")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01T23:59+01:00", "2026-03-01T22:59:00+00:00"),
        ("2026-03-01T23:59Z", "2026-03-01T23:59:00+00:00"),
        ("2026-03-01 23:59", "2026-03-01T22:59:00+00:00"),
        ("2026-03-01", "2026-03-01T23:00:00+00:00"),
    ],
)
def test_times_that_are_due(text: str, expected: str) -> None:
    assert parse_due(text, LatePolicy(zone="Europe/Berlin").tzinfo).isoformat() == expected


@pytest.mark.parametrize("text", ["", "tomorrow", "01.03.2026", "9999-12-31"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(InputError, match=r"is no time\. Write it as 2026-03-01T23:59"):
        parse_due(text, UTC)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-03-01 22:10:05.123456 UTC", "2026-03-01T22:10:05.123456+00:00"),
        ("2026-03-01 22:10:05 Europe/Berlin", "2026-03-01T21:10:05+00:00"),
        ("2026-03-01 22:10:05 +0100", "2026-03-01T21:10:05+00:00"),
        ("2026-03-01 22:10:05", "2026-03-01T22:10:05+00:00"),
        ("20260301221005123\n", "2026-03-01T22:10:05+00:00"),
        ("2026-03-01T22:10:05Z", "2026-03-01T22:10:05+00:00"),
        ("2026-03-01 22:10:05 ../../etc/passwd", ""),
        ("yesterday", ""),
        ("", ""),
    ],
)
def test_timestamps_of_nbgrader_and_sakai(text: str, expected: str) -> None:
    assert timestamp(text) == expected
