"""The cells that a notebook's kernel ran, from IPython's own record of them.

IPython keeps the text of each cell twice: in its history by number, and for tracebacks under the name that it compiled
the cell by. How to tell which is which differs between its versions, and Colab has one of 2022.
"""

from __future__ import annotations

import ast
import linecache
import logging
from collections.abc import Mapping
from typing import Any

from gradlings.submission.cells import Cell, without_magics
from gradlings.submission.stand_ins import blank

_log = logging.getLogger(__name__)


def cell_numbers(shell: Any) -> dict[str, int]:
    """Return every cell that was run, in order: the name under which IPython compiled it, and its number in brackets.

    A cell that ran twice has the number of its last run. Where an IPython that nobody has met keeps its record in
    another way, there is none: rules that are read from the source find nothing then, and places have other names, but
    functions are the kernel's, and are judged all the same.
    """
    try:
        found = _labeled(shell) if hasattr(shell.compile, "format_code_name") else _by_text(shell)
    except Exception:
        _log.debug("this IPython keeps its cells in a way of its own", exc_info=True)
        return {}
    return dict(sorted(found.items(), key=lambda entry: entry[1]))


def _labeled(shell: Any) -> dict[str, int]:
    """Return names and numbers as IPython 8 and later give them to tracebacks."""
    found = {}
    for file in list(linecache.cache):
        label = shell.compile.format_code_name(file)  # ("Cell", "In[5]")
        if label:
            found[file] = int(label[1].removeprefix("In[").removesuffix("]"))
    return found


def _by_text(shell: Any) -> dict[str, int]:
    """Return names and numbers by comparing the two records: IPython 7 has no other way."""
    numbers = {text.rstrip("\n"): number for number, text in enumerate(shell.history_manager.input_hist_parsed)}
    compiled: Mapping[str, Any] = vars(linecache).get("_ipython_cache", {})
    texts = {file: "".join(lines).rstrip("\n") for file, (_, _, lines, _) in compiled.items()}
    return {file: numbers[text] for file, text in texts.items() if text in numbers}


def cells_that_ran(numbers: Mapping[str, int], shell: Any) -> tuple[Cell, ...]:
    """Return the cells as they ran, without what later ones define anew.

    The cell that calls `check` is left out, if it defines nothing: it is on the way to everything that is called.
    """
    history = shell.history_manager.input_hist_raw
    later: set[str] = set()
    cells = []
    for file, number in reversed(list(numbers.items())):
        source, defined = _without(without_magics(history[number]) if number < len(history) else "", later)
        if number == max(numbers.values()) and not defined:
            continue
        later |= defined
        cells.append(Cell(source, file, flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT))
    return tuple(reversed(cells))


def _without(source: str, later: set[str]) -> tuple[str, set[str]]:
    """Blank the functions of a cell that a later cell defines anew; return that source and what the cell defines."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return source, set()
    lines = source.split("\n")
    defined = set()
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            defined.add(node.name)
            if node.name in later:
                blank(lines, node)
    return "\n".join(lines), defined
