"""Reading a submission: text as editors write it, cells, stubs, notebooks; and running it cell by cell."""

import contextlib
import json
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from cpu_seconds import CpuSeconds
from gradlings.execution.local_runner import run_cells
from gradlings.execution.student_api import Student, Unavailable
from gradlings.model.exercise import read_exercises
from gradlings.submission.cells import decode, module_cells
from gradlings.submission.manifest import code_digest as digest_of_bytes
from gradlings.submission.reader import Submission, from_source, parse, read_submission
from student_kit import Kit

tried = settings(deadline=None, derandomize=True, max_examples=150)
HERE = Path("tiny.py")
lines = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n"), max_size=10)
texts = st.lists(lines, max_size=6).map("\n".join)


def read(text: str) -> Submission:
    return from_source(text, HERE)


def notebook(path: Path, *sources: str, **more: Any) -> Path:
    cells = [{"cell_type": "code", "source": source.splitlines(keepends=True)} | more for source in sources]
    path.write_text(json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 5, "metadata": {}}), encoding="utf-8")
    return path


def code_digest(path: Path) -> str:
    return digest_of_bytes(path.name, path.read_bytes())


# ---- bytes and lines


@tried
@given(texts, st.sampled_from(["\n", "\r\n", "\r"]), st.booleans())
def test_line_ends_and_byte_order_marks_do_not_matter(text: str, end: str, mark: bool) -> None:
    if text.startswith("\ufeff"):
        text = text[1:]
    data = text.replace("\n", end).encode("utf-8-sig" if mark else "utf-8")
    assert decode(data) == text


@tried
@given(st.text(st.characters(codec="latin-1", categories=("L", "N", "P", "S")), min_size=1))
def test_files_of_old_editors_can_be_read(text: str) -> None:
    assume(not text.startswith(("\u00ff\u00fe", "\u00fe\u00ff")))  # that is how UTF-16 begins
    data = text.encode("latin-1")
    try:
        assert decode(data) == data.decode("utf-8")
    except UnicodeDecodeError:
        assert decode(data) == text


@tried
@given(st.binary())
def test_no_bytes_are_refused(data: bytes) -> None:
    text = decode(data)
    assert "\r" not in text
    from_source(text, HERE)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "latin-1", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_submission_runs_whatever_its_encoding(tmp_path: Path, encoding: str, end: str) -> None:
    path = tmp_path / "tiny.py"
    text = "# %%\ndef f():\n    # größer … als café\n    return 'ß'\n\n\n# %%\nx = f()\n"
    path.write_bytes(text.replace("…", "..." if encoding == "latin-1" else "…").replace("\n", end).encode(encoding))
    loaded = run_cells(parse(path))
    assert loaded.problems() == []
    assert loaded.namespace["x"] == "ß"


@tried
@given(texts, texts)
@example("x = 'a\x0cb\x1cc\u2028d\x85e'", "y = 1")
def test_cells_keep_their_lines(first: str, second: str) -> None:
    text = f"# %%\n{first}\n# %% [markdown]\n# prose\n# %%\n{second}\n"
    whole = text.split("\n")
    for cell in module_cells(text, "tiny.py"):
        inside = cell.source.split("\n")
        assert whole[cell.first_line - 1 : cell.first_line - 1 + len(inside)] == inside


def test_unusual_line_separators_do_not_shift_lines() -> None:
    submission = read("# %%\ntext = 'a\u2028b'\n\x0c\n# %%\ndef f():\n    return 1\n")
    assert submission.syntax_problems == ()
    assert submission.functions["f"].line == 5


# ---- functions and stubs


@pytest.mark.parametrize(
    "body",
    [
        'raise NotImplementedError("Exercise 9.1: f")',
        "raise NotImplementedError",
        '"""Doc."""\n    raise NotImplementedError("later")',
        '"""Doc."""\n    ...',
        "pass",
        "# a comment\n    pass",
    ],
)
def test_is_a_stub(body: str) -> None:
    submission = read(f"def f(x):\n    {body}\n")
    assert not submission.functions["f"].attempted
    assert not submission.attempted(("f",))


