"""Pictures of wrong answers: which part is drawn, how large, and that nothing is said by color alone."""

import re
import runpy
import xml.etree.ElementTree as XML
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from gradlings.checks.compare import difference
from gradlings.checks.diff_picture import MAX_SIDE
from gradlings.model.scorecard import CheckResult, ExerciseScore, Form, Picture, Row, Scorecard, Verdict
from gradlings.model.student_result import graded
from gradlings.rendering.ansi_picture import small_picture
from gradlings.rendering.html import exercise_fragment, feedback_page
from gradlings.rendering.svg import picture_svg
from student_kit import PROJECT, Kit
from test_pages import same_as_golden

UPSIDE_DOWN = "return torch.ones(T, T, dtype=torch.bool, device=device).triu()"


def picture(got: object, expected: object) -> Picture | None:
    found = difference(got, expected)
    assert found is not None
    return found.picture() if found.picture else None


def text_of(svg: str) -> list[str]:
    return [element.text or "" for element in XML.fromstring(svg).iter() if element.tag == "text"]


def test_a_matrix_shows_both_sides_and_frames_what_differs() -> None:
    drawn = picture(torch.tensor([[1.0, 2.0], [3.5, 4.0]]), torch.tensor([[1.0, 2.0], [3.0, -4.0]]))
    assert drawn is not None
    assert drawn.got == (("1", "2"), ("3.5", "4"))
    assert drawn.expected == (("1", "2"), ("3", "-4"))
    assert drawn.wrong == ((1, 0), (1, 1))
    svg = picture_svg(drawn)
    assert text_of(svg) == ["1", "2", "3.5", "4", "1", "2", "3", "-4"]
    assert svg.count('stroke-width="2"') == 4
    assert "framed: differs" in svg


def test_where_every_number_differs_none_is_marked() -> None:
    right = torch.arange(9.0).reshape(3, 3)
    drawn = picture(right + 1, right)
    assert drawn is not None
    assert len(drawn.wrong) == 9
    svg = picture_svg(drawn)
    assert 'stroke-width="2"' not in svg
    assert "every number differs" in svg
    lines = [line.plain for line in small_picture(drawn, 72)]
    assert "all differ" in lines[0]
    assert not any("*" in line for line in lines)


def test_numbers_that_differ_never_look_the_same() -> None:
    drawn = picture(torch.tensor([[1.0, 2.0], [3.0, 4.0]]), torch.tensor([[1.0, 2.0], [3.0, 4.001]]))
    assert drawn is not None
    assert (drawn.got[1][1], drawn.expected[1][1]) == ("4", "4.001")


def test_a_mask_is_written_with_letters() -> None:
    right = torch.ones(3, 3, dtype=torch.bool).tril()
    drawn = picture(right.T, right)
    assert drawn is not None
    assert drawn.got[0] == ("T", "T", "T")
    assert drawn.expected[0] == ("T", "F", "F")


def test_matrices_of_different_shape_stand_beside_each_other() -> None:
    right = torch.arange(6.0).reshape(2, 3)
    drawn = picture(right.T, right)
    assert drawn is not None
    assert (len(drawn.got), len(drawn.expected)) == (3, 2)
    assert drawn.caption == "shape (3, 2) instead of (2, 3)"
    assert not drawn.wrong
    assert len(text_of(picture_svg(drawn))) == 12


def test_of_a_large_tensor_the_part_around_the_first_difference_is_drawn() -> None:
    right = torch.zeros(2, 50, 40)
    got = right.clone()
    got[1, 30, 20] = 7
    drawn = picture(got, right)
    assert drawn is not None
    assert drawn.caption == "at [1], rows 24 to 35 of 50, columns 14 to 25 of 40"
    ((row, column),) = drawn.wrong
    assert drawn.got[row][column] == "7"
    assert len(drawn.got) == len(drawn.got[0]) == MAX_SIDE


