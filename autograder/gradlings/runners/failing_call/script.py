"""A failing call as a script for a terminal, or as a cell for a notebook: its inputs, the call, got and expected."""

from __future__ import annotations

import ast
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import torch

from gradlings.checks.failure import WrongCall
from gradlings.checks.verdicts import MustRaise, input_sentence
from gradlings.runners.failing_call.value_source import Stored, source_of
from gradlings.submission.reference_functions import bound_names, written

_TAKEN = frozenset(
    {"sys", "types", "torch", "numpy", "student", "stored", "before", "got", "expected", "print_result", "answers_in"}
)
_PRINT = "from gradlings import print_result"


@dataclass(frozen=True)
class Script:
    """Python that makes a failing call."""

    text: str
    stored: Stored
    """The large tensors that it reads from a file."""


def script_of(call: WrongCall, exercise: str, said: str, file: Path, *, imported: bool, stored_in: Path) -> Script:
    """Return a script that makes a call.

    Args:
        call: the call.
        exercise: its id, such as "3.5".
        said: what the check said of the answer, where no single value is right.
        file: the student's, beside the assignment's `drivers.py`.
        imported: whether it is a module that Python can import; otherwise its cells are run one by one.
        stored_in: the file for large tensors.
    """
    module = file.stem
    imports, definitions = _driver(call, file.parent)
    variables = _variables(call, _TAKEN | _bound(imports, definitions) | {module})
    stored: Stored = {}
    start = f"{call.function}({module}, " if call.driver else f"{module}.{call.function}("
    body = _body(call, variables, said, start, stored)
    if imported:
        imports |= {"import sys", "import torch", _PRINT}
        load = f"sys.path.insert(0, {str(file.parent)!r})\nimport {module}  # your functions"
    else:
        imports |= {"import torch", _PRINT, "from gradlings.runners.failing_call.answers import answers_in"}
        load = f"{module} = answers_in({str(file)!r})  # your functions"
    about = f'"""The first call of exercise {exercise} that is not right. `gradlings try {exercise}` writes it anew."""'
    return Script(_joined(about, _sorted(imports, body), load, definitions, _loaded(stored, stored_in), body), stored)


def cell_of(
    call: WrongCall, exercise: str, said: str, folder: Path, taken: Collection[str], *, stored_in: Path
) -> Script:
    """Return a notebook's cell that makes a call on the functions of the kernel.

    `folder` is that of the assignment, `taken` are the names in the kernel, which stay as they are; the other arguments
    are as for `script_of`.
    """
    imports, definitions = _driver(call, folder)
    variables = _variables(call, _TAKEN | _bound(imports, definitions) | {*taken})
    stored: Stored = {}
    start = f"{call.function}(student, " if call.driver else f"{call.function}("
    body = _body(call, variables, said, start, stored)
    load = "student = types.SimpleNamespace(**globals())  # your functions" if call.driver else ""
    imports |= {"import torch", _PRINT, *(["import types"] if call.driver else [])}
    about = (
        f"# The first call of {exercise} that is not right.\n# It is to look at: delete this cell before you hand in."
    )
    return Script(_joined(about, _sorted(imports, body), load, definitions, _loaded(stored, stored_in), body), stored)


def _driver(call: WrongCall, folder: Path) -> tuple[set[str], str]:
    """Return the imports and the definitions of a driver and of what it calls, as they are written."""
    if not call.driver:
        return set(), ""
    found = written((folder / "drivers.py").read_text(encoding="utf-8"), call.function)
    imports = {text for text in found if text.startswith(("import ", "from "))}
    definitions = "\n\n\n".join(text for text in found if text not in imports)
    return imports, f"# The check calls your functions through this; it is from drivers.py.\n{definitions}\n"


def _bound(imports: Collection[str], definitions: str) -> set[str]:
    statements = ast.parse("\n".join([*imports, definitions])).body
    return {name for statement in statements for name in bound_names(statement)}


def _variables(call: WrongCall, taken: Collection[str]) -> list[str]:
    """Return a name for each argument: that of the parameter, unless something else has it."""
    names: list[str] = []
    for number in range(len(call.args)):
        name = call.parameters[number] if number < len(call.parameters) else f"argument_{number + 1}"
        while name in taken or name in names:
            name += "_"
        names.append(name)
    return names


def _body(call: WrongCall, variables: list[str], said: str, start: str, stored: Stored) -> str:
    """Return the script from its inputs on; `start` is the text of the call up to its arguments."""
    return "\n".join(_statements(call, variables, said, start, stored))


def _statements(call: WrongCall, variables: list[str], said: str, start: str, stored: Stored) -> Iterator[str]:
    for name, value in zip(variables, call.args, strict=True):
        yield f"{name} = {source_of(value, stored)}"
    changed = variables[call.parameters.index(call.changed)] if call.changed else ""
    if changed:
        yield f"before = {source_of(call.args[variables.index(changed)], stored)}"
    made = f"{start}{', '.join(variables)})"
    (expected,) = call.expected or (None,)
    if isinstance(expected, MustRaise):
        yield "\ntry:"
        yield f"    got = {made}"
        yield "except ValueError:"
        yield '    print("right: it raises ValueError")'
        yield "else:"
        yield f"    print_result(got, ValueError({expected.reason!r}){_options(call)})"
        return
    yield f"\ngot = {made}"
    if call.expected:
        yield f"expected = {source_of(expected, stored)}"
        yield f"print_result(got, expected{_options(call)})"
    else:
        yield f"print_result(got, said={said!r})  # many answers are right"
    if changed:
        yield f"\n# {input_sentence(call.changed)}"
        yield f'print("{changed} before", before)'
        yield f'print("{changed} after ", {changed})'


def _options(call: WrongCall) -> str:
    """Return the arguments of `print_result` that say how the answer is compared."""
    rules = call.rules
    options = {
        "names": rules.names or None,
        "exact_types": rules.exact_types or None,
        "ordered": rules.ordered or None,
        "rtol": rules.tolerances.rtol,
        "atol": rules.tolerances.atol,
        "float32": rules.numbers == torch.float32 or None,
    }
    return "".join(f", {name}={value!r}" for name, value in options.items() if value is not None)


def _loaded(stored: Stored, path: Path) -> str:
    return f"stored = torch.load({str(path)!r})  # the large tensors" if stored else ""


def _sorted(imports: Collection[str], body: str) -> str:
    needed = {*imports, *(["import numpy"] if "numpy." in body else [])}
    return "\n".join(sorted(needed, key=lambda line: ("gradlings" in line, line)))


def _joined(*parts: str) -> str:
    return "\n\n".join(filter(None, parts)) + "\n"
