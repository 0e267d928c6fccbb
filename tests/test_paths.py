"""Paths: some exercises are to be done, the code of the others is given, and nothing that becomes of it counts."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from collections.abc import Callable
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from class_kit import hand_in
from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.proofs.on_paths import right_on_paths
from gradlings.execution.stand_in_names import StandInNames
from gradlings.grading.intake.choose import choose
from gradlings.grading.intake.collect import collect
from gradlings.grading.judge_session import bundle_of
from gradlings.learning.curriculum import read_curriculum
from gradlings.learning.init_kit import write_kit
from gradlings.model.errors import InputError
from gradlings.model.exercise import PATH_FILE, all_exercises, path_of, read_exercises
from gradlings.submission import shipped_kit
from gradlings.submission.given.named_paths import SETTINGS_FILE, named_path
from gradlings.submission.given.on_path import assignment_path, files_on_path
from gradlings.submission.given.path_folder import folder_on_path
from student_kit import PROJECT, Kit, as_if_started_in

CHECKS = '''
import torch
from gradlings import agree, exercise, floats


def times(n):
    return lambda x: torch.mul(x, n)


def label_of(n):
    return f"x{n}"


@exercise("9.1", "twice", points=20, minutes=5)
class TestTwice:
    def test_twice(self, student, probes):
        """every number twice as large"""
        agree(student.twice, probes([(floats([1.0, -2.0, 3.0]),)]), times(2))


@exercise("9.2", "fourfold", points=20, minutes=5, forbids="matmul", builds_on=("9.1",))
class TestFourfold:
    def test_fourfold(self, student, probes):
        """four times as large"""
        agree(student.fourfold, probes([(floats([0.5, -1.0]),)]), times(4))


@exercise("9.3", "eightfold", points=30, minutes=5, builds_on=("9.2",), seconds=2)
class TestEightfold:
    def test_eightfold(self, student, probes):
        """eight times as large"""
        agree(student.eightfold, probes([(floats([0.5, -1.0]),)]), times(8))


@exercise("9.4", "label", points=30, minutes=5)
class TestLabel:
    def test_label(self, student, probes):
        """a name"""
        agree(student.label, probes([(3,)]), label_of)
'''
SOURCE = '''# %% [markdown]
# # 09 Folds
# Four exercises.

# %%
import torch
from torch import Tensor

SIGN = "x"

# %% [markdown] exercise="9.1"
# ## 9.1 Twice
# Twice as large.


# %% solution="9.1"
def twice(x: Tensor) -> Tensor:
    """Twice as large."""
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION


# %% [markdown] hints="9.1"
# 1. One.
# 2. Two.
# 3. Three.

# %% [markdown] exercise="9.2"
# ## 9.2 Fourfold
# Four times as large.


# %% solution="9.2"
def fourfold(x: Tensor) -> Tensor:
    """Four times as large."""
    ### BEGIN SOLUTION
    return twice(twice(x))
    ### END SOLUTION


# %% [markdown] hints="9.2"
# 1. One.
# 2. Two.
# 3. Three.

# %% [markdown] exercise="9.3"
# ## 9.3 Eightfold
# Eight times as large.


# %% solution="9.3"
def eightfold(x: Tensor) -> Tensor:
    """Eight times as large."""
    ### BEGIN SOLUTION
    return twice(fourfold(x))
    ### END SOLUTION


# %% [markdown] hints="9.3"
# 1. One.
# 2. Two.
# 3. Three.

# %% [markdown] exercise="9.4"
# ## 9.4 A label
# A name for a number.


# %% solution="9.4"
def label(n: int) -> str:
    """A name for a number."""
    ### BEGIN SOLUTION
    return f"{SIGN}{n}"
    ### END SOLUTION


# %% [markdown] hints="9.4"
# 1. One.
# 2. Two.
# 3. Three.
'''
EMPTY = "from gradlings.authoring import Catalogue\n\ncatalogue = Catalogue()\n"
PATHS = 'short = ["9.1", "9.3"]\nlast = ["9.4"]\n'


@pytest.fixture(scope="module")
def folds(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """An author's kit with two paths. Not to be changed by a test."""
    kit = Kit(tmp_path_factory.mktemp("folds"), "09", "folds")
    for folder, name, text in (
        (kit.folder, "test_folds.py", CHECKS),
        (kit.sources, "folds.py", SOURCE),
        (kit.sources, "misconceptions.py", EMPTY),
        (kit.sources, "variants.py", EMPTY),
        (kit.sources, "hidden.py", 'PROBES = {"9.2::test_fourfold": [], "9.3::test_eightfold": []}\n'),
        (kit.folder.parent, "paths.toml", PATHS),
    ):
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    done = kit.gradlings("build")
    assert done.code == 0, done.said
    return kit