@pytest.mark.parametrize(
    "body",
    [
        "return x",
        "x = 1\n    raise NotImplementedError",
        "raise ValueError",
        "return None",
        "if x:\n        pass",
        "raise",
    ],
)
def test_is_an_attempt(body: str) -> None:
    assert read(f"def f(x):\n    {body}\n").functions["f"].attempted


@pytest.mark.parametrize(
    "text",
    [
        "f = lambda x: x\n",
        "class f:\n    pass\n",
        "async def f(x):\n    return x\n",
        "if True:\n    def f(x): ...\n",
        "",
        "def f(:\n",
    ],
)
def test_whatever_is_no_plain_stub_counts_as_attempted(text: str) -> None:
    assert read(text).attempted(("f",))


def test_the_last_definition_counts() -> None:
    stub = "def f(x):\n    raise NotImplementedError\n"
    assert read(f"# %%\n{stub}\n# %%\ndef f(x):\n    return x\n").attempted(("f",))
    assert not read(f"# %%\ndef f(x):\n    return x\n\n# %%\n{stub}").attempted(("f",))


def test_a_broken_cell_hides_only_itself() -> None:
    submission = read(
        "# %%\ndef f(x):\n    return x\n\n# %%\ndef g(x)\n    return x\n\n# %%\ndef h(x):\n    return x\n"
    )
    assert set(submission.functions) == {"f", "h"}
    (problem,) = submission.syntax_problems
    assert (problem.line, problem.text.strip()) == (6, "def g(x)")


@pytest.mark.parametrize(
    "line", ["return 1", "break", "yield 1", "await f()", "def f(a, a): ...", "x = 1 = 2", "f() = 1"]
)
def test_every_kind_of_syntax_error_is_listed(line: str) -> None:
    (problem,) = read(f"# %%\nx = 0\n\n# %%\ny = 0\n{line}\n").syntax_problems
    assert problem.line == 6


# ---- notebooks


def test_cells_of_a_notebook_know_their_numbers(tmp_path: Path) -> None:
    submission = parse(notebook(tmp_path / "tiny.ipynb", "x = 1", "def f():\n    return x\n"))
    assert [cell.file.rpartition("tiny.ipynb")[2] for cell in submission.cells] == [" cell 1", " cell 2"]
    assert submission.functions["f"].line == 1


@pytest.mark.parametrize(
    "magic",
    ["%matplotlib inline", "!pip install torch", "?print", "print?", "  %time x = 2", "get_ipython().system('ls')"],
)
def test_magic_lines_are_passed_over(tmp_path: Path, magic: str) -> None:
    indent = magic[: len(magic) - len(magic.lstrip())]
    source = f"if True:\n  x = 1\n{magic}\n" if indent else f"x = 1\n{magic}\ny = x\n"
    submission = parse(notebook(tmp_path / "tiny.ipynb", source, "def f():\n    return x\n"))
    assert submission.syntax_problems == ()
    assert run_cells(submission).namespace["f"]() == 1


@pytest.mark.parametrize("magic", ["%%time", "%%capture out", "%%prun"])
def test_a_cell_that_is_only_timed_still_counts(tmp_path: Path, magic: str) -> None:
    """These cell magics run the cell as Python, so what it defines is there in Jupyter."""
    submission = parse(notebook(tmp_path / "tiny.ipynb", f"{magic}\ndef f():\n    return 7\n"))
    assert "f" in submission.functions


def test_other_cell_magics_are_no_python(tmp_path: Path) -> None:
    submission = parse(notebook(tmp_path / "tiny.ipynb", "%%bash\necho it's 3\n", "def f():\n    return 7\n"))
    assert submission.syntax_problems == ()
    assert set(submission.functions) == {"f"}


def test_python_that_looks_like_magic_is_python(tmp_path: Path) -> None:
    source = "def f(a, b):\n    return (a\n            % b)\n"
    submission = parse(notebook(tmp_path / "tiny.ipynb", source))
    assert run_cells(submission).namespace["f"](7, 4) == 3


