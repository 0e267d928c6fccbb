"""Marks on their way back: every LMS's own file filled in, read as its importer reads it, and nothing else changed."""

from __future__ import annotations

import csv
import io
import json
import xml.etree.ElementTree as ET
from decimal import Decimal
from pathlib import Path

import pytest

from gradlings.grading.export.writing import Exported, exported
from gradlings.grading.intake.roster import Roster
from gradlings.grading.results_store import Record, ResultsFolder
from gradlings.model.errors import InputError
from gradlings.model.scorecard import CheckResult, ExerciseScore, Scorecard, Verdict
from gradlings.model.student_result import graded
from lms_rules import (
    JUNIT,
    blackboard_import,
    brightspace_import,
    canvas_feedback,
    canvas_import,
    junit_suites,
    moodle_feedback,
    moodle_import,
)
from results_kit import made
from student_kit import Kit

CANVAS = (
    'Student,ID,SIS User ID,SIS Login ID,Section,"Essay, long (76)",Homework 9 (77),Current Score,Final Score\n'
    ",,,,,,Manual Posting,,\n"
    "    Points Possible,,,,,10.00,100.00,(read only),(read only)\n"
    '"Doe, Jane",123,S1,jdoe,A,7.00,,70.0,35.0\n'
    '"Doe, Jane",124,S2,jdoe2,A,8.00,12.50,80.0,40.0\n'
    '"Roe, Bob",125,S3,broe,A,9.00,77.00,90.0,45.0\n'
    '"Student, Test",999,,abcdef,A,,,,\n'
    '"Ünal, Zoë",126,S4,zunal,"A and B",,EX,,\n'
)
CANVAS_CLASS = {"doejane_123": 90, "doejane_124": None, "roebob_125": 77, "mallory_130": 10}
CANVAS_NAMES = {
    "doejane_123": "doejane_LATE_123_9001_tiny.py",
    "doejane_124": "doejane_124_9002_tiny.pdf",
    "roebob_125": "roebob_125_9003_tiny-1.ipynb",
    "mallory_130": "mallory_130_9004_tiny.py",
}


def moodle(header: str, rows: list[str], delimiter: str = ",", end: str = "\n") -> str:
    return "".join(line.replace("|", delimiter) + end for line in (header, *rows))


ENGLISH = (
    'Identifier|"Full name"|"Email address"|Status|Grade|"Maximum Grade"|"Grade can be changed"|'
    '"Last modified (submission)"|"Last modified (grade)"|"Feedback comments"'
)
GERMAN = (
    'ID|"Vollständiger Name"|E-Mail-Adresse|Status|Bewertung|Bestwertung|"Bewertung kann geändert werden"|'
    '"Zuletzt geändert (Abgabe)"|"Zuletzt geändert (Bewertung)"|"Feedback als Kommentar"'
)
FRENCH = (
    "Identifiant|Nom complet|Adresse de courriel|Statut|Note|Note maximale|La note peut être modifiée|"
    "Dernière modification (travail remis)|Dernière modification (note)|Feedback par commentaires"
)
PORTUGUESE = (
    'Identificador|"Nome completo"|"Endereço de email"|Status|Nota|"Nota máxima"|"Nota pode ser alterada"|'
    '"Última modificação (envio)"|"Última modificação (nota)"|"Comentários de feedback"'
)
BLIND = 'Identifier|Status|Grade|"Maximum Grade"|"Grade can be changed"|"Last modified (grade)"|"Feedback comments"'


def participants(word: str, limit: str, yes: str) -> list[str]:
    when = '"Monday, 2 March 2026, 10:00 AM"'
    return [
        f'{word}987654|"Jane Doe"|jane@example.org|"Submitted for grading"||"{limit}"|{yes}|{when}|-|',
        f'{word}987655|"Bob Roe"|bob@example.org|"Submitted for grading"|"50{limit[-3:]}"|"{limit}"|{yes}|{when}|-|'
        '"Well, <b>well</b>"',
        f'{word}987656|"Zoë Ünal"|zoe@example.org|"No submission"||"{limit}"|{yes}|-|-|',
    ]


