"""The fingerprint of what decides scores: which code is in it, and which is not."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

import gradlings
from gradlings.grading.fingerprint import DECIDES_NOTHING, DECIDES_SCORES, fingerprint

PACKAGE = Path(gradlings.__file__).parent
IGNORED = shutil.ignore_patterns("__pycache__", "kit")


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the package, to be edited."""
    return Path(shutil.copytree(PACKAGE, tmp_path / "gradlings", ignore=IGNORED))


def listed(module: str, names: tuple[str, ...]) -> list[str]:
    return [name for name in names if module == name or module.startswith(f"{name}/")]


def test_every_module_is_on_exactly_one_list() -> None:
    modules = {path.relative_to(PACKAGE).with_suffix("").as_posix() for path in PACKAGE.rglob("*.py")}
    modules = {module for module in modules if not module.startswith("kit/")}
    found = {module: listed(module, DECIDES_SCORES) + listed(module, DECIDES_NOTHING) for module in modules}
    assert {module: names for module, names in found.items() if len(names) != 1} == {}
    assert {*DECIDES_SCORES, *DECIDES_NOTHING} == {name for names in found.values() for name in names}


def test_what_enters_the_sandbox_decides_scores() -> None:
    bundle = pytest.importorskip("gradlings.sandbox.worker_bundle", reason="workers are locked down on Linux only")
    assert [module for module in bundle.MODULES if not listed(module, DECIDES_SCORES)] == []


def test_a_copy_elsewhere_has_the_same_one(copy: Path) -> None:
    assert fingerprint(copy) == fingerprint()
    for path in copy.rglob("*.py"):
        path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))  # as git checks it out on Windows
    assert fingerprint(copy) == fingerprint()


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        *(("checks/compare.py", True), ("model/rules.py", True), ("sandbox/wire/decode.py", True)),
        *(("runners/pytest_plugin.py", True), ("grading/judge_session.py", True), ("__init__.py", True)),
        *(("checks/new.py", True), ("execution/virtual_gpu/new.py", True)),
        *(("learning/watch/loop.py", False), ("rendering/html.py", False), ("cli.py", False)),
        *(("grading/command.py", False), ("grading/nbgrader/prefetch.py", False), ("learning/new.py", False)),
        ("kit/solutions/01/tensors.py", False),
    ],
)
def test_an_edit_changes_it_only_where_scores_are_decided(file: str, changes: bool, copy: Path) -> None:
    path = copy / file
    assert path.is_file() == (path.name != "new.py" and not file.startswith("kit/"))
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes((path.read_bytes() if path.is_file() else b"") + b"\n# edited\n")
    assert (fingerprint(copy) != fingerprint()) == changes


def test_a_module_that_moves_changes_it(copy: Path) -> None:
    (copy / "checks/compare.py").rename(copy / "checks/moved.py")
    assert fingerprint(copy) != fingerprint()
