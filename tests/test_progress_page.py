"""`gradlings progress`: the table on any terminal, and the page with its pictures."""

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.learning.views.exercise_map import exercise_map
from gradlings.learning.views.score_curve import score_curve
from gradlings.model.exercise import Exercise
from gradlings.progress.record import read_history
from gradlings.progress.summary import ExerciseProgress, summarize
from html_tags import Tags
from student_kit import PROJECT, RIGHT, Kit

WRONG = "return b - a"


@pytest.fixture
def practiced(kit: Kit) -> Kit:
    """A kit with one misconception overcome, one that is open, and a hint that was shown."""
    kit.answer(difference=WRONG).check()
    kit.gradlings("hint", "9.1")
    kit.edit(kit.module, WRONG, RIGHT["difference"]).check()
    kit.answer(row_totals="return x.sum(0), x.amax(0)").check()
    return kit


def test_the_table_shows_points_attempts_and_misconceptions_met_and_overcome(practiced: Kit) -> None:
    shown = practiced.gradlings("progress")
    assert shown.code == 0
    assert re.search(r"9\.1 +difference +10/10 +2 +overcome: opposite sign *\n", shown.out)
    assert re.search(r"9\.2 +row_totals +0/15 +1 +now: columns *\n", shown.out)
    assert re.search(r"9\.3 +count_up, make_counter +0/5 *\n", shown.out)
    assert "10 of 30 points \u00b7 1 of 3 exercises solved \u00b7 1 of 2 misconceptions overcome" in shown.out
    assert max(map(len, shown.out.splitlines())) <= 80


def test_a_misconception_is_overcome_when_the_check_that_showed_it_passes(kit: Kit) -> None:
    stub = kit.module.read_text(encoding="utf-8")

    def after(difference: str) -> str:
        kit.module.write_text(stub, encoding="utf-8")
        kit.answer(**({"difference": difference} if difference else {})).check()
        return kit.gradlings("progress").out

    assert re.search(r"0/10 +1 +now: opposite sign *\n", after(WRONG))
    assert re.search(r"0/10 +2 +met before: opposite sign *\n", after("return 2 * a"))
    assert re.search(r"10/10 +3 +overcome: opposite sign *\n", after(RIGHT["difference"]))
    shown = after("")
    assert re.search(r"0/10 +3 +stub is back; 10 points before *\n +met before: opposite sign *\n", shown)
    assert "0 of 1 misconceptions overcome" in shown
    assert kit.gradlings("progress", "--html", "page.html").code == 0
    page = (kit.root / "page.html").read_text(encoding="utf-8")
    assert "stub is back; 10 points before" in page
    assert "overcome: opposite sign" not in page


@pytest.mark.parametrize(
    ("verdicts", "shown_by", "overcome"),
    [
        ("pass wrong", [0], True),
        ("wrong pass", [0], False),
        ("followed_through error", [0], True),
        ("undecided pass", [0], False),
        ("not_attempted not_attempted", [0], False),
        ("pass wrong", None, False),
        ("pass pass", None, True),
        ("pass", [1], False),
    ],
)
def test_the_record_says_which_check_showed_it(
    tmp_path: Path, verdicts: str, shown_by: list[int] | None, overcome: bool
) -> None:
    def line(verdicts: list[str], **more: object) -> str:
        told = {"what": "checked", "when": "2026-03-01T18:20:05Z", "source": "pytest", "assignment": "03"}
        points = {"exercise": "3.5", "points": 0, "max_points": 15, "verdicts": verdicts}
        return json.dumps(told | points | more) + "\n"

    named = {"misconceptions": ["3.5/sign-of-dw"]} | ({"shown_by": {"3.5/sign-of-dw": shown_by}} if shown_by else {})
    text = line(["wrong", "wrong"], **named) + line(verdicts.split())
    (tmp_path / "progress.jsonl").write_text(text, encoding="utf-8")
    first, last = read_history(tmp_path).attempts
    assert last.overcomes("3.5/sign-of-dw", first) is overcome
    assert not first.overcomes("3.5/sign-of-dw", first)


def test_a_new_kit_says_how_to_begin(kit: Kit) -> None:
    shown = kit.gradlings("progress")
    assert shown.code == 0
    assert "0 of 30 points" in shown.out
    assert "Nothing is checked yet" in shown.said
    assert kit.gradlings("progress", "--html", "page.html").code == 0
    assert "Nothing is checked yet." in (kit.root / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("environment", "plain"),
    [
        ({"PYTHONIOENCODING": "cp1252"}, True),
        ({"PYTHONIOENCODING": "ascii"}, True),
        ({"NO_COLOR": "1"}, False),
        ({"TERM": "dumb"}, False),
    ],
    ids=str,
)
def test_the_table_is_readable_on_any_terminal(practiced: Kit, environment: dict[str, str], plain: bool) -> None:
    shown = practiced.run("gradlings", "progress", environment=environment)
    assert shown.code == 0, shown.err
    assert "\x1b" not in shown.out
    assert ("##-" in shown.out) == plain
    assert shown.out.isascii() == plain
    assert max(map(len, shown.out.splitlines())) <= 80