MOODLE_CLASS = {"Jane Doe_987654": 87, "Bob Roe_987655": 61}
WORKSHEETS = {
    "english": (moodle(ENGLISH, participants("Participant ", "100.00", "Yes")), "utf-8", ",", False),
    "german": (moodle(GERMAN, participants("Teilnehmer/in", "100,00", "Ja"), ";", "\r\n"), "utf-8-sig", ";", True),
    "french, commas": (moodle(FRENCH, participants("Participant", "100,00", "Oui")), "utf-8-sig", ",", True),
    "portuguese": (moodle(PORTUGUESE, participants("Participante", "100,00", "Sim"), ",", "\r\n"), "utf-8", ",", True),
    "utf-16, tabs": (moodle(GERMAN, participants("Teilnehmer/in", "100,00", "Ja"), "\t"), "utf-16", "\t", True),
    "windows-1252": (moodle(GERMAN, participants("Teilnehmer/in", "100.00", "Ja"), ";"), "cp1252", ";", False),
}


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return tmp_path / "from the LMS.csv"


@pytest.fixture
def to(tmp_path: Path) -> Path:
    return tmp_path / "results"


def told(made: Exported) -> str:
    return "\n".join(made.lines)


# ---- Canvas


def test_canvas(roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, CANVAS_CLASS, CANVAS_NAMES)
    done = exported("canvas", to, roster, column="Homework 9")
    assert canvas_import(done.data, CANVAS) == ({"123": "90.00"}, "77")
    assert done.data.decode() == (
        "Student,ID,SIS User ID,SIS Login ID,Section,Homework 9 (77)\n"
        "    Points Possible,,,,,100.00\n"
        '"Doe, Jane",123,S1,jdoe,A,90\n'
        '"Roe, Bob",125,S3,broe,A,77\n'
    )
    said = told(done)
    assert f"2 of 4 people in {roster} get their final mark in the column Homework 9 (77)." in said
    assert (
        "No mark, as there is no score; the cell is left as it is: doejane_124 (not gradable (It is a PDF.))." in said
    )
    assert f"Nobody in {roster}, so no mark: mallory_130 (nobody of that name or number)." in said
    assert "Without a submission, left as they are: Ünal, Zoë_126." in said
    assert "Another mark" not in said


@pytest.mark.parametrize("column", ["77", "homework 9", "Homework 9 (77)"])
def test_the_column_is_named_by_title_or_number(column: str, roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, CANVAS_CLASS)
    assert canvas_import(exported("canvas", to, roster, column=column).data, CANVAS)[1] == "77"


def test_canvas_saved_by_excel(roster: Path, to: Path) -> None:
    rows = list(csv.reader(io.StringIO(CANVAS)))
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=";").writerows(rows)
    roster.write_bytes(buffer.getvalue().encode("utf-8-sig"))
    made(to, CANVAS_CLASS)
    assert canvas_import(exported("canvas", to, roster, column="77").data, CANVAS)[0] == {"123": "90.00"}


def test_canvas_with_names_in_two_columns(roster: Path, to: Path) -> None:
    roster.write_text(
        "LastName,FirstName,ID,SIS User ID,SIS Login ID,Section,Homework 9 (77)\n"
        '    Points Possible,,,,,,100\nDoe,Jane,123,S1,"j""doe",A,-\n',
        encoding="utf-8-sig",
    )
    made(to, {"doejane_123": 90, "@evil_124": 3})
    last_line = exported("canvas", to, roster).data.splitlines(keepends=True)[-1]
    assert last_line == b'Doe,Jane,123,S1,"j""doe",A,90\n'


