"""`gradlings build`: what it writes, what it leaves alone, and what it says about a source that is not right."""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import jupytext
import nbformat
import pytest

from student_kit import PROJECT, Kit

BUILT = ("tiny.py", "tiny.ipynb", "warm_up.py", "hints.md", "solved.md", "built.json", "misconceptions.json")
SOURCE = "solutions/09/tiny.py"
CHECKS = "assignments/09/test_tiny.py"
MISCONCEPTIONS = "solutions/09/misconceptions.py"
CHECKING = {"about-check", "check", "ex-9-1", "ex-9-2", "ex-9-3"}  # cells of the notebook alone
ASSIGNMENTS = sorted(path.name for path in (PROJECT / "solutions").glob("[0-9]*"))


# ---- what is written


def test_writes_every_file_and_names_it(author_kit: Kit) -> None:
    for name in BUILT:
        (author_kit.folder / name).unlink()
    built = author_kit.gradlings("build")
    assert built.code == 0
    assert sorted(built.out.splitlines()) == sorted(f"written: assignments/09/{name}" for name in BUILT)


def test_building_twice_gives_the_same_bytes(author_kit: Kit) -> None:
    before = author_kit.contents()
    again = author_kit.gradlings("build")
    assert (again.code, again.out) == (0, "")
    assert author_kit.contents() == before
    for name in BUILT:
        (author_kit.folder / name).unlink()
    assert author_kit.gradlings("build").code == 0
    assert author_kit.contents() == before


def test_only_the_named_assignments_are_built(author_kit: Kit) -> None:
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    assert "assignments/09/tiny.py" in author_kit.gradlings("build", "09").out
    unknown = author_kit.gradlings("build", "77")
    assert unknown.code == 2
    assert "No assignment 77" in unknown.said


def test_a_stub_is_signature_docstring_and_one_raise(author_kit: Kit) -> None:
    source = ast.parse((author_kit.sources / "tiny.py").read_text(encoding="utf-8"))
    stub = ast.parse(author_kit.module.read_text(encoding="utf-8"))
    solved = {node.name: node for node in source.body if isinstance(node, ast.FunctionDef)}
    stubs = {node.name: node for node in stub.body if isinstance(node, ast.FunctionDef)}
    assert list(stubs) == list(solved)
    for name, node in stubs.items():
        assert ast.unparse(node.args) == ast.unparse(solved[name].args)
        assert ast.get_docstring(node) == ast.get_docstring(solved[name])
        _, raising = node.body
        assert re.fullmatch(rf"raise NotImplementedError\('Exercise 9\.\d: {name}'\)", ast.unparse(raising))


def test_facts_of_the_checks_stand_under_the_heading(author_kit: Kit) -> None:
    text = author_kit.module.read_text(encoding="utf-8")
    prose = text.partition("## 9.2 Row by row")[2].partition("# %%")[0]
    assert "15 points · about 10 minutes · difficulty 2 of 3 · builds on 9.1" in prose
    assert "Not allowed here" in prose
    assert re.search(r"\*\n#\n# The total of every row", prose), "the facts are a paragraph of their own"


def secret_lines(source: str) -> tuple[set[str], str]:
    """The lines of all solution regions that stand nowhere else in the source, and the source without regions."""
    region = re.compile(r"^[ \t]*### BEGIN SOLUTION\n(.*?)^[ \t]*### END SOLUTION\n", re.MULTILINE | re.DOTALL)
    inside = {line.strip() for found in region.findall(source) for line in found.splitlines()}
    rest = region.sub("", source)
    outside = {line.strip().lstrip("# ") for line in rest.splitlines()}  # prose shows code, too
    return {line for line in inside - outside if len(line) >= 8}, rest


def shipped_lines(folder: Path) -> Iterator[tuple[str, str]]:
    """Every line of every file that students get, with the file's name; those of notebooks are unpacked."""
    for path in sorted(folder.iterdir()):
        if path.is_file() and path.suffix != ".npz":
            text = path.read_text(encoding="utf-8")
            if path.suffix == ".ipynb":
                text = "\n".join("".join(cell["source"]) for cell in json.loads(text)["cells"])
            yield from ((path.name, line.strip().lstrip("# ")) for line in text.splitlines())


