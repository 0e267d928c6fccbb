"""The house rules: imports go one way, folders and modules stay small, and the documents that draw them are true."""

import importlib
import inspect
import logging.config
import pkgutil
import re
import runpy
import subprocess
import sys
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import pytest
from importlinter.cli import EXIT_STATUS_SUCCESS, lint_imports

import gradlings
from student_kit import PROJECT

PACKAGE = Path(gradlings.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))
FOLDERS = sorted({path.parent for path in MODULES})
ROOMS = sorted(path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file())
MAX_ENTRIES = 18
MAX_MODULES = 14
MAX_LINES = 300


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def test_rooms_import_only_rooms_above_them(monkeypatch: pytest.MonkeyPatch) -> None:
    """The contracts of pyproject.toml; imports inside functions count."""
    monkeypatch.chdir(PROJECT)
    monkeypatch.setattr(logging.config, "dictConfig", lambda _: None)  # it would disable our loggers for later tests
    assert lint_imports(no_cache=True) == EXIT_STATUS_SUCCESS


def test_the_package_has_few_entries() -> None:
    entries = [path.name for path in PACKAGE.iterdir() if path.name != "__pycache__"]
    assert len(entries) <= MAX_ENTRIES, sorted(entries)


@pytest.mark.parametrize("folder", FOLDERS, ids=name_of)
def test_a_folder_has_few_modules(folder: Path) -> None:
    modules = [path.name for path in folder.glob("*.py") if path.name != "__init__.py"]
    assert len(modules) <= MAX_MODULES, sorted(modules)


@pytest.mark.parametrize("module", MODULES, ids=name_of)
def test_a_module_is_short(module: Path) -> None:
    assert len(module.read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_the_kit_is_data_only() -> None:
    assert not list((PACKAGE / "kit").rglob("*.py"))


def test_a_command_starts_with_little() -> None:
    """What runs before a command does its work: the modules of all commands, the model, typer and the standard library.

    So `gradlings --help` takes hardly longer than typer itself.
    """
    code = """
import sys
import typer
before = set(sys.modules)
import gradlings.cli
gradlings.cli._app()
commands = [place for panel in gradlings.cli._COMMANDS.values() for place in panel.values()]
allowed = {"__init__", "cli", *(place.partition(":")[0] for place in commands), "grading.command"}
for place in commands:
    gradlings.cli._found(place)
    for name in set(sys.modules) - before:
        top, _, rest = name.partition(".")
        room = rest.partition(".")[0]
        if top == "gradlings":
            small = room in ("", "model") or any(f"{each}.".startswith(f"{rest}.") for each in allowed)
        else:
            small = top in sys.stdlib_module_names
        if not small:
            sys.exit(f"{place} imports {name}")
print(len(commands), sorted({"_hashlib", "asyncio", "torch"} & set(sys.modules)))
"""
    ended = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (ended.stdout, ended.stderr) == ("21 []\n", "")


def test_every_public_name_of_the_package_is_there() -> None:
    assert {name for name in gradlings.__all__ if getattr(gradlings, name)} == set(gradlings.__all__)


def test_the_package_is_run_by_its_name() -> None:
    for module in ("gradlings", "gradlings.cli"):
        command = [sys.executable, "-m", module, "--version"]
        ended = subprocess.run(command, capture_output=True, text=True, check=True)
        assert ended.stdout == f"gradlings {gradlings.__version__}\n"


def test_the_quick_tier_has_tests_for_every_room() -> None:
    quick = runpy.run_path(str(PROJECT / "noxfile.py"))["QUICK"]
    assert sorted(quick) == ROOMS
    for test in chain(*quick.values()):
        path, _, name = test.partition("::")
        assert f"def {name}(" in (PROJECT / path).read_text(encoding="utf-8") or not name, test


def exceptions() -> Iterator[type[BaseException]]:
    """The exception classes that the package defines."""
    for found in pkgutil.walk_packages([str(PACKAGE)], "gradlings."):
        if not found.name.endswith("__main__"):
            for _, value in inspect.getmembers(importlib.import_module(found.name), inspect.isclass):
                if issubclass(value, BaseException) and value.__module__ == found.name:
                    yield value


def drawn(classes: set[type[BaseException]]) -> list[str]:
    """The tree of the classes, each under its first base, with the module that defines it."""
    below: dict[type[BaseException], set[type[BaseException]]] = {}
    for each in classes:
        while each is not BaseException:
            (base,) = [base for base in each.__bases__[:1] if issubclass(base, BaseException)]
            below.setdefault(base, set()).add(each)
            each = base

    def lines(parent: type[BaseException], indent: str) -> Iterator[str]:
        children = sorted(below.get(parent, ()), key=lambda child: child.__name__)
        for child in children:
            last = child is children[-1]
            where = child.__module__.removeprefix("gradlings.").replace(".", "/") + ".py"
            also = "".join(f" (also {base.__name__})" for base in child.__bases__[1:])
            text = f"{indent}{'└── ' if last else '├── '}{child.__name__}"
            yield f"{text:<36}{where}{also}" if child in classes else text
            yield from lines(child, indent + ("    " if last else "│   "))

    return ["BaseException", *lines(BaseException, "")]


def test_every_module_in_the_drawings_exists() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    named = set(re.findall(r"[a-z_]+/[a-z_/]+\.py\b", text))
    assert len(named) > 30
    assert [path for path in sorted(named) if not (PACKAGE / path).is_file()] == []


@pytest.mark.skipif(sys.platform != "linux", reason="parts of the sandbox exist on Linux only")
def test_the_tree_of_exceptions_is_true() -> None:
    text = (PROJECT / "docs" / "architecture.md").read_text(encoding="utf-8")
    (tree,) = re.findall(r"```text\n(BaseException\n.*?)\n```", text, re.DOTALL)
    assert tree.splitlines() == drawn(set(exceptions()))