def test_a_notebook_may_hold_its_source_as_one_string(tmp_path: Path) -> None:
    path = tmp_path / "tiny.ipynb"
    path.write_text(json.dumps({"cells": [{"cell_type": "code", "source": "x = 1\ny = 2"}]}), encoding="utf-8")
    assert run_cells(parse(path)).namespace["y"] == 2


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("", "cannot be read: Expecting value"),
        ("[]", "it is not a notebook (no list of cells)"),
        ("{}", "it is not a notebook (no list of cells)"),
        ('{"cells": 3}', "it is not a notebook (no list of cells)"),
        ('{"cells": [3, {}, {"cell_type": "code"}, {"cell_type": "code", "source": 3}]}', ""),
        ("\x00", "cannot be read: Expecting value"),
    ],
)
def test_a_damaged_notebook_is_a_problem_and_no_crash(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / "tiny.ipynb"
    path.write_text(text, encoding="utf-8")
    submission = parse(path)
    assert problem in submission.problem
    assert bool(submission.problem) == bool(problem)
    assert submission.functions == {}
    code_digest(path)


# ---- large and hostile files


def notebook_text(*sources: str) -> str:
    return json.dumps({"cells": [{"cell_type": "code", "source": source} for source in sources]})


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("# %%\nx = 1\n" * 2_001, "it has 2,001 cells of code; at most 2,000 are read"),
        ("#" * 300_001, "it has 300,001 characters of code; at most 300,000 are read"),
        ("=".join(f"a{n}" for n in range(5_001)) + "=1", "it has 5,001 functions and other names at top level; at"),
        ("# %%\nx =\n" * 201, "it has 201 cells that Python cannot read; at most 200 are read"),
        (notebook_text(*["x=1"] * 20_001), "it has 20,001 cells of code; at most 2,000 are read"),
        (notebook_text(*["#" * 200_000] * 2), "it has 400,000 characters of code; at most 300,000 are read"),
        ("[" * 100_000, "it is nested too deep, or too large, for Python"),
        ('{"cells": ' + "[" * 900 + "]" * 900 + "}", ""),
        ('{"cells": [{"cell_type": "code", "source": [' + "[" * 960 + "]" * 960 + "]}]}", ""),
    ],
    ids=["cells", "code", "names", "syntax", "notebook", "code in cells", "deep", "deep cells", "deep source"],
)
def test_a_file_that_is_too_large_is_a_problem_in_words(tmp_path: Path, text: str, problem: str) -> None:
    path = tmp_path / ("tiny.ipynb" if text[0] in "[{" else "tiny.py")
    path.write_text(text, encoding="utf-8")
    code_digest(path)
    said = parse(path).problem
    if problem:
        assert said.endswith(problem) or problem in said
    else:  # how deep Python can go depends on where it is called
        assert said == "" or said.endswith("it is nested too deep, or too large, for Python")


def test_pictures_and_prose_do_not_count(tmp_path: Path) -> None:
    output = {"output_type": "display_data", "data": {"image/png": "A" * 1_000_000}}
    cells = [{"cell_type": "code", "source": "def square(x):\n    return x * x", "outputs": [output]}]
    cells += [{"cell_type": "markdown", "source": "x" * 1_000}] * 3_000
    (tmp_path / "tiny.ipynb").write_text(json.dumps({"cells": cells}), encoding="utf-8")
    submission = parse(tmp_path / "tiny.ipynb")
    assert (submission.problem, set(submission.functions)) == ("", {"square"})


@pytest.mark.parametrize(
    "source",
    ['"\ud800"', "x = '\x00'", "+".join("1" * 9_000), "-" * 100_000 + "1", "x" + ".y" * 5_000, "x = " + "9" * 5_000],
    ids=["half a pair", "NUL", "sum", "signs", "attributes", "digits"],
)
def test_a_cell_that_python_gives_up_on_spoils_only_itself(tmp_path: Path, source: str) -> None:
    (tmp_path / "tiny.ipynb").write_text(notebook_text(source, "def square(x): return x"), encoding="utf-8")
    submission = parse(tmp_path / "tiny.ipynb")
    (problem,) = submission.syntax_problems
    assert (problem.file.endswith("cell 1"), set(submission.functions)) == (True, {"square"})
    assert len(problem.sentence) < 1_000
    run_cells(submission)


