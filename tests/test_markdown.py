"""Markdown with formulas on a terminal: what is a formula, what is not, and that no marks of Markdown are left over."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from gradlings.rendering.markdown import markdown_lines


def shown(markdown: str, *, plain: bool = False, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width, highlight=False, markup=False, emoji=False)
    with console.capture() as captured:
        for part in markdown_lines(markdown, plain=plain):
            console.print(part)
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip()


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (r"the slope $\frac{a+b}{2n}$ and $x_1^2$", "the slope (a+b)/(2n) and x\u2081\xb2"),
        (r"$y = \sigma(x^{n+1})$", "y = \u03c3(x^(n+1))"),
        (r"$\unknownmacro{x}$ stays", r"\unknownmacro{x} stays"),
        ("**bold with $x_1$** and *thin*", "bold with x\u2081 and thin"),
        ("$a *b* c_i$ and $_$", "a *b* c_i and _"),
        ("`$x_1$` is code, and so is ``a ` $b$``", "$x_1$ is code, and so is a ` $b$"),
        ("it costs $5 or $10, at most $20", "it costs $5 or $10, at most $20"),
        (r"a price of \$5 and \$6", "a price of $5 and $6"),
        ("$5 for `a$`", "$5 for a$"),
        ("[the docs](https://pytorch.org) and ![a plot](loss.png)", "the docs and a plot"),
        ("a * b * c and snake_case_name", "a * b * c and snake_case_name"),
        ("<b>x</b> &amp; y", "<b>x</b> & y"),
    ],
)
def test_one_line(markdown: str, text: str) -> None:
    assert shown(markdown) == text


def test_a_formula_may_run_over_lines_that_look_like_a_list() -> None:
    assert shown("the sum $a\n- b\n+ c$ is\nsmall") == "the sum a - b + c is small"
    assert shown("so\n\n$$ L\n= a_1\n- b $$\n\nend") == "so\n\n    L = a\u2081 - b\n\nend"


def test_a_terminal_without_unicode_gets_latex_and_hyphens() -> None:
    assert shown("15 points \xb7 $\\sigma(x_1)$\n\n```\na \xb7 b\n```", plain=True) == (
        "15 points - \\sigma(x_1)\n\n    a \xb7 b"
    )


def test_lists_quotes_code_and_tables_keep_their_form() -> None:
    markdown = (
        "Two lines\nof text:\n- one `x`\n  goes on\n- two\n  1. inner\n\n> quoted\n\n"
        "| a | $x_1$ |\n|---|---|\n| b | c |\n\n```python\nfor i in x:\n\n    $i$\n```\n\nEnd."
    )
    assert shown(markdown) == (
        "Two lines of text:\n  - one x goes on\n  - two\n    1. inner\n\n  > quoted\n\n"
        "| a | x\u2081 |\n|---|---|\n| b | c |\n\n    for i in x:\n\n        $i$\n\nEnd."
    )


@pytest.mark.parametrize(
    ("markdown", "text"),
    [
        (
            "\u8fd9\u662f\u5f20\u91cf\u7684*\u79e9*\uff0c\u4e0d\u662f",
            "\u8fd9\u662f\u5f20\u91cf\u7684\u79e9\uff0c\u4e0d\u662f",
        ),
        ("\u5f20\u91cf\u7684**\u201c\u79e9\u201d**\u4e0d\u662f", "\u5f20\u91cf\u7684\u201c\u79e9\u201d\u4e0d\u662f"),
        ("\u7b2c\u4e00\u884c\n\u7b2c\u4e8c\u884c", "\u7b2c\u4e00\u884c\u7b2c\u4e8c\u884c"),
        ("\u7b2c\u4e00\u884c\uff0c\n*\u7b2c\u4e8c\u884c*", "\u7b2c\u4e00\u884c\uff0c\u7b2c\u4e8c\u884c"),
        ("\u5f20\u91cf\ntensor\n\u5f20\u91cf", "\u5f20\u91cf tensor \u5f20\u91cf"),
        ("\uccab \uc904\n\ub458\uc9f8 \uc904", "\uccab \uc904 \ub458\uc9f8 \uc904"),
        ("\u7528 `a **\u201cb\u201d**\u7684`", "\u7528 a **\u201cb\u201d**\u7684"),
    ],
    ids=["emphasis", "emphasis on a quote", "wrapped", "wrapped before emphasis", "with English", "Korean", "code"],
)
def test_chinese_needs_no_blanks(markdown: str, text: str) -> None:
    assert shown(markdown) == text
