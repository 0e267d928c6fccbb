"""Read a submission: which file counts, its cells, and which functions are attempted. Nothing is executed."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from gradlings.submission.cells import Cell, Function, compiled, decode, module_cells, notebook_cells
from gradlings.submission.manifest import code_digest, read_manifest
from gradlings.submission.size_limits import MAX_FUNCTIONS, MAX_LINE_CHARS, MAX_SYNTAX_PROBLEMS, require_at_most


@dataclass(frozen=True)
class SyntaxProblem:
    """A cell that is not valid Python, and the line where reading it failed."""

    file: str
    line: int
    text: str
    message: str

    @property
    def sentence(self) -> str:
        """What a student reads of it."""
        line = f"\n    {self.text.strip()}" if self.text.strip() else ""
        return f"{shown(self.file)}:{self.line}: Python cannot read this line ({self.message}).{line}"


@dataclass(frozen=True)
class Submission:
    """One student's answer to one assignment."""

    path: Path
    cells: tuple[Cell, ...]
    functions: dict[str, Function]
    syntax_problems: tuple[SyntaxProblem, ...] = ()
    problem: str = ""
    """Why nothing of it can be graded (no file, two edited files); empty otherwise."""
    shapes: dict[str, str] = field(default_factory=dict)
    """See `answer_shapes`; known where a class is graded."""
    code: dict[str, str] = field(default_factory=dict)
    """See `anonymous_code.code_of`; known where a class is graded."""

    def attempted(self, names: tuple[str, ...]) -> bool:
        """Return whether any of the functions is more than the untouched stub.

        A name that is not there at all counts as attempted: it was renamed or deleted, or its cell cannot be read.
        """
        return any(name not in self.functions or self.functions[name].attempted for name in names)

    def place_of(self, *names: str) -> str:
        """Return `file:line` of the first of some functions that the source defines, or the file."""
        known = next((self.functions[name] for name in names if name in self.functions), None)
        return f"{shown(known.file)}:{known.line}" if known else shown(self.path)

    @cached_property
    def files(self) -> frozenset[str]:
        """The file names under which the cells are compiled."""
        return frozenset(cell.file for cell in self.cells)


def source_name_of(checks_file: Path) -> str:
    """Return the name of the source that a file checks: "autodiff" for `test_autodiff.py`."""
    return checks_file.stem.removeprefix("test_")


def read_submission(folder: Path, source_name: str) -> Submission:
    """Read the submission in a folder: `source_name.py` or `source_name.ipynb`, whichever was edited.

    Where both are there, the one that differs from the built original counts; both edited is a problem to report.
    """
    module, notebook = folder / f"{source_name}.py", folder / f"{source_name}.ipynb"
    present = [path for path in (module, notebook) if path.is_file()]
    if not present:
        return Submission(module, (), {}, problem=f"There is no {shown(module)}. Put your file there and run again.")
    if len(present) == 1:
        return parse(present[0])
    originals = read_manifest(folder).get("code", {})
    contents = {path: path.read_bytes() for path in present}
    edited = [path for path, data in contents.items() if originals.get(path.name) != code_digest(path.name, data)]
    if len(edited) == 2 and originals:
        problem = (
            f"Both {module.name} and {notebook.name} were edited. Keep your answers in one of them and restore or "
            "delete the other."
        )
        return Submission(module, (), {}, problem=problem)
    path = edited[0] if len(edited) == 1 else module
    return parse(path, contents[path])


def parse(path: Path, data: bytes | None = None) -> Submission:
    """Read a submission from a module or notebook; `data` is the file's content, if that was read already."""
    try:
        return from_source(decode(path.read_bytes() if data is None else data), path)
    except (ValueError, OSError) as error:
        return Submission(path, (), {}, problem=f"{shown(path)} cannot be read: {error}")


def from_source(text: str, path: Path) -> Submission:
    """Read a submission from the text of a module or notebook; `path` is what messages and tracebacks show.

    Raises:
        ValueError: it is no notebook though `path` says so, or larger than what is read.
    """
    cells = notebook_cells(text, path) if path.suffix == ".ipynb" else module_cells(text, str(path))
    submission = from_cells(path, cells)
    require_at_most(MAX_FUNCTIONS, len(submission.functions), "functions and other names at top level")
    require_at_most(MAX_SYNTAX_PROBLEMS, len(submission.syntax_problems), "cells that Python cannot read")
    return submission


def from_cells(path: Path, cells: tuple[Cell, ...]) -> Submission:
    """Return the submission that consists of some cells."""
    functions: dict[str, Function] = {}
    problems = []
    for cell in cells:
        try:
            functions.update({function.name: function for function in compiled(cell).functions})
        except SyntaxError as error:
            line = min(max(error.lineno or 1, cell.first_line), cell.first_line + cell.source.count("\n"))
            text = (error.text or "")[:MAX_LINE_CHARS].rstrip()
            problems.append(SyntaxProblem(cell.file, line, text, error.msg[:MAX_LINE_CHARS]))
    return Submission(path, cells, functions, tuple(problems))


def shown(path: Path | str) -> str:
    """Return a path as people read it: relative to the current folder where it is below it."""
    try:
        return str(Path(path).relative_to(Path.cwd()))
    except ValueError:
        return str(path)
