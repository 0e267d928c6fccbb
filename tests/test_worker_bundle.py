"""What enters the sandbox is a list: no more and no less than `sandbox/inside`, `sandbox/wire` and what they import."""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import gradlings

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.sandbox.worker_bundle import MODULES

PACKAGE = Path(gradlings.__file__).parent
# Its imports of the checks are deferred: in a worker, where IPython does not run, what a notebook calls does nothing.
NOT_IN_A_WORKER = (
    *("runners/kernel/check", "runners/kernel/failing_cell", "runners/kernel/hint", "runners/kernel/picture"),
    *("runners/kernel/summary", "runners/failing_call/printing"),
)
NEVER_REACHED = {("runners/notebook", module) for module in NOT_IN_A_WORKER}
# Sent to a worker as a submission, to try what must not work.
SENT_AS_A_SUBMISSION = "sandbox/inside/escape_attempts"


def imported(module: str) -> Iterator[str]:
    """The modules of the package that a module imports, deferred imports included, those for type checkers left out."""
    tree = ast.parse((PACKAGE / f"{module}.py").read_text(encoding="utf-8"))
    for_checkers = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and ast.unparse(block.test) == "TYPE_CHECKING"
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if id(node) in for_checkers:
            continue
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            path = name.removeprefix("gradlings.").replace(".", "/")
            if name.startswith("gradlings.") and (PACKAGE / f"{path}.py").is_file():
                yield path


def needed() -> set[str]:
    """The import closure of what runs inside, with the packages on the way."""
    waiting = [
        path.relative_to(PACKAGE).with_suffix("").as_posix()
        for room in ("sandbox/inside", "sandbox/wire")
        for path in (PACKAGE / room).glob("*.py")
    ]
    found: set[str] = set()
    while waiting:
        module = waiting.pop()
        if module in found or module == SENT_AS_A_SUBMISSION:
            continue
        found.add(module)
        waiting += [(parent / "__init__").as_posix() for parent in Path(module).parents]
        waiting += [other for other in imported(module) if (module, other) not in NEVER_REACHED]
    return found


def test_the_list_is_the_import_closure() -> None:
    assert sorted(MODULES) == sorted(needed())


def test_what_runs_inside_needs_nothing_of_the_judge() -> None:
    shared = ("sandbox/__init__", "sandbox/settings", "sandbox/wire/", "sandbox/inside/")
    assert [module for module in MODULES if module.startswith("sandbox/") and not module.startswith(shared)] == []
    allowed = ("model/", "sandbox/wire/", "sandbox/__init__", "submission/__init__", "submission/size_limits")
    for path in (PACKAGE / "sandbox" / "wire").glob("*.py"):
        for module in imported(f"sandbox/wire/{path.stem}"):
            assert module.startswith(allowed), (path, module)


def test_no_check_and_no_answer_enters_the_sandbox() -> None:
    closed_rooms = ("checks/", "grading/", "learning/", "authoring/", "rendering/", "progress/", "kit/")
    assert [module for module in MODULES if module.startswith(closed_rooms)] == []
