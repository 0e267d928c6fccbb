"""Cut source text into cells: the parts of a submission that are read, compiled and run one by one.

A module in percent format (`# %%` lines) is read cell by cell, as a notebook is, so that a syntax error spoils one cell
and not the whole submission. Nothing is executed here.
"""

from __future__ import annotations
import __future__

import ast
import codecs
import json
import re
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from types import CodeType

from gradlings.submission.size_limits import MAX_CELLS, MAX_CODE_CHARS, require_at_most

_RUNS_PYTHON = re.compile(r"^%%(time|timeit|capture|prun)\b")
_MAGIC = re.compile(r"^(\s*)(?:%|!|\?|get_ipython\(\)|[^#'\"\s][^#'\"]*\?\s*$)")
_ASSIGNED = re.compile(r"^(\s*[A-Za-z_][\w, ]*=\s*)(%|!)(?!=)")
_LINE_IN_MESSAGE = re.compile(r"\b(on|at) line (\d+)")  # "'(' does not match '[' on line 3"
_MAX_PADDING_LINES = 1000
UTF_16 = (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
"""One of them begins a file that an editor, or a redirection in PowerShell, wrote as "Unicode"."""
_DATA = (ast.Constant, ast.BinOp, ast.Compare, ast.JoinedStr, ast.List, ast.Tuple, ast.Dict, ast.Set, ast.ListComp)
_TOO_MUCH = "it is nested too deep, or too large, for Python"


@dataclass(frozen=True)
class Cell:
    """A piece of source."""

    source: str
    file: str
    """What tracebacks show."""
    first_line: int = 1
    """The number of the cell's first line in `file`."""
    flags: int = 0
    """Compiler flags: of `from __future__` imports in earlier cells, which hold for later ones; await in notebooks."""
    on_disk: bool = True
    """Whether `file` names a file that holds this cell's lines; a notebook's cell has a name for tracebacks only."""

    def defines(self, name: str) -> bool:
        """Return whether the text seems to define a function, even if it is not valid Python."""
        return re.search(rf"\bdef {name}\b", self.source) is not None

    def holds(self, file: str, line: int) -> bool:
        """Return whether a line of a file is a line of this cell."""
        return self.file == file and 0 <= line - self.first_line <= self.source.count("\n")


@dataclass(frozen=True)
class Function:
    """A top-level name that a cell binds."""

    name: str
    file: str
    line: int
    attempted: bool
    """Whether it is more than a function's untouched stub."""
    is_data: bool = False
    """Whether the name surely stands for no function there."""


@dataclass(frozen=True)
class Compiled:
    """A cell that is valid Python."""

    code: CodeType
    body: tuple[ast.stmt, ...]
    functions: tuple[Function, ...]


@lru_cache(maxsize=MAX_CELLS)
def compiled(cell: Cell) -> Compiled:
    """Return the cell's code and functions, with the line numbers of its file.

    Raises:
        SyntaxError: the cell is not valid Python.
    """
    tree = _parsed(cell)
    try:
        code = compile(tree, cell.file, "exec", flags=cell.flags, dont_inherit=True)
    except (RecursionError, MemoryError):
        raise SyntaxError(_TOO_MUCH, (cell.file, cell.first_line, 0, "")) from None
    bound = tuple(function for node in tree.body for function in _bound(node, cell.file))
    return Compiled(code, tuple(tree.body), bound)


@lru_cache(maxsize=128)  # a notebook's cells are parsed to find out whether they are Python, then compiled
def _parsed(cell: Cell) -> ast.Module:
    """Parse a cell behind as many empty lines as give its own lines their numbers.

    Reading empty lines takes time, too, which would be quadratic in the length of a file of many cells: from
    `_MAX_PADDING_LINES` on, numbers are moved.
    """
    padding = min(cell.first_line - 1, _MAX_PADDING_LINES)
    moved = cell.first_line - 1 - padding
    padded = "\n" * padding + cell.source
    try:
        tree: ast.Module = compile(padded, cell.file, "exec", cell.flags | ast.PyCF_ONLY_AST, dont_inherit=True)
    except SyntaxError as error:
        if moved:
            error.lineno = (error.lineno or 1) + moved
            error.msg = _LINE_IN_MESSAGE.sub(lambda found: f"{found[1]} line {int(found[2]) + moved}", error.msg)
        raise
    except ValueError as error:  # a NUL byte or half a surrogate pair in the source
        raise SyntaxError(str(error), (cell.file, cell.first_line, 0, "")) from None
    except (RecursionError, MemoryError):
        raise SyntaxError(_TOO_MUCH, (cell.file, cell.first_line, 0, "")) from None
    return ast.increment_lineno(tree, moved) if moved else tree


def module_cells(text: str, file: str) -> tuple[Cell, ...]:
    """Cut a module's text at its `# %%` lines; each cell keeps its line numbers.

    Raises:
        ValueError: it is larger than what is read.
    """
    cells: list[Cell] = []
    start, lines = 1, text.split("\n")
    for number, line in enumerate([*lines, "# %%"], 1):
        if line.startswith("# %%"):
            source = "\n".join(lines[start - 1 : number - 1])
            if source.strip():
                cells.append(Cell(source, file, start))
            start = number
    _require_size(cells)
    return tuple(_with_future(cells))


def notebook_cells(text: str, path: Path) -> tuple[Cell, ...]:
    """Return the code cells of a notebook, each as a file of its own, numbered from 1.

    Raises:
        ValueError: the text is not a notebook, or is larger than what is read.
    """
    cells = [
        Cell(source, notebook_cell_file(path, number), flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT, on_disk=False)
        for number, source in notebook_sources(text)
        if source.strip()
    ]
    _require_size(cells)  # before the first of them is parsed
    python = (cell if _is_python(cell) else replace(cell, source=_commented(cell.source)) for cell in cells)
    return tuple(_with_future(python))


def _require_size(cells: Collection[Cell]) -> None:
    require_at_most(MAX_CELLS, len(cells), "cells of code")
    require_at_most(MAX_CODE_CHARS, sum(len(cell.source) for cell in cells), "characters of code")


def notebook_cell_file(path: Path, number: int) -> str:
    """Return what tracebacks show as the file of a notebook's cell; `number` counts all cells from 1."""
    return f"{path} cell {number}"


@lru_cache(maxsize=8)  # a notebook's digest and its cells are made of the same text
def notebook_sources(text: str, cell_type: str = "code") -> tuple[tuple[int, str], ...]:
    """Return number and source of each cell of one type, "code" or "markdown".

    Raises:
        ValueError: the text is not a notebook.
    """
    try:
        notebook = json.loads(text, parse_int=str)  # a number is of no use here, and a long one takes its time
        if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
            raise ValueError("it is not a notebook (no list of cells)")
        found = []
        for number, cell in enumerate(notebook["cells"], 1):
            if isinstance(cell, dict) and cell.get("cell_type") == cell_type:
                source = cell.get("source", "")
                found.append((number, "".join(map(str, source)) if isinstance(source, list) else str(source)))
    except (RecursionError, MemoryError):
        raise ValueError(_TOO_MUCH) from None
    return tuple(found)


def without_magics(source: str) -> str:
    """Replace a notebook's lines that are not Python (%magic, !shell, name?) by ones that do nothing.

    Line numbers stay, and a cell that is valid Python stays as it is. A name that such a line is assigned to becomes
    None. A cell magic that times or captures keeps the cell's Python; any other (%%bash, %%html) makes the whole cell a
    comment.
    """
    return source if _is_python(Cell(source, "", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)) else _commented(source)


def _is_python(cell: Cell) -> bool:
    try:
        _parsed(cell)
    except SyntaxError:
        return False
    return True


def _commented(source: str) -> str:
    lines = source.split("\n")
    if source.startswith("%%") and not _RUNS_PYTHON.match(source):
        return "\n".join("# " + line for line in lines)
    python, continued = [], False
    for line in lines:
        replaced = line
        if continued:
            replaced = "# " + line
        elif assigned := _ASSIGNED.match(line):
            replaced = f"{assigned[1]}None  # {line[assigned.end(1) :]}".removesuffix("\\")
        elif magic := _MAGIC.match(line):  # `pass`, so that a block that holds only this line stays valid
            replaced = f"{magic[1]}pass  # {line.lstrip()}".removesuffix("\\")
        python.append(replaced)
        continued = replaced != line and line.endswith("\\")
    return "\n".join(python)


def decode(data: bytes) -> str:
    """Decode text as editors write it: UTF-8 with or without BOM, UTF-16 with one, else Windows-1252.

    Line ends become line feeds.
    """
    if data.startswith(UTF_16):
        text = data.decode("utf-16", errors="replace")
    else:
        try:
            text = data.decode("utf-8-sig")
        except UnicodeDecodeError:
            text = data.decode("cp1252", errors="replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def decode_file(data: bytes) -> str:
    """Decode a file that ships: text as `decode` does. Other data, such as arrays, get a character for each byte."""
    other = b"\0" in data and not data.startswith(UTF_16)  # no text holds a zero byte
    return data.decode("latin-1") if other else decode(data)


def encode_file(text: str, line_end: str = "\n") -> bytes:
    """Encode what `decode_file` gave; text gets these line ends."""
    other = "\0" in text and max(text) <= "\xff"
    return text.encode("latin-1") if other else text.replace("\n", line_end).encode()


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Return whether a body, docstring apart, is only `raise NotImplementedError`, `...` or `pass`."""
    body = [
        statement
        for statement in node.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        and not isinstance(statement, ast.Pass)
    ]
    match body:
        case [] | [ast.Raise(exc=ast.Name("NotImplementedError") | ast.Call(func=ast.Name("NotImplementedError")))]:
            return True
    return False


def _with_future(cells: Iterable[Cell]) -> Iterator[Cell]:
    flags = 0
    for cell in cells:
        yield replace(cell, flags=cell.flags | flags)
        for name in re.findall(r"^from __future__ import (\w+)", cell.source, re.MULTILINE):
            flags |= getattr(__future__, name).compiler_flag if name in __future__.all_feature_names else 0


def _bound(node: ast.stmt, file: str) -> list[Function]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return [Function(node.name, file, node.lineno, isinstance(node, ast.ClassDef) or not is_stub(node))]
    if not isinstance(node, ast.Assign):
        return []
    names = [target.id for target in node.targets if isinstance(target, ast.Name)]
    return [Function(name, file, node.lineno, True, _is_data(node.value, name)) for name in names]


def _is_data(value: ast.expr, name: str) -> bool:
    """Return whether what is assigned to a name is surely no function: `sigmoid = sigmoid(x)`, say."""
    if isinstance(value, ast.Call):
        return isinstance(value.func, ast.Name) and value.func.id == name
    return isinstance(value, _DATA)
