"""`gradlings update`: what is new enters a kit, and what its student wrote stays."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gradlings.learning.kit_cells import KitCell, digests_of, kit_cells, merge, written
from gradlings.model.files import write_atomically
from gradlings.submission import shipped_kit
from student_kit import RIGHT, Finished, Kit

PROSE = "Take the second number from the first: $d = a - b$."
NEW_PROSE = "Take the second number away from the first one."
ROWS = '"""The total and the largest entry of every row."""'
NEW_ROWS = '"""The total and the largest entry of every row, in this order."""'
NEW_COUNTING = "Plain Python: a list of numbers, and a function that counts on."


@pytest.fixture(scope="module")
def newer(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The assignments of the tiny kit in a later version: texts, a stub, a check and points changed, 9.4 is new."""
    kit = Kit.copied(built_kit.root, tmp_path_factory.mktemp("newer"), "solutions", "assignments")
    assert kit.gradlings("new", "exercise", "9.4", "doubled").code == 0
    source, checks = "solutions/09/tiny.py", "assignments/09/test_tiny.py"
    kit.edit(source, PROSE, NEW_PROSE).edit(source, ROWS, NEW_ROWS)
    kit.edit(source, "Plain Python: a list of numbers, and a function that counts.", NEW_COUNTING)
    kit.edit(source, "import torch\nfrom jaxtyping", "import math\n\nimport torch\nfrom jaxtyping")
    kit.edit(checks, "points=15", "points=16").edit(checks, "floats([1.0, 2.5, -3.0])", "floats([1.0, 2.5, -4.0])")
    built = kit.gradlings("build")
    assert built.code == 0, built.said
    return kit.root / "assignments"


