"""Consoles that cannot show everything show what they can, and wide characters keep the columns straight."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest
from rich.cells import cell_len

from gradlings.learning.curriculum import read_curriculum
from gradlings.learning.views.overview import overview
from gradlings.model.scorecard import CheckResult, ExerciseScore, Row, Scorecard, Verdict
from gradlings.rendering.markdown import markdown_lines
from gradlings.rendering.several_pages import summary_text
from gradlings.rendering.terminal import page_text, render_lines, shown_in
from gradlings.submission.manifest import MANIFEST
from student_kit import Kit

TENSOR, WRONG_SHAPE = "\u6211\u7684\u5f20\u91cf", "\u5f62\u72b6\u4e0d\u5bf9"


def printed(kit: Kit, encoding: str, *command: str) -> str:
    """What a command of its own process prints on a console of this encoding."""
    done = subprocess.run(
        [sys.executable, "-m", *command],
        cwd=kit.root,
        env=os.environ | {"PYTHONIOENCODING": encoding, "PYTHONUTF8": "0", "COLUMNS": "80", "TERM": "xterm"},
        capture_output=True,
        timeout=400,
    )
    return (done.stdout + done.stderr).decode(encoding)


@pytest.mark.parametrize("encoding", ["gbk", "cp936"])
def test_a_chinese_console_shows_chinese(kit: Kit, encoding: str) -> None:
    kit.answer(difference=f"print('{TENSOR}')\nraise ValueError('{WRONG_SHAPE}')")
    page = printed(kit, encoding, "pytest", kit.target)
    assert TENSOR in page
    assert f"ValueError: {WRONG_SHAPE}" in page
    assert "----------   0/10" in page, "bars are drawn with what there is"
    assert "?" not in page.partition("hint:")[0]


def test_what_an_encoding_lacks_becomes_a_question_mark_and_nothing_else() -> None:
    assert shown_in(f"{TENSOR} \u2588 \xb7 x", "gbk") == f"{TENSOR} \u2588 \xb7 x"
    assert shown_in(f"{TENSOR} \u2591 x", "gbk") == f"{TENSOR} ? x"
    assert shown_in(f"caf\xe9 {TENSOR[:1]}", "cp1252") == "caf\xe9 ?"
    assert shown_in("caf\xe9", "no such encoding") == "caf?"


def score(id: str, name: str, *rows: Row) -> ExerciseScore:
    check = CheckResult(id, "c", "c", Verdict.WRONG if rows else Verdict.PASS, 5, name, call=f"{name}()", rows=rows)
    return ExerciseScore(id, (name,), 5, (check,))


def column(line: str, sign: str) -> int:
    """The first column that a sign takes in a line."""
    return cell_len(line.partition(sign)[0])


def test_wide_names_keep_the_columns_of_a_page_straight() -> None:
    rows = (Row(TENSOR, "1", "2"), Row("b", "3", "4"))
    card = Scorecard("09", TENSOR, (score("9.1", "difference", *rows), score("9.2", TENSOR)))
    page = page_text(card, detail=False, width=80, color=False, plain=True).splitlines()
    bars = [column(line, "-----" if "-----" in line else "#####") for line in page if "/5" in line]
    assert len(set(bars)) == 1
    got = [column(line, "got") for line in page if "got" in line]
    assert len(got) == 2
    assert len(set(got)) == 1
    assert max(map(cell_len, page)) <= 80


def test_wide_titles_keep_the_columns_of_a_sum_straight() -> None:
    cards = [Scorecard("01", TENSOR, (score("1.1", "f"),)), Scorecard("02", "Tensors", (score("2.1", "g"),))]
    lines = summary_text(cards, width=80, color=False, plain=True).splitlines()
    assert len({column(line, "#") for line in lines if "#" in line}) == 1


def test_wide_titles_keep_the_columns_of_the_overview_straight(kit: Kit) -> None:
    text = (kit.folder / MANIFEST).read_text(encoding="utf-8")
    other = kit.root / "assignments" / "10"
    other.mkdir()
    for path in kit.folder.glob("*.py"):
        (other / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    (other / MANIFEST).write_text(text.replace("A tiny kit", TENSOR), encoding="utf-8")
    lines = render_lines(overview(read_curriculum(kit.root), plain=True), width=80, color=False)
    bars = [line for line in lines if "-----" in line]
    assert len(bars) == 2
    assert len({column(line, "-") for line in bars}) == 1


def test_lines_of_chinese_prose_are_joined_without_blanks() -> None:
    line, *_ = render_lines(markdown_lines("\u8fd9\u662f*\u79e9*\uff0c\n\u4e0d\u662f\nrank"), width=60, color=False)
    assert line.rstrip() == "\u8fd9\u662f\u79e9\uff0c\u4e0d\u662f rank"