def test_excused_penalized_and_replaced(roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    overrides = (
        "student,points,bonus,penalty,excused\n"
        "doejane_123,,5,12.5,\ndoejane_124,33.25,,,\nroebob_125,,,,yes\nunalzoe_126,,,,\n"
    )
    made(to, CANVAS_CLASS | {"unalzoe_126": 50, "Zoë Ünal": 60}, overrides=overrides)
    done = exported("canvas", to, roster, column="77")
    assert canvas_import(done.data, CANVAS)[0] == {"123": "82.50", "124": "33.25", "125": "EX", "126": "60.00"}
    said = told(done)
    assert (
        "Late penalties are in the marks of doejane_123. Canvas would take them again where the course has a late "
        "policy: switch that off, or export with --marks raw." in said
    )
    assert "Excused, written as EX: roebob_125." in said
    assert "Another mark is replaced: doejane_124 (12.50, now 33.25), Zoë Ünal (EX, now 60)." in said
    assert (
        "unalzoe_126 (its 126 is that of Ünal, Zoë_126, who has another name; a group's number looks like that)" in said
    )
    raw = exported("canvas", to, roster, column="77", marks="raw")
    assert canvas_import(raw.data, CANVAS)[0]["123"] == "95.00"
    assert "The marks of doejane_123 are without late penalties, for Canvas to take its own." in told(raw)


def test_a_group_in_canvas_is_matched_by_number_and_said(roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, {"team4_125": 60, "doejane_123": 50}, {"team4_125": "team4_125_9006_tiny.py"})
    done = exported("canvas", to, roster, column="77")
    assert canvas_import(done.data, CANVAS)[0] == {"123": "50.00", "125": "60.00"}
    assert "if that is a group, only this one gets the mark: team4_125 (Roe, Bob_125)." in told(done)


def test_points_of_canvas_and_of_the_run_differ(roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, {"doejane_123": 83, "roebob_125": 90})
    done = exported("canvas", to, roster, column="Essay, long")
    assert canvas_import(done.data, CANVAS) == ({"123": "8.30"}, "76")
    assert "Canvas has 10 points for it, the run 100: every mark is multiplied by 10/100." in told(done)


CANVAS_REFUSED = {
    "several columns": (
        "",
        "",
        r'several columns for marks\. Name one with --column: "Essay, long \(76\)", "Homework 9',
    ),
    "no such column": ("", "Quiz", "has no column for marks called Quiz. Name one of these with --column"),
    "a total by its title": ("Homework 9=Final Grade Calculator", "77", "drops its marks in silence. Rename the"),
    "read only": ("100.00=(read only)", "77", r'imports no marks for "Homework 9 \(77\)"'),
    "no assignments": ("(7=(x7", "", "has no column for marks. In Canvas: Grades, Export"),
    "another file": ("Student,ID=Teilnehmer,Nummer", "", "is no gradebook of Canvas: its first line has no Student"),
    "another course": ("12=98", "77", "has nobody whose submission is here, e.g. doejane_123"),
}


@pytest.mark.parametrize("case", CANVAS_REFUSED)
def test_what_canvas_would_drop_is_refused(case: str, roster: Path, to: Path) -> None:
    change, column, sentence = CANVAS_REFUSED[case]
    old, _, new = change.partition("=")
    text = CANVAS.replace(old, new) if old else CANVAS
    if case == "another course":
        text = text.replace("Jane", "Joan").replace("Roe", "Rue")
    roster.write_text(text, encoding="utf-8")
    made(to, CANVAS_CLASS)
    with pytest.raises(InputError, match=sentence) as caught:
        exported("canvas", to, roster, column=column)
    assert str(roster) in str(caught.value) or "Canvas" in str(caught.value)


# ---- Moodle


@pytest.mark.parametrize("case", WORKSHEETS)
def test_moodle(case: str, roster: Path, to: Path) -> None:
    text, encoding, delimiter, comma = WORKSHEETS[case]
    before = text.encode(encoding)
    roster.write_bytes(before)
    overrides = "student,bonus,comment\nJane Doe_987654,0.5,Good. See me.\nBob Roe_987655,,Too late\nZoë Ünal,,A PDF\n"
    made(to, {**MOODLE_CLASS, "Zoë Ünal": None}, overrides=overrides)
    done = exported("moodle", to, roster)
    assert moodle_import(done.data, before, encoding=encoding, delimiter=delimiter, comma=comma) == {
        "987654": (Decimal("87.5"), "Good. See me."),
        "987655": (Decimal(61), "Well, <b>well</b>"),
        "987656": (None, "A PDF"),
    }
    said = told(done)
    assert f"Another mark is replaced: Bob Roe_987655 (50{',' if '100,00' in text else '.'}00, now 61)." in said
    assert "There is a comment already, and it is kept: Bob Roe_987655." in said
    assert "the cell is left as it is: Zoë Ünal (not gradable" in said
    assert "Moodle skips rows that were graded after this worksheet was downloaded" in said


def test_moodle_names_what_it_would_skip_in_silence(roster: Path, to: Path) -> None:
    rows = participants("Participant ", "100.00", "Yes")
    rows[1] = rows[1].replace("|Yes|", "|No|")
    before = moodle(ENGLISH, rows)
    roster.write_text(before, encoding="utf-8")
    made(
        to, {**MOODLE_CLASS, "Zoë Ünal_987656": 100}, overrides="student,bonus\nZoë Ünal_987656,4\nJane Doe_987654,1\n"
    )
    done = exported("moodle", to, roster)
    assert moodle_import(done.data, before.encode()) == {"987654": (Decimal(88), "")}
    assert "Moodle takes no mark in these rows: Bob Roe_987655." in told(done)
    above = "Above Moodle's maximum of 100, which Moodle would skip in silence, so set by hand: Zoë Ünal_987656 (104)."
    assert above in told(done)


def test_a_groups_number_is_not_taken_for_a_participants(roster: Path, to: Path) -> None:
    before = WORKSHEETS["english"][0]
    roster.write_text(before, encoding="utf-8")
    names = {"Team 7_987655": "Team 7_987655_assignsubmission_file", "Jane Doe_987654": ""}
    made(to, {"Team 7_987655": 99, "Jane Doe_987654": 87}, names)
    done = exported("moodle", to, roster)
    assert moodle_import(done.data, before.encode()) == {"987654": (Decimal(87), "")}
    assert "Team 7_987655 (its 987655 is that of Bob Roe_Participant 987655, who has another name; a group's" in told(
        done
    )
    zipped = exported("moodle", to, None, feedback=True)
    assert "In a team assignment Moodle's numbers are those of groups" in told(zipped)
    assert set(moodle_feedback(exported("moodle", to, roster, feedback=True).data)) == {"987654"}


def test_blind_marking(roster: Path, to: Path) -> None:
    before = moodle(BLIND, [f"Participant {n}|Submitted||100.00|Yes|-|" for n in (12, 13)])
    roster.write_text(before, encoding="utf-8")
    made(to, {"Participant_12": 40, "Participant_13": 50})
    done = exported("moodle", to, roster)
    assert moodle_import(done.data, before.encode()) == {"12": (Decimal(40), ""), "13": (Decimal(50), "")}


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ("Identifier=Tunniste", "no grading worksheet of Moodle in English, French, German, Portuguese or Spanish"),
        ("Maximum Grade=Scale", "is graded by a scale, not by points"),
        ("Bob Roe=Jane Doe", "lines 2 and 3 both fit the submission of Jane Doe"),
    ],
)
def test_a_worksheet_that_cannot_be_filled_in(change: str, sentence: str, roster: Path, to: Path) -> None:
    roster.write_text(
        WORKSHEETS["english"][0].replace(change.partition("=")[0], change.partition("=")[2]), encoding="utf-8"
    )
    made(to, {"Jane Doe": 87})
    with pytest.raises(InputError, match=sentence) as caught:
        exported("moodle", to, roster)
    assert str(roster) in str(caught.value)


