"""A function's text without what tells who wrote it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gradlings.submission.anonymous_code import anonymous, code_of, known_words
from gradlings.submission.cells import module_cells
from gradlings.submission.reader import from_cells
from gradlings.submission.size_limits import MAX_FUNCTION_CHARS

KNOWN = frozenset({"totals", "x", "sum", "torch", "einsum", "dim", "cfg", "emb_dim", "range", "len", "int"})


def read(text: str, *names: str) -> dict[str, str]:
    return code_of(from_cells(Path("tiny.py"), module_cells(text, "tiny.py")), names)


def test_comments_docstrings_annotations_names_and_texts_are_gone() -> None:
    text = '''
def totals(x: "Float[Tensor, 'n d']") -> float:
    """By Jane Doe."""
    # jane@doe.example
    janes_sum: float = x.sum(dim=0)  # mine
    "a note of Jane's"
    print(f"Jane has {janes_sum}", "Jane")
    return torch.einsum("ij,jk->ik", x, janes_sum) + cfg["emb_dim"] + cfg["jane"] + 1e5
'''
    (code,) = read(text, "totals").values()
    shown = anonymous(code, KNOWN)
    assert "ane" not in shown
    assert shown == (
        "def totals(x):\n"
        "    v1 = x.sum(dim=0)\n"
        "    v2('...', '...')\n"
        "    return torch.einsum('ij,jk->ik', x, v1) + cfg['emb_dim'] + cfg['...'] + 100000.0"
    )


def test_what_a_function_needs_is_put_into_it_and_other_exercises_are_not() -> None:
    text = """
import numpy as np
EPS = 1e-7

# %%
def helper(t):
    return np.sign(t) * EPS

# %%
def unused(t):
    return t

# %%
def double(x):
    return 2 * x

# %%
def totals(x):
    return helper(double(x))
"""
    code = read(text, "double", "totals")
    assert code["double"] == "def double(x):\n    return 2 * x"
    assert code["totals"] == (
        "def totals(x):\n    import numpy as np\n    EPS = 1e-07\n\n    def helper(t):\n"
        "        return np.sign(t) * EPS\n    return helper(double(x))"
    )


@pytest.mark.parametrize(
    "text",
    [
        "def totals(x):\n    raise NotImplementedError('Exercise 9.2: totals')",
        "totals = lambda x: x",
        "def totals(x):\n    return " + "(" * 90 + "x" + ")" * 90 + "[" * 3_000,
        "def totals(x):\n    return " + "-" * 5_000 + "x",
        "def totals(x):\n    return " + "x + " * MAX_FUNCTION_CHARS + "x",
        "def totals(x):\n    return 0x" + "f" * 5_000,
        "",
    ],
    ids=["a stub", "no function", "no Python", "deep", "long", "a number too long to write", "nothing"],
)
def test_what_has_no_text_has_none(text: str) -> None:
    assert read(text, "totals") == {}


PIECES = [
    "janet",
    "Janet",
    " ",
    "\n",
    "'",
    '"',
    "\\",
    "1",
    "0x",
    "1e",
    "x",
    "f",
    "b",
    ".",
    "(",
    "->",
    ",",
    "#",
    "_",
    "\x00",
]


@given(st.lists(st.sampled_from(PIECES), max_size=20).map("".join))
def test_no_name_is_left_of_any_text(text: str) -> None:
    """Also of a text that is no Python: a worker may send anything."""
    assert "janet" not in anonymous(text, KNOWN).lower()


def test_known_words_are_those_of_the_libraries_and_of_the_checks() -> None:
    words = known_words(["def wide_rows(rng): ...  # about widths"])
    assert {"wide_rows", "widths", "unsqueeze", "softmax", "isinstance", "keepdim", "Linear"} <= words
    assert not {"jane", "doe", "alice", "totals_of_rows"} & words


def test_a_renamed_function_means_what_it_meant() -> None:
    text = "def totals(x):\n    added = 0\n    for entry in x:\n        added += entry\n    return [added, len(x)]"
    shown = anonymous(read(text, "totals")["totals"], KNOWN)
    space: dict[str, object] = {}
    exec(compile(ast.parse(shown), "shown", "exec"), space)
    assert space["totals"]([1, 2, 4]) == [7, 3]  # type: ignore[operator]
