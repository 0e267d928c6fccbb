"""What looks copied: planted copies are found, honest classes are left alone, and nothing of a submission runs."""

from __future__ import annotations

import csv
import io
import json
import random
import zipfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import results_kit
from class_kit import hand_in, module, notebook
from gradlings.grading.intake.choose import ChosenFile
from gradlings.grading.results_store import Record
from gradlings.model.errors import InputError
from gradlings.model.exercise import Exercise
from gradlings.model.misconceptions import Misconception
from gradlings.model.scorecard import Named
from gradlings.reports.similarity import read_files
from gradlings.reports.similarity.export import exported
from gradlings.reports.similarity.gather import ClassWork, Handed, Work, gather
from gradlings.reports.similarity.page import similarity_page
from gradlings.reports.similarity.read_files import read_all
from gradlings.reports.similarity.reading_process import FileParts, Request, read
from gradlings.reports.similarity.remarked import Comparison, compare
from gradlings.reports.similarity.similarity_report import SimilarityReport, in_words, similarity_report
from gradlings.reports.similarity.summary import summary_lines
from gradlings.reports.similarity.syntax_parts import Kind
from gradlings.reports.similarity.tables import pairs_table
from honest_class import KINDS, Student, hand_in_class, honest_class, plant, pool, written
from student_kit import PROJECT, RIGHT, Kit


def shapes(text: str, kind: Kind | None = None) -> set[str]:
    """The parts of all functions of a file, without what is in the student's own words."""
    found = read(Request("file.py", text.encode()))
    parts = [part for function in found.functions for part in function.parts]
    return {part.digest for part in parts if (part.kind != Kind.WORDING if kind is None else part.kind == kind)}


def wordings(text: str) -> set[str]:
    return shapes(text, Kind.WORDING)


# ---- parts

PLAIN = """
def gram(x, scale):
    total = x @ x.T
    rows = x.shape[0]
    for place in range(rows):
        total[place, place] += scale
    return total / rows
"""
DISGUISED = '''
import torch as t

def gram(a, by: float = ...) -> "Tensor":
    """Says something."""
    n = a.shape[0]       # the rows first
    out = (a @
           a.T)
    for i in range(n):
        pass
        out[i, i] += by
    return out / n
'''.replace(" = ...", "")


def test_names_comments_formatting_types_and_order_change_no_part() -> None:
    assert shapes(PLAIN) == shapes(DISGUISED)
    assert len(shapes(PLAIN)) > 5
    assert not wordings(PLAIN) & wordings(DISGUISED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x @ x.T", "x.T @ x"),
        ("+=", "-="),
        ("x.shape[0]", "x.shape[1]"),
        ("    return total", "        return total"),  # what some detectors do not see: indentation
        ("/ rows", "/ scale"),
    ],
)
def test_other_code_has_other_parts(old: str, new: str) -> None:
    changed = PLAIN.replace(old, new)
    assert shapes(changed, Kind.WHOLE) != shapes(PLAIN, Kind.WHOLE)
    assert shapes(changed) & shapes(PLAIN), "the rest is still the same"


@settings(max_examples=12, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from(["01", "03"]))
def test_renaming_a_student_s_file_changes_no_part(seed: int, assignment: str) -> None:
    student = honest_class(assignment, 1, seed % 7)[0]
    seeds = {name: seed + place for place, name in enumerate(student.functions)}
    assert shapes(written(replace(student, seeds=seeds), pool(assignment))) == shapes(
        written(student, pool(assignment))
    )


def test_helpers_and_modules_may_be_called_anything() -> None:
    one = "import torch\n\ndef half(x):\n    return torch.exp(x) / 2\n\ndef f(x):\n    return half(x) + half(x * 2)\n"
    other = "import torch as t\n\ndef f(y):\n    return h(y) + h(y * 2)\n\ndef h(y):\n    return t.exp(y) / 2\n"
    assert shapes(one) == shapes(other)


def test_a_notebook_has_the_parts_of_a_module_and_nothing_of_what_was_handed_out(kit: Kit, tmp_path: Path) -> None:
    files = {"ann/tiny.py": module(kit, **RIGHT), "ben/tiny.ipynb": notebook(kit, **RIGHT)}
    work = gather(kit.folder, "tiny", hand_in(tmp_path / "class", files))
    for exercise, (ann, ben) in zip(work.exercises, work.work, strict=True):
        assert (ann.shapes, ann.wordings) == (ben.shapes, ben.wordings)
        assert bool(ann.shapes) == bool(exercise.id)


