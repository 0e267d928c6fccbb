"""A roster: whose submission is whose, who handed in nothing, and rosters that are none."""

import csv
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from class_kit import HALF, SOURCE_NAME, InProcess, hand_in, module
from gradlings.grading.command import grade_submissions
from gradlings.grading.intake.collect import collect
from gradlings.grading.intake.roster import Roster
from gradlings.grading.judge_session import JudgeReply
from gradlings.model.errors import InputError
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from student_kit import RIGHT, Kit

CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Homework 9 (77)
    Points Possible,,,,,100
"Doe, Jane",123,S1,jdoe,A,
"Doe, Jane",124,S2,jdoe2,A,
"Roe, Bob",125,S3,broe,A,
"Student, Test",999,,abcdef,A,
"Ünal, Zoë",126,S4,zunal,A,
"""
MOODLE = """Identifier,Full name,Email address,Status,Grade,Last modified (grade)
Participant 987654,Jane Doe,jane@example.org,,,-
Participant 987655,Bob Roe,bob@example.org,,,-
Participant 987656,Zoë Ünal,zoe@example.org,,,-
"""
GERMAN = (
    "Nachname;Vorname;Benutzername;E-Mail-Adresse\n"
    "Doe;Jane;jdoe;jane@x.de\nRoe;Bob;broe;bob@x.de\nÜnal;Zoë;zunal;z@x.de\n"
)
BRIGHTSPACE = (
    "OrgDefinedId,Username,Last Name,First Name,End-of-Line Indicator\n"
    "#4711,#jdoe,Doe,Jane,#\n#4712,#broe,Roe,Bob,#\n#4713,#zunal,Ünal,Zoë,#\n"
)
GRADESCOPE = "First Name,Last Name,SID,Email\nJane,Doe,4711,jane@x.org\nBob,Roe,4712,bob@x.org\nZoë,Ünal,4713,z@x.org\n"

ROSTERS: dict[str, tuple[str, list[str], tuple[str, ...]]] = {
    "canvas": (CANVAS, ["doejane_124", "roebob_125"], ("Doe, Jane_123", "Ünal, Zoë_126")),
    "canvas, a group": (CANVAS, ["team4_125", "doejane_123", "doejane_124"], ("Ünal, Zoë_126",)),
    "moodle": (MOODLE, ["Jane Doe_987654", "Participant_987655"], ("Zoë Ünal_Participant 987656",)),
    "moodle, another's number": (
        MOODLE,
        ["Jane Doe_987655", "Bob Roe_1"],
        ("Zoë Ünal_Participant 987656",),
    ),
    "german, ilias": (GERMAN, ["Doe_Jane_jdoe_311", "Roe_Bob_broe_312"], ("Zoë Ünal_zunal",)),
    "clones": (GERMAN, ["autodiff-jdoe", "autodiff-broe"], ("Zoë Ünal_zunal",)),
    "brightspace": (BRIGHTSPACE, ["Jane Doe_501", "Roe, Bob - 4712"], ("Zoë Ünal_4713",)),
    "gradescope": (GRADESCOPE, ["Jane Doe_4711", "Bob Roe_bob@x.org"], ("Zoë Ünal_4713",)),
    "sakai": (GERMAN, ["Doe, Jane(jdoe)", "Roe, Bob(broe)"], ("Zoë Ünal_zunal",)),
    "by e-mail": (GERMAN, ["jane@x.de", "BOB@x.de"], ("Zoë Ünal_zunal",)),
    "by name": ("name\nJane Doe\nBob Roe\nZoë Ünal\n", ["Jane Doe", "Roe, Bob"], ("Zoë Ünal",)),
    "a plain list": ("jdoe\nbroe\nzunal\n", ["jdoe", "broe"], ("zunal",)),
    "twice, for two sections": ("login,section\njdoe,A\njdoe,B\nbroe,A\n", ["broe"], ("jdoe",)),
}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "roster.csv"


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "cp1252"])
@pytest.mark.parametrize("case", ROSTERS)
def test_who_handed_in_nothing(case: str, encoding: str, path: Path) -> None:
    text, students, missing = ROSTERS[case]
    path.write_bytes(text.encode(encoding))
    assert Roster(path).missing(students) == (missing, ())


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_delimiters(delimiter: str, path: Path) -> None:
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, delimiter=delimiter).writerows(
            [["Name", "Login"], ["Doe, Jane; Dr.", "jdoe"], ["Bob", "broe"]]
        )
    assert Roster(path).missing(["broe"]) == (("Doe, Jane; Dr._jdoe",), ())


def test_who_is_not_on_the_roster_is_named(path: Path) -> None:
    path.write_text("login\njdoe\n")
    assert Roster(path).missing(["jdoe", "mallory"]) == ((), ("mallory",))


BAD: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "roster.csv is empty. Export it again"),
    "header only": (b"login,email\n", "lists nobody. Export it again"),
    "unknown columns": (
        b"Kennung,Punkte\nx,1\n",
        r"no column of its first line \(Kennung, Punkte\) is known. Call one",
    ),
    "Excel": (b"PK\x03\x04...", "is no CSV file. Export the roster again, or save the table as CSV"),
    "PDF": (b"%PDF-1.7", "is no CSV file"),
    "binary": (b"a\0\0\0", "is no CSV file"),
    "another course": (b"login\nsomebody\nelse\n", "has nobody whose submission is here, e.g. jdoe"),
    "namesakes": (b"name,grade\nJane Doe,1\nBob,2\nJdoe,1\nJ Doe,2\n", "lines 4 and 5 both fit the submission of jdoe"),
}


@pytest.mark.parametrize("case", BAD)
def test_a_bad_roster_gets_a_sentence_with_the_file_and_the_remedy(case: str, path: Path) -> None:
    data, sentence = BAD[case]
    path.write_bytes(data)
    with pytest.raises(InputError, match=sentence) as caught:
        Roster(path).missing(["jdoe"])
    assert "roster.csv" in str(caught.value)


def test_a_roster_that_is_not_there(path: Path) -> None:
    with pytest.raises(InputError, match=r"roster\.csv cannot be read \(No such file or directory\)\. Give a roster"):
        Roster(path)


# ---- in the results


def rows(to: Path) -> dict[str, dict[str, str]]:
    with open(to / "scores.csv", newline="", encoding="utf-8-sig") as file:
        return {row["student"]: row for row in csv.DictReader(file)}


def test_the_table_has_everybody_and_the_numbers_add_up(
    kit: Kit, tmp_path: Path, path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {
        "doejane_124_1_tiny.py": module(kit, **RIGHT),
        "roebob_LATE_125_2_homework.py": module(kit, **HALF),
        "mallory_777_3_tiny.py": b"%PDF-1.7",
    }
    path.write_text(CANVAS)
    submissions = collect(hand_in(tmp_path / "all", files), SOURCE_NAME)
    to, pool = tmp_path / "results", InProcess(kit.folder)
    for told in ("", " (0 graded now, 3 in an earlier run)"):
        grade_submissions(pool, kit.folder, submissions, to, roster=Roster(path))
        said = " ".join(capsys.readouterr().err.split())
        sum_up = f"5 students: 2 with a score, 1 not gradable, 2 without a submission{told}. Protection:"
        assert sum_up in said
        assert "mallory_777: not on the roster." in said
        assert "Of 2 students there is no submission: Doe, Jane_123, Ünal, Zoë_126" in said
        table = rows(to)
        assert {name: (row["score"], row["status"].partition(" (")[0]) for name, row in table.items()} == {
            "Doe, Jane_123": ("", "nothing handed in"),
            "doejane_124": ("30", "graded"),
            "mallory_777": ("", "not gradable"),
            "roebob_125": ("10", "graded"),
            "Ünal, Zoë_126": ("", "nothing handed in"),
        }
    assert (to / "scores.csv").read_bytes().startswith(b"\xef\xbb\xbfstudent,"), "Excel reads names by this mark"
    late, other = (
        "Canvas marks it as late.",
        "roebob_LATE_125_2_homework.py counts, as there is no tiny.py or tiny.ipynb.",
    )
    assert rows(to)["roebob_125"]["notes"] == f"{late} {other}"
    assert sorted(page.name for page in (to / "feedback").iterdir()) == [
        *("doejane_124.html", "mallory_777.html", "roebob_125.html")
    ]


def test_a_cell_that_fails_and_follow_through_are_noted(kit: Kit, tmp_path: Path) -> None:
    failing = module(kit, **HALF) + b"\n# %%\nimport a_module_of_mine\n"
    files = {"ann.py": failing, "bob.py": module(kit, **RIGHT)}
    to, submissions = tmp_path / "results", collect(hand_in(tmp_path / "all", files), SOURCE_NAME)
    grade_submissions(InProcess(kit.folder), kit.folder, submissions, to)
    assert (
        "ModuleNotFoundError while this cell was run: No module named 'a_module_of_mine'." in rows(to)["ann"]["notes"]
    )
    assert rows(to)["bob"]["notes"] == ""


class Noting(InProcess):
    """Judges that have something to note of each submission."""

    def judge(self, data: bytes, filename: str, seed: int, helpers: Helpers = NO_HELPERS) -> JudgeReply:
        return replace(super().judge(data, filename, seed, helpers), notes=("As a shipped answer.",))


def test_what_the_judge_notes_is_for_the_marker_and_not_for_the_student(kit: Kit, tmp_path: Path) -> None:
    to, submissions = tmp_path / "results", collect(hand_in(tmp_path / "all", {"ann.py": module(kit)}), SOURCE_NAME)
    grade_submissions(Noting(kit.folder), kit.folder, submissions, to)
    assert (rows(to)["ann"]["notes"], rows(to)["ann"]["score"]) == ("As a shipped answer.", "0")
    for page in ("feedback/ann.html", "scorecards/ann.json"):
        assert "shipped answer" not in (to / page).read_text(encoding="utf-8")


@pytest.mark.skipif(sys.platform != "linux", reason="grading for marks is for Linux")
def test_a_roster_that_does_not_fit_is_refused_before_anything_is_graded(kit: Kit, tmp_path: Path, path: Path) -> None:
    path.write_bytes(BAD["another course"][0])
    submissions = hand_in(tmp_path / "all", {"jdoe.py": module(kit, **RIGHT)})
    command = ["grade", "09", str(submissions), "--to", str(tmp_path / "results"), "--roster", str(path)]
    refused = kit.gradlings(*command, "--root", str(kit.root))
    assert (refused.code, (tmp_path / "results").exists()) == (2, False)
    assert "roster.csv has nobody whose submission is here, e.g. jdoe. Is it that of another course?" in refused.said


def test_of_a_large_class_the_terminal_gets_a_few_lines_of_each_kind(
    kit: Kit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    files = {f"s{number:02}.py": b"%PDF-1.7 scanned" for number in range(33)}
    submissions = collect(hand_in(tmp_path / "class", files), SOURCE_NAME)
    grade_submissions(InProcess(kit.folder), kit.folder, submissions, tmp_path / "to")
    said = capsys.readouterr()
    lines = (said.out + said.err).splitlines()
    assert sum("is a PDF, not Python" in line for line in lines) == 30
    assert "... and 3 more lines of this kind; notes stand in scores.csv." in lines
    assert (tmp_path / "to" / "scores.csv").read_text(encoding="utf-8-sig").count("is a PDF") == 33
