"""What `import gradlings` offers, and that none of its names hides a module."""

import ast
from pathlib import Path
from types import ModuleType

import pytest

import gradlings
import gradlings.model.exercise as exercise_module

PACKAGE = Path(gradlings.__file__).parent
ROOMS = sorted(path.parent for path in PACKAGE.rglob("__init__.py"))


def names_of(room: Path) -> set[str]:
    """The names that a room's `__init__.py` binds, `__all__` included."""
    tree = ast.parse((room / "__init__.py").read_text(encoding="utf-8"))
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names |= {alias.asname or alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            names.add(node.name)
    return names


def test_importing_a_module_gives_the_module() -> None:
    assert isinstance(exercise_module, ModuleType)
    assert exercise_module.exercise is gradlings.exercise


@pytest.mark.parametrize("room", ROOMS, ids=lambda room: room.relative_to(PACKAGE).as_posix())
def test_no_name_of_a_room_hides_a_module_in_it(room: Path) -> None:
    modules = {path.stem for path in room.iterdir() if path.suffix == ".py" or path.is_dir()}
    assert modules.isdisjoint(names_of(room) | (set(gradlings.__all__) if room == PACKAGE else set()))


@pytest.mark.parametrize("name", gradlings.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert not isinstance(getattr(gradlings, name), ModuleType)