def test_stubs_have_no_parts(kit: Kit) -> None:
    assert not read(Request("tiny.py", kit.module.read_bytes())).functions


# ---- reading strangers' files

HOSTILE = {
    "unary": "def f(x):\n    return " + "-" * 5_000 + "x\n",
    "parentheses": "def f(x):\n    return " + "(" * 5_000 + "x" + ")" * 5_000 + "\n",
    "sum": "def f(x):\n    return " + "+".join(["x"] * 50_000) + "\n",
    "elif": "def f(x):\n    if x: pass\n" + "".join(f"    elif x == {n}: x = {n}\n" for n in range(5_000)),
    "many": "\n".join(f"def f{n}(x): return x + {n}" for n in range(4_000)),
    "nul": "def f(x):\n    return x\0\n",
    "half a pair": 'def f(x):\n    return "\\ud800" + x + 10 ** 3\n# \ud800\n',
    "long number": f"def f(x):\n    return x + {'9' * 4_000}\n",
    "no code": "\x7fELF\x02\x01",
}


def test_hostile_files_are_read_or_refused_one_by_one() -> None:
    """Each gets an answer, and what comes after it is read as if nothing had been."""
    plain = Request("file.py", PLAIN.encode())
    requests = [Request("file.py", text.encode("utf-8", "surrogatepass")) for text in HOSTILE.values()]
    found = read_all([each for request in requests for each in (request, plain)], processes=1)
    assert all(each == found[1] and each.functions for each in found[1::2])
    read_or_refused = {
        name: bool(each.functions or each.problem) for name, each in zip(HOSTILE, found[::2], strict=True)
    }
    assert all(read_or_refused[name] for name in HOSTILE if name not in ("no code",)), read_or_refused


def test_a_file_that_ends_the_process_ends_only_itself(monkeypatch: pytest.MonkeyPatch) -> None:
    large = Request("file.py", "\n".join(f"def f{n}(x): return x + {n}" for n in range(250)).encode())
    monkeypatch.setattr(read_files, "MAX_REPLY_BYTES", 5_000)  # its answer is cut, as that of a process that dies
    found = read_all([large, Request("file.py", b"def f(x): return x + 1\n")], processes=1)
    assert [bool(each.problem) for each in found] == [True, False]
    assert "was ended" in found[0].problem


def test_nothing_of_a_submission_runs(tmp_path: Path, kit: Kit, monkeypatch: pytest.MonkeyPatch) -> None:
    mark = tmp_path / "ran"
    evil = f"import pathlib\npathlib.Path({str(mark)!r}).touch()\n\ndef difference(a, b):\n    return a - b\n"
    class_folder = hand_in(tmp_path / "class", {f"{name}/tiny.py": evil.encode() for name in ("ann", "ben")})
    (tmp_path / "here").mkdir()
    (tmp_path / "here/ast.py").write_text(evil, encoding="utf-8")
    monkeypatch.chdir(tmp_path / "here")  # where Python would look for modules first
    assert len(gather(kit.folder, "tiny", class_folder).handed) == 2
    assert not mark.exists()


# ---- how alike chance makes them


def made_up(rows: Sequence[Sequence[frozenset[str]]], mistakes: dict[tuple[int, int], str] | None = None) -> ClassWork:
    """A class whose parts are given by exercise and student."""
    wrong = {place: frozenset({id}) for place, id in (mistakes or {}).items()}
    work = tuple(
        tuple(Work(shapes=each, mistakes=wrong.get((row, s), frozenset())) for s, each in enumerate(students))
        for row, students in enumerate(rows)
    )
    handed = tuple(Handed(f"s{s:03}", ChosenFile("f.py", b"", ""), FileParts()) for s in range(len(rows[0])))
    return ClassWork(
        "09", "tiny", tuple(Exercise(f"9.{row}", (f"f{row}",), 5) for row in range(len(rows))), handed, work
    )


