"""What students see: whole terminal pages, at 80 columns and without color, beside the ones in `golden/`.

A page that was changed on purpose is written anew with `REGOLD=1 pytest tests/test_pages.py`; then read the diff.
"""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from student_kit import PROJECT, RIGHT, Kit

GOLDEN = Path(__file__).parent / "golden"
WIDTH = 80


def same_as_golden(name: str, page: str) -> None:
    """Compares a page with `golden/<name>.txt`."""
    path = GOLDEN / f"{name}.txt"
    page = page.replace("\\", "/").strip("\n") + "\n"  # Windows writes paths with backslashes
    if os.environ.get("REGOLD"):
        path.write_text(page, encoding="utf-8", newline="\n")
    assert page == path.read_text(encoding="utf-8")


def delete_difference(kit: Kit) -> None:
    text = kit.module.read_text(encoding="utf-8")
    start, end = text.index("def difference"), text.index("# %% [markdown]\n# ## 9.2")
    kit.module.write_text(text[:start] + "DIFFERENCE = None\n\n" + text[end:], encoding="utf-8")


def rename_difference(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "def difference(", "def subtract(")


def spoil_syntax(kit: Kit) -> None:
    kit.answer(difference="if a is b\n    return a - a\nreturn a - b", row_totals=RIGHT["row_totals"])


def drop_a_parameter(kit: Kit) -> None:
    kit.answer(count_up=RIGHT["count_up"]).edit(kit.module, "def count_up(n: int)", "def count_up()")


def edit_both_files(kit: Kit) -> None:
    kit.answer(difference="return a - b").answer_in_notebook(row_totals=RIGHT["row_totals"])


def raise_while_loading(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "# %%\ndef row_totals", "# %%\nROWS = 1 / 0\n\n\ndef row_totals")


def say_what_is_missing(kit: Kit) -> None:
    kit.answer(difference="rest = a\nraise NotImplementedError('soon')", row_totals="return difference(x, x), x")


PAGES: dict[str, Callable[[Kit], object]] = {
    "untouched": lambda kit: None,
    "full_marks": lambda kit: kit.answer(**RIGHT),
    "wrong_sign": lambda kit: kit.answer(difference="return b - a"),
    "wrong_shape": lambda kit: kit.answer(difference="return (a - b).reshape(-1, 1)"),
    "wrong_dtype": lambda kit: kit.answer(difference="return (a - b).float()"),
    "wrong_member": lambda kit: kit.answer(row_totals="return x.mean(1), x.amax(1)"),
    "wrong_warm_up": lambda kit: kit.edit(kit.folder / "warm_up.py", "n + 1", "n - 1"),
    "half_right": lambda kit: kit.answer(difference="return a.item() - b.item()"),
    "syntax_error": spoil_syntax,
    "timeout": lambda kit: kit.answer(count_up="while True: pass", row_totals=RIGHT["row_totals"]),
    "error_raised": lambda kit: kit.answer(difference="text = 'ab'\nreturn text[a.numel() + 1]"),
    "none_returned": lambda kit: kit.answer(difference="result = a - b", row_totals="total = x.sum(1)"),
    "missing_function": delete_difference,
    "renamed_function": rename_difference,
    "wrong_signature": drop_a_parameter,
    "input_mutated": lambda kit: kit.answer(difference="a -= b\nreturn a"),
    "forbidden_call": lambda kit: kit.answer(row_totals="return x @ torch.ones(x.shape[1]), x.amax(1)"),
    "two_edited_files": edit_both_files,
    "failing_cell": raise_while_loading,
    "not_implemented": say_what_is_missing,
    "printed": lambda kit: kit.answer(difference="for i in range(4):\n    print('line', i)\nreturn b - a"),
    "device_note": lambda kit: kit.answer(row_totals="return (x * torch.ones_like(x, device='cpu')).sum(1), x.amax(1)"),
}


@pytest.mark.parametrize("name", PAGES)
def test_page(name: str, kit: Kit) -> None:
    PAGES[name](kit)
    same_as_golden(name, kit.check().out)


@pytest.mark.parametrize("name", ["wrong_sign", "error_raised", "half_right"])
def test_page_with_detail(name: str, kit: Kit) -> None:
    PAGES[name](kit)
    same_as_golden(f"{name}_v", kit.check("-v").out)


def test_untouched_assignment_03(tmp_path: Path) -> None:
    kit = Kit.copied(PROJECT, tmp_path, "assignments/03")
    kit.target = "assignments/03"
    same_as_golden("untouched_03", kit.check().out)


def test_plain_page_where_the_terminal_cannot_show_more(kit: Kit) -> None:
    kit.answer(difference="print('\N{GREEK SMALL LETTER SIGMA} = 1')\nreturn b - a", count_up=RIGHT["count_up"])
    shown = kit.run("pytest", kit.target, environment={"PYTHONIOENCODING": "cp1252:replace"})
    assert shown.out.isascii()
    same_as_golden("plain", shown.out)


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.txt")), ids=lambda path: path.stem)
def test_no_line_is_wider_than_the_terminal_or_wrapped_to_its_edge(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    assert max(map(len, lines)) <= WIDTH
    assert all(line.startswith("  ") for line in lines[1:] if line), "only the title stands at the left edge"


def test_every_golden_page_is_used() -> None:
    used = {*PAGES, "wrong_sign_v", "error_raised_v", "half_right_v", "untouched_03", "plain", "picture"}
    assert {path.stem for path in GOLDEN.glob("*.txt")} == used


def test_color_only_where_asked_for(kit: Kit) -> None:
    kit.answer(difference="return b - a")
    plain, colored = kit.check().out, kit.check("--color=yes").out
    assert "\x1b" not in plain
    assert "\x1b[31m" in colored


def test_wide_terminals_get_the_same_page_with_longer_lines(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    kit.answer(difference="return b - a")
    narrow = kit.check().out
    monkeypatch.setattr("student_kit.COLUMNS", "200")
    wide = kit.check().out
    assert narrow.split() == wide.split()
    assert WIDTH < max(map(len, wide.splitlines())) <= 100