@pytest.mark.parametrize("assignment", ASSIGNMENTS)
def test_no_line_of_a_solution_ships(assignment: str) -> None:
    folder, searched = PROJECT / "assignments" / assignment, 0
    for path in sorted((PROJECT / "solutions" / assignment).glob("*.py")):
        secrets, _ = secret_lines(path.read_text(encoding="utf-8"))
        searched += len(secrets)
        for name, line in shipped_lines(folder):
            built = not name.endswith(".py") or name == path.name
            assert line not in secrets or (not built and len(line) < 40), f"{name} holds {line!r} of {path.name}"
    assert searched > 20


def test_the_solution_ships_in_no_other_form(author_kit: Kit) -> None:
    secrets, _ = secret_lines((author_kit.sources / "tiny.py").read_text(encoding="utf-8"))
    assert "leftover_after_subtraction = a - b" in secrets
    assert len(secrets) >= 8
    for name, data in author_kit.contents().items():
        if name.startswith("assignments"):
            text = data.decode("utf-8")
            for word in ("leftover_after", "totals_of_rows", "following_number", "BEGIN SOLUTION", "END SOLUTION"):
                assert word not in text, f"{name} holds {word}"
            if not name.endswith(("test_tiny.py", "drivers.py")):
                assert not [line for line in secrets if line in text], name


def test_the_notebook_is_valid_with_stable_ids(author_kit: Kit) -> None:
    notebook = nbformat.read(author_kit.notebook, as_version=4)
    nbformat.validate(notebook)
    ids = [cell["id"] for cell in notebook.cells]
    assert len(set(ids)) == len(ids)
    assert notebook.metadata["kernelspec"]["name"] == "python3"
    assert all(not cell.outputs and cell.execution_count is None for cell in notebook.cells if "outputs" in cell)
    author_kit.notebook.unlink()
    author_kit.gradlings("build")
    assert [cell["id"] for cell in nbformat.read(author_kit.notebook, as_version=4).cells] == ids


def test_a_kit_on_github_has_notebooks_that_open_in_colab(author_kit: Kit) -> None:
    settings = author_kit.root / "pyproject.toml"
    for address, there in {"https://example.invalid/kit": False, "https://github.com/some.one/a-kit.git": True}.items():
        settings.write_text(f'[project.urls]\nRepository = "{address}"\n', encoding="utf-8")
        author_kit.gradlings("build", "--force")
        first = nbformat.read(author_kit.notebook, as_version=4).cells[0]
        badge = "colab.research.google.com/github/some.one/a-kit/blob/main/assignments/09/tiny.ipynb)"
        assert (badge in first.source) == there


def test_the_first_code_installs_before_anything_is_imported(author_kit: Kit) -> None:
    notebook = nbformat.read(author_kit.notebook, as_version=4)
    codes = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [cell["id"] for cell in codes].index("check") == 0
    assert "%pip install" in codes[0].source


def test_module_and_notebook_hold_the_same_cells(author_kit: Kit) -> None:
    module = jupytext.read(author_kit.module)
    notebook = jupytext.read(author_kit.notebook)
    *cells, closing = notebook.cells
    checking = [cell for cell in cells if cell["id"] in CHECKING]
    first, *calls = [cell.source for cell in checking if cell.cell_type == "code"]
    assert first.startswith("try:\n    from gradlings import check, hint, try_call\nexcept ModuleNotFoundError:")
    assert calls == [
        'check("9.1")',
        'check("9.2")',
        'check("9.3")',
    ]
    assert [(cell.cell_type, cell.source.strip()) for cell in cells if cell not in checking] == [
        (cell.cell_type, cell.source.strip()) for cell in module.cells
    ]
    assert "pytest assignments/09" in closing.source


@pytest.mark.parametrize("name", ["tiny.py", "warm_up.py"])
def test_the_module_survives_jupytext(author_kit: Kit, name: str) -> None:
    """Opening the module as a notebook and saving it gives the same code back."""
    text = (author_kit.folder / name).read_text(encoding="utf-8")
    there = jupytext.reads(text, fmt="py:percent")
    there.metadata["jupytext"] = {"notebook_metadata_filter": "-all", "cell_metadata_filter": "-all"}
    assert jupytext.writes(there, fmt="py:percent") == text