def drawn(rng: random.Random, students: int, exercises: int) -> list[list[frozenset[str]]]:
    """Everybody draws one of twelve forms for each exercise, and no form has anything of another."""
    weights = [1 / (1 + form) for form in range(12)]
    return [
        [frozenset({f"{form}.{n}" for n in range(4)}) for form in rng.choices(range(12), weights, k=students)]
        for _ in range(exercises)
    ]


def test_in_one_of_ten_classes_chance_makes_a_pair() -> None:
    """The promise of the threshold, over 60 classes that are exactly what it assumes: 6 pairs are to be expected."""
    rng = random.Random(4)
    remarked = [len(compare(made_up(drawn(rng, 40, 10))).pairs) for _ in range(60)]
    assert sum(remarked) <= 12, remarked


def test_what_many_share_says_nothing_and_what_few_share_much() -> None:
    rng = random.Random(5)
    rows = drawn(rng, 60, 6)
    usual, rare = frozenset({"usual"}), frozenset({"rare"})
    rows[0] = [usual] * 40 + [rare] * 2 + [frozenset({f"own {s}", "usual"}) for s in range(18)]
    compared = compare(made_up(rows)).exercises[0]
    assert compared.surprise[:5, :5].max() < 1, "five identical functions, of a form that is usual"
    assert compared.surprise[40, 41] == pytest.approx(compared.surprise.max())
    assert compared.surprise[40, 41] > 6


def test_a_shared_rare_misconception_counts_and_a_frequent_one_hardly() -> None:
    rows = [[frozenset({"form"})] * 40]
    often = {(0, s): "9.0/often" for s in range(2, 30)}
    with_rare = compare(made_up(rows, often | {(0, 0): "9.0/rare", (0, 1): "9.0/rare"})).exercises[0]
    assert with_rare.surprise[0, 1] > with_rare.surprise[2, 3] > with_rare.surprise[0, 2] == 0


def test_a_class_in_which_all_wrote_the_same_sees_nothing_and_says_so() -> None:
    work = made_up([[frozenset({"form"})] * 30] * 8)
    report = similarity_report(work, compare(work), {})
    assert (report.visible, report.pairs) == (0, ())
    assert "Nothing can be seen here" in " ".join(summary_lines(report))
    assert "Nothing can be seen here" in similarity_page(report)


@pytest.mark.parametrize("students", [1, 2])
def test_hardly_anybody(students: int) -> None:
    work = made_up([[frozenset({f"form {s}"}) for s in range(students)]] * 3)
    report = similarity_report(work, compare(work), {})
    assert report.pairs == ()
    assert ("not two submissions" if students == 1 else "Nothing can be seen") in " ".join(summary_lines(report))


def test_many_copies_of_one_file_do_not_hide_each_other() -> None:
    rows = drawn(random.Random(6), 60, 10)
    for row in rows:
        row[:6] = [row[0]] * 6
    report = similarity_report(work := made_up(rows), compare(work), {})
    assert report.groups == (tuple(f"s{s:03}" for s in range(6)),)
    assert len(report.pairs) == 15


@pytest.mark.parametrize(
    ("expected", "words"),
    [(0.1, "one of 10 "), (0.0123, "one of 81 "), (0.000321, "one of 3,100 "), (1e-9, "fewer than one of a million")],
)
def test_chance_in_words(expected: float, words: str) -> None:
    assert words in in_words(expected)


# ---- classes as they are: 03


def compared(students: list[Student], folder: Path) -> tuple[ClassWork, Comparison]:
    work = gather(PROJECT / "assignments/03", "autodiff", hand_in_class(folder, students, pool("03")))
    return work, compare(work)


def names_of(work: ClassWork, comparison: Comparison) -> set[tuple[str, str]]:
    return {(work.handed[pair.first].student, work.handed[pair.second].student) for pair in comparison.pairs}


@pytest.fixture(scope="module")
def planted() -> tuple[list[Student], dict[str, list[tuple[str, str]]]]:
    students = honest_class("03", 120, 11)
    return students, plant(students, 5, 11)


@pytest.fixture(scope="module")
def with_copies(
    planted: tuple[list[Student], dict[str, list[tuple[str, str]]]], tmp_path_factory: pytest.TempPathFactory
) -> tuple[ClassWork, Comparison]:
    return compared(planted[0], tmp_path_factory.mktemp("copies"))