class Ships:
    """Which assignments the package carries."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self._patch = patch

    def __call__(self, assignments: Path) -> None:
        self._patch.setattr(shipped_kit, "assignments", lambda: assignments)


@pytest.fixture
def ships(monkeypatch: pytest.MonkeyPatch) -> Ships:
    return Ships(monkeypatch)


@pytest.fixture
def mine(built_kit: Kit, ships: Ships, tmp_path: Path) -> Kit:
    """A kit as `gradlings init` made it of the earlier version."""
    ships(built_kit.root / "assignments")
    assert Kit(tmp_path).gradlings("init", "mine").code == 0
    return Kit(tmp_path / "mine")


@pytest.fixture
def handed_out(built_kit: Kit, tmp_path: Path) -> Kit:
    """A copy of the earlier assignments as a teacher hands them out."""
    return Kit.copied(built_kit.root, tmp_path, "assignments")


def text_of(kit: Kit, name: str = "tiny.py") -> str:
    return (kit.folder / name).read_text(encoding="utf-8")


def test_an_untouched_kit_becomes_the_newer_one(mine: Kit, ships: Ships, newer: Path) -> None:
    ships(newer)
    done = mine.gradlings("update")
    assert done.code == 0
    lines = [line.rstrip() for line in done.out.splitlines()]
    assert lines[1:9] == [
        "",
        "New",
        "  9.4   doubled     5 points",
        "Changed",
        "  9.1   difference  text, checks",
        "  9.2   row_totals  text, points 15 -> 16",
        "  9.3   count_up    text",
        "brought up to date: 6 files",
    ], done.out
    for path in newer.rglob("*.*"):
        if "__pycache__" not in path.parts:
            assert (mine.root / "assignments" / path.relative_to(newer)).read_bytes() == path.read_bytes()
    assert "is up to date" in mine.gradlings("update").said


def test_what_was_written_stays_and_what_is_new_comes_in(mine: Kit, ships: Ships, newer: Path) -> None:
    mine.answer(difference=RIGHT["difference"], count_up=RIGHT["count_up"])
    mine.check()
    record = (mine.root / "progress.jsonl").read_bytes()
    before = text_of(mine)
    ships(newer)
    done = mine.gradlings("update")
    assert done.code == 0
    after = text_of(mine)
    assert all(
        re.search(rf"^{re.escape(line)}$", after, re.MULTILINE) for line in before.split("\n") if "return" in line
    )
    assert NEW_PROSE in after, "its text is not the student's"
    assert PROSE not in after
    assert NEW_ROWS in after, "nobody has written into it"
    assert "import math" in after
    assert after.index("## 9.3") < after.index("## 9.4") < after.index("def doubled")
    assert "Changed, and you worked on it" not in done.said
    assert (mine.root / "progress.jsonl").read_bytes() == record
    assert not list(mine.folder.glob("*.new"))
    checked = mine.check()
    assert "9.1 difference" in checked.out
    assert "10/10" in checked.out
    assert "0/16" in checked.out
    assert "9.4 doubled" in checked.out
    assert text_of(mine) == after
    assert "is up to date" in mine.gradlings("update").said
    assert text_of(mine) == after


def test_a_stub_that_changed_where_somebody_wrote_is_named_and_is_at_hand(mine: Kit, ships: Ships, newer: Path) -> None:
    mine.answer(row_totals=RIGHT["row_totals"])
    ships(newer)
    done = mine.gradlings("update")
    assert "Changed, and you worked on it: yours stays" in done.said
    assert "9.2 row_totals text, points 15 -> 16; the new text: assignments/09/tiny.ipynb" in done.said
    assert ROWS in text_of(mine)
    assert RIGHT["row_totals"] in text_of(mine)
    assert NEW_ROWS.strip('"') in text_of(mine, "tiny.ipynb"), "nobody edited that one"
    assert "9.4" in mine.gradlings("list").said


def test_where_both_forms_are_edited_the_newer_one_lies_beside(mine: Kit, ships: Ships, newer: Path) -> None:
    mine.answer(row_totals=RIGHT["row_totals"]).answer_in_notebook(difference="return 0")
    ships(newer)
    done = mine.gradlings("update")
    assert "the new text: assignments/09/tiny.py.new" in done.said
    assert text_of(mine, "tiny.py.new") == (newer / "09" / "tiny.py").read_text(encoding="utf-8")


def test_a_notebook_is_brought_up_to_date_cell_by_cell(mine: Kit, ships: Ships, newer: Path) -> None:
    mine.answer_in_notebook(difference=RIGHT["difference"])
    before = json.loads(text_of(mine, "tiny.ipynb"))
    before["metadata"]["mine"] = True
    before["cells"].insert(3, {"cell_type": "code", "metadata": {}, "outputs": [], "source": "1 + 1", "id": "own"})
    mine.notebook.write_text(json.dumps(before), encoding="utf-8")
    ships(newer)
    assert "reload it from disk" in mine.gradlings("update").said
    after = json.loads(text_of(mine, "tiny.ipynb"))
    assert after["metadata"] == before["metadata"]
    sources = ["".join(cell["source"]) for cell in after["cells"]]
    assert "1 + 1" in sources, "a cell of one's own before the imports stays as it is"
    assert len([source for source in sources if "import torch" in source]) == 1
    assert any(RIGHT["difference"] in source for source in sources)
    assert any(NEW_PROSE in source for source in sources)
    assert not any(PROSE in source for source in sources)
    assert [source for source in sources if source.startswith("check(")] == [f'check("9.{n}")' for n in (1, 2, 3, 4)]
    ids = [cell["id"] for cell in after["cells"]]
    assert len(set(ids)) == len(ids)


def test_what_somebody_took_out_does_not_come_back(mine: Kit, ships: Ships, newer: Path) -> None:
    text = text_of(mine)
    mine.module.write_text(text[: text.index("# %% [markdown]\n# ## 9.3")], encoding="utf-8")
    ships(newer)
    assert mine.gradlings("update").code == 0
    assert "## 9.3" not in text_of(mine)
    assert "## 9.4" in text_of(mine)


def test_a_changed_check_that_was_edited_stays_and_the_newer_one_lies_beside(
    mine: Kit, ships: Ships, newer: Path
) -> None:
    checks = mine.folder / "test_tiny.py"
    checks.write_text(checks.read_text(encoding="utf-8") + "# mine\n", encoding="utf-8")
    ships(newer)
    done = mine.gradlings("update")
    assert "assignments/09/test_tiny.py.new" in done.said
    assert checks.read_text(encoding="utf-8").endswith("# mine\n")
    assert text_of(mine, "test_tiny.py.new") == (newer / "09" / "test_tiny.py").read_text(encoding="utf-8")


def test_windows_line_ends_stay(mine: Kit, ships: Ships, newer: Path) -> None:
    mine.answer(difference=RIGHT["difference"])
    mine.module.write_bytes(text_of(mine).replace("\n", "\r\n").encode())
    ships(newer)
    assert mine.gradlings("update").code == 0
    data = mine.module.read_bytes()
    assert b"def doubled" in data
    assert data.count(b"\n") == data.count(b"\r\n")


def test_an_interrupted_update_is_finished_by_the_next_one(
    mine: Kit, ships: Ships, newer: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Whatever was written before the end, and though the record is still that of the earlier version."""
    mine.answer(difference=RIGHT["difference"])
    ships(newer)
    shutil.copytree(mine.root, tmp_path / "whole")
    assert Kit(tmp_path / "whole").gradlings("update").code == 0
    left = [4]

    def until_the_power_fails(path: Path, data: bytes, *, mode: int) -> None:
        left[0] -= 1
        if not left[0]:
            raise OSError(28, "No space left on device", str(path))
        write_atomically(path, data, mode=mode)

    with monkeypatch.context() as patch:
        patch.setattr("gradlings.learning.kit_update.write_atomically", until_the_power_fails)
        done = mine.gradlings("update")
        assert (done.code, "cannot be written: No space left" in done.err) == (2, True), done.said
    assert mine.gradlings("update").code == 0
    assert mine.contents() == Kit(tmp_path / "whole").contents()


