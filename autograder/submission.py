"""Reads a submission: a module or a notebook becomes cells of source text, and which functions are attempted.

Nothing is executed here and torch is not imported. A module in percent format (`# %%` lines) is read cell by cell, as
a notebook is, so that a syntax error spoils one cell and not the whole submission.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from dataclasses import dataclass
from pathlib import Path

MANIFEST = "built.json"
_MARKER = re.compile(r"^# %%")
_MAGIC = re.compile(r"^\s*(%|!|\?|get_ipython\(\))|^[^#'\"]*\?\s*$")


@dataclass(frozen=True)
class Cell:
    """A piece of source. `file` is what tracebacks show; `first_line` is the cell's first line there."""

    source: str
    file: str
    first_line: int = 1


@dataclass(frozen=True)
class SyntaxProblem:
    """A cell that Python cannot read."""

    file: str
    line: int
    text: str
    message: str


@dataclass(frozen=True)
class Function:
    """A top-level function as the source has it."""

    name: str
    file: str
    line: int
    attempted: bool


@dataclass(frozen=True)
class Submission:
    """One student's answer to one assignment."""

    path: Path
    cells: tuple[Cell, ...]
    functions: dict[str, Function]
    syntax_problems: tuple[SyntaxProblem, ...] = ()
    problem: str = ""
    """Why nothing of it can be graded (no file, two edited files); empty otherwise."""

    def attempted(self, names: tuple[str, ...]) -> bool:
        """True if any of the functions is more than the untouched stub.

        A name that is not there at all counts as attempted: it was renamed or deleted, or its cell cannot be read.
        """
        return any(name not in self.functions or self.functions[name].attempted for name in names)

    @property
    def files(self) -> frozenset[str]:
        """The file names under which the cells are compiled."""
        return frozenset(cell.file for cell in self.cells)

    def source_of(self, file: str) -> str:
        """The readable cells compiled under one file name, each at its own line numbers."""
        broken = {(problem.file, problem.line) for problem in self.syntax_problems}
        lines: list[str] = []
        for cell in self.cells:
            if cell.file == file and not any(
                f == file and cell.first_line <= line <= cell.first_line + cell.source.count("\n") + 1
                for f, line in broken
            ):
                lines.extend([""] * (cell.first_line - 1 - len(lines)))
                lines.extend(cell.source.splitlines())
        return "\n".join(lines) + "\n"


def read_submission(folder: Path, topic: str) -> Submission:
    """The submission in a folder: `topic.py` or `topic.ipynb`, whichever was edited.

    Where both are there, the one that differs from the built original counts; both edited is a problem to report.
    """
    module, notebook = folder / f"{topic}.py", folder / f"{topic}.ipynb"
    present = [path for path in (module, notebook) if path.is_file()]
    if not present:
        return Submission(module, (), {}, problem=f"There is no {shown(module)}. Put your file there and run again.")
    if len(present) == 1:
        return parse(present[0])
    originals = _manifest(folder).get("code", {})
    edited = [path for path in present if originals.get(path.name) != code_digest(path)]
    if len(edited) == 2 and originals:
        return Submission(
            module,
            (),
            {},
            problem=f"Both {module.name} and {notebook.name} were edited. Keep your answers in one of them and "
            "restore or delete the other.",
        )
    return parse(edited[0] if len(edited) == 1 else module)


def parse(path: Path) -> Submission:
    """Reads one file, a module or a notebook."""
    try:
        text = decode(path.read_bytes())
        cells = _notebook_cells(path, text) if path.suffix == ".ipynb" else module_cells(text, str(path))
    except (ValueError, OSError) as error:
        return Submission(path, (), {}, problem=f"{shown(path)} cannot be read: {error}")
    return from_cells(path, cells)


def from_source(text: str, path: Path) -> Submission:
    """A submission from the text of a module; `path` is what messages and tracebacks show."""
    return from_cells(path, module_cells(text, str(path)))


def from_cells(path: Path, cells: tuple[Cell, ...]) -> Submission:
    functions: dict[str, Function] = {}
    problems = []
    for cell in cells:
        try:
            tree = syntax_tree(cell)
        except SyntaxError as error:
            text = (error.text or "").rstrip()
            problems.append(SyntaxProblem(cell.file, error.lineno or cell.first_line, text, error.msg))
            continue
        for node in tree.body:
            for function in _bound_functions(node, cell.file):
                functions[function.name] = function
    return Submission(path, cells, functions, tuple(problems))