# ---- Brightspace, Blackboard, Gradescope


def test_brightspace(roster: Path, to: Path) -> None:
    roster.write_text(
        "OrgDefinedId,Username,Last Name,First Name,Essay Points Grade <Numeric MaxPoints:5>,"
        '"Homework 9 Points Grade <Numeric MaxPoints:50 Weight:10 Category:HW CategoryWeight:15>",'
        "End-of-Line Indicator\n"
        "#4711,#jdoe,Doe,Jane,3,,#\n#4712,#broe,Roe,Bob,4,20,#\n#4713,#zunal,Ünal,Zoë,,30,#\n",
        encoding="utf-8",
    )
    made(to, {"Jane Doe_501": 77, "Roe, Bob - 4712": 40})
    done = exported("brightspace", to, roster, column="homework 9")
    assert brightspace_import(done.data) == ({"4711": Decimal("38.5"), "4712": Decimal(20)}, "Homework 9")
    assert "Zoë" not in done.data.decode(), "an empty cell, or a mark of then, would be imported"
    assert "publishes imported marks" in told(done)


@pytest.mark.parametrize(("encoding", "delimiter"), [("utf-8-sig", ","), ("utf-16", "\t")])
def test_blackboard(encoding: str, delimiter: str, roster: Path, to: Path) -> None:
    rows = [
        [
            "Last Name",
            "First Name",
            "Username",
            "Student ID",
            "Task 8 [Total Pts: 10] |11",
            "Home, 9 [Total Pts: up to 100 Score] |12",
        ],
        ["Doe", "Jane", "jdoe", "4711", "3.00000", ""],
        ["Roe", "Bob", "broe", "4712", "", "55.00000"],
    ]
    buffer = io.StringIO()
    csv.writer(buffer, delimiter=delimiter, quoting=csv.QUOTE_ALL).writerows(rows)
    roster.write_bytes(buffer.getvalue().encode(encoding))
    made(to, {"jdoe": 77, "nobody": 5})
    done = exported("blackboard", to, roster, column="12")
    assert blackboard_import(done.data, encoding=encoding, delimiter=delimiter) == ({"jdoe": Decimal(77)}, "12")