@pytest.fixture(scope="module")
def report(with_copies: tuple[ClassWork, Comparison]) -> SimilarityReport:
    return similarity_report(*with_copies, {})


def test_planted_copies_are_found(
    planted: tuple[list[Student], dict[str, list[tuple[str, str]]]], with_copies: tuple[ClassWork, Comparison]
) -> None:
    """Without results: shared mistakes are known by their shape alone. `benchmarks/similarity.py` has the rates."""
    found = names_of(*with_copies)
    rates = {kind: len(found & {*planted[1][kind]}) for kind in KINDS}
    assert rates["plain"] == 5, rates
    assert rates["renamed"] == 5, rates
    assert rates["reordered"] >= 4, rates
    assert rates["half"] >= 3, rates
    assert len(found - {pair for pairs in planted[1].values() for pair in pairs}) <= 1


def test_an_honest_class_is_left_alone(tmp_path: Path) -> None:
    assert len(names_of(*compared(honest_class("03", 120, 12), tmp_path))) <= 1


def test_the_page_says_why_and_shows_both(report: SimilarityReport) -> None:
    page = similarity_page(report)
    assert "<script" not in page
    assert page.count('<section class="pair">') == len(report.pairs)
    pair = report.pairs[0]
    assert f"{pair.first} and {pair.second}" in page
    for each in pair.exercises:
        assert each.words
        assert {line.shared for line in each.first} & {1, 2}
        assert [line.shared for line in each.first] == [line.shared for line in each.second], "a plain copy"
    assert "What cannot be seen" in page
    assert "proof" not in page.casefold()


def test_hostile_names_and_code_stay_text(report: SimilarityReport) -> None:
    evil = "</pre><script>alert(1)</script>\u202e\x1b"
    pair = report.pairs[0]
    lines = tuple(replace(line, text=evil) for line in pair.exercises[0].first)
    shown = replace(pair, first=evil, exercises=(replace(pair.exercises[0], words=(evil,), first=lines),))
    page = similarity_page(replace(report, pairs=(shown,), unread={evil: evil}, groups=((evil, "b", "c"),)))
    assert "<script" not in page
    assert "\u202e" not in page
    assert "\x1b" not in page


# ---- the command


def test_the_command(kit: Kit, tmp_path: Path) -> None:
    files = {
        f"s{n}/tiny.py": module(kit, difference=f"return a - b * {n % 4}", row_totals="return x") for n in range(8)
    }
    files |= {"=cmd/tiny.py": b"def difference(a, b:\n", "nobody/tiny.py": kit.module.read_bytes()}
    folder = hand_in(tmp_path / "class", files)
    ended = kit.gradlings("similarity", "09", str(folder), "--to", str(tmp_path / "out"), "--for", "dolos")
    assert ended.code == 0, ended.err
    assert "8 students, 28 pairs compared" in ended.said
    assert "Not compared, or not all of it: =cmd. Python cannot read 1 part of it." in ended.said
    assert "nobody. Nothing was written." in ended.said
    assert json.loads((tmp_path / "out/similarity.json").read_bytes())["students"] == 8
    rows = list(csv.reader(io.StringIO((tmp_path / "out/pairs.csv").read_text(encoding="utf-8-sig"))))
    assert rows[0][:3] == ["first", "second", "pairs_by_chance"]
    assert (tmp_path / "out/similarity.html").read_text(encoding="utf-8").startswith("<!doctype html>")
    with zipfile.ZipFile(tmp_path / "out/dolos.zip") as archive:
        info = list(csv.DictReader(io.StringIO(archive.read("info.csv").decode())))
        assert {row["filename"] for row in info} | {"info.csv"} == {*archive.namelist()}
        (handed_out,) = [row for row in info if row["ignored"] == "true"]
        assert "NotImplementedError" in archive.read(handed_out["filename"]).decode()
        assert info[1]["full_name"] == "s0"
        assert "return a - b * 0" in archive.read(info[1]["filename"]).decode()