@pytest.fixture(scope="module")
def short(folds: Kit, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """What a student gets who is on the path "short". Not to be changed by a test."""
    kit = Kit.copied(folds.root, tmp_path_factory.mktemp("short"), "assignments")
    path = named_path(folds.folder.parent, "short")
    assert path
    for name, text in files_on_path(folds.folder, path, folds.root).items():
        (kit.folder / name).write_text(text, encoding="utf-8")
    (kit.root / SETTINGS_FILE).write_text('[path]\nname = "short"\n', encoding="utf-8")
    return Kit(kit.root, "09", "folds")


def on_path(short: Kit, root: Path) -> Kit:
    copy = Kit.copied(short.root, root, "assignments")
    (root / SETTINGS_FILE).write_bytes((short.root / SETTINGS_FILE).read_bytes())
    return Kit(copy.root, "09", "folds")


def solved(text: str, **bodies: str) -> str:
    """The module with bodies in the place of its stubs; the right ones if none are given."""
    for name, body in ({"twice": "2 * x", "eightfold": "twice(fourfold(x))"} | bodies).items():
        text, count = re.subn(rf'raise NotImplementedError\("Exercise 9.\d: {name}"\)', f"return {body}", text)
        assert count == 1, name
    return text


def without_given(text: str) -> str:
    """The module without the cells of what is given."""
    cells = [cell for cell in text.split("# %%") if not re.search(r"def (fourfold|label)\b", cell)]
    assert len(cells) == len(text.split("# %%")) - 2
    return "# %%".join(cells)


def with_wrong_given(text: str) -> str:
    return text.replace("return twice(twice(x))", "return torch.zeros(7)").replace(
        'return f"{SIGN}{n}"', "raise SystemExit"
    )


EDITS: dict[str, Callable[[str], str]] = {
    "as it is": str,
    "deleted": without_given,
    "made wrong": with_wrong_given,
    "not Python": lambda text: f"{text}\n# %%\ndef label(:\n",
    "taken by something else": lambda text: f"{text}\n# %%\nfourfold = label = None\n",
}


# ---- the shipped path


def test_the_core_path_is_the_one_that_was_chosen() -> None:
    path = named_path(PROJECT / "assignments", "core")
    assert path
    chosen = "1.5 1.6 1.8 1.10 1.11 2.6 2.8 3.2 3.11 3.5 3.6 4.3 4.6 5.5 5.12 6.1 6.3 6.6 6.7 6.13 7.3 7.5 8.2 9.3"
    assert " ".join(path.exercises) == chosen


@pytest.mark.parametrize("number", ["01", "02", "03", "04", "05", "06", "07", "08", "09"])
def test_given_code_stands_on_its_own_and_holds_no_answer(number: str) -> None:
    folder = PROJECT / "assignments" / number
    path = named_path(folder.parent, "core")
    assert path
    made = assignment_path(folder, path, PROJECT)
    namespace: dict[str, object] = {}
    StandInNames({}, made.given).bind(namespace)
    exercises = [each for file in folder.glob("test_*.py") for each in all_exercises(file) if each.points]
    given = [name for each in exercises if each.id not in made.exercises for name in each.functions]
    asked = [name for each in exercises if each.id in made.exercises for name in each.functions]
    assert [name for name in given if callable(namespace.get(name))] == given
    assert not [name for name in asked if re.search(rf"^\s*def {name}\b", made.given.code, re.MULTILINE)]


@pytest.fixture(scope="module")
def core(tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """A student's kit on the core path. Not to be changed by a test."""
    root = tmp_path_factory.mktemp("core")
    write_kit(root, path="core")
    return Kit(root, "03", "autodiff")


def test_a_new_kit_counts_the_path_only(core: Kit) -> None:
    page = core.check("assignments")
    curriculum = read_curriculum(core.root)
    asked = sum(each.declared.points for each in curriculum.exercises)
    assert (page.code, f"0 of {asked} points" in page.said) == (1, True), page.said
    assert len(curriculum.exercises) == 24
    for command in ("progress", "list"):
        said = core.gradlings(command).said
        assert "Path core: 24 exercises; the code of all others is given." in said
        assert "3.3" not in said
    assert "given on the path core" in core.gradlings("hint", "3.3").said


def test_full_marks_on_the_core_path(core: Kit, tmp_path: Path) -> None:
    kit = Kit(Kit.copied(core.root, tmp_path, "assignments").root, "03", "autodiff")
    kit.module.write_bytes((PROJECT / "solutions" / "03" / "autodiff.py").read_bytes())
    page = kit.check("assignments/03")
    points = sum(each.points for each in read_exercises(kit.folder / "test_autodiff.py"))
    assert (page.code, f"{points} of {points} points" in page.said) == (0, True), page.said
    assert "(path core)" in page.said


def test_given_code_is_no_way_around_a_rule(core: Kit, tmp_path: Path) -> None:
    kit = Kit(Kit.copied(core.root, tmp_path, "assignments").root, "01", "tensors")
    product = "gram(torch.cat([a, b.T]))[: len(a), len(a) :]"
    stub = 'raise NotImplementedError("Exercise 1.8: matmul_loops")'
    kit.edit(kit.module, stub, f"return {product}")
    said = kit.check("-k", "1.8").said
    assert "0 of 13 points" in said
    assert kit.place(product) in said


def test_settings_decide_what_init_writes(core: Kit, tmp_path: Path) -> None:
    kit = Kit(Kit.copied(core.root, tmp_path, "assignments").root, "03", "autodiff")
    write_kit(tmp_path, path="core")
    edited = kit.module.read_text(encoding="utf-8").replace(
        'raise NotImplementedError("Exercise 3.2: sigmoid")', "return z"
    )
    kit.module.write_text(edited, encoding="utf-8")
    assert write_kit(tmp_path).path is not None
    assert tomllib.loads((tmp_path / SETTINGS_FILE).read_text(encoding="utf-8")) == {"path": {"name": "core"}}
    result = write_kit(tmp_path, path="all")
    assert (result.path, result.kept, result.changes) == (None, ["assignments/03/autodiff.py"], ())
    assert not list(tmp_path.glob(f"assignments/*/{PATH_FILE}"))
    shipped = shipped_kit.assignments() / "02" / "gpt_config.py"
    assert (tmp_path / "assignments" / "02" / "gpt_config.py").read_bytes() == shipped.read_bytes()
    assert len(read_curriculum(tmp_path).exercises) > 19


def test_an_unknown_path_is_told_by_name(core: Kit, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no path corr.*core"):
        write_kit(tmp_path / "new", path="corr")
    assert not (tmp_path / "new").exists()
    kit = Kit.copied(core.root, tmp_path, "assignments")
    (tmp_path / SETTINGS_FILE).write_text('[path]\nname = "corr"\n')
    done = kit.gradlings("progress")
    assert (done.code, "no path corr" in done.err) == (2, True), done.said
    (tmp_path / SETTINGS_FILE).write_text("")
    done = kit.gradlings("progress")
    assert (done.code, "gradlings init . --path" in done.err) == (2, True), done.said
    (tmp_path / SETTINGS_FILE).write_text("[path")
    assert kit.gradlings("init", ".").code == 2


def test_without_answers_a_sentence_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shipped_kit, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(shipped_kit, "_KIT", PROJECT)
    monkeypatch.setattr(shipped_kit, "find_spec", lambda name: None)
    with pytest.raises(InputError, match="answers are not installed: in a clone of gradlings, pip install"):
        write_kit(tmp_path / "new", path="core")
    assert not (tmp_path / "new").exists()


# ---- a small path


def test_every_path_is_proven(folds: Kit) -> None:
    (assignment,) = find_assignments(folds.root)
    proof = right_on_paths(assignment)
    assert (proof.held, proof.breaches) == (4, [])


def test_progress_of_a_path_in_a_whole_kit(folds: Kit) -> None:
    said = folds.gradlings("progress", "--path", "short").said
    assert "0 of 50 points" in said
    assert "no others are counted" in said
    assert "0 of 100 points" in folds.gradlings("progress").said


@pytest.mark.parametrize("edit", EDITS)
def test_what_becomes_of_given_code_changes_nothing_at_home(short: Kit, tmp_path: Path, edit: str) -> None:
    kit = on_path(short, tmp_path)
    untouched = kit.module.read_text(encoding="utf-8")
    kit.module.write_text(EDITS[edit](untouched), encoding="utf-8")
    assert "0 of 50 points" in kit.check().said
    kit.module.write_text(EDITS[edit](solved(untouched)), encoding="utf-8")
    page = kit.check()
    assert "50 of 50 points" in page.said, page.said


def test_a_given_function_is_never_to_blame(short: Kit, tmp_path: Path) -> None:
    kit = on_path(short, tmp_path)
    kit.module.write_text(solved(kit.module.read_text(encoding="utf-8"), twice="3 * x"), encoding="utf-8")
    said = kit.check().said
    assert "twice (9.1), which is not yet: start there." in said
    assert "fourfold" not in said.replace("twice(fourfold(x))", "")


def test_the_notebook_of_a_path(short: Kit) -> None:
    cells = {cell["id"]: "".join(cell["source"]) for cell in json.loads(short.notebook.read_text("utf-8"))["cells"]}
    assert [id for id in cells if re.fullmatch(r"ex-9-\d", id)] == ["ex-9-1", "ex-9-3"]
    assert cells["ex-9-2-fourfold"].endswith("return twice(twice(x))")
    assert "given on the path short" in cells["about-ex-9-2"]
    assert "points" in cells["about-ex-9-3"]


def test_a_notebook_is_checked_with_the_judges_copy(short: Kit, tmp_path: Path) -> None:
    kit = on_path(short, tmp_path)
    with as_if_started_in(kit.folder):
        shell = InteractiveShell.instance()
        try:
            for cell in ("import torch\nfrom gradlings import check", "def fourfold(x):\n    raise SystemExit"):
                shell.run_cell(cell, store_history=True)
            for cell in ("def twice(x):\n    return 2 * x", "def eightfold(x):\n    return twice(fourfold(x))"):
                shell.run_cell(cell, store_history=True)
            found = [shell.run_cell(f"check('{id}')", store_history=True).result for id in ("9.3", "9.2")]
            assert repr(found[0]) == "30"
            assert "9.2 fourfold is given on the path short" in found[1]._repr_html_()
            assert repr(shell.run_cell("check()", store_history=True).result) == "50"
            assert shell.run_cell("fourfold.__module__, 'label' in dir()").result == ("__main__", False)
        finally:
            InteractiveShell.clear_instance()


def test_one_assignment_of_a_path_may_be_handed_out_alone(short: Kit, tmp_path: Path) -> None:
    kit = on_path(short, tmp_path)
    (kit.root / SETTINGS_FILE).unlink()
    (kit.folder.parent / "paths.toml").unlink()
    assert "0 of 50 points" in kit.gradlings("progress").said
    assert "0 of 50 points" in kit.check().said


def test_hidden_probes_of_given_exercises_do_no_harm(folds: Kit) -> None:
    with folder_on_path(folds.folder, "short") as folder:
        bundle = bundle_of(folder, "folds", hidden=folds.sources / "hidden.py")
        assert [exercise.id for exercise in bundle.exercises] == ["9.1", "9.3"]
        assert PATH_FILE in bundle.digests()
        assert set(bundle.right.texts) == {"twice", "eightfold"}


def test_a_course_locks_what_is_given(folds: Kit, tmp_path: Path) -> None:
    done = folds.gradlings("course", str(tmp_path), "--path", "short")
    assert done.code == 0, done.said
    source = tmp_path / "source" / "09"
    cells = {cell["id"]: cell for cell in json.loads((source / "folds.ipynb").read_text("utf-8"))["cells"]}
    given, asked = cells["ex-9-2-fourfold"], cells["ex-9-3-eightfold"]
    assert given["metadata"]["nbgrader"]["locked"]
    assert not given["metadata"]["nbgrader"]["solution"]
    assert "SOLUTION" not in "".join(given["source"])
    assert "BEGIN SOLUTION" in "".join(asked["source"])
    marks = [cell["metadata"].get("nbgrader", {}).get("points", 0) for cell in cells.values()]
    assert sum(marks) == 50
    assert [exercise.id for exercise in read_exercises(source / "test_folds.py")] == ["9.1", "9.3"]
    again = folds.gradlings("course", str(tmp_path))
    assert "0 files written" in again.said, again.said


def test_an_author_works_on_the_whole(short: Kit, folds: Kit, tmp_path: Path) -> None:
    kit = on_path(short, tmp_path)
    kit.sources.parent.mkdir()
    kit.sources.symlink_to(folds.sources)
    done = kit.gradlings("build")
    assert (done.code, "is on the path short" in done.err) == (2, True), done.said


def test_bad_paths_are_told(folds: Kit, tmp_path: Path) -> None:
    kit = Kit.copied(folds.root, tmp_path, "assignments")
    for text, said in (
        ('short = ["9.1", "9.9"]', "names 9.9"),
        ("short = 3", "must be a list"),
        ("", "there is none"),
        ('all = ["9.1"]', "cannot name a path"),
        ("short", "cannot be read as TOML"),
    ):
        (kit.folder.parent / "paths.toml").write_text(text)
        done = kit.gradlings("progress", "--path", "short")
        assert (done.code, said in done.err) == (2, True), done.said
    (kit.folder / PATH_FILE).write_text("{}")
    with pytest.raises(InputError, match=r"path\.json cannot be read"):
        path_of(kit.folder)


# ---- for marks


def test_a_class_on_a_path(folds: Kit, short: Kit, tmp_path: Path) -> None:
    """The whole way, in locked-down workers: only the path counts, and given code is the judge's own."""
    handed_out = short.module.read_text(encoding="utf-8")
    whole = folds.module.read_text(encoding="utf-8")
    texts = {edit.replace(" ", "-"): change(solved(handed_out)) for edit, change in EDITS.items()}
    texts |= {"untouched": handed_out, "whole-kit": solved(whole), "wrong": solved(handed_out, twice="3 * x")}
    submissions = {f"{student}/folds.py": text.encode() for student, text in texts.items()}
    submissions["untouched/folds.ipynb"] = short.notebook.read_bytes()
    submissions["as-it-is/folds.ipynb"] = short.notebook.read_bytes()
    hand_in(tmp_path / "in", submissions)
    grade = ("grade", "09", str(tmp_path / "in"), "--to", str(tmp_path / "out"), "--allow-weaker", "--judges", "1")
    done = folds.gradlings(*grade, "--path", "short")
    assert done.code == 0, done.said
    with (tmp_path / "out" / "scores.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = {row["student"]: row for row in csv.DictReader(file)}
    points = {student: (row["score"], row["max_score"]) for student, row in rows.items()}
    assert points == dict.fromkeys(texts, ("50", "50")) | {"untouched": ("0", "50"), "wrong": ("30", "50")}
    columns = list(next(iter(rows.values())))
    assert [name for name in columns if name.startswith("9.")] == ["9.1 twice", "9.3 eightfold"]
    assert PATH_FILE in (tmp_path / "out" / "run.json").read_text()
    assert "--path" not in "".join(row["notes"] for row in rows.values())


@pytest.mark.parametrize("name", ["folds.py", "folds.ipynb"])
def test_a_path_that_was_forgotten_is_noted(folds: Kit, short: Kit, tmp_path: Path, name: str) -> None:
    hand_in(tmp_path, {f"ada/{name}": (short.folder / name).read_bytes()})
    submissions = collect(tmp_path, "folds")
    noted = choose(submissions, submissions.students[0], folds.folder).notes
    assert [note for note in noted if "is on the path short, and is not graded with --path short" in note]
    assert not choose(submissions, submissions.students[0], short.folder).notes


def test_what_cannot_be_graded_on_a_path_is_told(folds: Kit, short: Kit) -> None:
    with pytest.raises(InputError, match="is on the path short"), folder_on_path(short.folder, "last"):
        pass
    with folder_on_path(short.folder, "short") as same:
        assert same == short.folder
    with folder_on_path(folds.folder, "all") as same:
        assert same == folds.folder