def syntax_tree(cell: Cell) -> ast.Module:
    """The cell's tree with the line numbers of its file.

    Raises:
        SyntaxError: Python cannot read the cell; its line number is the file's.
    """
    try:
        tree = ast.parse(cell.source, cell.file)
    except SyntaxError as error:
        error.lineno = (error.lineno or 1) + cell.first_line - 1
        raise
    except ValueError as error:  # a NUL byte in the source
        raise SyntaxError(str(error), (cell.file, cell.first_line, 0, "")) from None
    return ast.increment_lineno(tree, cell.first_line - 1)


def module_cells(text: str, file: str) -> tuple[Cell, ...]:
    """A module's text, cut at its `# %%` lines; each cell keeps its line numbers."""
    cells: list[Cell] = []
    start, lines = 1, text.splitlines()
    for number, line in enumerate([*lines, "# %%"], 1):
        if _MARKER.match(line):
            source = "\n".join(lines[start - 1 : number - 1])
            if source.strip():
                cells.append(Cell(source, file, start))
            start = number
    return tuple(cells)


def _notebook_cells(path: Path, text: str) -> tuple[Cell, ...]:
    notebook = json.loads(text)
    if not isinstance(notebook, dict) or not isinstance(notebook.get("cells"), list):
        raise ValueError("it is not a notebook (no list of cells)")
    cells = []
    for number, cell in enumerate(notebook["cells"], 1):
        if isinstance(cell, dict) and cell.get("cell_type") == "code":
            source = cell.get("source", "")
            source = "".join(source) if isinstance(source, list) else str(source)
            cells.append(Cell(without_magics(source), f"{path} cell {number}"))
    return tuple(cells)


def without_magics(source: str) -> str:
    """Notebook lines that are not Python (%magic, !shell, name?) become comments; line numbers stay."""
    if source.startswith("%%"):
        return "\n".join("# " + line for line in source.splitlines())
    return "\n".join("# " + line if _MAGIC.match(line) else line for line in source.splitlines())


def _bound_functions(node: ast.stmt, file: str) -> list[Function]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return [Function(node.name, file, node.lineno, not is_stub(node))]
    if isinstance(node, ast.ClassDef):
        return [Function(node.name, file, node.lineno, True)]
    if isinstance(node, ast.Assign):
        names = [target.id for target in node.targets if isinstance(target, ast.Name)]
        return [Function(name, file, node.lineno, True) for name in names]
    return []


def is_stub(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """True for a body that, docstring apart, is only `raise NotImplementedError`, `...` or `pass`."""
    body = [
        statement
        for statement in node.body
        if not (isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant))
        and not isinstance(statement, ast.Pass)
    ]
    if not body:
        return True
    if len(body) > 1 or not isinstance(body[0], ast.Raise) or body[0].exc is None:
        return False
    raised = body[0].exc.func if isinstance(body[0].exc, ast.Call) else body[0].exc
    return isinstance(raised, ast.Name) and raised.id == "NotImplementedError"


def decode(data: bytes) -> str:
    """Text as editors really write it: UTF-8 with or without BOM, else Latin-1; any line ends."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = data.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def code_digest(path: Path) -> str:
    """SHA-256 of the code of a module or notebook: independent of line ends, outputs and notebook metadata.

    An unreadable file has the digest of its bytes.
    """
    data = path.read_bytes()
    try:
        text = decode(data)
        if path.suffix == ".ipynb":
            cells = [cell for cell in json.loads(text)["cells"] if cell["cell_type"] == "code"]
            text = "\n# %%\n".join("".join(cell["source"]) for cell in cells)
        return hashlib.sha256(text.rstrip().encode()).hexdigest()
    except (ValueError, KeyError, TypeError):
        return hashlib.sha256(data).hexdigest()


def _manifest(folder: Path) -> dict:
    try:
        manifest = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return manifest if isinstance(manifest, dict) else {}


def assignment_title(folder: Path) -> str:
    """The assignment's title as the build recorded it, or ""."""
    return str(_manifest(folder).get("title", ""))


def shown(path: Path | str) -> str:
    """A path as people read it: relative to the current folder where it is below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)