def test_misconceptions_ship_as_data_without_their_code(author_kit: Kit) -> None:
    text = (author_kit.folder / "misconceptions.json").read_text(encoding="utf-8")
    data = json.loads(text)
    assert set(data) == {"misconceptions", "checks"}
    assert len(data["misconceptions"]) == 13
    assert set(data["misconceptions"]["9.2/mean"]) == {"sentence", "hint"}
    assert {entry["id"] for entries in data["checks"].values() for entry in entries} == set(data["misconceptions"])
    assert not re.search(r"def |return |lambda", text)
    assert {check.partition("::")[0] for check in data["checks"]} == {"9.1", "9.2", "9.3"}


# ---- edited and stale files


def test_check_names_each_stale_file_and_writes_nothing(author_kit: Kit) -> None:
    assert author_kit.gradlings("build", "--check").code == 0
    author_kit.edit(SOURCE, "Which axis has to disappear?", "Which axis goes?")
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    author_kit.edit(MISCONCEPTIONS, "Is it a mean?", "Is that a mean?")
    before = author_kit.contents()
    checked = author_kit.gradlings("build", "--check")
    assert checked.code == 1
    stale = sorted(line.removeprefix("stale: ") for line in checked.out.splitlines() if line.startswith("stale: "))
    changed = ("built.json", "hints.md", "misconceptions.json", "tiny.ipynb", "tiny.py")
    assert stale == [f"assignments/09/{name}" for name in changed]
    assert "gradlings build" in checked.out.splitlines()[-1]
    assert author_kit.contents() == before
    assert author_kit.gradlings("build").code == 0
    assert author_kit.gradlings("build", "--check").code == 0


@pytest.mark.parametrize("name", BUILT)
def test_check_names_a_file_that_is_missing(author_kit: Kit, name: str) -> None:
    (author_kit.folder / name).unlink()
    checked = author_kit.gradlings("build", "--check")
    assert checked.code == 1
    assert f"stale: assignments/09/{name}" in checked.out
    assert not (author_kit.folder / name).exists()


def test_a_students_work_is_kept_unless_forced(author_kit: Kit) -> None:
    author_kit.answer(difference="return a - b").answer_in_notebook(count_up="return []")
    module, notebook = author_kit.module.read_bytes(), author_kit.notebook.read_bytes()
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    for _ in range(2):  # a build that kept files must not make the next one forget that they were edited
        kept = author_kit.gradlings("build")
        assert kept.code == 1
        assert "kept: assignments/09/tiny.py was edited (--force overwrites it)" in kept.said
        assert "kept: assignments/09/tiny.ipynb was edited" in kept.said
        assert (author_kit.module.read_bytes(), author_kit.notebook.read_bytes()) == (module, notebook)
    forced = author_kit.gradlings("build", "--force")
    assert forced.code == 0
    assert "What is left" in author_kit.module.read_text(encoding="utf-8")
    assert "return a - b" not in author_kit.module.read_text(encoding="utf-8")
    assert "return []" not in author_kit.notebook.read_text(encoding="utf-8")


def test_work_is_kept_where_the_record_is_lost(author_kit: Kit) -> None:
    author_kit.answer(difference="return a - b")
    (author_kit.folder / "built.json").unlink()
    author_kit.gradlings("build")
    assert "return a - b" in author_kit.module.read_text(encoding="utf-8")


def test_notes_in_a_notebook_are_work_too(author_kit: Kit) -> None:
    notebook = json.loads(author_kit.notebook.read_text(encoding="utf-8"))
    note = {"cell_type": "markdown", "id": "mine", "metadata": {}, "source": ["my own words"]}
    notebook["cells"].insert(2, note)
    author_kit.notebook.write_text(json.dumps(notebook), encoding="utf-8")
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    assert "kept: assignments/09/tiny.ipynb" in author_kit.gradlings("build").out
    assert "my own words" in author_kit.notebook.read_text(encoding="utf-8")


def test_an_untouched_file_is_replaced_when_its_source_changes(author_kit: Kit) -> None:
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    built = author_kit.gradlings("build")
    assert built.code == 0
    assert "written: assignments/09/tiny.py" in built.out
    assert "What is left" in author_kit.module.read_text(encoding="utf-8")


@pytest.mark.parametrize("start", [b"", b"\xef\xbb\xbf"], ids=["crlf", "crlf and bom"])
def test_other_line_ends_are_no_edit(author_kit: Kit, start: bytes) -> None:
    for name in BUILT[:3]:
        path = author_kit.folder / name
        path.write_bytes(start + path.read_bytes().replace(b"\n", b"\r\n"))
    assert author_kit.gradlings("build", "--check").code == 0
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    assert "kept" not in author_kit.gradlings("build").out
    assert "What is left" in author_kit.module.read_text(encoding="utf-8")


