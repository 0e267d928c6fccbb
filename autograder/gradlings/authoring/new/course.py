"""A kit of one's own, and a further assignment in it: one exercise that verifies, to be changed."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically
from gradlings.submission import shipped_kit

_MODE = 0o666  # the umask takes away what the user does not want
_FIRST, _FIRST_TOPIC = "01", "basics"
_TOPIC = re.compile(r"[a-z][a-z0-9_]{0,40}")
_NOT_A_TOPIC = {"misconceptions", "variants", "hidden", "equivalent", "drivers"}
_SOURCES = {
    "solutions/{id}/{topic}.py": "source.py.txt",
    "solutions/{id}/misconceptions.py": "misconceptions.py.txt",
    "solutions/{id}/variants.py": "variants.py.txt",
    "solutions/{id}/hidden.py": "hidden.py.txt",
    "assignments/{id}/test_{topic}.py": "checks.py.txt",
}


def write_course(root: Path) -> list[Path]:
    """Write a kit with one assignment into a folder that is new or empty; return the files.

    Raises:
        InputError: there is something in the folder, or it cannot be written.
    """
    if root.exists() and (not root.is_dir() or any(root.iterdir())):
        raise InputError(f"{root} is there already and is not empty. Choose a new folder.")
    (settings,) = (path for path in shipped_kit.BESIDE if path.name == "pyproject.toml")
    texts = {
        "README.md": _template("README.md").replace("NAME", root.resolve().name),
        ".gitignore": _template("gitignore"),
        settings.name: settings.read_text(encoding="utf-8"),
    }
    return [*_write(root, texts), *write_assignment(root, _FIRST, _FIRST_TOPIC)]


def write_assignment(root: Path, id: str, topic: str) -> list[Path]:
    """Write the sources of a new assignment of a kit, with one exercise; return the files.

    Raises:
        InputError: the id or the topic cannot be used, the assignment is there, or it cannot be written.
    """
    if not re.fullmatch(r"\d\d", id):
        raise InputError(f"An assignment has two digits, such as 07, not {id!r}.")
    if not _TOPIC.fullmatch(topic) or topic in _NOT_A_TOPIC:
        raise InputError(f"{topic!r} cannot be the name of a module. Take lower-case letters, such as attention.")
    for folder in (root / "solutions" / id, root / "assignments" / id):
        if folder.exists():
            raise InputError(f"{folder} is there already. `gradlings new exercise` adds an exercise to it.")
    title = topic.replace("_", " ").capitalize()
    words = {"ASSIGNMENT": id, "NUMBER": str(int(id)), "TOPIC": topic, "TITLE": title}
    texts = {}
    for path, template in _SOURCES.items():
        text = _template(template)
        for word, value in words.items():
            text = text.replace(word, value)
        texts[path.format(id=id, topic=topic)] = text
    return list(_write(root, texts))


def _template(name: str) -> str:
    return files("gradlings.authoring.new").joinpath("templates", name).read_text(encoding="utf-8")


def _write(root: Path, texts: dict[str, str]) -> Iterator[Path]:
    for name, text in texts.items():
        try:
            write_atomically(root / name, text.encode("utf-8"), mode=_MODE)
        except OSError as error:
            raise InputError(f"{root / name} cannot be written ({error.strerror}).") from None
        yield root / name