def test_a_damaged_record_is_said_and_the_rest_is_shown(practiced: Kit) -> None:
    with (practiced.root / "progress.jsonl").open("ab") as file:
        file.write(b"{oops}\n")
    shown = practiced.gradlings("progress")
    assert shown.code == 0
    assert "1 line of progress.jsonl cannot be read." in shown.said
    assert "10 of 30 points" in shown.out


def test_the_page_is_one_file_that_loads_nothing_and_fits_a_phone(practiced: Kit) -> None:
    shown = practiced.gradlings("progress", "--html", "page.html")
    assert shown.code == 0
    text = (practiced.root / "page.html").read_text(encoding="utf-8")
    tags = Tags(text)
    assert not tags.open
    assert {tag for tag, _ in tags.found}.isdisjoint({"script", "link", "img", "iframe", "object", "a"})
    assert not re.search(r"url\(|@import|https?:", text)
    metas = [attributes for tag, attributes in tags.found if tag == "meta"]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in metas
    assert any("default-src 'none'" in (attributes.get("content") or "") for attributes in metas)
    assert "prefers-color-scheme: dark" in text
    for said in ("overcome: opposite sign", "now: columns", "2 attempts, 1 hint", "Next: 9.2"):
        assert said in text


def test_a_page_that_cannot_be_written_is_one_clear_sentence(practiced: Kit) -> None:
    shown = practiced.gradlings("progress", "--html", "no/such/folder/page.html")
    assert shown.code == 2
    assert "cannot be written" in shown.said


def test_every_exercise_builds_on_earlier_ones_that_exist() -> None:
    exercises = {each.id: each.declared for each in summarize(PROJECT, read_history(PROJECT / "nowhere"))}
    assert len(exercises) == 104
    order = {id: place for place, id in enumerate(exercises)}
    for id, exercise in exercises.items():
        assert set(exercise.builds_on) <= set(exercises), id
        late = [other for other in exercise.builds_on if order[other] >= order[id]]
        assert not late, f"{id} builds on {late}, which come after it: no cycle is possible if none does"
        assert len(set(exercise.builds_on)) == len(exercise.builds_on), id


@pytest.mark.parametrize("columns", [1, 3])
def test_the_map_has_every_exercise_apart_from_all_others(columns: int) -> None:
    progress = summarize(PROJECT, read_history(PROJECT / "nowhere"))
    drawn = exercise_map(progress, {"01": "<Tensors>"}, columns=columns)
    assert "&lt;Tensors&gt;" in drawn
    _, _, width, height = map(float, re.search(r'viewBox="([^"]*)"', drawn)[1].split())  # type: ignore[index]
    discs = [(float(x), float(y)) for x, y in re.findall(r'class="disc" cx="([\d.]+)" cy="([\d.]+)"', drawn)]
    assert len(discs) == len(progress)
    assert all(15 <= x <= width - 15 and 15 <= y <= height - 15 for x, y in discs)
    gaps = [abs(complex(*a) - complex(*b)) for n, a in enumerate(discs) for b in discs[:n]]
    assert min(gaps) > 32
    assert drawn.count('class="edge') == sum(len(exercise.declared.builds_on) for exercise in progress)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5_000_000), st.integers(0, 600)), min_size=1, max_size=40))
def test_the_curve_stays_in_its_frame(moments: list[tuple[int, int]]) -> None:
    start = datetime(2026, 1, 5, tzinfo=UTC)
    points = [(start + timedelta(seconds=second), total) for second, total in sorted(moments)]
    curve = score_curve(points, 600)
    assert curve is not None
    numbers = [float(number) for number in re.findall(r"[HVM] ([\d.]+)", curve.svg)]
    assert numbers
    assert all(0 <= number <= 100 for number in numbers)
    assert int(curve.scores[0].text) >= max(total for _, total in points)


def test_states_differ_in_form_and_not_by_color_alone() -> None:
    def progress(id: str, points: int = 0, attempts: int = 0) -> ExerciseProgress:
        declared = Exercise(id, ("f",), 10)
        return ExerciseProgress(declared, Path("01", "test_f.py"), points, solved=points == 10, attempts=attempts)

    states = [progress("1.1", points=10, attempts=1), progress("1.2", points=4, attempts=2), progress("1.3")]
    drawn = exercise_map(states, {}, columns=1)
    assert 'class="node solved"' in drawn
    assert 'stroke-dasharray="40 100"' in drawn
    assert drawn.count('class="next"') == 1
    assert "1.2 f: 4 of 10 points" in drawn