# ---- sources that are not right


WRONG = {
    "unknown cell option": (SOURCE, 'hints="9.2"', 'hint="9.2"', "unknown cell option ['hint']"),
    "no hints": (SOURCE, '[markdown] hints="9.2"', "[markdown]", "exercise 9.2 has no hints cell"),
    "hints twice": (
        SOURCE,
        '# %% [markdown] hints="9.2"',
        '# %% [markdown] hints="9.2"\n# 1. a\n# 2. b\n# 3. c\n\n# %% [markdown] hints="9.2"',
        "hints for exercise 9.2 twice",
    ),
    "hints of no exercise": (
        SOURCE,
        '# %% [markdown] hints="9.2"',
        '# %% [markdown] hints="9.7"\n# 1. a\n# 2. b\n# 3. c\n\n# %% [markdown] hints="9.2"',
        "9.7",
    ),
    "hint ladder of two": (SOURCE, "# 3. Reduce over", "# Reduce over", "this one has 2"),
    "no region": (SOURCE, "    ### BEGIN SOLUTION\n    if n < 0", "    if n < 0", "one solution region"),
    "region not closed": (SOURCE, "following_number\n    ### END SOLUTION", "following_number", "one solution region"),
    "wrong function name": (SOURCE, "def row_totals", "def row_total", "declares ['row_totals'], its solution cells"),
    "two functions in a cell": (
        SOURCE,
        "def row_totals",
        "def helper():\n    return 1\n\n\ndef row_totals",
        "holds one function",
    ),
    "no python": (SOURCE, "return list(range(n))", "return list(range(n)", "is not Python"),
    "no prose": (SOURCE, '[markdown] exercise="9.2"', "[markdown]", "exercise 9.2 needs one prose cell"),
    "heading of another exercise": (SOURCE, "# ## 9.2 Row", "# ## 9.3 Row", "exercise 9.2 needs one prose cell"),
    "prose of no exercise": (
        SOURCE,
        '# %% [markdown] exercise="9.2"',
        '# %% [markdown] exercise="9.7"\n# ## 9.7 Nothing\n\n# %% [markdown] exercise="9.2"',
        "no check declares exercise 9.7",
    ),
    "points in words": (SOURCE, 'total_points="30"', 'total_points="thirty"', "total_points is one whole number"),
    "no title": (SOURCE, "# # 09 A tiny kit", "# A tiny kit", "must start with a heading"),
    "argument that is no literal": (CHECKS, "points=15", "points=5 + len('x')", "must be plain literals"),
    "no points": (CHECKS, "points=15, ", "", "needs an id, a function name, points="),
    "unknown argument": (CHECKS, 'forbids="matmul"', 'forbid="matmul"', "forbid"),
    "unknown rule": (CHECKS, 'forbids="matmul"', 'forbids="matmull"', "matmull"),
    "checks that are no python": (CHECKS, "def minus(a, b):", "def minus(a, b:", "test_tiny.py:"),
    "misconception in no exercise": (MISCONCEPTIONS, '"9.1",\n    "as-column"', '"9.7", "as-column"', "9.7"),
    "misconception in no function": (
        MISCONCEPTIONS,
        "def make_counter(start):\n    return lambda",
        "def make_count(start):\n    return lambda",
        "make_count",
    ),
    "two misconceptions of one name": (
        MISCONCEPTIONS,
        '"as-column"',
        '"opposite-sign"',
        "misconceptions.py:20: exercise 9.1 has two entries called 'opposite-sign'",
    ),
    "a misconception whose name is no id": (
        MISCONCEPTIONS,
        '"as-column"',
        '"As a column!"',
        "misconceptions.py:20: misconception 'As a column!' of 9.1 needs a name that can be its id: 'as-column'.",
    ),
    "a misconception that is a number": (
        MISCONCEPTIONS,
        '"as-column"',
        '"12"',
        "misconception '12' of 9.1 needs a name that can be its id, 40 characters at most.",
    ),
    "a misconception without a sentence": (
        MISCONCEPTIONS,
        '    "No entry is ever negative. Is the distance asked for, or the difference?",\n',
        "",
        "misconception 'absolute-value' of 9.1 has no sentence.",
    ),
    "a misconception that is the same as none": (
        MISCONCEPTIONS,
        '    "No entry is ever negative. Is the distance asked for, or the difference?",\n'
        '    hint="Try 3 and 5 by hand. Is anything left when 5 is taken away from 3?",\n',
        '    same_as="distance",\n',
        "misconception 'absolute-value' of 9.1 is the same as 'distance', which is no entry with a sentence.",
    ),
    "a misconception that is told twice": (
        MISCONCEPTIONS,
        '    hint="Try 3 and 5 by hand.',
        '    same_as="opposite-sign",\n    hint="Try 3 and 5 by hand.',
        "misconception 'absolute-value' of 9.1 is the same as 'opposite-sign', which has the sentence and the hint",
    ),
    "a misconception without a hint": (
        MISCONCEPTIONS,
        '    hint="Take one row, 1 and 2: the total is 3, and yours is 1.5.",\n',
        "",
        'no hint for 9.2/mean. Add hint="..." there',
    ),
    "misconceptions that are no python": (MISCONCEPTIONS, "return b - a", "return b - - = a", "misconceptions.py:"),
    "no catalogue": (
        MISCONCEPTIONS,
        "    return count\n",
        "    return count\n\n\ncatalogue = 3\n",
        "must define `catalogue",
    ),
}


