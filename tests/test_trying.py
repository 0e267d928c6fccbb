"""`gradlings try`: what the page shows is what the script prints, for every exercise; and what it says instead."""

from __future__ import annotations

import contextlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from chain_kit import chain_kit
from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.catalogue import CatalogueEntry
from gradlings.learning import try_call
from gradlings.model.run_mode import RunMode
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.rendering.terminal import finding_lines, render_lines
from gradlings.runners.failing_call import value_source
from gradlings.runners.failing_call.found import Found, failing_call
from gradlings.runners.failing_call.script import cell_of, script_of
from gradlings.runners.session import Grader, collected_checks
from gradlings.submission.reader import from_source
from student_kit import PROJECT, RIGHT, Kit

WRONG = "return b - a"
ALL = bool(os.environ.get("ALL_EXERCISES"))
"""Whether every exercise is tried, and not one of every six."""


def first_misconceptions(assignment: Assignment) -> list[CatalogueEntry]:
    first: dict[str, CatalogueEntry] = {}
    for entry in assignment.catalogue("misconceptions"):
        first.setdefault(entry.exercise, entry)
    return list(first.values())[:: 1 if ALL else 6]


class Tried:
    """An assignment's checks, and a folder in which submissions lie."""

    def __init__(self, assignment: Assignment, grader: Grader, folder: Path) -> None:
        self.assignment, self.grader, self.folder = assignment, grader, folder
        self.solution = assignment.main.path.read_text(encoding="utf-8")
        drivers = assignment.folder / "drivers.py"
        if drivers.is_file():
            shutil.copy(drivers, folder)

    def found(self, entry: CatalogueEntry) -> tuple[Found, Path]:
        file = self.folder / self.assignment.main.path.name
        text = entry.submission(self.solution)
        file.write_text(text, encoding="utf-8")
        checks_file = self.assignment.main.checks_file
        runner = self.grader.run_cells(from_source(text, file), checks_file)
        graded = self.grader.check(runner, checks_file, seed=0, only=(entry.exercise,), mode=RunMode.SELF_CHECK)
        return failing_call(graded, entry.exercise), file


@pytest.fixture(scope="module", params=[path.name for path in sorted((PROJECT / "solutions").glob("[0-9]*"))])
def tried(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tried]:
    (assignment,) = find_assignments(PROJECT, (request.param,))
    with collected_checks(assignment.folder) as grader:
        yield Tried(assignment, grader, tmp_path_factory.mktemp(f"try{request.param}"))


def run(text: str, names: dict[str, Any]) -> tuple[str, BaseException | None]:
    """What Python prints on some source, and the exception it ends with."""
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, "<tried>", "exec"), names)
    except Exception as error:
        return out.getvalue(), error
    return out.getvalue(), None


def shown(check: CheckResult) -> list[str]:
    """What the page shows of values and of what is wrong with them."""
    lines = render_lines(finding_lines(replace(check, probes=0)), width=80, color=False)
    return textwrap.dedent("\n".join(lines)).split("\n")


def test_what_the_page_shows_is_what_the_script_prints(tried: Tried, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(tried.folder))
    for imported, entry in enumerate(first_misconceptions(tried.assignment)):
        found, file = tried.found(entry)
        call, check = found.call, found.check
        assert check is not None
        if check.verdict is Verdict.FORBIDDEN:  # what is shown is a line of the submission, and no call
            assert (call, found.sentence) == (None, check.message)
            continue
        assert call is not None, (entry.id, found.sentence)
        stored_in = tried.folder / "stored.pt"
        script = script_of(call, entry.exercise, check.message, file, imported=imported % 2 == 0, stored_in=stored_in)
        if script.stored:
            import torch

            torch.save(script.stored, stored_in)
        sys.modules.pop(file.stem, None)
        printed, raised = run(script.text, {"__name__": "tried"})
        sys.modules.pop(file.stem, None)
        if raised is not None:
            assert type(raised).__name__ in check.message, (entry.id, check.message, script.text)
            assert str(raised).split("\n")[0] in check.message, (entry.id, check.message)
        elif not call.expected:
            assert f"the check said: {check.message}" in printed, entry.id
        elif call.changed:
            assert f"{call.changed} before" in printed, entry.id
        else:
            assert printed.splitlines() == shown(check), f"{entry.id}\n{script.text}"


