"""The cells of a student's module or notebook, by what they are, and how a newer version of the file enters it.

What a student wrote stays. A cell that is as it was handed out is replaced by the newer one, and what is new comes to
its place. Pure functions of text: nothing is run, read or written.
"""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from gradlings.submission.cells import is_stub
from gradlings.submission.manifest import digest

_HEADING = re.compile(r"#+ (?:(\d+\.\d+)\b.*|.*)")
_DEFINED = re.compile(r"^(?:async )?(?:def|class) (\w+)", re.MULTILINE)
_IMPORT = re.compile(r"(?:import|from) \w|\s*$|#")
_STUB = "raise NotImplementedError"


@dataclass(frozen=True)
class KitCell:
    """A cell of a file that students edit."""

    key: str
    """What it is, alike in every version: an exercise, a function, or its place below a heading."""
    exercise: str
    """The exercise that it belongs to; "" before the first one, and below other headings."""
    source: str
    raw: Any
    """As its file has it: text, or the notebook's cell."""
    heading: bool = False


@dataclass
class Merged:
    """A file in which a newer version has entered, and the exercises that this concerns ("" is none of them)."""

    cells: list[KitCell]
    added: set[str] = field(default_factory=set)
    replaced: set[str] = field(default_factory=set)
    stays: set[str] = field(default_factory=set)
    """Changed, but written by the student, too."""


def kit_cells(name: str, text: str, known: Collection[str] = ()) -> list[KitCell]:
    """Cut a file into its cells.

    Args:
        name: its name; `.ipynb` is a notebook.
        text: its text.
        known: functions by which cells are known. A cell that defines none of them is known by its first one.

    Raises:
        ValueError: it is no notebook.
    """
    cells: list[KitCell] = []
    section = exercise = ""
    nameless = headings = 0
    for kind, source, raw in _notebook(text) if name.endswith(".ipynb") else _module(text):
        first = _prose(source).lstrip().partition("\n")[0] if kind == "markdown" else ""
        found = _HEADING.fullmatch(first)
        if found:
            last = section.partition("+")[0]
            headings = 0 if found[1] else headings + 1
            section, exercise, nameless = found[1] or f"{last}+{headings}", found[1] or "", 0
            cells.append(KitCell(section, exercise, source, raw, heading=True))
            continue
        names = _DEFINED.findall(source) if kind == "code" else []
        if names:
            key = "def " + next((name for name in names if name in known), names[0])
        else:
            nameless += 1
            key = f"{section} / {nameless}"
        cells.append(KitCell(key, exercise, source, raw))
    return cells


def functions_of(cells: Sequence[KitCell]) -> set[str]:
    """Return the functions by which cells are known."""
    return {cell.key.removeprefix("def ") for cell in cells if cell.key.startswith("def ")}


def digests_of(cells: Sequence[KitCell]) -> dict[str, str]:
    """Return a short digest of each cell by its key."""
    return {cell.key: _short(cell.source) for cell in reversed(cells)}


def exercises_that_differ(before: Mapping[str, str], now: Sequence[KitCell]) -> set[str]:
    """Return the exercises of which a cell is new or not what it was; `before` is digests of cells by their keys."""
    return {cell.exercise for cell in now if before.get(cell.key) != _short(cell.source)} - {""}


def _short(source: str) -> str:
    return digest(source)[:16]


