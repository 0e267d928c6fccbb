"""The process that reads submissions: it parses them, with limits of its own, and runs nothing of them.

A line of JSON comes in for each submission, a line goes out. A file that Python's parser cannot bear ends this process;
`read_files` then starts another one and says which file it was.
"""

from __future__ import annotations

import ast
import contextlib
import signal
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec

from gradlings.reports.similarity import reading_limits as limits
from gradlings.reports.similarity.syntax_parts import (
    Known,
    Part,
    Scope,
    comment_parts,
    function_parts,
    statement_parts,
)
from gradlings.submission.cells import Cell, compiled, decode, is_stub, module_cells
from gradlings.submission.helpers.files import Helper, Helpers
from gradlings.submission.manifest import code_digest
from gradlings.submission.reader import parse

OUTSIDE = ""
"""Stands for the name of a function where a statement stands outside of all."""


@dataclass(frozen=True)
class Request:
    """A submission to be read."""

    filename: str
    data: bytes
    helpers: dict[str, bytes] = field(default_factory=dict)
    """The files that it imports, by path."""
    expected: tuple[str, ...] = ()
    """The names of the functions that the exercises ask for."""
    only_digest: bool = False
    """Whether nothing is wanted but the digest of its code."""


@dataclass(frozen=True)
class FunctionParts:
    """A function, or a statement outside of functions."""

    name: str
    text: str
    parts: tuple[Part, ...]
    uses: tuple[str, ...] = ()
    """Names of the student's own that it mentions."""


@dataclass(frozen=True)
class FileParts:
    """What was read of a submission."""

    functions: tuple[FunctionParts, ...] = ()
    """Without stubs, and of a function defined twice the last."""
    code: str = ""
    """All cells of code, as the text of a module."""
    problem: str = ""
    """Why nothing or not all could be read, as a sentence; "" if all was."""
    digest: str = ""
    """Of the code, where that was asked for."""


def read(request: Request) -> FileParts:
    """Read one submission; never raises for what is in it."""
    try:
        if request.only_digest:
            return FileParts(digest=code_digest(request.filename, request.data))
        helpers = tuple(Helper(path, path, data) for path, data in request.helpers.items())
        submission = parse(Path(request.filename), request.data, Helpers(helpers))
        if submission.problem:
            return FileParts(problem=submission.problem)
        cells = list(submission.cells)
        for helper in submission.helpers.files:  # before the file itself, whose functions count if they are in both
            with contextlib.suppress(ValueError):
                cells[:0] = module_cells(decode(helper.data), helper.path)
        code = "\n\n".join(cell.source if cell.source.startswith("# %%") else f"# %%\n{cell.source}" for cell in cells)
        functions = tuple(_functions(cells, request.expected, {helper.module for helper in helpers}))
        return FileParts(functions[: limits.MAX_FUNCTIONS], code + "\n", _unread(len(submission.syntax_problems)))
    except (RecursionError, MemoryError):
        return FileParts(problem="It is nested too deep, or too large, to be compared.")


def _unread(cells: int) -> str:
    return f"Python cannot read {cells} {'part' if cells == 1 else 'parts'} of it." if cells else ""


def _functions(cells: Sequence[Cell], expected: Sequence[str], own_modules: set[str]) -> Iterator[FunctionParts]:
    placed: list[tuple[ast.stmt, Cell]] = []
    for cell in cells:
        with contextlib.suppress(SyntaxError):  # counted already
            placed += [(statement, cell) for statement in compiled(cell).body]
    known = _known([statement for statement, _ in placed], expected, own_modules)
    last = {statement.name: statement for statement, _ in placed if isinstance(statement, Scope)}
    outside = []
    for statement, cell in placed:
        if not isinstance(statement, Scope):
            outside += [] if isinstance(statement, ast.Import | ast.ImportFrom) else [(statement, cell)]
        elif last[statement.name] is statement and (isinstance(statement, ast.ClassDef) or not is_stub(statement)):
            text = _text(statement, cell)
            uses = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name)} & known.helpers
            parts = (*function_parts(statement, known), *comment_parts(text))
            yield FunctionParts(statement.name, text, parts, tuple(sorted(uses)))
    for (statement, cell), found in zip(outside, statement_parts([s for s, _ in outside], known), strict=True):
        if found:
            yield FunctionParts(OUTSIDE, _text(statement, cell), tuple(found))


def _known(statements: Sequence[ast.stmt], expected: Sequence[str], own_modules: set[str]) -> Known:
    modules: dict[str, str] = {}
    helpers: set[str] = set()
    for statement in statements:
        match statement:
            case ast.Import(names=names) | ast.ImportFrom(names=names):
                modules |= {alias.asname: alias.name for alias in names if alias.asname}
                own = isinstance(statement, ast.ImportFrom) and statement.module in own_modules
                helpers |= {alias.asname or alias.name for alias in names if own or alias.name in own_modules}
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                helpers.add(name)
            case ast.Assign(targets=targets):
                helpers |= {target.id for target in targets if isinstance(target, ast.Name)}
            case ast.AnnAssign(target=ast.Name(id=name)):
                helpers.add(name)
    return Known(frozenset(helpers - {*expected}), modules)


def _text(statement: ast.stmt, cell: Cell) -> str:
    first, last = statement.lineno - cell.first_line, (statement.end_lineno or statement.lineno) - cell.first_line
    return "\n".join(cell.source.split("\n")[max(first, 0) : last + 1])[: limits.MAX_FUNCTION_CHARS]


def _limit_process() -> None:
    """Take from this process what it does not need: memory, files to write, dumps."""
    if sys.platform != "win32":
        import resource

        for what, most in (("AS", limits.MEMORY_BYTES), ("FSIZE", 0), ("CORE", 0)):
            with contextlib.suppress(ValueError, OSError):  # this system does not know it, or has a lower one
                resource.setrlimit(getattr(resource, f"RLIMIT_{what}"), (most, most))


def _limit_time(seconds: float) -> None:
    """End this process once it has used so much of a processor; 0 takes the limit back."""
    if sys.platform != "win32":
        signal.setitimer(signal.ITIMER_PROF, seconds)


def main() -> None:
    """Answer requests until there are none."""
    b"\x81".decode("cp1252", "replace")  # imported before the limits hold
    _limit_process()
    decoder, encoder = msgspec.json.Decoder(Request), msgspec.json.Encoder()
    for line in sys.stdin.buffer:
        _limit_time(limits.CPU_SECONDS)
        reply = encoder.encode(read(decoder.decode(line)))
        _limit_time(0.0)
        sys.stdout.buffer.write(reply + b"\n")
        sys.stdout.buffer.flush()
        compiled.cache_clear()


if __name__ == "__main__":
    main()