def test_the_table_has_a_row_for_each_telling_exercise(report: SimilarityReport) -> None:
    rows = list(csv.DictReader(io.StringIO(pairs_table(report))))
    assert len(rows) == sum(len(pair.exercises) for pair in report.pairs)
    assert all(float(row["pairs_by_chance"]) <= 0.1 and row["what"] for row in rows)
    assert msgspec.json.decode(msgspec.json.encode(report), type=SimilarityReport) == report


def test_jplag_reads_a_folder_for_each_student(with_copies: tuple[ClassWork, Comparison]) -> None:
    work = with_copies[0]
    named = replace(
        work,
        handed=tuple(
            replace(each, student=name)
            for each, name in zip(work.handed, ("../up", "Ann B", "ann b", "\u5f20", ".hidden"), strict=False)
        ),
    )
    files = exported(named, "jplag")
    assert [path for path in files if ".." in path or path.startswith("/")] == []
    assert len({path.casefold() for path in files}) == len(files) == 6
    assert "NotImplementedError" in files["jplag/base/autodiff.py"].decode()


def test_results_say_what_is_wrong(kit: Kit, tmp_path: Path) -> None:
    names = ("ann", "ben", "cleo")
    folder = hand_in(tmp_path / "class", {f"{name}/tiny.py": module(kit, difference="return b - a") for name in names})
    results = results_kit.made(tmp_path / "results", dict.fromkeys(names, 10))
    named: dict[str, dict[str, Any]] = {
        "ann": {"misconception": Named("9.1/swapped", "It is b - a.")},
        "ben": {"outcome": "77"},
        "cleo": {},
    }
    for path in (results / "records").glob("*.json"):
        record = msgspec.json.decode(path.read_bytes(), type=Record)
        assert record.result.card
        first, *others = record.result.card.exercises
        checks = (first.checks[0], replace(first.checks[1], subject="difference", **named[record.result.student]))
        card = replace(record.result.card, exercises=(replace(first, checks=checks), *others))
        path.write_bytes(msgspec.json.encode(replace(record, result=replace(record.result, card=card))))
    work = gather(kit.folder, "tiny", folder, results)
    assert work.with_results
    found = {each.student: {*work.work[0][place].mistakes} for place, each in enumerate(work.handed)}
    assert found == {"ann": {"9.1/swapped"}, "ben": {"difference: test_b=77"}, "cleo": set()}


def test_results_are_those_of_the_assignment(kit: Kit, tmp_path: Path) -> None:
    results = results_kit.made(tmp_path / "results", {"ann": 70})
    (kit.folder.parent / "08").mkdir()
    with pytest.raises(InputError, match="results of assignment 09, not 08"):
        gather(kit.folder.parent / "08", "tiny", tmp_path, results)


def test_a_shared_mistake_is_told_by_name(report: SimilarityReport, with_copies: tuple[ClassWork, Comparison]) -> None:
    work, _ = with_copies
    pair = {report.pairs[0].first, report.pairs[0].second}
    rows = [list(works) for works in work.work]
    for place, each in enumerate(work.handed):
        if each.student in pair:
            rows[0][place] = replace(rows[0][place], mistakes=frozenset({"3.1/rates-added", "f: test_b=1"}))
    changed = replace(work, work=tuple(map(tuple, rows)))
    known = {"3.1/rates-added": Misconception("3.1/rates-added", "The rates were added.", "")}
    found = similarity_report(changed, compare(changed), known)
    (words,) = [e.words for p in found.pairs if {p.first, p.second} == pair for e in p.exercises if e.exercise == "3.1"]
    assert "Both have 3.1/rates-added (The rates were added.), as nobody else has it." in words
    assert "Both have the same wrong results of f, which no misconception explains, as nobody else has it." in words


def test_bad_wishes_are_refused(kit: Kit, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    ended = kit.gradlings("similarity", "09", str(tmp_path / "empty"), "--to", str(tmp_path / "out"))
    assert (ended.code, "holds no submissions of tiny.py" in ended.said) == (2, True)
    folder = hand_in(tmp_path / "class", {"ann/tiny.py": module(kit, **RIGHT)})
    (tmp_path / "file").write_text("", encoding="utf-8")
    ended = kit.gradlings("similarity", "09", str(folder), "--to", str(tmp_path / "file"))
    assert (ended.code, "cannot be written" in ended.said) == (2, True)