def test_gradescope(roster: Path, to: Path) -> None:
    header = "First Name,Last Name,SID,Email,Sections,Total Score,Max Points,Status,Submission ID\n"
    roster.write_text(
        f"{header}Jane,Doe,4711,jane@x.org,,,100.0,Missing,\nBob,Roe,4712,bob@x.org,,3.0,100.0,Graded,7\n"
    )
    made(to, {"Jane Doe_4711": 77, "Bob Roe_bob@x.org": 50})
    rows = list(csv.DictReader(io.StringIO(exported("gradescope", to, roster).data.decode())))
    assert [row["Total Score"] for row in rows] == ["77", "50"]


@pytest.mark.parametrize("form", ["canvas", "moodle", "brightspace", "blackboard", "gradescope"])
def test_every_wrong_file_gets_a_sentence(form: str, roster: Path, to: Path) -> None:
    made(to, {"jdoe": 1})
    with pytest.raises(InputError, match=r"Give the file that .* exports with --roster"):
        exported(form, to, None)
    for data in (b"", b"PK\x03\x04 a sheet", b"a,b\n1,2\n", b'Student,ID\n"Doe,1\n', b"\xff\xfea", "名,分\n".encode()):
        roster.write_bytes(data)
        with pytest.raises(InputError, match=r"from the LMS\.csv") as caught:
            exported(form, to, roster)
        assert str(caught.value).count(". ") >= 1, "what is wrong, and what to do"
        assert roster.read_bytes() == data
    assert sorted(path.name for path in to.iterdir()) == [".lock", "feedback", "records", "run.json"]


# ---- which student