def test_losses_are_a_curve() -> None:
    right = [2.0 - 0.1 * step for step in range(10)]
    drawn = picture([2.0] * 10, right)
    assert drawn is not None
    assert drawn.form is Form.CURVE
    assert drawn.wrong == tuple((0, place) for place in range(1, 10))
    svg = picture_svg(drawn)
    assert 'class="got"' in svg
    assert 'class="expected"' in svg
    lines = [line.plain for line in small_picture(drawn, 70)]
    assert lines[0].endswith("\u2588" * 10)
    assert lines[1].endswith("\u2581")


def test_the_picture_of_a_tuple_is_that_of_its_first_wrong_member() -> None:
    right = torch.arange(4.0).reshape(2, 2)
    drawn = picture((right, right + 1, right + 2), (right, right, right))
    assert drawn is not None
    assert drawn.name == "[1]"


@pytest.mark.parametrize(
    ("got", "expected"),
    [
        (torch.tensor(1.0), torch.tensor(2.0)),
        (torch.tensor([1.0, 2.0]), torch.tensor([2.0, 1.0])),
        (torch.ones(3, 1), torch.zeros(3, 1)),
        (torch.ones(2, 2), torch.ones(2, 2, dtype=torch.float64)),
        (torch.ones(2, 2, 2), torch.ones(2, 2)),
        (torch.empty(0, 3), torch.ones(2, 3)),
        (torch.ones(2, 2).to_sparse(), torch.ones(2, 2)),
        (torch.ones(2, 3, device="meta"), torch.ones(2, 2)),
        (torch.ones(2, 3, dtype=torch.complex64), torch.ones(2, 2, dtype=torch.complex64)),
        (None, torch.ones(2, 2)),
        ([1, 2, 3, 4, 5, 6], [6, 5, 4, 3, 2, 1]),
        (3, torch.ones(2, 2)),
    ],
    ids=str,
)
def test_what_makes_no_picture_has_none(got: object, expected: object) -> None:
    assert picture(got, expected) is None


def test_pages_and_notebooks_have_the_picture_under_the_numbers() -> None:
    drawn = picture(torch.ones(3, 3).triu(), torch.ones(3, 3).tril())
    wrong = CheckResult("6.5", "test", "<a check>", Verdict.WRONG, 5, rows=(Row("", "1", "0"),), picture=drawn)
    score = ExerciseScore("6.5", ("causal_mask",), 5, (wrong,))
    card = Scorecard.from_json(Scorecard("06", "", (score,)).to_json())
    assert card.exercises == (score,)
    result = graded("anna", card, notes=(), protection="", gradlings_version="")
    for html in (feedback_page(result), exercise_fragment(score)):
        assert html.count('<figure class="picture">') == 1
        assert html.index('class="expected"') < html.index("<figure") < html.index("framed: differs")
    ours = replace(wrong, verdict=Verdict.GRADER_ERROR)
    broken = graded(
        "anna", Scorecard("06", "", (replace(score, checks=(ours,)),)), notes=(), protection="", gradlings_version=""
    )
    assert "<figure" not in feedback_page(broken)


odd = st.sampled_from([0.0, 1.0, -2.5, 1e300, -1e-300, float("nan"), float("inf"), float("-inf")])


@settings(max_examples=150, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.integers(1, 20), st.lists(odd, min_size=1))
def test_any_two_matrices_can_be_drawn(a: int, b: int, c: int, d: int, numbers: list[float]) -> None:
    def filled(height: int, width: int, shift: int) -> torch.Tensor:
        values = [numbers[(place + shift) % len(numbers)] for place in range(height * width)]
        return torch.tensor(values, dtype=torch.float64).reshape(height, width)

    for got, expected in ((filled(a, b, 1), filled(c, d, 0)), (filled(a, b, 1), filled(a, b, 0))):
        found = difference(got, expected)
        drawn = found.picture() if found and found.picture else None
        if drawn is None:
            continue
        assert max(len(drawn.got), len(drawn.got[0]), len(drawn.expected), len(drawn.expected[0])) <= MAX_SIDE
        assert len(text_of(picture_svg(drawn))) == sum(len(row) for row in (*drawn.got, *drawn.expected))
        assert all(len(line.plain) <= 72 for line in small_picture(drawn, 72))