@pytest.mark.parametrize("what", WRONG)
def test_a_wrong_source_is_one_clear_sentence(author_kit: Kit, what: str) -> None:
    path, old, new, sentence = WRONG[what]
    built = author_kit.edit(path, old, new).gradlings("build")
    assert built.code == 2, built.said
    assert sentence in built.said
    assert f"gradlings: {author_kit.root / path}" in built.err, "the file comes first, and its path is not cut"
    assert "Traceback" not in built.said


@pytest.mark.parametrize("command", [["build"], ["build", "--check"], ["verify", "--seeds", "0"]])
def test_outside_of_a_project_is_one_clear_sentence(tmp_path: Path, command: list[str]) -> None:
    ended = Kit(tmp_path).gradlings(*command)
    assert ended.code == 2
    assert "There is no solutions/ folder" in ended.said


def test_a_misconception_without_a_hint_is_refused_before_anything_is_written(author_kit: Kit) -> None:
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    author_kit.edit(MISCONCEPTIONS, '    hint="With start = 5 the first call gives 5, and yours gives 6.",\n', "")
    before = author_kit.contents()
    for arguments in ([], ["--check"], ["--force"]):
        assert author_kit.gradlings("build", *arguments).code == 2
    assert author_kit.contents() == before


def test_a_source_without_checks_is_one_clear_sentence(author_kit: Kit) -> None:
    (author_kit.folder / "test_warm_up.py").unlink()
    built = author_kit.gradlings("build")
    assert built.code == 2
    assert "test_warm_up.py is missing" in built.said


def test_a_solution_that_fails_ships_no_misconceptions(author_kit: Kit) -> None:
    """Every entry is the solution with one function replaced: with a wrong solution they would all record nonsense."""
    before = (author_kit.folder / "misconceptions.json").read_bytes()
    built = author_kit.edit(SOURCE, "subtraction = a - b", "subtraction = b - a").gradlings("build")
    assert built.code == 2
    assert "fails its own checks (9.1)" in built.said
    assert (author_kit.folder / "misconceptions.json").read_bytes() == before


def test_the_command_works_in_a_process_of_its_own(author_kit: Kit) -> None:
    author_kit.edit(SOURCE, "## 9.1 The difference", "## 9.1 What is left")
    stale = author_kit.run("gradlings", "build", "--check")
    assert stale.code == 1
    assert "stale: assignments/09/tiny.py" in stale.out


def test_a_course_gets_data_byte_by_byte(author_kit: Kit, tmp_path: Path) -> None:
    arrays = bytes(range(256)) + b"PK\r\n\xff\r\n"
    (author_kit.folder / "data.bin").write_bytes(arrays)
    there = tmp_path / "course" / "source" / "09" / "data.bin"
    for _ in range(2):
        assert author_kit.gradlings("course", str(tmp_path / "course")).code == 0
        assert there.read_bytes() == arrays
    (author_kit.folder / "data.bin").write_bytes(arrays[::-1])
    assert author_kit.gradlings("course", str(tmp_path / "course")).code == 0
    assert there.read_bytes() == arrays[::-1]
