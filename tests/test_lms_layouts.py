"""Every way in which a class comes in: the downloads of the usual LMSs, clones, Drive's copies, zips in all of them.

The trees are generated after what these systems write; each has students whose files differ, so that a mix-up shows.
"""

import io
import json
import os
import shutil
import time
import tracemalloc
import zipfile
from pathlib import Path
from unittest import mock

import pytest

from class_kit import SOURCE_NAME, hand_in
from gradlings.grading.intake.choose import choose
from gradlings.grading.intake.collect import Submissions, collect
from gradlings.grading.intake.content import content_of
from gradlings.grading.intake.found import ReadLimits, Refused
from gradlings.grading.intake.sources import FolderSource
from student_kit import TINY

OTHER_CHECKS = """
@exercise("8.1", "flatten", "unflatten", "transpose", points=3)
class TestFlatten:
    def test_it(self, student): ...
"""
OTHER = b"def flatten(x): return 1\ndef unflatten(x): return 2\ndef transpose(x): return 3\n"


def code(answer: str) -> bytes:
    return f"def difference(a, b): return {answer!r}\n\ndef row_totals(x): return {answer!r}\n".encode()


def book(answer: str) -> bytes:
    cells = [{"cell_type": "code", "source": code(answer).decode()}, {"cell_type": "markdown", "source": "# hello"}]
    return json.dumps({"cells": cells, "nbformat": 4, "nbformat_minor": 0, "metadata": {}}).encode()


def zipped(files: dict[str, bytes]) -> bytes:
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return data.getvalue()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder of assignment 09, beside that of another one."""
    hand_in(tmp_path / "kit/assignments", {"08/test_other.py": OTHER_CHECKS.encode()})
    (tmp_path / "kit/assignments/09").mkdir()
    shutil.copy(TINY / "assignments/09/test_tiny.py", tmp_path / "kit/assignments/09")
    return tmp_path / "kit/assignments/09"


def graded(submissions: Submissions, folder: Path) -> dict[str, bytes | str]:
    """By student: what counts, or why nothing does."""
    found: dict[str, bytes | str] = {}
    for entry in submissions.students:
        try:
            found[entry.student] = choose(submissions, entry, folder).data
        except Refused as refused:
            found[entry.student] = str(refused)
    return found


def notes(submissions: Submissions, student: str, folder: Path) -> str:
    (files,) = [entry for entry in submissions.students if entry.student == student]
    return " ".join(choose(submissions, files, folder).notes)


J, B, Z = code("jane"), book("bob"), code("zoë")
RECEIPT = """Name: {name} ({login})
Assignment: Home_work 9
Date Submitted: Thursday, December 12, 2024 1:22:26 PM EST
Current Grade: Needs Grading

Submission Field:
There is no student submission text data for this assignment.

Comments:
There are no student comments for this assignment.

Files:
\tOriginal filename: {original}
\tFilename: {file}
"""


def receipt(name: str, login: str, original: str, file: str) -> bytes:
    return RECEIPT.format(name=name, login=login, original=original, file=file).encode()


def blackboard(login: str, when: str, file: str = "") -> str:
    return f"Home_work 9_{login}_attempt_{when}" + (f"_{file}" if file else ".txt")


FIRST, SECOND = "2024-12-11-09-00-00", "2024-12-12-13-22-26"
SUBMITTERS = """
submission_1001:
  :submitters:
  - :name: Jane Doe
    :sid: '4711'
    :email: jane@example.org
  :created_at: 2026-01-01 10:00:00
  :score: 0.0
submission_1002:
  :submitters:
  - :name: Bob Roe
    :sid:
    :email: bob@example.org
  - :name: "Zo\\xEB \\xDCnal"
    :sid: 4713
    :email: zoe@example.org
