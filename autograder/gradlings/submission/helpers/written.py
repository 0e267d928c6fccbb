"""Helpers that a notebook writes itself, in cells that begin with `%%writefile helper.py`."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace

from gradlings.submission.cells import Cell
from gradlings.submission.helpers.files import Helper, Helpers, can_be_imported

_WRITES = re.compile(r"# %%(?:writefile|file)\s+[\"']?(?:\./|/content/)?([\w/]+\.py)[\"']?\s*")
"""The first line of such a cell, which is read as a comment; Colab's own folder is `/content`."""


def with_written(helpers: Helpers, cells: Iterable[Cell]) -> Helpers:
    """Add what the cells of a notebook write, in place of files of the same names.

    Such a helper has the name of its cell and its line numbers, so that both show in tracebacks.
    """
    files = {helper.path: helper for helper in helpers.files}
    for cell in cells:
        first, _, rest = cell.source.partition("\n")
        found = _WRITES.fullmatch(first)
        if found and not cell.on_disk and can_be_imported(found[1]):
            lines = [line.removeprefix("# ") for line in rest.split("\n")]
            files[found[1]] = Helper(found[1], cell.file, "\n".join([first, *lines]).encode("utf-8", "replace"))
    return replace(helpers, files=tuple(files[path] for path in sorted(files)))