def test_clones_are_matched_by_login_and_hyphened_names_are_not(roster: Path, to: Path) -> None:
    roster.write_text("login,name\njane,Jane Doe\nbob,Bob Roe\n")
    made(to, {"tiny-jane": 1, "tiny-bob": 2})
    rows = list(csv.DictReader(io.StringIO(exported("csv", to, roster).data.decode("utf-8-sig"))))
    assert [(row["student"], row["login"]) for row in rows] == [("tiny-bob", "bob"), ("tiny-jane", "jane")]
    made(to.with_name("two"), {"mary-jane": 1, "bob": 2})
    done = exported("csv", to.with_name("two"), roster)
    assert "Without login and e-mail: mary-jane (nobody of that name or number)." in told(done)


def test_two_submissions_of_one_person_are_both_left_out(roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, {"roebob_125": 1, "broe": 2, "doejane_123": 3})
    done = exported("canvas", to, roster, column="77")
    assert set(canvas_import(done.data, CANVAS)[0]) == {"123"}
    assert "broe (broe and roebob_125 are both Roe, Bob_125, line 6)" in told(done)


def test_an_id_of_one_and_the_name_of_another_is_nobody(roster: Path, to: Path) -> None:
    before = WORKSHEETS["english"][0]
    roster.write_text(before, encoding="utf-8")
    made(to, {"Jane Doe_987655": 3, "Zoë Ünal": 4})
    done = exported("moodle", to, roster)
    assert set(moodle_import(done.data, before.encode())) == {"987656"}
    assert "its 987655 is that of Bob Roe_Participant 987655, its name that of Jane Doe_Participant 987654" in told(
        done
    )


# ---- feedback


def test_feedback_for_canvas(to: Path) -> None:
    made(to, {**CANVAS_CLASS, "jdoe": 3, "anon_x7Yq": 5}, CANVAS_NAMES | {"anon_x7Yq": "LATE_anon_x7Yq_9005_tiny.py"})
    done = exported("canvas", to, feedback=True)
    attachments = {"9001": "123", "9002": "124", "9003": "125", "9004": "130", "9005": "x7Yq"}
    found = canvas_feedback(done.data, attachments)
    assert found["123"] == "doejane_LATE_123_9001_tiny.py.html"
    assert set(found) == set(attachments.values())
    assert "Left out, as it did not come in under a name with Canvas's numbers of student and file: jdoe." in told(done)
    assert done.data == exported("canvas", to, feedback=True).data


def test_feedback_for_moodle(roster: Path, to: Path) -> None:
    names = {
        "Jane Doe_987654": "Jane Doe_987654_assignsubmission_file_",
        "Bob Roe_987655": "Bob Roe_987655_assignsubmission_file_my_own_1_2.ipynb",
        "zoe@example.org": "zoe@example.org",
    }
    made(to, {**MOODLE_CLASS, "zoe@example.org": 7}, names)
    done = exported("moodle", to, feedback=True)
    assert moodle_feedback(done.data) == {
        "987654": "Jane Doe_987654_assignsubmission_file_/feedback.html",
        "987655": "Bob Roe_987655_assignsubmission_file/feedback.html",
    }
    assert "Left out, as it did not come in under a name with Moodle's number; give the worksheet" in told(done)
    assert "--roster: zoe@example.org." in told(done)
    roster.write_text(WORKSHEETS["english"][0], encoding="utf-8")
    with_worksheet = moodle_feedback(exported("moodle", to, roster, feedback=True).data)
    assert with_worksheet["987656"] == "Zoë Ünal_987656_assignsubmission_file/feedback.html"
    assert len(with_worksheet) == 3


def test_feedback_that_cannot_go_back(to: Path) -> None:
    made(to, {"jdoe": 1})
    with pytest.raises(InputError, match=r"can go back this way. Left out, as it did not .*: jdoe\."):
        exported("canvas", to, feedback=True)
    with pytest.raises(InputError, match=r"Only canvas and moodle take feedback as a zip, not csv: hand out "):
        exported("csv", to, feedback=True)


# ---- everything else