def test_of_keys_that_come_twice_the_last_counts(tmp_path: Path) -> None:
    text = '{"cells": [], "cells": [{"cell_type": "code", "source": "a = 1", "source": "b = 2"}], "n": 1' + "0" * 9_000
    (tmp_path / "tiny.ipynb").write_text(text + "}", encoding="utf-8")
    assert set(parse(tmp_path / "tiny.ipynb").functions) == {"b"}


@pytest.mark.parametrize("above", [0, 999, 1_000, 1_500, 40_000])
def test_lines_have_their_numbers_far_down(above: int) -> None:
    submission = read("#\n" * above + "# %%\nx = (1,\n  2]\n# %%\ndef f():\n    return 1 / 0\n")
    (problem,) = submission.syntax_problems
    assert problem.line == above + 3
    assert f"does not match opening parenthesis '(' on line {above + 2}" in problem.message
    assert submission.functions["f"].line == above + 5
    student = run_cells(submission)
    with pytest.raises(ZeroDivisionError) as raised:
        student.namespace["f"]()
    assert raised.traceback[-1].lineno == above + 5


def in_one_cell(line: str) -> str:
    return notebook_text(line + "x =\n")


@pytest.mark.parametrize(
    "text",
    [
        lambda n: "# %%\nx = 1\n" * (n // 45),
        lambda n: ("# %%\n" + "#\n" * 40 + "x = 1\n") * (n // 45),
        lambda n: ("# %%\n" + "#\n" * 40 + "x =\n") * (n // 45),
        lambda n: notebook_text(*["x = 1"] * (n // 45)),
        lambda n: notebook_text(*["x = 1"] * (n // 4)),
        lambda n: in_one_cell(" " * n),
        lambda n: in_one_cell("? " * n),
        lambda n: in_one_cell("a ?" + " " * n),
    ],
    ids=["cells", "long cells", "bad cells", "notebook", "huge notebook", "spaces", "help", "help, spaces"],
)
def test_four_times_the_file_takes_some_four_times_the_time(text: Callable[[int], str]) -> None:
    def seconds(size: int) -> float:
        content, path = text(size), Path("tiny.ipynb" if text(1)[:1] == "{" else "tiny.py")
        with CpuSeconds() as spent:
            for _ in range(2):
                with contextlib.suppress(ValueError):  # it is refused; that must not take long, either
                    run_cells(from_source(content, path))
                content += " "  # nothing of it is known from before
        return spent.seconds

    assert seconds(80_000) < 12 * seconds(20_000) + 0.2


# ---- which file counts


@tried
@given(texts, st.sampled_from([b"\n", b"\r\n"]), st.booleans())
def test_the_digest_of_a_module_ignores_line_ends(text: str, end: bytes, mark: bool) -> None:
    with tempfile.TemporaryDirectory() as folder:
        one, other = Path(folder) / "one.py", Path(folder) / "other.py"
        one.write_bytes(text.encode("utf-8"))
        other.write_bytes((b"\xef\xbb\xbf" if mark else b"") + text.encode("utf-8").replace(b"\n", end) + end)
        assert code_digest(one) == code_digest(other) or text.startswith("\ufeff")
        other.write_bytes(b"x" + text.encode("utf-8"))
        assert code_digest(one) != code_digest(other)


def test_the_digest_of_a_notebook_ignores_what_jupyter_changes(tmp_path: Path) -> None:
    plain = code_digest(notebook(tmp_path / "a.ipynb", "x = 1", "y = 2"))
    ran = notebook(
        tmp_path / "b.ipynb", "x = 1", "y = 2", outputs=[{"text": "1"}], execution_count=3, metadata={"a": 1}
    )
    assert code_digest(ran) == plain
    assert code_digest(notebook(tmp_path / "c.ipynb", "x = 1", "y = 2", "")) == plain, "an empty cell"
    assert code_digest(notebook(tmp_path / "d.ipynb", "x = 1", "y = 3")) != plain


def test_the_edited_file_counts(kit: Kit) -> None:
    def read_from() -> str:
        submission = read_submission(kit.folder, "tiny")
        return submission.problem or submission.path.name

    assert read_from() == "tiny.py", "both untouched"
    kit.answer_in_notebook(difference="return a")
    assert read_from() == "tiny.ipynb"
    kit.answer(difference="return b")
    assert "Both tiny.py and tiny.ipynb were edited" in read_from()
    kit.notebook.unlink()
    assert read_from() == "tiny.py"


# ---- running it


def test_a_failing_cell_does_not_stop_the_others() -> None:
    loaded = run_cells(read("# %%\nx = 1\n\n# %%\ny = 1 / 0\nz = 2\n\n# %%\nw = 3\n"))
    assert loaded.namespace["x"] == 1
    assert "z" not in loaded.namespace
    assert loaded.namespace["w"] == 3
    (problem,) = loaded.problems()
    assert problem.startswith("tiny.py:5: ZeroDivisionError")


@pytest.mark.parametrize("folder", ["kit", "my cell 1"])
@pytest.mark.parametrize("suffix", [".py", ".ipynb"])
def test_an_error_shows_its_line_wherever_the_kit_lies(tmp_path: Path, folder: str, suffix: str) -> None:
    path = tmp_path / folder / f"tiny{suffix}"
    path.parent.mkdir()
    if suffix == ".py":
        path.write_text("# %%\nx = 1\n\n# %%\ny = 2\nz = y / 0\n", encoding="utf-8")
    else:
        notebook(path, "x = 1", "y = 2\nz = y / 0")
    ((_, raised),) = run_cells(parse(path)).cell_errors
    assert raised.trace[-1].endswith("in <module>: z = y / 0")


def student_of(kit: Kit, text: str, exercise: str, seconds: float = 0.2) -> Student:
    exercises = {exercise.id: exercise for exercise in read_exercises(kit.folder / "test_tiny.py")}
    return Student(run_cells(read(text), seconds=seconds), exercises[exercise])


def test_an_endless_loop_in_a_cell_costs_nothing_but_that_cell(kit: Kit) -> None:
    before, after = "# %%\ndef difference(a, b):\n    return a\n", "# %%\ndef row_totals(x):\n    return x\n"
    text = f"{before}\n# %%\nwhile True:\n    pass\n\n{after}"
    student = student_of(kit, text, "9.1")
    (problem,) = student.runner.problems()
    assert problem.startswith(("tiny.py:6:", "tiny.py:7:"))
    assert "endless loop" in problem
    student.difference.check_available()
    student_of(kit, text, "9.2").row_totals.check_available()


def test_many_endless_cells_end_and_the_rest_is_said_to_have_been_left_out(kit: Kit) -> None:
    text = "# %%\nwhile True: pass\n" * 30 + "# %%\ndef difference(a, b):\n    return a\n"
    student = student_of(kit, text, "9.1", seconds=0.02)
    problems = student.runner.problems()
    assert len(problems) == 31
    assert ["still running" in problem for problem in problems] == [True] * 10 + [False] * 21
    with pytest.raises(Unavailable, match="this cell was not run: too many cells before it were stopped"):
        student.difference.check_available()


def test_a_name_that_only_begins_like_a_broken_function_is_not_blamed_on_it(kit: Kit) -> None:
    text = "# %%\ndef difference_of_squares(a, b)\n    return a\n\n# %%\ndef minus(a, b):\n    return a\n"
    with pytest.raises(Unavailable, match="no function called difference"):
        student_of(kit, text, "9.1").difference.check_available()


def test_a_broken_function_is_told_its_syntax_error(kit: Kit) -> None:
    with pytest.raises(Unavailable, match=r"tiny.py:2: Python cannot read this line \(expected ':'\)"):
        student_of(kit, "# %%\ndef difference(a, b)\n    return a\n", "9.1").difference.check_available()
