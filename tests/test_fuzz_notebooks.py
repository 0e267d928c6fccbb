"""Fuzzes what reads a notebook: 10,000 made-up inputs, of which each is read or refused in words.

Reading is what a worker does with a student's bytes before they run, and what pytest does at home. Nothing is run here.
Drawing an input takes longer than reading it, so most draws are read as four files.
"""

import json
from pathlib import Path
from typing import Any

from hypothesis import example, given, settings
from hypothesis import strategies as st

from gradlings.model.text import encodable
from gradlings.submission.cells import decode, notebook_sources, without_magics
from gradlings.submission.manifest import code_digest, digest_of_code
from gradlings.submission.reader import parse

NOTEBOOK = Path("tiny.ipynb")
# derandomized: the same inputs at each run, so that a red run is the fault of what changed
fuzzed = settings(max_examples=1_700, deadline=None, derandomize=True, database=None)

PIECES = [
    *("def f(x):", "    return x", "class A:", "@", "x = 1", "raise NotImplementedError", "...", "await g()", "\\"),
    *("%matplotlib inline", "%%bash", "%%time", "!ls", "?f", "f?", "x = !ls", "x = %pwd", "get_ipython()", "# %%"),
    *("from __future__ import annotations", "from __future__ import x", "global f", "'''", '"', "f'{", "(", "[", "}"),
    *("\0", "\ud800", "\udfff", "\ufeff", "\u2028", "\x0c", "\t", "\r", "\x1b[2J", "\u00b2", "\U0001d7d8", "9" * 5_000),
]
sources = st.lists(st.sampled_from([*PIECES, "\n", "\n", " "]) | st.text(max_size=4), max_size=8).map("".join)
loose = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.sampled_from(PIECES),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["source", "cell_type", "x"]), inner),
    max_leaves=6,
)
cells = st.fixed_dictionaries(
    {},
    optional={
        "cell_type": st.sampled_from(["code", "code", "code", "markdown", "raw", 3, None]),
        "source": sources | st.lists(sources, max_size=3) | loose,
        "outputs": loose,
    },
)
notebooks = st.fixed_dictionaries({"cells": st.lists(cells | loose, max_size=4)}, optional={"metadata": loose})


edits = st.lists(
    st.tuples(
        st.floats(0, 1),
        st.integers(0, 9),
        st.sampled_from([b"", b'"', b"[" * 2_000, b"\\ud800", b"1" * 5_000, b"NaN", b'{"":', b"\0", b"\xff"]),
    ),
    min_size=1,
    max_size=3,
)
"""Where bytes are replaced, as a share of the length; how many; by what."""


def damaged(data: bytes, edits: list[tuple[float, int, bytes]]) -> bytes:
    changed = bytearray(data)
    for share, count, replacement in edits:
        at = int(share * len(changed))
        changed[at : at + count] = replacement
    return bytes(changed)


def as_file(notebook: Any, ascii_only: bool) -> bytes:
    return json.dumps(notebook, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")


def read(data: bytes) -> None:
    """Read a file in each of the ways in which submissions are read."""
    submission = parse(NOTEBOOK, data)
    code_digest(NOTEBOOK.name, data)
    if submission.problem:
        assert submission.problem.startswith("tiny.ipynb cannot be read: ")
        assert len(submission.problem) < 1_000
        assert not submission.cells
        return
    assert len(digest_of_code(NOTEBOOK.name, decode(data))) == 64
    assert len(submission.syntax_problems) <= len(submission.cells)
    for problem in submission.syntax_problems:
        encodable(problem.sentence).encode()
        assert problem.file in submission.files
        assert problem.line >= 1
        assert len(problem.sentence) < 1_000
    for name, function in submission.functions.items():
        assert function.name == name
        assert function.file in submission.files
    notebook_sources(decode(data), "markdown")


@fuzzed
@given(notebooks, edits, edits)
def test_any_notebook_is_read_and_a_damaged_one_read_or_refused(notebook: Any, first: Any, second: Any) -> None:
    data, utf8 = as_file(notebook, True), as_file(notebook, False)
    read(data)
    code = [cell for cell in notebook["cells"] if isinstance(cell, dict) and cell.get("cell_type") == "code"]
    assert len(notebook_sources(decode(data))) == len(code)
    read(utf8)
    read(damaged(data, first))
    read(damaged(utf8, second))


@fuzzed
@given(st.binary(max_size=60) | loose.map(json.dumps).map(str.encode))
@example(b"[" * 100_000)
@example(b'{"cells": [' + b'{"cell_type": "code", "source": "x"},' * 5_000 + b"{}]}")
@example(b'{"cells": [{"cell_type": "code", "source": ' + b"[" * 900 + b"]" * 900 + b"}]}")
def test_what_is_no_notebook_is_refused(data: bytes) -> None:
    read(data)


@fuzzed
@given(sources)
def test_lines_stay_where_they_are_without_magics(source: str) -> None:
    assert without_magics(source).count("\n") == source.count("\n")