"""
CLONE = {
    ".git/config": b"",
    ".git/objects/aa/bb": b"",
    ".venv/pyvenv.cfg": b"",
    "env/pyvenv.cfg": b"",
    "env/lib/python3.11/site-packages/gradlings/kit/assignments/09/tiny.py": code("as shipped"),
    "README.md": b"",
    "assignments/08/other.py": OTHER,
    "assignments/09/test_tiny.py": b"def difference(): ...",
    "solutions/09/tiny.py": code("the solution"),
}


def clone(student: str, content: bytes, name: str = "tiny.py") -> dict[str, bytes]:
    files = CLONE | {f"assignments/09/{name}": content}
    return {f"{student}/{path}": data for path, data in files.items()}


LAYOUTS: dict[str, tuple[dict[str, bytes], dict[str, bytes]]] = {
    "canvas": (
        {
            "doejane_123_9001_tiny.py": J,
            "roebob_LATE_124_9002_tiny-1.ipynb": B,
            "ünalzoë_late_125_9003_homework.py": Z,
            "anon_x7Yq_9004_tiny.py": code("nameless"),
            "LATE_anon_x8Yq_9005_tiny.py": code("nameless, too"),
            "team4_130_9006_tiny-0f8fad5b-d9cb-469f-a165-70867728950e.py": code("a group"),
            "leeann131_question_55_9007_tiny.py": code("a quiz"),
        },
        {
            "doejane_123": J,
            "roebob_124": B,
            "ünalzoë_125": Z,
            "anon_x7Yq": code("nameless"),
            "anon_x8Yq": code("nameless, too"),
            "team4_130": code("a group"),
            "leeann_131": code("a quiz"),
        },
    ),
    "canvas, zips inside": (
        {
            "doejane_123_9001_my work.zip": zipped({"my work/tiny.py": J, "__MACOSX/my work/._tiny.py": b"x"}),
            "roebob_124_9002_tiny.ipynb": B,
            "ünalzoë_125_9003_a.zip": zipped(clone("repository", Z)),
        },
        {"doejane_123": J, "roebob_124": B, "ünalzoë_125": Z},
    ),
    "moodle, folders": (
        {
            "Jane Doe_987654_assignsubmission_file/tiny.py": J,
            "Jane Doe_987654_assignsubmission_onlinetext/onlinetext.html": b"<p>see file</p>",
            "Bob Roe_987655_assignsubmission_file_/week 9/Kopie von tiny.ipynb": B,
            "Zoë Ünal_987656_assignsubmission_file/all.zip": zipped({"tiny.py": Z}),
            "Participant_12_assignsubmission_file/tiny.py": code("blind"),
            "Default group_assignsubmission_file/tiny.py": code("no group"),
        },
        {
            "Jane Doe_987654": J,
            "Bob Roe_987655": B,
            "Zoë Ünal_987656": Z,
            "Participant_12": code("blind"),
            "Default group": code("no group"),
        },
    ),
    "moodle, flat files": (
        {
            "Jane Doe_987654_assignsubmission_file_tiny.py": J,
            "Jane Doe_987654_assignsubmission_file_notes.txt": b"my notes",
            "Jane Doe_987654_assignsubmission_onlinetext_onlinetext.html": b"<p>hello</p>",
            "Bob Roe_987655_assignsubmission_file_my_own_1_2_name.ipynb": B,
            "Zoë Ünal_987656_assignsubmission_file_all.zip": zipped({"a/b/tiny.py": Z}),
        },
        {"Jane Doe_987654": J, "Bob Roe_987655": B, "Zoë Ünal_987656": Z},
    ),
    "blackboard": (
        {
            blackboard("jdoe", SECOND): receipt("Jane Doe", "jdoe", "tiny.py", blackboard("jdoe", SECOND, "tiny.py")),
            blackboard("jdoe", SECOND, "tiny.py"): J,
            blackboard("jdoe", FIRST): receipt("Jane Doe", "jdoe", "tiny.ipynb", blackboard("jdoe", FIRST, "x.ipynb")),
            blackboard("jdoe", FIRST, "x.ipynb"): book("an earlier attempt"),
            blackboard("bob_roe", FIRST): receipt(
                "Bob Roe", "bob_roe", "an attempt_x.ipynb", blackboard("bob_roe", FIRST, "an attempt_x.ipynb")
            ),
            blackboard("bob_roe", FIRST, "an attempt_x.ipynb"): B,
            blackboard("zünal", FIRST, "tiny.py"): Z,  # the receipt is lost
        },
        {"jdoe": J, "bob_roe": B, "zünal": Z},
    ),
    "brightspace, folders": (
        {
            "Homework 9 Download/index.html": b"<table>",
            "Homework 9 Download/501-7001 - Jane Doe - Dec 31, 2025 1224 PM/tiny.py": code("earlier"),
            "Homework 9 Download/501-7002 - Jane Doe - Jan 2, 2026 905 AM/tiny.py": J,
            "Homework 9 Download/502-7003 - Bob Roe - January 2, 2026 1105 AM/tiny.ipynb": B,
            "Homework 9 Download/503-7004 - Zoë Ünal - 2 janvier 2026 1105/tiny.py": Z,
            "Homework 9 Download/Doe, John - 4711/tiny.py": code("john"),
        },
        {"Jane Doe_501": J, "Bob Roe_502": B, "Zoë Ünal_503": Z, "Doe, John - 4711": code("john")},
    ),
    "brightspace, flat files": (
        {
            "501-7001 - Jane Doe - Dec 31, 2025 1224 PM - tiny.py": code("earlier"),
            "501-7001 - Jane Doe - Jan 2, 2026 905 AM - tiny.py": J,
            "502-7003 - s4712 - Bob Roe - January 2, 2026 1105 AM - my - own.ipynb": B,
        },
        {"Jane Doe_501": J, "Bob Roe_502": B},
    ),
    "gradescope": (
        {
            "assignment_55_export/submission_metadata.yml": SUBMITTERS.encode(),
            "assignment_55_export/submission_1001/tiny.py": J,
            "assignment_55_export/submission_1002/tiny.ipynb": B,
            "assignment_55_export/submission_1003/tiny.py": Z,
        },
        {"Jane Doe_4711": J, "Bob Roe_bob@example.org": B, "Zoë Ünal_4713": B, "submission_1003": Z},
    ),
    "clones": (
        clone("tiny-jane", J) | clone("tiny-bob", B, "tiny.ipynb") | clone("tiny-zoe", Z, "homework.py"),
        {"tiny-jane": J, "tiny-bob": B, "tiny-zoe": Z},
    ),
    "one clone": (clone("tiny-jane", J), {"tiny-jane": J}),
    "clones in a folder": (
        {f"tiny-submissions/{path}": data for path, data in (clone("jane", J) | clone("bob", B, "tiny.ipynb")).items()},
        {"jane": J, "bob": B},
    ),
    "copies of Drive, Colab, Jupyter and browsers": (
        {
            "a/Kopie von tiny.ipynb": B,
            "b/Copy of Copy of tiny.ipynb": B,
            "c/“tiny.ipynb”的副本": B,
            "d/「tiny.ipynb」的副本": B,
            "e/tiny_ipynb_的副本.ipynb": B,
            "f/tiny.ipynb のコピー": B,
            "g/tiny (1).ipynb": B,
            "h/Cópia de tiny.ipynb": B,
            "i/tiny-Copy1.ipynb": B,
            "j/tiny.py.txt": J,
            "k/tiny": J,
            "l/Untitled7.ipynb": B,
        },
        dict.fromkeys("abcdefghil", B) | dict.fromkeys("jk", J),
    ),
    "ilias": (
        {
            "Tiny/Doe_Jane_jdoe_311/tiny.py": J,
            "Tiny/Roe_Bob_broe_312/Kopie von tiny.ipynb": B,
            "Tiny/Team 7/Uenal_Zoe_zuenal_313/tiny.py": Z,
        },
        {"Doe_Jane_jdoe_311": J, "Roe_Bob_broe_312": B, "Team 7": Z},
    ),
    "openolat": (
        {"jdoe/tiny.py": J, "broe@example.org/1_dropbox/x.ipynb": B, "4713/tiny.py": Z},
        {"jdoe": J, "broe@example.org": B, "4713": Z},
    ),
    "sakai": (
        {
            "Tiny/grades.csv": b"Tiny,Points\n",
            "Tiny/Doe, Jane(jdoe)/Submission attachment(s)/tiny.py": J,
            "Tiny/Doe, Jane(jdoe)/timestamp.txt": b"20260101120000000",
            "Tiny/Roe, Bob(broe)/提出物の添付ファイル/tiny.ipynb": B,
            "Tiny/Roe, Bob(broe)/comments.txt": b"",
        },
        {"Doe, Jane(jdoe)": J, "Roe, Bob(broe)": B},
    ),
    "nbgrader, deep": (
        {
            "backup/course/submitted/jane/09/tiny.ipynb": B,
            "backup/course/submitted/jane/09/timestamp.txt": b"2026-01-01 10:00:00 UTC",
            "backup/course/submitted/jane/08/other.ipynb": OTHER,
            "backup/course/submitted/bob/09/Kopie von tiny.ipynb": B,
            "backup/course/submitted/zoe/09/answers.ipynb": B,
            "backup/course/submitted/zoe/08/tiny.ipynb": book("handed in for 08 by mistake"),
        },
        {"jane": B, "bob": B, "zoe": B},
    ),
    "flat zips": (
        {"jane.zip": zipped({"tiny.py": J}), "bob.zip": zipped({"x/y/tiny.ipynb": B}), "zoe.py": Z},
        {"jane": J, "bob": B, "zoe": Z},
    ),
    "a zip of the class in a folder": (
        {"class.zip": zipped({"jane/tiny.py": J, "bob/tiny.ipynb": B})},
        {"jane": J, "bob": B},
    ),
    "beside other code": (
        {
            "jane/tiny.py": J,
            "jane/helper.py": b"def exp(x): return x",
            "jane/scratch/first try.py": b"def difference(a, b): return b - a",
            "bob/own.ipynb": B,
            "bob/utilities.py": b"import torch",
            "bob/other.py": OTHER,
        },
        {"jane": J, "bob": B},
    ),
}


@pytest.mark.parametrize("as_zip", [False, True], ids=["folder", "zip"])
@pytest.mark.parametrize("layout", LAYOUTS)
def test_layout(layout: str, as_zip: bool, folder: Path, tmp_path: Path) -> None:
    files, expected = LAYOUTS[layout]
    path = tmp_path / "all.zip"
    if as_zip:
        path.write_bytes(zipped(files))
    else:
        path = hand_in(tmp_path / "all", files)
    if as_zip and layout == "a zip of the class in a folder":
        pytest.skip("a zip inside a zip is the class")
    submissions = collect(path, SOURCE_NAME)
    assert graded(submissions, folder) == expected
    assert submissions.problems == ()
    assert not [name for name in submissions.ignored if ".git" in name or "env/" in name]


def test_what_an_lms_marks_as_late_and_earlier_attempts_are_said(folder: Path, tmp_path: Path) -> None:
    submissions = collect(hand_in(tmp_path / "c", LAYOUTS["canvas"][0]), SOURCE_NAME)
    for student, late in {"roebob_124": True, "ünalzoë_125": True, "anon_x8Yq": True, "doejane_123": False}.items():
        assert ("late" in notes(submissions, student, folder)) == late
    submissions = collect(hand_in(tmp_path / "b", LAYOUTS["blackboard"][0]), SOURCE_NAME)
    said = notes(submissions, "jdoe", folder)
    assert "Not graded, as of an earlier attempt: Home_work 9_jdoe_attempt_2024-12-11-09-00-00_x.ipynb." in said
    submissions = collect(hand_in(tmp_path / "n", LAYOUTS["nbgrader, deep"][0]), SOURCE_NAME)
    said = notes(submissions, "zoe", folder)
    assert "Not graded, as in the folder of another assignment: zoe/08/tiny.ipynb." in said


def test_the_newest_of_several_counts_whatever_its_name(folder: Path, tmp_path: Path) -> None:
    hand_in(tmp_path / "all", {"jane/tiny.py": Z, "jane/final/tiny v2.py": J, "bob/tiny.ipynb": B})
    os.utime(tmp_path / "all/jane/tiny.py", (1_700_000_000, 1_700_000_000))
    submissions = collect(tmp_path / "all", SOURCE_NAME)
    assert graded(submissions, folder) == {"jane": J, "bob": B}
    said = notes(submissions, "jane", folder)
    assert "jane/final/tiny v2.py counts as the newest; not graded: jane/tiny.py." in said


def test_of_files_of_one_age_the_one_with_the_expected_name_counts(folder: Path, tmp_path: Path) -> None:
    path = hand_in(tmp_path / "all", {"jane/tiny.py": J, "jane/z.py": Z, "jane/a.py": Z})
    assert graded(collect(path, SOURCE_NAME), folder) == {"jane": J}


# ---- what cannot count


WRONG: dict[str, tuple[dict[str, bytes], str]] = {
    "another assignment's": ({"x/other.py": OTHER}, "x/other.py is a file of assignment 08."),
    "under the expected name": ({"x/tiny.py": OTHER}, "x/tiny.py is a file of assignment 08."),
    "Word": ({"x/tiny.py": zipped({"word/document.xml": b""})}, "x/tiny.py is a Word document or another kind of zip"),
    "PDF": ({"x/tiny.py": b"%PDF-1.7"}, "x/tiny.py is a PDF, not Python."),
    "old Word": ({"x/tiny.ipynb": b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"}, "x/tiny.ipynb is an old Word document"),
    "a page": ({"x/tiny.py": b"\n<!DOCTYPE html><html>"}, "x/tiny.py is a web page, not Python."),
    "PDF only": ({"x/report.pdf": b"%PDF"}, "There is no tiny.py or tiny.ipynb, but x/report.pdf."),
    "flat PDF": ({"x.pdf": b"%PDF"}, "There is no tiny.py or tiny.ipynb, but x.pdf."),
    "text entry": ({"xi_12_text.html": b"<p>"}, "There is no tiny.py or tiny.ipynb, but xi_12_text.html."),
    "RAR": ({"x/a.rar": b"Rar!"}, "but x/a.rar. Of archives, only a zip is opened."),
    "only junk": ({"x/.git/config": b""}, "x is an empty folder."),
    "broken zip": ({"x/a.zip": b"PK\x03\x04 no zip"}, "x/a.zip is no zip file that can be read"),
    "zip in zip": ({"x/a.zip": zipped({"b.zip": zipped({"tiny.py": J})})}, "x/a.zip/b.zip is a zip inside a zip"),
    "empty zip": ({"x/a.zip": zipped({})}, "x/a.zip is an empty zip."),
}


@pytest.mark.parametrize("case", WRONG)
def test_what_cannot_count_is_said_and_leaves_the_others_alone(case: str, folder: Path, tmp_path: Path) -> None:
    files, sentence = WRONG[case]
    flat = "/" not in next(iter(files))
    others = {"bob.ipynb": B, "zoe.py": Z} if flat else {"bob/tiny.ipynb": B, "zoe/tiny.py": Z}
    found = graded(collect(hand_in(tmp_path / "all", files | others), SOURCE_NAME), folder)
    assert (found.pop("bob"), found.pop("zoe")) == (B, Z)
    (reason,) = found.values()
    assert sentence in str(reason)


def test_a_file_without_the_functions_counts_and_is_said(folder: Path, tmp_path: Path) -> None:
    files = {"a/tiny.py": b" \n", "b/tiny.py": b"def diference(a, b): return a - b", "c/tiny.py": J}
    submissions = collect(hand_in(tmp_path / "all", files), SOURCE_NAME)
    assert graded(submissions, folder) == {"a": b" \n", "b": files["b/tiny.py"], "c": J}
    assert notes(submissions, "a", folder) == "a/tiny.py is empty."
    assert notes(submissions, "b", folder) == "b/tiny.py has none of the functions of assignment 09."


def test_a_notebook_named_py_and_utf_16_are_read_as_what_they_are(folder: Path, tmp_path: Path) -> None:
    utf_16 = Z.decode().encode("utf-16")
    files = {"a/tiny.py": B, "b/tiny.py": utf_16, "c/tiny.ipynb": J, "d/tiny.ipynb": B.decode().encode("utf-16")}
    submissions = collect(hand_in(tmp_path / "all", files), SOURCE_NAME)
    chosen = {entry.student: choose(submissions, entry, folder) for entry in submissions.students}
    names = {student: each.filename for student, each in chosen.items()}
    assert names == {"a": "tiny.ipynb", "b": "tiny.py", "c": "tiny.py", "d": "tiny.ipynb"}
    assert chosen["a"].notes == ("a/tiny.py is a notebook, whatever its name says, and is read as one.",)
    assert chosen["b"].notes == ()


# ---- zips of students, under the same caps


def test_tricks_in_a_students_zip_are_refused_like_those_in_any_zip(folder: Path, tmp_path: Path) -> None:
    link = zipfile.ZipInfo("tiny.py")
    link.create_system, link.external_attr = 3, 0o120777 << 16
    data = io.BytesIO()
    with zipfile.ZipFile(data, "w") as archive:
        archive.writestr(link, "/etc/passwd")
    evil = {
        "link": data.getvalue(),
        "out": zipped({"../../tiny.py": J}),
        "absolute": zipped({"/etc/tiny.py": J}),
        "many": zipped({f"{i}.py": b"" for i in range(5_001)}),
        "large": zipped({"tiny.py": bytes(60_000_000)}),
    }
    files = {f"{name}_1{i}_9_x.zip": content for i, (name, content) in enumerate(evil.items())}
    submissions = collect(hand_in(tmp_path / "all", files | {"bob_99_9_tiny.ipynb": B}), SOURCE_NAME)
    found = graded(submissions, folder)
    assert found.pop("bob_99") == B
    assert all(isinstance(reason, str) for reason in found.values()), found
    assert "tiny.py is a link" in str(found["link_10"])
    assert "points out of the zip" in str(found["out_11"])
    assert "points out of the zip" in str(found["absolute_12"])
    assert "5,001 members" in str(found["many_13"])
    assert "60 MB" in str(found["large_14"])


def test_the_table_of_contents_of_a_students_zip_is_weighed_before_it_is_read(folder: Path, tmp_path: Path) -> None:
    """A small zip can claim a huge table of contents, or put its size where only the large format has it."""
    data = bytearray(zipped({"tiny.py": J}))
    data[-10:-6] = (40_000_000).to_bytes(4, "little")
    large = zipped({"tiny.py": J})
    large = large[:-22] + b"PK\x06\x07" + bytes(16) + large[-22:]
    files = {"a/x.zip": bytes(data), "b/x.zip": large, "c/tiny.py": J}
    found = graded(collect(hand_in(tmp_path / "all", files), SOURCE_NAME), folder)
    assert found.pop("c") == J
    assert all("too many members" in str(reason) for reason in found.values()), found


def test_caps_of_zips_in_sum_and_of_one(folder: Path, tmp_path: Path) -> None:
    files = {f"{name}/x.zip": zipped({"tiny.py": J}) for name in "abc"}
    size = len(files["a/x.zip"])
    path = hand_in(tmp_path / "all", files)
    found = graded(collect(path, SOURCE_NAME, ReadLimits(total=2 * size)), folder)
    assert "all zips together are too large" in str(found["c"])
    found = graded(collect(path, SOURCE_NAME, ReadLimits(file=size - 1)), folder)
    assert all("at most" in str(reason) for reason in found.values())


@pytest.mark.parametrize("record", [b"", b"- a list", b"submission_1: [", b"submission_1:\n  :submitters: 7", b"\xff"])
def test_a_damaged_record_of_gradescope_leaves_the_names_of_the_folders(
    record: bytes, folder: Path, tmp_path: Path
) -> None:
    files = {"submission_metadata.yml": record, "submission_1/tiny.py": J, "submission_2/tiny.ipynb": B}
    submissions = collect(hand_in(tmp_path / "all", files), SOURCE_NAME)
    assert graded(submissions, folder) == {"submission_1": J, "submission_2": B}
    said = "submission_metadata.yml is not the list of submissions that Gradescope writes."
    assert (said in " ".join(submissions.problems)) == (b"7" not in record)


def test_nobody_gets_another_students_file_by_writing_into_a_receipt_of_blackboard(
    folder: Path, tmp_path: Path
) -> None:
    victim = blackboard("jdoe", FIRST, "tiny.py")
    forged = receipt("Mallory", "mallory", "x", blackboard("mallory", FIRST, "tiny.py"))
    forged = forged.replace(b"Comments:", f"\tOriginal filename: tiny.py\n\tFilename: {victim}\nComments:".encode())
    files = {
        victim: J,
        blackboard("mallory", FIRST): forged,
        blackboard("mallory", FIRST, "tiny.py"): Z,
        blackboard("zoe", FIRST): forged,  # whose first line says another name than its own
        blackboard("zoe", FIRST, "tiny.py"): code("zoe"),
    }
    found = graded(collect(hand_in(tmp_path / "all", files), SOURCE_NAME), folder)
    assert found == {"jdoe": J, "mallory": Z, "zoe": code("zoe")}


def test_names_that_are_made_to_be_slow_to_read_are_read_in_no_time(folder: Path, tmp_path: Path) -> None:
    """Patterns are tried on names of bounded length only; this would take minutes otherwise."""
    path, begun = tmp_path / "all.zip", time.process_time()
    names = ["1" * 60_000 + ".py", "1-1 - " + "1" * 60_000 + ".py", "anon_" + "1" * 60_000 + ".py"]
    path.write_bytes(zipped(dict.fromkeys(names, J) | {"bob/tiny.ipynb": B}))
    assert graded(collect(path, SOURCE_NAME), folder)["bob"] == B
    lines = b"Name: " + b" " * 30_000 + b"\n" * 30_000 + b"filename: a" * 3_000
    files = {blackboard("jdoe", FIRST): lines, blackboard("jdoe", FIRST, "tiny.py"): J}
    assert graded(collect(hand_in(tmp_path / "slow", files), SOURCE_NAME), folder) == {"jdoe": J}
    assert time.process_time() - begun < 8


def test_a_zip_is_read_once_for_all_files_in_it(folder: Path, tmp_path: Path) -> None:
    """Otherwise a large zip of many files would be unpacked for each of them."""
    files = {f"{number}.py": code(str(number)) for number in range(50)}
    path = hand_in(tmp_path / "all", {"x/a.zip": zipped(files), "y/b.zip": zipped({"tiny.py": J})})
    submissions = collect(path, SOURCE_NAME)
    read = mock.Mock(wraps=FolderSource.read)
    with mock.patch.object(FolderSource, "read", lambda *arguments: read(*arguments)):
        assert len(graded(submissions, folder)) == 2
    assert read.call_count == 2


def test_a_file_of_very_many_definitions_costs_no_memory(folder: Path) -> None:
    data = J + b"".join(b"def f%d():0\n" % number for number in range(200_000))
    content_of(J, "tiny.py", folder)  # reads what the assignments' functions are
    tracemalloc.start()
    try:
        assert content_of(data, "tiny.py", folder).functions == 2
        assert tracemalloc.get_traced_memory()[1] < 2 * len(data)
    finally:
        tracemalloc.stop()