def test_csv_has_who_has_a_mark(roster: Path, to: Path) -> None:
    roster.write_text("Login,Email,Name\njdoe,jane@x.org,Jane Doe\nzoe,zoe@x.org,Zoë Ünal\n", encoding="utf-8")
    overrides = 'student,points,excused,comment\njdoe,81.5,,"=1+1"\nzed,,yes,\n'
    made(to, {"jdoe": 80, "carl": None, "zed": 9, "@evil": 5}, overrides=overrides)
    (to / "marking.json").write_text(json.dumps({"students": ["later"]}))  # a run that is not at its end
    done = exported("csv", to, roster)
    assert done.data.startswith(b"\xef\xbb\xbf")
    assert list(csv.reader(io.StringIO(done.data.decode("utf-8-sig")))) == [
        ["student", "login", "email", "mark", "comment"],
        ["'@evil", "", "", "5", ""],
        ["jdoe", "jdoe", "jane@x.org", "81.5", "'=1+1"],
    ]
    said = told(done)
    for line in (
        "2 of 5 students have a final mark, of 100 points.",
        "Excused, and left out: zed.",
        "Left out, as there is no score: carl (not gradable (It is a PDF.)), later (not graded yet).",
        "Without a submission, and left out: Zoë Ünal_zoe.",
    ):
        assert line in said


def test_json_has_what_makes_up_a_mark(to: Path) -> None:
    overrides = "student,exercise,points,bonus,penalty\njdoe,9.2,12.5,,\njdoe,,,1,10\n"
    made(to, {"jdoe": 70, "carl": None}, overrides=overrides)
    content = json.loads(exported("json", to).data)
    assert (content["assignment"], content["max_points"]) == ("09", 100)
    carl, jane = content["students"]
    assert (carl["final"], carl["raw"], carl["status"], carl["exercises"]) == (None, None, "not gradable", {})
    assert {key: jane[key] for key in ("raw", "bonus", "penalty", "final", "excused", "seconds_late")} == {
        **{"raw": 72.5, "bonus": 1, "penalty": 10, "final": 63.5, "excused": False},
        "seconds_late": None,
    }
    assert jane["exercises"]["9.2"] == {"name": "row_totals", "points": 12.5, "max_points": 40}


def test_junit_has_the_form_of_pytests_own(kit: Kit, to: Path) -> None:
    made(to, {"jdoe": 70, "carl": None, "<&\x00\x1b\ud7ff\uffff\U0001f600>": 100}, message="\x00\x1b[31m <b>&")
    suites = junit_suites(exported("junit", to).data)
    assert suites["jdoe"] == {
        "09.9-1 difference::one half": "passed",
        "09.9-2 row_totals::one half": "passed",
        "09.9-2 row_totals::the other": "failure",
    }
    assert suites["carl"] == {"09::submission": "error"}
    assert set(suites["<&#x00#x1B\ud7ff#xFFFF\U0001f600>"].values()) == {"passed"}
    kit.check("--junitxml", str(to / "own.xml"), "-k", "9.1")
    own = {element.tag: set(element.attrib) for element in ET.parse(to / "own.xml").iter()}
    assert own["testsuite"] == JUNIT["testsuite"][0]
    assert own["testcase"] == JUNIT["testcase"][0]
    assert own["testsuites"] == JUNIT["testsuites"][0]


def test_a_fault_of_ours_is_no_zero_and_what_it_quotes_stays_here(roster: Path, to: Path) -> None:
    secret = "the hidden probe [1, 2]"
    check = CheckResult("9.1", "test_a", "one half", Verdict.GRADER_ERROR, 60, message=secret, trace=(secret,))
    card = Scorecard("09", "", (ExerciseScore("9.1", ("difference",), 60, (check,)),))
    made(to, {"jdoe": 70, "broe": 3})
    folder = ResultsFolder(to)
    failed = graded("jdoe", card, notes=(secret,), protection="", gradlings_version="")
    folder.store(Record(folder.run().id, "tiny.py", "", failed), {})
    assert secret in failed.status_text
    for form in ("json", "junit"):
        assert b"hidden probe" not in exported(form, to).data
    assert junit_suites(exported("junit", to).data)["jdoe"] == {"09.9-1 difference::one half": "error"}
    assert {each["student"]: each["final"] for each in json.loads(exported("json", to).data)["students"]} == {
        "jdoe": None,
        "broe": 3,
    }
    roster.write_text(CANVAS, encoding="utf-8")
    done = exported("canvas", to, roster, column="77")
    assert canvas_import(done.data, CANVAS)[0] == {"125": "3.00"}
    assert "No mark, as there is no score; the cell is left as it is: jdoe (partly graded (grader error in" in told(
        done
    )