@settings(max_examples=100, deadline=None)
@given(st.lists(odd, min_size=1, max_size=200), st.lists(odd, min_size=1, max_size=200))
def test_any_two_lists_of_numbers_can_be_drawn(got: list[float], expected: list[float]) -> None:
    found = difference(got, expected)
    drawn = found.picture() if found and found.picture else None
    if drawn is not None:
        assert max(len(drawn.got[0]), len(drawn.expected[0])) <= 48
        XML.fromstring(picture_svg(drawn))
        small_picture(drawn, 72)


def contrast(color: str) -> float:
    """Of the cells' dark text on a color, as WCAG has it."""

    def light(code: str) -> float:
        parts = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    return (light(color) + 0.05) / (light("#10151a") + 0.05)


def test_every_number_is_readable_on_its_color() -> None:
    values = torch.linspace(-1, 1, 100, dtype=torch.float64).reshape(10, 10)
    drawn = picture(values.T, values)
    assert drawn is not None
    colors = re.findall(r'fill="(#\w{6})" stroke="#8b949e"', picture_svg(drawn))
    assert len(colors) == 200
    assert min(map(contrast, colors)) > 4.5


@pytest.fixture
def upside_down(tmp_path: Path) -> Kit:
    """A kit with a causal mask that is upside down."""
    kit = Kit.copied(PROJECT, tmp_path, "assignments/06")
    kit.target = "assignments/06"
    stub = '    raise NotImplementedError("Exercise 6.5: causal_mask")'
    return kit.edit(kit.root / "assignments/06/tiny_gpt.py", stub, "    " + UPSIDE_DOWN)


def test_the_terminal_draws_a_small_matrix(upside_down: Kit) -> None:
    same_as_golden("picture", upside_down.check("-k", "causal_mask").out)


@pytest.mark.parametrize("environment", [{"TERM": "dumb"}, {"PYTHONIOENCODING": "cp1252"}], ids=str)
def test_a_dumb_terminal_gets_no_picture(upside_down: Kit, environment: dict[str, str]) -> None:
    shown = upside_down.run("pytest", upside_down.target, "-k", "causal_mask", environment=environment)
    assert "12 of 16 values differ" in shown.out
    assert "* differs" not in shown.out


def test_a_picture_survives_the_way_from_a_parallel_worker(upside_down: Kit) -> None:
    shown = upside_down.run("pytest", upside_down.target, "-k", "causal_mask", "-n", "1", "-p", "no:cacheprovider")
    assert "* differs" in shown.out


def test_the_page_of_tokens_shows_each_token_and_the_bytes_of_cut_characters() -> None:
    functions = runpy.run_path(str(PROJECT / "assignments" / "07" / "picture.py"))
    table = functions["bytes_of_ids"]([(98, 99)])
    text = functions["page_of"](table, 1, {"one": ("a bc<词", [97, 32, 256, 60, 232, 175, 141])})
    boxes = re.findall(r'<span class="[abcd]">(.*?)</span>', text)
    assert boxes == ["a", " ", "bc", "&lt;", "<i>E8</i>", "<i>AF</i>", "<i>8D</i>"]
    assert "<td>6</td><td>8</td><td>7</td><td>1.14</td>" in text


def test_the_page_of_tokens_shows_pages_of_the_kit_and_a_chinese_sentence(tmp_path: Path) -> None:
    pages_of = runpy.run_path(str(PROJECT / "assignments" / "07" / "picture.py"))["pages_of"]
    learned, pages = pages_of(PROJECT / "assignments" / "07")
    assert learned.startswith("# Hints: Tokens and data")
    own, english, chinese = pages.values()
    assert "A language model never sees text." in own
    assert english.isascii()
    assert not chinese.isascii()
    assert len(pages_of(tmp_path)[1]) == 3, "a folder without hints and without a file"
