"""`pytest assignments/NN` behaves as users of pytest expect, whatever a submission does."""

import json
import re
import shutil
import threading
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest
import torch

from student_kit import PROJECT, RIGHT, TINY, Finished, Kit

ALL_WRONG_WAYS = {
    "difference": "print('here')\nreturn b - a",
    "row_totals": "ones = torch.ones_like(x, device='cpu')\nreturn (x * ones).sum(1), x.amax(1)",
    "count_up": "while True: pass",
    "make_counter": "return start",
}

# A sitecustomize module under which every import of torch fails; asking whether torch is there does not.
NO_TORCH = '''
import sys
from importlib.machinery import ModuleSpec

class NoTorch:
    def find_spec(self, name, path=None, target=None):
        return ModuleSpec(name, self) if name == "torch" else None

    def create_module(self, spec):
        raise ImportError("torch was asked for")

    def exec_module(self, module):
        """Never comes to this."""

sys.meta_path.insert(0, NoTorch())
'''


def points(shown: Finished, exercise: str) -> str:
    """ "5/10": what the page says an exercise earned."""
    found = re.search(rf"^  {re.escape(exercise)} .*?(\d+/\d+)", shown.out, re.MULTILINE)
    assert found, f"no line for {exercise} in:\n{shown.out}{shown.err}"
    return found[1]


# ---- exit codes and selection


def test_exit_code_0_at_full_marks_only(kit: Kit) -> None:
    assert kit.check().code == 1, "untouched"
    kit.answer(difference=RIGHT["difference"], row_totals=RIGHT["row_totals"], count_up=RIGHT["count_up"])
    assert kit.check().code == 1, "one function is still a stub"
    kit.answer(make_counter="return start")
    assert kit.check().code == 1, "one function is wrong"
    kit.edit(kit.module, "return start", "import itertools; return itertools.count(start).__next__")
    assert kit.check().code == 0


def test_exit_code_0_with_k_means_the_selected_checks_passed(kit: Kit) -> None:
    kit.answer(difference=RIGHT["difference"], row_totals="return x.sum(1), x.amin(1)")
    by_function = kit.check("-k", "difference")
    assert by_function.code == 0
    assert points(by_function, "9.1") == "10/10"
    assert "9.2" not in by_function.out
    by_id = kit.check("-k", "9.1")
    assert (by_id.code, by_id.out) == (by_function.code, by_function.out)
    assert kit.check("-k", "row_totals").code == 1
    assert kit.check("-k", "difference or row_totals").code == 1
    assert kit.check("-k", "make_counter").code == 1, "not attempted"
    assert kit.check("-k", "no_such_thing").code == pytest.ExitCode.NO_TESTS_COLLECTED


def test_one_class_or_check_can_be_named(kit: Kit) -> None:
    file = kit.target + "/test_tiny.py"
    kit.target = f"{file}::TestDifference::test_vectors"
    untouched = kit.check()
    assert untouched.code == 1
    assert "not attempted yet" in untouched.out
    kit.answer(difference=RIGHT["difference"])
    assert kit.check().code == 0
    kit.target = f"{file}::TestDifference"
    assert points(kit.check(), "9.1") == "10/10"


def test_stops_at_the_first_wrong_check_with_x(kit: Kit) -> None:
    kit.answer(difference="return b - a", row_totals="return x, x")
    shown = kit.check("-x")
    assert shown.code == 1
    assert points(shown, "9.1") == "0/10", "the points of an exercise do not depend on how many checks ran"
    assert "9.2" not in shown.out
    assert "  0 of 10 points · next: 9.1 difference · 5 checks were not run\n" in shown.out
    assert "opposite sign" in shown.out, "the name of a misconception needs no further checks"


def test_stubs_do_not_stop_a_run_with_x(kit: Kit) -> None:
    kit.answer(count_up=RIGHT["count_up"], make_counter="return start")
    shown = kit.check("-x")
    assert points(shown, "9.3") == "3/5"