def merge(mine: Sequence[KitCell], new: Sequence[KitCell], before: Mapping[str, str]) -> Merged:
    """Let a newer version enter an edited file.

    Args:
        mine: the cells of the edited file.
        new: those of the newer version.
        before: digests of the cells as they were handed out, by key; empty where that is not on record.
    """
    own = {cell.key: cell for cell in reversed(mine)}
    # the place of a cell below its heading moves where the student puts in or takes out another: its text tells it, too
    untouched = {_short(cell.source): cell for cell in reversed(mine)}
    merged = Merged(list(mine))
    place = 0
    for cell in new:
        there = untouched.get(before.get(cell.key, ""), own.get(cell.key))
        if there is None:
            if cell.key in before:  # the student took it out
                continue
            while cell.heading and place < len(merged.cells) and not merged.cells[place].heading:
                place += 1
            merged.cells.insert(place, cell)
            merged.added.add(cell.exercise)
            place += 1
            continue
        place = next(number for number, each in enumerate(merged.cells, 1) if each is there)
        if _short(there.source) == _short(cell.source) or _answers(there.source, cell.source):
            continue
        handed_out = before.get(cell.key)
        if handed_out == _short(there.source) or (handed_out is None and _only_stubs(there.source)):
            merged.cells[place - 1] = cell
            merged.replaced.add(cell.exercise)
        elif handed_out == _short(cell.source):
            continue
        elif _only_imports(cell.source):
            merged.cells[place - 1] = _with_imports(there, cell)
        else:
            merged.stays.add(cell.exercise)
    return merged


def written(name: str, cells: Sequence[KitCell], text: str) -> str:
    """Return the text of a file with these cells.

    Args:
        name: its name.
        cells: what it is to hold.
        text: the file as it is, whose other content a notebook keeps.
    """
    if name.endswith(".ipynb"):
        taken: set[str] = set()
        notebook = json.loads(text) | {"cells": [_with_own_id(cell.raw, taken) for cell in cells]}
        return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
    parts = [str(cell.raw) for cell in cells]
    apart = [part if part.endswith("\n\n") else part.rstrip("\n") + "\n\n\n" for part in parts[:-1]]
    return "".join([*apart, *parts[-1:]]).rstrip("\n") + "\n"


def _module(text: str) -> Iterator[tuple[str, str, str]]:
    """Yield kind, source and text of each cell; the source has no marker."""
    for part in re.split(r"^(?=# %%)", text, flags=re.MULTILINE):
        marker, _, body = part.partition("\n") if part.startswith("# %%") else ("", "", part)
        if part.strip():
            yield "markdown" if "[markdown]" in marker else "code", body.rstrip(), part


def _notebook(text: str) -> Iterator[tuple[str, str, dict[str, Any]]]:
    notebook = json.loads(text)
    cells = notebook.get("cells") if isinstance(notebook, dict) else None
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise ValueError("it is not a notebook")
    for cell in cells:
        source = cell.get("source", "")
        yield str(cell.get("cell_type")), "".join(map(str, source)).rstrip(), cell


def _prose(source: str) -> str:
    """Return the first lines of prose as Markdown: in a module, they are comments."""
    return re.sub(r"^# ", "", source, count=1) if re.match(r"# #+ ", source) else source


def _answers(mine: str, stub: str) -> bool:
    """Return whether code begins as a stub does: the function that is asked for, with something written into it."""
    given = stub.partition(_STUB)[0].rstrip()
    return _STUB in stub and mine.startswith(given)


def _only_stubs(source: str) -> bool:
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        return False
    return bool(body) and all(isinstance(node, ast.FunctionDef) and is_stub(node) for node in body)


def _only_imports(source: str) -> bool:
    return bool(source.strip()) and all(_IMPORT.match(line) for line in source.split("\n"))


def _with_imports(mine: KitCell, new: KitCell) -> KitCell:
    """Return the student's cell with the imports that it lacks."""
    have = set(mine.source.split("\n"))
    source = "\n".join([mine.source.rstrip(), *(line for line in new.source.split("\n") if line not in have)])
    if isinstance(mine.raw, dict):
        return replace(mine, source=source, raw=mine.raw | {"source": source.splitlines(keepends=True)})
    marker = str(mine.raw).partition("\n")[0] + "\n" if str(mine.raw).startswith("# %%") else ""
    return replace(mine, source=source, raw=f"{marker}{source}\n\n\n")


def _with_own_id(cell: dict[str, Any], taken: set[str]) -> dict[str, Any]:
    """Return a notebook's cell with an id that no other cell has."""
    if "id" not in cell:
        return cell
    id = str(cell["id"])
    while id in taken:
        id += "-new"
    taken.add(id)
    return cell | {"id": id}
