"""`gradlings reset 1.6`: put the stub of an exercise back, in the module or the notebook that the student works in."""

from __future__ import annotations

import ast
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.progress.summary import ExerciseProgress
from gradlings.submission import shipped_kit
from gradlings.submission.cells import decode, module_cells
from gradlings.submission.manifest import code_digest, read_manifest
from gradlings.submission.reader import Submission, parse, read_submission, shown

_MODE = 0o666
_SUFFIXES = (".py", ".ipynb")


@dataclass(frozen=True)
class Reset:
    """What was done."""

    path: Path
    kept: Path | None
    """The file as it was before; None if the exercise was untouched, so that nothing was done."""


def reset_exercise(exercise: ExerciseProgress) -> Reset:
    """Put the stubs of an exercise's functions back; the file as it was is kept beside it.

    Raises:
        InputError: the file cannot be read or written, or there is no original to take the stubs from.
    """
    folder = exercise.checks_file.parent
    submission = read_submission(folder, exercise.source_name)
    if submission.problem:
        raise InputError(submission.problem)
    path, functions = submission.path, exercise.declared.functions
    if not submission.attempted(functions):
        return Reset(path, None)
    stubs = _stubs(folder, exercise.source_name, functions)
    try:
        data = path.read_bytes()
        text = _in_notebook(data, stubs) if path.suffix == ".ipynb" else _in_module(data, stubs, str(path))
        kept = next(name for number in count(1) if not (name := _kept(path, number)).exists())
        write_atomically(kept, data, mode=_MODE)
        write_atomically(path, text.encode("utf-8"), mode=_MODE)
    except OSError as error:
        raise InputError(
            f"{shown(path)} cannot be reset ({error.strerror}). Make it and its folder writable."
        ) from None
    return Reset(path, kept)


def _kept(path: Path, number: int) -> Path:
    """Return a name that nobody takes for a module or a notebook."""
    return path.with_name(f"{path.name}.before-reset-{number}")


def _stubs(folder: Path, source_name: str, functions: tuple[str, ...]) -> dict[str, str]:
    """Return the text of each function as the assignment came: from the file that nobody edited, or the shipped kit."""
    for original in _originals(folder, source_name):
        found = {name: text for cell in original.cells for name, text in _definitions(cell.source)}
        if all(name in found for name in functions):
            return {name: found[name] for name in functions}
    raise InputError(
        f"There is no untouched {source_name}.py or .ipynb to take {' and '.join(functions)} from. "
        "Take it from where you got the exercises."
    )


def _originals(folder: Path, source_name: str) -> Iterator[Submission]:
    built = read_manifest(folder).get("code", {})
    for path in (folder / f"{source_name}{suffix}" for suffix in _SUFFIXES):
        if path.is_file() and built.get(path.name) == code_digest(path.name, path.read_bytes()):
            yield parse(path)
    shipped = shipped_kit.assignments() / folder.name / f"{source_name}.py"
    if shipped.is_file():
        yield parse(shipped)


def _definitions(source: str) -> Iterator[tuple[str, str]]:
    lines = source.split("\n")
    for name, first, last in _places(source):
        yield name, "\n".join(lines[first:last])


def _places(source: str) -> Iterator[tuple[str, int, int]]:
    """Yield each function that a cell defines, with its lines; by indentation where Python cannot read the cell."""
    try:
        body = ast.parse(source).body
    except (SyntaxError, ValueError):
        yield from _indented_blocks(source.split("\n"))
        return
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)]) - 1
            yield node.name, first, node.end_lineno or first + 1


def _indented_blocks(lines: list[str]) -> Iterator[tuple[str, int, int]]:
    for first, line in enumerate(lines):
        if found := re.match(r"(?:async )?(?:def|class) (\w+)", line):
            after = range(first + 1, len(lines))
            end = next((number for number in after if re.match(r"[^\s)\]}]", lines[number])), len(lines))
            while not lines[end - 1].strip():
                end -= 1
            yield found[1], first, end


def _put_back(source: str, stubs: Mapping[str, str], done: set[str]) -> str:
    """Return a cell with stubs in place of functions. Each stub is put in once; a further definition goes away."""
    lines = source.split("\n")
    for name, first, last in reversed([place for place in _places(source) if place[0] in stubs]):
        lines[first:last] = [] if name in done else stubs[name].split("\n")
        done.add(name)
    return "\n".join(lines)


def _in_module(data: bytes, stubs: Mapping[str, str], file: str) -> str:
    text, done = decode(data), set[str]()
    lines = text.split("\n")
    for cell in reversed(module_cells(text, file)):
        first, length = cell.first_line - 1, cell.source.count("\n") + 1
        lines[first : first + length] = _put_back(cell.source, stubs, done).split("\n")
    text = "\n".join(lines)
    for name in (name for name in stubs if name not in done):
        text = f"{text.rstrip()}\n\n\n# %%\n{stubs[name]}\n"
    return text.replace("\n", "\r\n") if b"\r\n" in data else text


def _in_notebook(data: bytes, stubs: Mapping[str, str]) -> str:
    notebook, done = json.loads(decode(data)), set[str]()
    code = [cell for cell in notebook["cells"] if cell.get("cell_type") == "code"]
    for cell in reversed(code):
        before = "".join(cell["source"])
        after = _put_back(before, stubs, done)
        if after != before:
            cell.update(source=after.splitlines(keepends=True), outputs=[], execution_count=None)
    for name in (name for name in stubs if name not in done):
        empty: dict[str, Any] = {"cell_type": "code", "execution_count": None, "metadata": {}, "outputs": []}
        more = {"id": f"reset-{name}"[:64], "source": stubs[name].splitlines(keepends=True)}
        notebook["cells"].append(empty | more)
    return json.dumps(notebook, indent=1, ensure_ascii=False) + "\n"