def test_the_checks_are_the_same_ones_attempted_or_not(kit: Kit) -> None:
    def listed() -> set[str]:
        shown = kit.check("--collect-only", "-q")
        assert shown.code == 0
        assert "points" not in shown.out
        return {line for line in shown.out.splitlines() if "::" in line}

    untouched = listed()
    assert "assignments/09/test_tiny.py::TestRowTotals::test_rows" in untouched
    assert len(untouched) == 6
    kit.answer(difference="return a - b")
    assert listed() == untouched


def test_runs_from_inside_the_folder_too(kit: Kit) -> None:
    kit.answer(difference="return b - a")
    inside = Kit(kit.folder)
    inside.target = "."
    assert points(inside.check(), "9.1") == "0/10"
    assert f"   {kit.place('def difference').rpartition('/')[2]}\n" in inside.check().out


def test_two_assignments_give_two_pages(kit: Kit) -> None:
    shutil.copytree(kit.folder, kit.root / "assignments" / "08")
    kit.answer(difference=RIGHT["difference"])
    shown = kit.check("assignments/08")
    assert shown.code == 1
    assert "10 of 30 points \u00b7 next: 9.2 row_totals" in shown.out
    *_, untouched, begun, _, total = shown.out.rstrip().splitlines()
    assert re.fullmatch(r"  08 A tiny kit  \S{10}    0/30   not attempted yet", untouched)
    assert re.fullmatch(r"  09 A tiny kit  \S{10}   10/30", begun)
    assert total == "  10 of 60 points \u00b7 next: 9.1 difference", "of the first assignment"


def test_a_kit_as_a_whole_is_shown_as_its_assignments_are(kit: Kit) -> None:
    shutil.copytree(kit.folder, kit.root / "assignments" / "08")
    kit.answer(difference=RIGHT["difference"])
    kit.target = "."
    shown = kit.check()
    assert shown.code == 1
    assert shown.out.lstrip().startswith("09 \u00b7 A tiny kit"), "what is not begun has one line at the end"
    assert shown.out.rstrip().endswith("10 of 60 points \u00b7 next: 9.1 difference")


@pytest.mark.parametrize(
    ("selected", "said"),
    [
        ("9.0", "right \u00b7 there are no points for it"),
        ("difference", "10 of 10 points \u00b7 all that was run is right"),
    ],
)
def test_praise_is_for_what_was_run(kit: Kit, selected: str, said: str) -> None:
    kit.answer(difference=RIGHT["difference"])
    shown = kit.check("-k", selected)
    assert shown.code == 0
    assert said in shown.out
    assert "full marks" not in shown.out


# ---- as in a process of its own


