"""A submitted notebook made anew from what may stay of it: the text of its cells, and pictures.

nbgrader and nbconvert trust the rest: a cell's tags or a language of its own can end the conversion, for whoever made
the feedback page; and what is shown in the formgrader runs in the name of the instructor.
"""

from __future__ import annotations

import os
import re
import stat
from collections.abc import Iterator
from html import escape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from nbconvert.exporters import NotebookExporter
from nbconvert.filters.markdown_mistune import IPythonRenderer, MarkdownWithMath
from nbconvert.preprocessors.sanitize import SanitizeHTML
from nbformat import NotebookNode, from_dict

from gradlings.model.errors import InputError
from gradlings.model.text import encodable
from gradlings.submission.size_limits import MAX_CELLS

_MAX_CELL_PROSE, _MAX_PROSE = 10_000, 200_000
"""Characters of one cell and of all of them that are taken for Markdown: its time grows with the square of a cell."""
_KINDS = ("code", "markdown", "raw")
_PICTURES = ("image/png", "image/jpeg", "image/gif", "image/webp")
_BASE64 = re.compile(r"[A-Za-z0-9+/=\s]*")
_ADDRESS = re.compile(r"(?:https?:|mailto:|attachment:|#|[^:]*$)", re.IGNORECASE)
"""What a link may start with, or it has no scheme at all."""
_PERHAPS_ACTIVE = re.compile(r"\]\s*[(:\[]|\\href")


def refuse_links(folder: Path) -> None:
    """Check that a submission holds files and folders only: nbgrader copies what a link leads to.

    Raises:
        InputError: it holds a link, a pipe or the like.
    """
    for path in _paths(folder):
        _refuse_link(path)


def _refuse_link(path: Path) -> None:
    if not (stat.S_ISREG(path.lstat().st_mode) or stat.S_ISDIR(path.lstat().st_mode)):
        raise InputError(f"{path} is a link or no file. Links are not followed: remove it, then autograde again.")


def _paths(folder: Path) -> Iterator[Path]:
    for place, folders, files in os.walk(folder):
        yield from (Path(place, name) for name in (*folders, *files))


class FilesOnly(NotebookExporter):
    """Reads notebooks as nbgrader's exporter does, but no pipe, which would wait for a writer to the end of days."""

    def from_filename(self, filename: str, *args: Any, **kwargs: Any) -> Any:
        """Convert the notebook in a file.

        Raises:
            InputError: it is a link, a pipe or the like.
        """
        _refuse_link(Path(filename))
        return super().from_filename(filename, *args, **kwargs)


def rebuilt(nb: NotebookNode, kernelspec: Any) -> NotebookNode:
    """Return a valid notebook of the first cells; of their metadata only nbgrader's stay, as they are claimed.

    The judge, which has its own limits, reads the notebook as it was handed in.
    """
    cells = [_cell(cell, number) for number, cell in enumerate(nb.cells[:MAX_CELLS], 1)]
    if len(nb.cells) > MAX_CELLS:
        text = f"This notebook has {len(nb.cells)} cells. Those after cell {MAX_CELLS} are not shown."
        cells.append({"cell_type": "markdown", "id": "not-shown", "metadata": {}, "source": text})
    metadata = {"kernelspec": kernelspec} if kernelspec else {}
    metadata["language_info"] = {"name": "python"}
    notebook: NotebookNode = from_dict({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})
    return notebook


def _cell(cell: Any, number: int) -> dict[str, Any]:
    kind = cell.get("cell_type")
    found: dict[str, Any] = {"cell_type": kind if kind in _KINDS else "raw", "id": f"cell-{number}", "metadata": {}}
    source = cell.get("source")
    found["source"] = encodable(source) if isinstance(source, str) else ""
    metadata = cell.get("metadata")
    if isinstance(metadata, dict) and isinstance(metadata.get("nbgrader"), dict):
        found["metadata"] = {"nbgrader": dict(metadata["nbgrader"])}
    if kind == "code":
        return found | {"outputs": [], "execution_count": None}
    pictures = _pictures(cell.get("attachments"))
    return found | ({"attachments": pictures} if pictures else {})


def _pictures(attachments: Any) -> dict[str, dict[str, str]]:
    """Return the attachments that can be nothing but pictures."""
    found = {}
    for name, bundle in attachments.items() if isinstance(attachments, dict) else ():
        for kind, data in bundle.items() if isinstance(bundle, dict) else ():
            if kind in _PICTURES and isinstance(data, str) and _BASE64.fullmatch(data):
                found[encodable(str(name))] = {kind: data}
    return found


def defuse(nb: NotebookNode) -> None:
    """Take from all prose what a page would run, and what a page could not be made of, or not in time."""
    left = _MAX_PROSE
    for cell in nb.cells:
        if cell.cell_type != "code":
            left -= len(cell.source)
            long = len(cell.source) > _MAX_CELL_PROSE or left < 0
            cell.source = _as_typed(cell.source) if long else _defused(cell.source, cell.get("attachments", {}))


def _defused(source: str, attachments: dict[str, Any]) -> str:
    """Return prose with its tags as text; as it was typed where a link or formula might run code."""
    safe: str = SanitizeHTML().sanitize_html_tags(source) if re.search(r"<[a-zA-Z/!?]", source) else source
    if not _PERHAPS_ACTIVE.search(safe):
        return safe
    try:  # what counts is the page
        page = MarkdownWithMath(renderer=IPythonRenderer(escape=False, attachments=attachments)).render(safe)
    except Exception:  # a picture that is not attached, for one: it would be no page at all
        return _as_typed(source)
    return _as_typed(source) if "\\href" in safe or _Links.in_page(page) else safe


def _as_typed(source: str) -> str:
    """Return HTML that shows a text, and that Markdown leaves as it is: a blank line would end it there."""
    return f"<pre>{escape(source).replace(chr(92), '&#92;').replace(chr(10), '&#10;')}</pre>"


class _Links(HTMLParser):
    """Looks for links that a click would run."""

    def __init__(self) -> None:
        super().__init__()
        self.active = False

    @classmethod
    def in_page(cls, html: str) -> bool:
        parser = cls()
        parser.feed(html)
        return parser.active

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            # browsers leave out control characters and blanks
            address = re.sub(r"[\x00-\x20]", "", value or "")
            self.active |= name.startswith("on") or (name in ("href", "src") and not _ADDRESS.match(address))