# ---- the command


def run_again(script: Path) -> str:
    """What a script prints, without a process of its own: that would import torch once more."""
    printed, raised = run(script.read_text(encoding="utf-8"), {"__name__": "__main__", "__file__": str(script)})
    sys.modules.pop("tiny", None)
    return printed + ("".join(traceback.format_exception(raised)) if raised else "")


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(try_call, "run_trial", run_again)


def test_the_script_of_a_wrong_sign(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    done = kit.gradlings("try", "9.1")
    assert done.code == 0
    place = kit.place("def difference")
    assert f"difference(a=5.0, b=3.0) {place} got -2.0 expected 2.0 made by .gradlings/try_9_1.py:" in done.said
    script = (kit.root / ".gradlings" / "try_9_1.py").read_text(encoding="utf-8")
    for line in (
        "import tiny  # your functions",
        "a = torch.tensor(5.0, dtype=torch.float64)",
        "got = tiny.difference(a, b)",
        "expected = torch.tensor(2.0, dtype=torch.float64)",
    ):
        assert line in script.splitlines(), script
    kit.edit(kit.module, WRONG, RIGHT["difference"])
    assert run_again(kit.root / ".gradlings" / "try_9_1.py") == "right: 2.0\n"
    assert "9.1 is right: every check passes" in kit.gradlings("try", "9.1").said


@pytest.mark.usefixtures("at_once")
def test_a_notebook_is_tried_by_its_cells(kit: Kit) -> None:
    kit.answer_in_notebook(difference=WRONG)
    assert "got -2.0 expected 2.0" in kit.gradlings("try", "9.1").said


@pytest.mark.usefixtures("at_once")
def test_a_module_with_a_bad_cell_is_tried_all_the_same(kit: Kit) -> None:
    kit.answer(difference=WRONG, row_totals="return x +")
    said = kit.gradlings("try", "9.1").said
    assert "got -2.0 expected 2.0" in said
    assert "Python cannot read this line" in said


@pytest.mark.usefixtures("at_once")
def test_a_driver_is_part_of_the_script(kit: Kit) -> None:
    kit.answer(count_up=RIGHT["count_up"], make_counter="return lambda: start")
    assert "got [4, 4, 4] expected [4, 5, 6]" in kit.gradlings("try", "9.3").said
    script = (kit.root / ".gradlings" / "try_9_3.py").read_text(encoding="utf-8")
    assert "def first_three(student, start):" in script
    assert "got = first_three(tiny, start)" in script


@pytest.mark.usefixtures("at_once")
def test_an_error_is_shown_where_it_is_raised(kit: Kit) -> None:
    kit.answer(difference="return a / nothing")
    said = kit.gradlings("try", "9.1").said
    assert "NameError: name 'nothing' is not defined" in said
    assert "return a / nothing" in said


@pytest.mark.parametrize(
    ("answers", "exercise", "sentence"),
    [
        ({}, "9.1", "9.1 is not attempted yet: write difference first."),
        ({"row_totals": "return x @ x, x"}, "9.2", "This exercise is to be solved without"),
        ({"difference": "return (a"}, "9.1", "Python cannot read this line"),
    ],
)
def test_where_there_is_no_call_it_says_why(kit: Kit, answers: dict[str, str], exercise: str, sentence: str) -> None:
    done = kit.answer(**answers).gradlings("try", exercise)
    assert (done.code, sentence in done.said) == (0, True), done.said
    assert not (kit.root / ".gradlings").exists()


@pytest.mark.usefixtures("at_once")
def test_large_tensors_lie_beside_the_script(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(value_source, "_MAX_WRITTEN", 3)
    kit.answer(row_totals="return x.mean(1), x.amax(1)")
    said = kit.gradlings("try", "9.2").said
    assert "total" in said
    assert "expected" in said
    assert (kit.root / ".gradlings" / "try_9_2.pt").is_file()
    assert 'x = stored["t1"]' in (kit.root / ".gradlings" / "try_9_2.py").read_text(encoding="utf-8")


@pytest.mark.usefixtures("at_once")
def test_what_must_raise(kit: Kit) -> None:
    kit.answer(count_up="return list(range(max(n, 0)))")
    assert "got [] expected ValueError" in kit.gradlings("try", "9.3").said


@pytest.mark.usefixtures("at_once")
def test_a_changed_input_is_shown_before_and_after(kit: Kit) -> None:
    kit.answer(difference="a -= b\nreturn a")
    said = kit.gradlings("try", "9.1").said
    assert "a before tensor(5., dtype=torch.float64) a after tensor(2., dtype=torch.float64)" in said


def test_a_call_that_never_ends_is_not_made_again(kit: Kit) -> None:
    kit.answer(count_up="while True: pass").edit(kit.folder / "test_tiny.py", "seconds=1)", "seconds=0.2)")
    said = kit.gradlings("try", "9.3").said
    assert "It ran out of time. `gradlings try 9.3 --pdb` stops in it, step by step." in said


def test_an_earlier_exercise_at_fault_is_named(tmp_path: Path) -> None:
    kit = chain_kit(tmp_path, solved=True)
    done = kit.gradlings("try", "9.3")
    assert done.code == 0
    assert "twice (9.1)" in done.said or "not attempted" in done.said, done.said


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_the_debugger_stops_in_the_students_function(tmp_path: Path, suffix: str) -> None:
    """With a script that needs no torch, whose import would take most of the time."""
    import pexpect

    answer = "def helper(x):\n    return x\n\ndef halve(x):\n    half = helper(x) / 2\n    return half\n"
    file = (tmp_path / "mine.py").with_suffix(suffix)
    cell: dict[str, object] = {"cell_type": "code", "metadata": {}, "outputs": [], "source": answer}
    file.write_text(answer if suffix == ".py" else json.dumps({"cells": [cell]}), encoding="utf-8")
    script = tmp_path / "script.py"
    load = "import mine" if suffix == ".py" else f"mine = answers_in({str(file)!r})"
    imports = "from gradlings.runners.failing_call.answers import answers_in"
    script.write_text(f"{imports}\n{load}\nprint(mine.halve(5))\n", encoding="utf-8")
    command = ["-m", "gradlings.learning.debug_call", str(script), str(tmp_path / "mine"), "halve"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    process = pexpect.spawn(sys.executable, command, env=environment, encoding="utf-8", timeout=180)
    process.expect_exact("(Pdb) ")
    assert "-> half = helper(x) / 2" in process.before, process.before
    process.sendline("p x + 1000")
    process.expect_exact("(Pdb) ")
    assert "1005" in process.before
    process.sendline("q")
    process.expect(pexpect.EOF)
    assert "Traceback" not in process.before


def test_pdb_debugs_the_script(kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[list[str]] = []
    monkeypatch.setattr(subprocess, "run", seen.append)
    kit.answer(difference=WRONG)
    assert kit.gradlings("try", "9.1", "--pdb").code == 0
    script = kit.root / ".gradlings" / "try_9_1.py"
    source = str(kit.module.with_suffix(""))
    assert seen == [[sys.executable, "-m", "gradlings.learning.debug_call", str(script), source, "difference"]]


# ---- a cell for notebooks


def test_a_cell_leaves_the_names_of_the_kernel_alone(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    with collected_checks(kit.folder) as grader:
        checks_file = kit.folder / "test_tiny.py"
        graded = grader.check(grader.own_submission(checks_file), checks_file, seed=0, only=("9.1",))
    found = failing_call(graded, "9.1")
    assert found.call is not None
    cell = cell_of(found.call, "9.1", "", kit.folder, {"a"}, stored_in=kit.root / "t.pt").text
    assert re.search(r"^a_ = torch\.tensor\(5\.0", cell, re.MULTILINE)
    assert "got = difference(a_, b)" in cell
    names: dict[str, Any] = {"difference": lambda a, b: b - a, "a": "mine"}
    assert "got -2.0   expected 2.0" in run(cell, names)[0]
    assert names["a"] == "mine"