def test_a_folder_without_results(tmp_path: Path, to: Path) -> None:
    with pytest.raises(InputError, match=r"holds no results"):
        exported("csv", tmp_path)
    made(to, {})
    with pytest.raises(InputError, match=r"has no results yet. Run `gradlings grade` to its end first"):
        exported("csv", to)


# ---- the command


def test_the_command_writes_one_file_and_says_what_matters(kit: Kit, roster: Path, to: Path) -> None:
    roster.write_text(CANVAS + '"Evil\x1b[31m\nWritten: elsewhere",140,,evil,A,,,,\n', encoding="utf-8")
    made(to, CANVAS_CLASS, CANVAS_NAMES)
    done = kit.gradlings("export", "canvas", str(to), "--roster", str(roster), "--column", "77")
    assert (done.code, done.out) == (0, "")
    assert f"Written: {to / 'canvas.csv'}" in done.err
    assert "Import it: Canvas: Grades, Import" in done.err
    assert ("\x1b" in done.err, done.err.count("\nWritten: ")) == (False, 1)
    assert canvas_import((to / "canvas.csv").read_bytes(), CANVAS)[0] == {"123": "90.00"}
    again = kit.gradlings("export", "canvas", str(to), "--feedback", "--to", str(to / "a.zip"))
    assert (again.code, (to / "a.zip").is_file()) == (0, True)


def test_the_command_overwrites_no_export_and_writes_nothing_where_it_refuses(kit: Kit, roster: Path, to: Path) -> None:
    roster.write_text(CANVAS, encoding="utf-8")
    made(to, CANVAS_CLASS)
    before = sorted(to.rglob("*"))
    for arguments, sentence in (
        (("canvas", "--roster", str(roster), "--to", str(roster)), "would overwrite the file that the LMS exported"),
        (("json", "--roster", str(roster)), "`gradlings export json` takes no --roster."),
        (("canvas", "--roster", str(roster)), "several columns for marks. Name one with --column"),
        (("csv", "--to", str(to / "records")), "cannot be written (Is a directory). Name another file with --to."),
    ):
        done = kit.gradlings("export", arguments[0], str(to), *arguments[1:])
        assert (done.code, sentence in done.said) == (2, True), done.said
    assert sorted(to.rglob("*")) == before
    assert roster.read_text(encoding="utf-8") == CANVAS


def test_who_handed_in_nothing_can_have_points_by_hand(roster: Path, to: Path) -> None:
    before = WORKSHEETS["english"][0]
    roster.write_text(before, encoding="utf-8")
    member = Roster(roster).missing(["Bob Roe_987655", "Jane Doe_987654"])[0]
    assert member == ("Zoë Ünal_Participant 987656",)
    made(to, MOODLE_CLASS, overrides=f"student,points\n{member[0]},42\n")
    (to / "marking.json").write_text(json.dumps({"missing": member}))  # as `grade --roster` keeps it
    assert moodle_import(exported("moodle", to, roster).data, before.encode())["987656"] == (Decimal(42), "")
    assert set(moodle_feedback(exported("moodle", to, roster, feedback=True).data)) == {"987654", "987655"}
    content = json.loads(exported("json", to).data)["students"]
    assert [(each["student"], each["final"]) for each in content][-1] == (member[0], 42)