# ---- kits without a record


def test_assignments_that_a_teacher_handed_out(handed_out: Kit, ships: Ships, newer: Path) -> None:
    """Only these are brought up to date, and older checks are put aside where nobody knows whether they were edited."""
    handed_out.answer(difference=RIGHT["difference"])
    checks = text_of(handed_out, "test_tiny.py")
    ships(newer)
    done = handed_out.gradlings("update")
    assert done.code == 0
    assert "9.4 doubled 5 points" in done.said
    assert RIGHT["difference"] in text_of(handed_out)
    assert "def doubled" in text_of(handed_out)
    assert text_of(handed_out, "test_tiny.py.before-update-1") == checks
    assert text_of(handed_out, "test_tiny.py") == (newer / "09" / "test_tiny.py").read_text(encoding="utf-8")
    assert sorted(path.name for path in handed_out.root.iterdir()) == [".gradlings", "assignments"]
    assert "10/10" in handed_out.check().out
    assert "is up to date" in handed_out.gradlings("update").said


@pytest.mark.parametrize("command", ["update", "init"])
def test_a_course_of_somebody_else_is_refused(command: str, author_kit: Kit) -> None:
    before = author_kit.contents()
    done = author_kit.gradlings(command)
    assert (done.code, author_kit.contents()) == (2, before)
    assert "gradlings: " in done.err


def test_without_a_kit_it_says_how_to_get_one(tmp_path: Path) -> None:
    done: Finished = Kit(tmp_path).gradlings("update")
    assert (done.code, "gradlings init my-kit" in done.err) == (2, True)


# ---- whatever the student wrote

PARTS = st.lists(st.sampled_from(["a", "b", "c", "d"]), unique=True)
BODIES = st.sampled_from(['raise NotImplementedError("Exercise")', "return 1", "return 2", "pass"])


def module(functions: dict[str, str], prose: dict[str, str]) -> str:
    parts = ["# %% [markdown]\n# # 01 Title\n\n# %%\nimport torch\n"]
    for number, (name, body) in enumerate(functions.items(), 1):
        text = prose.get(name, "text")
        parts.append(f"# %% [markdown]\n# ## 1.{number} {name}\n# {text}\n\n# %%\ndef {name}(x):\n    {body}\n\n\n")
    return "\n".join(parts)


def cells_of(text: str) -> list[KitCell]:
    return kit_cells("tensors.py", text)


STUB = 'raise NotImplementedError("Exercise")'


@settings(deadline=None, derandomize=True, max_examples=80, suppress_health_check=[HealthCheck.too_slow])
@given(old=PARTS, more=PARTS, written_in=st.dictionaries(st.sampled_from("abcd"), BODIES), prose=st.booleans())
def test_no_line_that_a_student_wrote_is_lost(
    old: list[str], more: list[str], written_in: dict[str, str], prose: bool
) -> None:
    handed = module(dict.fromkeys(old, STUB), {})
    mine = module({name: written_in.get(name, STUB) for name in old}, {})
    names = old + [name for name in more if name not in old]
    new = module(dict.fromkeys(names, STUB), dict.fromkeys(names, "another text") if prose else {})
    merged = merge(cells_of(mine), cells_of(new), digests_of(cells_of(handed)))
    text = written("tensors.py", merged.cells, mine)
    assert merged.stays == set(), "only texts changed, and the student wrote into functions"
    assert re.findall(r"def (\w+)", text) == names
    for name, body in written_in.items():
        assert name not in old or f"def {name}(x):\n    {body}\n" in text
    assert text.count("another text") == (len(names) if prose else 0)
    again = merge(cells_of(text), cells_of(new), digests_of(cells_of(new)))
    assert written("tensors.py", again.cells, text) == text, "once is enough"


def test_arrays_are_copied_byte_by_byte_and_an_edited_file_stays(built_kit: Kit, ships: Ships, tmp_path: Path) -> None:
    shipped = Kit.copied(built_kit.root, tmp_path / "shipped", "assignments").folder / "weights.npz"
    arrays = bytes(range(256)) + b"PK\r\n\xff\r\n"
    shipped.write_bytes(arrays)
    ships(shipped.parents[1])
    assert Kit(tmp_path).gradlings("init", "mine").code == 0
    there = tmp_path / "mine" / "assignments" / shipped.parent.name / "weights.npz"
    assert there.read_bytes() == arrays
    shipped.write_bytes(arrays[::-1])
    assert Kit(tmp_path / "mine").gradlings("update").code == 0
    assert there.read_bytes() == arrays[::-1]
    there.write_bytes(b"of somebody\r\n")
    shipped.write_bytes(arrays)
    assert Kit(tmp_path / "mine").gradlings("update").code == 0
    assert (there.read_bytes(), there.with_name("weights.npz.new").read_bytes()) == (b"of somebody\r\n", arrays)
