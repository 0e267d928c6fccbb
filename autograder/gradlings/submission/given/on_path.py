"""What the files of an assignment become on a path: code in place of the stubs that nobody has to fill in.

Students read that code where they read the rest. The judge has a copy of its own, in `path.json`, so that the one in
the student's file plays no part, whatever becomes of it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from gradlings.model.errors import InputError
from gradlings.model.exercise import PATH_FILE, AssignmentPath, Exercise, all_exercises, grade_id
from gradlings.model.given import Given
from gradlings.submission import shipped_kit
from gradlings.submission.cells import decode, module_cells
from gradlings.submission.given.named_paths import NamedPath
from gradlings.submission.manifest import MANIFEST, digest, digest_of_code, read_manifest
from gradlings.submission.reader import shown, source_name_of
from gradlings.submission.reference_functions import given_code, solution_file

_SAID = "given on the path {}: nothing to do here"
_SAID_IN = re.compile(rb"\*" + _SAID.format(r"([\w-]+)").encode())
_STUB = re.compile(r'^[ \t]*raise NotImplementedError\("Exercise (\S+): (\w+)"\)$', re.MULTILINE)
_SOLUTION = re.compile(r'^# %% .*\bsolution="([^"]+)"')
_REGION = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)\n[ \t]*### END SOLUTION$", re.MULTILINE | re.DOTALL)
_FUNCTION = re.compile(r"^def (\w+)", re.MULTILINE)
_FACTS = re.compile(  # of an exercise, below its heading, as comments or as Markdown
    r"^(?P<sign>(?:# )?)(?P<heading>## (?P<id>\d+\.\d+) .*)\n#?\n(?P=sign)\*\d+ points · .*\*\n"
    r"(?:#?\n(?P=sign)\*Not allowed here: (?:.*\n)*?.*\.\*\n)?",
    re.MULTILINE,
)


def files_on_path(folder: Path, path: NamedPath, root: Path | None = None) -> dict[str, str]:
    """Return the texts of those files of an assignment that are others on a path, by name.

    Args:
        folder: the assignment's, with all exercises still to be done.
        path: which of them remain so.
        root: of a kit with `solutions/`; those that are installed come next.

    Raises:
        InputError: there is no solution to take the given code from.
    """
    checks_file, exercises = _worth_points(folder)
    source_name = source_name_of(checks_file)
    asked = path.of(folder)
    given = tuple(exercise for exercise in exercises if exercise.id not in asked)
    solution = _solution(folder, source_name, root) if given else ""
    files: dict[str, str] = {}
    for name in (f"{source_name}.py", f"{source_name}.ipynb"):
        if (folder / name).is_file():
            files[name] = _with_code(decode((folder / name).read_bytes()), name, path, given, asked, solution)
    files[PATH_FILE] = assignment_path(folder, path, root).to_json()
    manifest = read_manifest(folder)
    code = manifest.get("code", {}) | {name: digest_of_code(name, files[name]) for name in files if name != PATH_FILE}
    text = manifest.get("text", {}) | {name: digest(files[name]) for name in files if name != PATH_FILE}
    files[MANIFEST] = json.dumps({**manifest, "code": code, "text": text}, indent=1) + "\n"
    return files


def assignment_path(folder: Path, path: NamedPath, root: Path | None = None) -> AssignmentPath:
    """Return what an assignment's folder says of the path that it is on; arguments and errors as `files_on_path`."""
    checks_file, exercises = _worth_points(folder)
    source_name, asked = source_name_of(checks_file), path.of(folder)
    given = [name for exercise in exercises if exercise.id not in asked for name in exercise.functions]
    own = [name for exercise in exercises if exercise.id in asked for name in exercise.functions]
    code = given_code(_solution(folder, source_name, root), given, own) if given else Given()
    return AssignmentPath(path.name, asked, source_name, code)


def prose_on_path(text: str, path: NamedPath, asked: Collection[str]) -> str:
    """Return prose in which the exercises that are not asked for are said to be given."""

    def told(found: re.Match[str]) -> str:
        if found["id"] in asked:
            return found[0]
        sign = found["sign"]
        return f"{sign}{found['heading']}\n{sign.strip()}\n{sign}*{_SAID.format(path.name)}*\n"

    return _FACTS.sub(told, text)


def path_said_in(data: bytes) -> str:
    """Return the name of the path that a student's file says it is on; "" if it says none. Nothing is parsed."""
    found = _SAID_IN.search(data)
    return found[1].decode() if found else ""


def _worth_points(folder: Path) -> tuple[Path, tuple[Exercise, ...]]:
    """Return the file of checks that is worth points, and its exercises; a warm-up has a file of its own."""
    for file in sorted(folder.glob("test_*.py")):
        if exercises := tuple(exercise for exercise in all_exercises(file) if exercise.points):
            return file, exercises
    raise InputError(f"{shown(folder)} has no file of checks with points.")


def _solution(folder: Path, source_name: str, root: Path | None) -> str:
    file = solution_file(root, folder.name, source_name)
    if file is None:
        where = shipped_kit.solutions()  # or the sentence that says how to install them
        raise InputError(f"There is no solution of assignment {folder.name} in {where} to take the given code from.")
    return decode(file.read_bytes())


def _with_code(
    text: str, name: str, path: NamedPath, given: Collection[Exercise], asked: Sequence[str], solution: str
) -> str:
    bodies = _bodies(solution, {exercise.id for exercise in given})
    if not name.endswith(".ipynb"):
        return _filled(prose_on_path(text, path, asked), bodies)
    notebook = json.loads(text)
    checks = {grade_id(exercise.id): exercise.id for exercise in given}
    cells = [cell for cell in notebook["cells"] if cell.get("id") not in checks]
    for cell in cells:
        source = "".join(cell["source"])
        if cell.get("id") == "about-check" and asked:  # the example must be one that has such a cell
            for id in checks.values():
                source = source.replace(f'"{id}"', f'"{asked[0]}"')
        source = _filled(source, bodies) if cell["cell_type"] == "code" else prose_on_path(source, path, asked)
        cell["source"] = source.splitlines(keepends=True)
    notebook["cells"] = cells
    return json.dumps(notebook, indent=1, ensure_ascii=False, sort_keys=True) + "\n"


def _bodies(solution: str, ids: Collection[str]) -> dict[tuple[str, str], str]:
    """Return the lines between the solution marks, by exercise and function."""
    found: dict[tuple[str, str], str] = {}
    for cell in module_cells(solution, ""):
        exercise, region = _SOLUTION.match(cell.source), _REGION.search(cell.source)
        function = _FUNCTION.search(cell.source)
        if exercise and region and function and exercise[1] in ids:
            found[exercise[1], function[1]] = region[1]
    return found


def _filled(text: str, bodies: Mapping[tuple[str, str], str]) -> str:
    return _STUB.sub(lambda stub: bodies.get((stub[1], stub[2]), stub[0]), text)