@pytest.fixture(scope="module")
def wrong_kit(built_kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> Kit:
    """Something wrong with every exercise; not to be changed."""
    kit = Kit.copied(built_kit.root, tmp_path_factory.mktemp("wrong"), "assignments")
    return kit.answer(**ALL_WRONG_WAYS)


def test_a_process_of_its_own_shows_the_same_page(wrong_kit: Kit) -> None:
    apart, here = wrong_kit.run("pytest", wrong_kit.target), wrong_kit.check()
    assert (apart.code, apart.out) == (here.code, here.out)


def test_two_workers_show_the_same_page(wrong_kit: Kit) -> None:
    alone, shared = wrong_kit.check(), wrong_kit.run("pytest", wrong_kit.target, "-n", "2")
    assert shared.code == 1
    assert _page(shared.out) == _page(alone.out)


def test_two_workers_reach_full_marks_and_record_it_once(kit: Kit) -> None:
    kit.answer(**RIGHT)
    shared, record = kit.run("pytest", kit.target, "-n", "2"), kit.root / "progress.jsonl"
    assert shared.code == 0, shared.said
    recorded = [json.loads(line)["exercise"] for line in record.read_text(encoding="utf-8").splitlines()]
    assert sorted(recorded) == ["9.1", "9.2", "9.3"]
    record.unlink()  # on record, nothing is right for the first time
    assert _page(shared.out) == _page(kit.check().out)


def test_results_of_two_workers_are_restored_one_at_a_time(
    request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    """xdist restores them in a thread for each worker, and msgspec crashes where two first meet a dataclass at once."""
    inside, both_inside = threading.Semaphore(2), threading.Event()

    def convert(value: object, _form: type) -> object:
        inside.acquire()
        if not inside.acquire(blocking=False):
            both_inside.set()
        else:
            inside.release()
        both_inside.wait(0.3)  # long enough for the other one to come in, if it can
        inside.release()
        return value

    monkeypatch.setattr(msgspec, "convert", convert)
    hook = request.config.hook.pytest_report_from_serializable
    report = pytest.TestReport("a", ("a", 0, "a"), {}, "passed", None, "call", check_result={})
    data = request.config.hook.pytest_report_to_serializable(config=request.config, report=report)
    with ThreadPoolExecutor(2) as threads:
        restored = list(threads.map(lambda copy: hook(config=request.config, data=copy), [dict(data), dict(data)]))
    assert len(restored) == 2
    assert not both_inside.is_set()


def _page(text: str) -> str:
    """From the title on: xdist says a line or two before it."""
    return text[text.index("09 ·") :].strip()


def test_pdb_stops_in_the_students_function(kit: Kit) -> None:
    kit.answer(difference="wanted = 'ab'\nreturn wanted[7]")
    shown = kit.run("pytest", kit.target, "--pdb", "-k", "numbers", stdin="p wanted\nq\n")
    assert f"{kit.place('return wanted[7]').rpartition(':')[2]})difference()" in shown.out
    assert "return wanted[7]" in shown.out
    assert "'ab'" in shown.out, "the student's variables are at hand"
    assert shown.code != 0


def test_an_untouched_kit_is_shown_without_torch(kit: Kit, tmp_path: Path) -> None:
    forbidding = tmp_path / "forbidding"
    forbidding.mkdir()
    (forbidding / "sitecustomize.py").write_text(NO_TORCH, encoding="utf-8")
    environment = {"PYTHONPATH": str(forbidding)}
    shown = kit.run("pytest", kit.target, environment=environment)
    assert shown.code == 1
    assert shown.out == kit.check().out
    kit.answer(difference="return a - b")
    assert "torch was asked for" in kit.run("pytest", kit.target, environment=environment).out


def test_bare_pytest_in_the_project_runs_its_own_tests_only(kit: Kit) -> None:
    shutil.copy(PROJECT / "pyproject.toml", kit.root)
    (kit.root / "tests").mkdir()
    (kit.root / "tests" / "test_own.py").write_text("def test_own():\n    assert 1 + 1 == 3\n", encoding="utf-8")
    shown = kit.run("pytest")
    assert "1 failed" in shown.out
    assert "assert (1 + 1) == 3" in shown.out
    assert "points" not in shown.out


def test_ordinary_tests_beside_assignments_keep_their_tracebacks(kit: Kit) -> None:
    (kit.root / "test_own.py").write_text("def test_own():\n    assert 1 + 1 == 3\n", encoding="utf-8")
    shown = kit.check("test_own.py")
    assert "assert (1 + 1) == 3" in shown.out
    assert "0 of 30 points" in shown.out
    assert shown.code == 1


def test_a_file_that_only_mentions_exercises_is_an_ordinary_test_file(tmp_path: Path) -> None:
    mention = '"""\nfrom gradlings import exercise\n@exercise("9.1")\n"""\n'
    (tmp_path / "test_own.py").write_text(mention + "def test_own():\n    assert 1 + 1 == 3\n", encoding="utf-8")
    kit = Kit(tmp_path)
    kit.target = "test_own.py"
    assert "assert (1 + 1) == 3" in kit.check().out


# ---- options


def test_detail_with_v(kit: Kit) -> None:
    kit.answer(difference="print(*range(12), sep='\\n')\nreturn a.item() - b.item()")
    short, long = kit.check().out, kit.check("-v").out
    assert "-v shows all" in short
    assert "-v shows all" not in long
    assert "the difference of two numbers: right (5/5)" in long
    assert "in difference: return a.item() - b.item()" in long


def test_junitxml_holds_points_verdicts_and_messages(wrong_kit: Kit, tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    wrong_kit.check("--junitxml", str(report))
    cases = {str(case.get("name")): case for case in ElementTree.parse(report).iter("testcase")}
    assert len(cases) == 6

    def properties(name: str) -> dict[str | None, str | None]:
        return {item.get("name"): item.get("value") for item in cases[name].iter("property")}

    assert properties("test_numbers") == {"exercise": "9.1", "points": "0", "max_points": "5", "verdict": "wrong"}
    assert properties("test_rows") == {"exercise": "9.2", "points": "15", "max_points": "15", "verdict": "pass"}
    assert properties("test_list")["verdict"] == "timeout"
    (failure,) = cases["test_numbers"].iter("failure")
    assert "difference(a=5.0, b=3.0)" in str(failure.text)
    assert "got -2.0 expected 2.0" in str(failure.text)
    assert "_pytest" not in str(failure.text), "no traceback of ours"


def test_junitxml_of_an_untouched_kit(kit: Kit, tmp_path: Path) -> None:
    report = tmp_path / "junit.xml"
    kit.check("--junitxml", str(report))
    skipped = [case for case in ElementTree.parse(report).iter("testcase") if case.find("skipped") is not None]
    verdicts = [
        item.get("value") for case in skipped for item in case.iter("property") if item.get("name") == "verdict"
    ]
    assert verdicts == ["not_attempted"] * 5


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has CUDA")
def test_a_device_that_is_not_there_is_a_usage_error(kit: Kit) -> None:
    shown = kit.check("--gradlings-device", "cuda")
    assert shown.code == pytest.ExitCode.USAGE_ERROR
    assert "--gradlings-device cuda: this machine has no such device" in shown.said
    assert "Traceback" not in shown.said


def test_a_device_that_does_not_exist_is_a_usage_error(kit: Kit) -> None:
    shown = kit.check("--gradlings-device", "toaster")
    assert shown.code == pytest.ExitCode.USAGE_ERROR
    assert "there is no such device" in shown.said


def test_another_seed_draws_other_probes_and_gives_the_same_verdict(kit: Kit) -> None:
    kit.answer(difference="return a - b if a.numel() in (1, 3) else a + b", row_totals=RIGHT["row_totals"])
    shown = [kit.check("--gradlings-seed", seed).out for seed in ("0", "1", "1")]
    calls = [re.findall(r"difference\(a=.*", page) for page in shown]
    assert calls[0] != calls[1]
    assert calls[1] == calls[2]
    for page in shown:
        assert "5/10  1 of 2 checks" in page
        assert "15/15" in page


def test_warnings_of_a_submission_do_not_clutter_the_page(kit: Kit) -> None:
    kit.answer(difference="import warnings\nwarnings.warn('old habits')\nreturn b - a")
    assert "old habits" not in kit.check().out


# ---- what submissions do


def test_a_syntax_error_costs_only_its_exercise(kit: Kit) -> None:
    kit.answer(**RIGHT | {"difference": "rest = a - b\nif rest is None\n    rest = 0\nreturn rest"})
    shown = kit.check()
    assert points(shown, "9.1") == "0/10"
    assert points(shown, "9.2") == "15/15"
    assert points(shown, "9.3") == "5/5"
    assert f"{kit.place('if rest is None')}: Python cannot read this line" in shown.out
    assert "if rest is None" in shown.out, "the line itself is quoted"


@pytest.mark.parametrize(
    ("body", "quoted", "numbers"),
    [
        ("c = a - b\n  d = c\nreturn d", "d = c", 0),
        ("if a is b:\nreturn a\nreturn a - b", "return a", 1),
        ("for i in [1, 2:\n    a = a - i\nreturn a - b", "for i in [1, 2:", 0),
        ("text = 'unfinished\nreturn a - b", "text = 'unfinished", 1),
    ],
    ids=["unexpected indent", "no block", "bracket", "string"],
)
def test_syntax_errors_name_the_files_own_line_and_quote_it(kit: Kit, body: str, quoted: str, numbers: int) -> None:
    shown = kit.answer(difference=body).check()
    place = kit.place(quoted)
    message = shown.said.partition("Python cannot read this line")
    assert message[0].endswith(f"{place}: ")
    assert message[2].partition("hint:")[0].endswith(f". {quoted} ")
    line = int(place.rpartition(":")[2])
    named = [int(number) for number in re.findall(r"(?:on|at) line (\d+)", message[2])]
    assert len(named) == numbers
    assert set(named) <= {line - 1, line}, "numbers inside of Python's message are the file's, too"


@pytest.mark.parametrize("stray", ["return rest", "break", "yield rest", "nonlocal rest"])
def test_a_line_that_fell_out_of_its_function_is_a_syntax_error(kit: Kit, stray: str) -> None:
    shown = kit.edit(
        kit.module, 'raise NotImplementedError("Exercise 9.1: difference")', f"rest = a - b\n{stray}"
    ).check()
    assert "renamed or deleted" not in shown.said
    line = int(kit.place("rest = a - b").rpartition(":")[2]) + 1
    assert f"assignments/09/tiny.py:{line}: Python cannot read this line" in shown.said


def test_an_endless_loop_that_swallows_exceptions_is_stopped(kit: Kit) -> None:
    """In a process of its own, which can be ended if need be; `test_time_limit.py` has more such loops."""
    loop = "while True:\n    try:\n        while True:\n            pass\n    except BaseException:\n        pass"
    kit.answer(**RIGHT | {"count_up": loop})
    shown = kit.run("pytest", kit.target)
    assert "Still running after 1 s. An endless loop?" in shown.out
    assert (points(shown, "9.1"), points(shown, "9.2"), points(shown, "9.3")) == ("10/10", "15/15", "2/5")
    assert shown.code == 1


def test_code_that_cannot_be_stopped_ends_the_run_with_a_message(kit: Kit) -> None:
    """No run hangs, and none ends without a message."""
    kit.answer(count_up="def again():\n    try:\n        again()\n    except BaseException:\n        again()\nagain()")
    shown = kit.run("pytest", kit.target)
    assert shown.code == 1
    assert "Still running" in shown.out or "cannot be stopped" in shown.said


def test_an_exception_while_loading_costs_only_what_comes_after_it_in_its_cell(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "# %%\ndef row_totals", "# %%\nROWS = {}['rows']\n\n\ndef row_totals")
    shown = kit.check()
    assert f"{kit.place('ROWS = ')}: KeyError while this cell was run: 'rows'" in shown.said
    assert (points(shown, "9.1"), points(shown, "9.2"), points(shown, "9.3")) == ("10/10", "0/15", "5/5")


def test_an_exception_in_a_cell_of_its_own_costs_nothing(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "# %% [markdown]\n# ## 9.2", "# %%\n1 / 0\n\n# %% [markdown]\n# ## 9.2")
    shown = kit.check()
    assert "ZeroDivisionError while this cell was run" in shown.out
    assert "30 of 30 points" in shown.out
    assert shown.code == 0


def test_exit_at_the_top_of_a_file_ends_only_its_cell(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "# %%\ndef row_totals", "# %%\nimport sys\n\nsys.exit(0)\n\n\ndef row_totals")
    shown = kit.check()
    assert f"{kit.place('sys.exit(0)')}: SystemExit" in shown.said
    assert (points(shown, "9.1"), points(shown, "9.2"), points(shown, "9.3")) == ("10/10", "0/15", "5/5")


@pytest.mark.parametrize(
    "leave", ["import sys\nsys.exit(0)", "raise SystemExit", "import pytest\npytest.exit('done', 0)"]
)
def test_exit_in_a_function_is_an_error_like_any_other(kit: Kit, leave: str) -> None:
    shown = kit.answer(**RIGHT | {"difference": leave}).check()
    assert "Your code ended the program (exit)" in shown.out
    assert (points(shown, "9.1"), points(shown, "9.2"), points(shown, "9.3")) == ("0/10", "15/15", "5/5")
    assert shown.code == 1


def test_a_submission_cannot_skip_or_pass_a_check_by_pytests_own_means(kit: Kit) -> None:
    shown = kit.answer(
        difference="import pytest\npytest.skip('no need')", row_totals="import pytest\npytest.xfail('known')"
    ).check()
    assert (points(shown, "9.1"), points(shown, "9.2")) == ("0/10", "0/15")
    assert "not attempted" not in shown.out.partition("9.3")[0]


def test_too_much_memory_is_said_so(kit: Kit) -> None:
    shown = kit.answer(difference="return bytearray(1 << 62)").check()
    assert "asked for more memory than there is" in shown.said


def test_endless_recursion_is_said_so(kit: Kit) -> None:
    shown = kit.answer(difference="return difference(a, b)").check()
    assert "calls itself again and again" in shown.said


def test_a_function_of_an_exercise_that_is_still_a_stub(kit: Kit) -> None:
    shown = kit.answer(row_totals="return difference(x.sum(1), 0), x.amax(1)").check()
    assert "Your row_totals is right. It calls difference (9.1), which is not yet: start there." in shown.said
    assert "15 of 30 points" in shown.said


@pytest.mark.parametrize("function", ["difference", "make_counter"])
def test_a_raise_that_was_left_in_is_pointed_out(kit: Kit, function: str) -> None:
    exercise = {"difference": "9.1", "make_counter": "9.3"}[function]
    left_in = f"answer = 1\nraise NotImplementedError('Exercise {exercise}: {function}')"
    shown = kit.answer(**RIGHT | {function: left_in}).check()
    assert "The line `raise NotImplementedError` was reached." in shown.said
    assert "not attempted" not in shown.said


def test_one_function_of_two_is_graded_though_the_other_is_a_stub(kit: Kit) -> None:
    kit.answer(make_counter=RIGHT["make_counter"])
    assert points(kit.check(), "9.3") == "2/5", "its driver needs no count_up"


def test_one_function_of_two_without_a_driver(kit: Kit) -> None:
    kit.answer(count_up=RIGHT["count_up"])
    assert points(kit.check(), "9.3") == "3/5"


def test_the_first_finding_is_of_a_function_that_was_attempted(kit: Kit) -> None:
    kit.answer(make_counter="return lambda: start")
    shown = kit.check()
    assert "got [4, 4, 4]   expected [4, 5, 6]" in shown.out, "count_up comes first, and is a stub"


def test_what_the_code_printed_is_shown_where_it_failed(kit: Kit) -> None:
    kit.answer(
        difference="print('a is', float(a.sum()))\nreturn b - a", row_totals="print('fine')\n" + RIGHT["row_totals"]
    )
    shown = kit.check()
    assert "your code printed:\n        a is 5.0" in shown.out
    assert "fine" not in shown.out


def test_a_notebook_is_graded_as_the_module_is(kit: Kit, built_kit: Kit, tmp_path: Path) -> None:
    answers = ALL_WRONG_WAYS | {"count_up": "return n", "difference": "print('here')\nreturn a[7]"}
    other = Kit.copied(built_kit.root, tmp_path / "notebook", "assignments").answer_in_notebook(**answers)
    place = r"assignments/09/tiny\.(py:|ipynb cell \d+:)\d+"
    module, notebook = kit.answer(**answers).check(), other.check()
    assert re.search(r"assignments/09/tiny\.ipynb cell \d+:9\n", notebook.out)
    assert re.sub(place, "PLACE", notebook.said) == re.sub(place, "PLACE", module.said)
    assert "in difference: return a[7]" in other.check("-v").said


def test_the_file_that_was_edited_counts(kit: Kit) -> None:
    assert points(kit.answer_in_notebook(difference="return a - b").check(), "9.1") == "10/10"
    kit.module.unlink()
    assert points(kit.check(), "9.1") == "10/10"


def test_both_files_edited_is_said_once_and_not_guessed(kit: Kit) -> None:
    kit.answer(difference="return a - b").answer_in_notebook(row_totals=RIGHT["row_totals"])
    shown = kit.check()
    assert shown.said.count("Both tiny.py and tiny.ipynb were edited") == 1
    assert "0 of 30 points" in shown.out
    assert shown.code == 1


def test_an_empty_cell_that_jupyter_added_is_no_edit(kit: Kit) -> None:
    text = kit.notebook.read_text(encoding="utf-8").rstrip()
    cell = '{"cell_type": "code", "id": "new", "metadata": {}, "source": [], "outputs": [], "execution_count": null}'
    start, end = text.rindex('\n ],\n "metadata"'), len(text)
    kit.notebook.write_text(f"{text[:start]},\n  {cell}{text[start:end]}\n", encoding="utf-8")
    shown = kit.answer(difference="return a - b").check()
    assert points(shown, "9.1") == "10/10"


def test_no_file_to_grade_is_said_so(kit: Kit) -> None:
    kit.module.unlink()
    kit.notebook.unlink()
    shown = kit.check()
    assert shown.said.count("There is no assignments/09/tiny.py. Put your file there and run again.") == 1
    assert shown.code == 1


def test_a_notebook_that_is_none_is_said_so(kit: Kit) -> None:
    kit.notebook.write_text("{ this is no JSON", encoding="utf-8")
    shown = kit.check()
    assert shown.said.count("assignments/09/tiny.ipynb cannot be read") == 1
    assert shown.code == 1


def test_names_are_not_enough(kit: Kit) -> None:
    """A name that is no function, an async function, a class: each is distinguished from a function that works."""
    kit.edit(kit.module, "def difference(", "difference = 3\n\n\ndef another(")
    assert "difference is an int in your file, not a function" in kit.check().said


def test_the_files_main_block_does_not_run(kit: Kit) -> None:
    kit.answer(**RIGHT)
    main = "\n\n# %%\nif __name__ == '__main__':\n    raise RuntimeError('as a script')\n"
    kit.module.write_text(kit.module.read_text(encoding="utf-8") + main, encoding="utf-8")
    shown = kit.check()
    assert shown.code == 0
    assert "as a script" not in shown.out


def test_annotations_are_evaluated_as_python_does(kit: Kit) -> None:
    """A misspelled annotation is a NameError in Python and Jupyter, so it must not earn points here."""
    kit.answer(**RIGHT).edit(kit.module, "def difference(a: Float[", "def difference(a: Flaot[")
    shown = kit.check()
    assert "NameError" in shown.said
    assert points(shown, "9.1") == "0/10"


def test_a_future_import_holds_for_the_whole_module(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.module, "def count_up(n: int)", "def count_up(n: Whole)")
    kit.edit(kit.module, "from collections.abc", "from __future__ import annotations\n\nfrom collections.abc")
    assert points(kit.check(), "9.3") == "5/5"


@pytest.fixture
def torch_as_it_was() -> Iterator[None]:
    """These tests share their process with others."""
    yield
    torch.set_grad_enabled(True)
    torch.set_default_dtype(torch.float32)
    torch.set_default_device(None)


@pytest.mark.usefixtures("torch_as_it_was")
@pytest.mark.parametrize(
    "setting",
    ["torch.set_grad_enabled(False)", "torch.set_default_dtype(torch.float64)", "torch.set_default_device('meta')"],
)
def test_settings_made_by_one_exercise_do_not_reach_another(kit: Kit, setting: str) -> None:
    usual = (
        "torch.is_grad_enabled() and torch.get_default_dtype() == torch.float32 and torch.ones(1).device.type == 'cpu'"
    )
    kit.answer(
        **RIGHT | {"difference": f"{setting}\nreturn a - b", "row_totals": f"assert {usual}\n{RIGHT['row_totals']}"}
    )
    kit.edit(
        kit.folder / "test_tiny.py", "def torch_rows(x):", f"def torch_rows(x):\n    import torch\n\n    assert {usual}"
    )
    shown = kit.check()
    assert points(shown, "9.1") == "10/10"
    assert points(shown, "9.2") == "15/15"
    assert torch.is_grad_enabled()


WEIRD = [
    "None",
    "'abc'",
    "b'abc'",
    "True",
    "-1.5",
    "1j",
    "float('inf')",
    "10**400",
    "10**5000",
    "[]",
    "()",
    "{}",
    "{1: None}",
    "[None, [None]]",
    "...",
    "NotImplemented",
    "object()",
    "int",
    "iter([1])",
    "(lambda: 0)",
    "(lambda loop: (loop.append(loop), loop)[1])([])",
    "type('Rude', (), {'__repr__': lambda s: 1 / 0, '__eq__': lambda s, o: 1 / 0, '__bool__': lambda s: 1 / 0})()",
    "type('List', (list,), {})([1, 2, 3])",
    "torch.empty(0)",
    "torch.tensor(float('nan'))",
    "torch.tensor([1j, 2])",
    "torch.ones(3, 3, dtype=torch.bool)",
    "torch.ones(3, device='meta')",
    "torch.eye(3).to_sparse()",
    "torch.ones(2, requires_grad=True)",
    "torch.nn.Linear(2, 2)",
    "torch.Size([1, 2])",
    "torch.float32",
    "__import__('numpy').ones(3)",
    "__import__('numpy').float32(3)",
    "(i for i in [1])",
]


@pytest.mark.parametrize("weird", WEIRD)
def test_no_answer_is_the_graders_fault(kit: Kit, weird: str) -> None:
    shown = kit.answer(**dict.fromkeys(RIGHT, f"return {weird}")).check()
    assert "The check itself failed" not in shown.said
    assert "INTERNALERROR" not in shown.said
    assert "0 of 30 points" in shown.out
    assert shown.code == 1


@pytest.mark.parametrize("weird", ["None", "'abc'", "[None]", "(lambda *a: None)"])
@pytest.mark.parametrize("assignment", sorted(path.name for path in (PROJECT / "assignments").glob("[0-9]*")))
def test_no_answer_is_the_graders_fault_in_any_assignment(assignment: str, weird: str, tmp_path: Path) -> None:
    kit = Kit.copied(PROJECT, tmp_path, f"assignments/{assignment}")
    kit.target = f"assignments/{assignment}"
    for path in (tmp_path / kit.target).glob("*.py"):
        text = path.read_text(encoding="utf-8")
        stub = r'raise NotImplementedError\("Exercise [^"]*"\)'
        path.write_text(re.sub(stub, lambda _: f"return {weird}", text), encoding="utf-8")
    shown = kit.check()
    assert "The check itself failed" not in shown.said
    assert "INTERNALERROR" not in shown.said
    assert re.search(r"\d+ of \d+ points", shown.out)


# ---- what authors do


def test_checks_that_cannot_be_imported_say_why(kit: Kit) -> None:
    kit.answer(difference="return a - b").edit(
        kit.folder / "test_tiny.py", "def minus(a, b):", "import no_such_module\n\n\ndef minus(a, b):"
    )
    shown = kit.check()
    assert shown.code not in (0, 1)
    assert "no_such_module" in shown.said


@pytest.mark.parametrize(
    ("old", "new", "why"),
    [
        ("points=15", "points=len('abc')", "the arguments of @exercise must be plain literals"),
        ('forbids="matmul"', 'forbid="matmul"', "forbid"),
        ('forbids="matmul"', 'forbids="matmull"', "matmull"),
    ],
)
@pytest.mark.parametrize("answers", [{}, RIGHT], ids=["untouched", "solved"])
def test_wrong_arguments_of_exercise_are_one_sentence(
    kit: Kit, old: str, new: str, why: str, answers: dict[str, str]
) -> None:
    shown = kit.answer(**answers).edit(kit.folder / "test_tiny.py", old, new).check()
    assert shown.code not in (0, 1)
    assert why in shown.said
    assert "test_tiny.py:" in shown.said
    assert "INTERNALERROR" not in shown.said


def test_a_failing_oracle_is_the_graders_fault_and_named_so(kit: Kit) -> None:
    kit.answer(**RIGHT).edit(kit.folder / "test_tiny.py", "return x.sum(1), x.amax(1)", "return x.sum(7), x")
    shown = kit.check()
    assert "The check itself failed (IndexError" in shown.said
    assert "This is not your fault" in shown.said
    assert "hint: gradlings hint 9.2" not in shown.out
    assert shown.code == 1


def test_the_tiny_kit_itself_is_not_collected() -> None:
    assert (TINY / "assignments" / "09" / "test_tiny.py").is_file()
    project = Kit(PROJECT)
    project.target = "tests/kits"
    assert project.check("--collect-only", "-q").code == pytest.ExitCode.NO_TESTS_COLLECTED
