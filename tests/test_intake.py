"""Collecting: whose files came in, which of them count, and what hostile or unlucky folders and zips do to it."""

import contextlib
import json
import os
import stat
import string
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from class_kit import SOURCE_NAME, hand_in, module, notebook, saved_by_jupyter
from gradlings.grading.intake.choose import ChosenFile, choose
from gradlings.grading.intake.collect import StudentFiles, Submissions, collect
from gradlings.grading.intake.found import JUNK, ReadLimits, Refused, readable
from gradlings.model.errors import InputError
from gradlings.submission.manifest import digest_of_code
from student_kit import RIGHT, Kit

NO_ASSIGNMENT = Path("no such assignment")
tried = settings(deadline=None, derandomize=True, max_examples=150)


def zipped(path: Path, files: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return path


def graded_bytes(submissions: Submissions, folder: Path = NO_ASSIGNMENT) -> dict[str, bytes]:
    """What counts, by student, where something does."""
    found = {}
    for entry in submissions.students:
        with contextlib.suppress(Refused):
            found[entry.student] = choose(submissions, entry, folder).data
    return found


def problems(submissions: Submissions, folder: Path = NO_ASSIGNMENT) -> dict[str, str]:
    """Why nothing counts, by student, where that is so."""
    found = {}
    for entry in submissions.students:
        try:
            choose(submissions, entry, folder)
        except Refused as refused:
            found[entry.student] = str(refused)
    return found


def notes(submissions: Submissions, student: str, folder: Path = NO_ASSIGNMENT) -> tuple[str, ...]:
    return choose(submissions, one(submissions, student), folder).notes


def said(submissions: Submissions) -> str:
    """All that is said of files."""
    texts = [*submissions.ignored, *submissions.problems, *problems(submissions).values()]
    for entry in submissions.students:
        with contextlib.suppress(Refused):
            chosen = choose(submissions, entry, NO_ASSIGNMENT)
            texts += [*chosen.notes, *chosen.unused]
    return " ".join(texts)


def one(submissions: Submissions, student: str) -> StudentFiles:
    return next(entry for entry in submissions.students if entry.student == student)


def aged(path: Path, seconds: int) -> Path:
    os.utime(path, (1_700_000_000 - seconds, 1_700_000_000 - seconds))
    return path


# ---- the layouts

LAYOUTS = {
    "a folder per student": {"alice/tiny.py": b"1", "bob/tiny.ipynb": b"2"},
    "flat files": {"alice.py": b"1", "bob.ipynb": b"2"},
    "flat and folders": {"alice.py": b"1", "bob/tiny.ipynb": b"2"},
    "nbgrader": {
        "alice/09/tiny.py": b"1",
        "alice/09/timestamp.txt": b"2026-01-01",
        "alice/01/tensors.py": b"other",
        "bob/09/tiny.ipynb": b"2",
        "bob/01/tensors.ipynb": b"other",
    },
    "one folder around them": {"hand-ins/alice/tiny.py": b"1", "hand-ins/bob/tiny.ipynb": b"2"},
    "one folder around flat files": {"hand-ins/alice.py": b"1", "hand-ins/bob.ipynb": b"2"},
    "one folder around nbgrader": {"submitted/alice/09/tiny.py": b"1", "submitted/bob/09/tiny.ipynb": b"2"},
    "names in capitals": {"alice/Tiny.PY": b"1", "bob/TINY.ipynb": b"2"},
    "junk beside them": {
        "alice/tiny.py": b"1",
        "alice/._tiny.py": b"junk",
        "alice/.ipynb_checkpoints/tiny-checkpoint.ipynb": b"junk",
        "__MACOSX/alice/._tiny.py": b"junk",
        "bob/tiny.ipynb": b"2",
        "bob/__pycache__/tiny.py": b"junk",
        ".DS_Store": b"junk",
    },
    "the whole assignment handed in": {
        "alice/tiny.py": b"1",
        "alice/test_tiny.py": b"checks",
        "alice/drivers.py": b"drivers",
        "alice/conftest.py": b"hostile",
        "bob/tiny.ipynb": b"2",
    },
    "another name": {"alice/my_answer.py": b"1", "bob/homework 9.ipynb": b"2"},
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("as_zip", [False, True])
def test_layouts(layout: str, as_zip: bool, tmp_path: Path) -> None:
    files = LAYOUTS[layout]
    path = zipped(tmp_path / "all.zip", files) if as_zip else hand_in(tmp_path / "all", files)
    submissions = collect(path, SOURCE_NAME)
    assert graded_bytes(submissions) == {"alice": b"1", "bob": b"2"}
    assert problems(submissions) == {}


@pytest.mark.parametrize("as_zip", [False, True])
def test_downloads_of_canvas_and_moodle(as_zip: bool, tmp_path: Path) -> None:
    files = {
        "doejane_123_456_tiny.py": b"jane",
        "doejane_124_460_tiny.py": b"her namesake",
        "roe_LATE_125_461_tiny.ipynb": b"late",
        "nguyen_van_126_470_my work.py": b"odd name",
        "Zoë Ünal_77_assignsubmission_file_/tiny.py": b"zoe",
        "Bo Li_78_assignsubmission_file/tiny.ipynb": b"bo",
        "Bo Li_78_assignsubmission_onlinetext_/onlinetext.html": b"<p>see file</p>",
    }
    submissions = collect(zipped(tmp_path / "d.zip", files) if as_zip else hand_in(tmp_path / "d", files), SOURCE_NAME)
    assert graded_bytes(submissions) == {
        "doejane_123": b"jane",
        "doejane_124": b"her namesake",
        "roe_125": b"late",
        "nguyen_van_126": b"odd name",
        "Zoë Ünal_77": b"zoe",
        "Bo Li_78": b"bo",
    }
    assert "late" in " ".join(notes(submissions, "roe_125"))
    assert "my work.py" in " ".join(notes(submissions, "nguyen_van_126"))
    assert [name for name in submissions.ignored if "onlinetext" in name]


def test_a_single_file_is_one_student(tmp_path: Path) -> None:
    hand_in(tmp_path, {"alice.py": b"1"})
    assert graded_bytes(collect(tmp_path / "alice.py", SOURCE_NAME)) == {"alice": b"1"}


def test_a_single_student_in_a_folder_is_no_wrapper(tmp_path: Path) -> None:
    hand_in(tmp_path, {"alice/tiny.py": b"1", "alice/notes.txt": b""})
    assert graded_bytes(collect(tmp_path, SOURCE_NAME)) == {"alice": b"1"}
    hand_in(tmp_path / "other", {"bob/homework.py": b"2"})
    assert graded_bytes(collect(tmp_path / "other", SOURCE_NAME)) == {"bob": b"2"}


@pytest.mark.parametrize("path", ["nothing there", "text.txt", "course"])
def test_what_can_hold_no_submissions_is_refused_with_the_remedy(path: str, tmp_path: Path) -> None:
    hand_in(tmp_path, {"text.txt": b"x", "course/source/09/tiny.py": b"solution", "course/submitted/a/09/tiny.py": b""})
    with pytest.raises(InputError, match="Give "):
        collect(tmp_path / path, SOURCE_NAME)


# ---- one of several


def test_the_newest_of_two_files_counts_and_both_are_named(tmp_path: Path) -> None:
    hand_in(
        tmp_path, {"alice/tiny.py": b"old", "alice/second try/tiny.py": b"new", "bob.py": b"x", "bob/tiny.py": b"y"}
    )
    aged(tmp_path / "alice/tiny.py", 100), aged(tmp_path / "alice/second try/tiny.py", 50)
    aged(tmp_path / "bob.py", 10), aged(tmp_path / "bob/tiny.py", 20)
    submissions = collect(tmp_path, SOURCE_NAME)
    assert graded_bytes(submissions) == {"alice": b"new", "bob": b"x"}
    assert notes(submissions, "alice") == ("alice/second try/tiny.py counts as the newest; not graded: alice/tiny.py.",)


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("doe_1_20_tiny.py", "doe_1_100_tiny.py"),
        ("doe_1_20_tiny-1.py", "doe_1_20_tiny-2.py"),
        ("doe.py", "doe (1).py"),
        ("doe/tiny.py", "doe/tiny (1).py"),
        ("doe/tiny (2).py", "doe/tiny (10).py"),
    ],
)
def test_numbered_copies_of_one_age(first: str, second: str, tmp_path: Path) -> None:
    hand_in(tmp_path, {first: b"first", second: b"second", "other.py": b""})
    for name in (first, second):
        aged(tmp_path / name, 5)
    submissions = collect(tmp_path, SOURCE_NAME)
    (doe,) = [entry for entry in submissions.students if entry.student.startswith("doe")]
    assert choose(submissions, doe, tmp_path).data == b"second"
    assert first in notes(submissions, doe.student)[0]


def test_which_of_two_other_names_counts_is_not_guessed(tmp_path: Path) -> None:
    hand_in(tmp_path, {"alice/a.py": b"1", "alice/b.py": b"2", "bob/tiny.py": b""})
    submissions = collect(tmp_path, SOURCE_NAME)
    assert "alice/a.py, alice/b.py" in problems(submissions)["alice"]


def test_the_other_assignments_of_an_nbgrader_tree_never_count(tmp_path: Path) -> None:
    hand_in(tmp_path, {"alice/01/tensors.py": b"1", "bob/09/tiny.py": b"2"})
    submissions = collect(tmp_path, SOURCE_NAME)
    assert graded_bytes(submissions) == {"bob": b"2"}
    assert "no tiny.py" in problems(submissions)["alice"]


def test_nothing_is_dropped_silently(tmp_path: Path) -> None:
    files = {"alice/tiny.py": b"", "alice/a/b/c/tiny.py": b"", "readme.txt": b"", "bob/report.pdf": b"", "tiny.py": b""}
    submissions = collect(hand_in(tmp_path, files), SOURCE_NAME)
    for name in ("alice/a/b/c", "readme.txt", "bob/report.pdf", "tiny.py is in nobody's folder", "no tiny.py"):
        assert name in said(submissions)


# ---- module and notebook


def chosen(kit: Kit, folder: Path, parse: bool = False, **files: bytes) -> ChosenFile:
    names = {"py": "alice/tiny.py", "ipynb": "alice/tiny.ipynb"}
    submissions = collect(hand_in(folder, {names[kind]: data for kind, data in files.items()}), SOURCE_NAME)
    code_digest = (lambda data, name: digest_of_code(name, data.decode())) if parse else None
    return choose(submissions, one(submissions, "alice"), kit.folder, code_digest)


def test_of_module_and_notebook_the_edited_one_counts(kit: Kit, tmp_path: Path) -> None:
    stub, empty = kit.module.read_bytes(), kit.notebook.read_bytes()
    edited, worked = module(kit, **RIGHT), notebook(kit, **RIGHT)
    assert chosen(kit, tmp_path / "1", py=edited, ipynb=empty).data == edited
    assert chosen(kit, tmp_path / "2", py=stub.replace(b"\n", b"\r\n"), ipynb=worked).data == worked
    assert chosen(kit, tmp_path / "3", py=stub, ipynb=empty).data == stub


def test_two_edited_files_are_reported_and_not_guessed(kit: Kit, tmp_path: Path) -> None:
    with pytest.raises(Refused, match=r"alice/tiny.py and alice/tiny.ipynb differ"):
        chosen(kit, tmp_path, py=module(kit, **RIGHT), ipynb=notebook(kit, **RIGHT), parse=True)


def test_a_notebook_that_was_only_saved_needs_its_cells_read(kit: Kit, tmp_path: Path) -> None:
    answers, saved = module(kit, **RIGHT), saved_by_jupyter(kit.notebook.read_bytes())
    with pytest.raises(Refused, match="not guessed"):
        chosen(kit, tmp_path / "1", py=answers, ipynb=saved)
    assert chosen(kit, tmp_path / "2", parse=True, py=answers, ipynb=saved).data == answers
    damaged = chosen(kit, tmp_path / "3", parse=True, py=answers, ipynb=b"{no notebook")
    assert damaged.data == answers
    assert damaged.notes == ("alice/tiny.ipynb has none of the functions of assignment 09.",)


# ---- hostile and unlucky


@pytest.fixture
def secret(tmp_path: Path) -> Path:
    path = tmp_path / "secret" / "tiny.py"
    hand_in(tmp_path, {"secret/tiny.py": b"solution", "secret/bob/tiny.py": b"solution"})
    return path


def device(path: Path) -> None:
    try:
        os.mknod(path, stat.S_IFCHR | 0o600, os.makedev(1, 5))
    except PermissionError:
        pytest.skip("only root may make a device")


HOSTILE: dict[str, tuple[str, Callable[[Path, Path], object]]] = {
    "link to a file": ("mallory/tiny.py", lambda path, secret: path.symlink_to(secret)),
    "relative link": ("mallory/tiny.py", lambda path, secret: path.symlink_to("../../secret/tiny.py")),
    "flat link": ("mallory.py", lambda path, secret: path.symlink_to(secret)),
    "link to a folder": ("mallory", lambda path, secret: path.symlink_to(secret.parent)),
    "link to a folder inside": ("mallory/09", lambda path, secret: path.symlink_to(secret.parent)),
    "dangling link": ("mallory/tiny.py", lambda path, secret: path.symlink_to("nowhere")),
    "link to itself": ("mallory/tiny.py", lambda path, secret: path.symlink_to(path)),
    "named pipe": ("mallory/tiny.py", lambda path, secret: os.mkfifo(path)),
    "flat named pipe": ("mallory.py", lambda path, secret: os.mkfifo(path)),
    "device": ("mallory/tiny.py", lambda path, secret: device(path)),
    "folder of that name": ("mallory/tiny.py", lambda path, secret: path.mkdir()),
    "empty folder": ("mallory", lambda path, secret: path.mkdir()),
    "too large": ("mallory/tiny.py", lambda path, secret: os.truncate(os.open(path, os.O_CREAT | os.O_RDWR), 1 << 36)),
}


@pytest.mark.parametrize("trick", HOSTILE)
def test_tricks_in_a_folder_are_reported_and_the_others_graded(trick: str, secret: Path, tmp_path: Path) -> None:
    name, play = HOSTILE[trick]
    folder = hand_in(tmp_path / "all", {"alice/tiny.py": b"1", "zoe.py": b"2"})
    (folder / name).parent.mkdir(exist_ok=True)
    play(folder / name, secret)
    submissions = collect(folder, SOURCE_NAME)
    assert graded_bytes(submissions) == {"alice": b"1", "zoe": b"2"}
    assert list(problems(submissions)) == ["mallory"]


def test_a_file_that_turns_into_a_link_after_the_listing_is_not_followed(secret: Path, tmp_path: Path) -> None:
    folder = hand_in(tmp_path / "all", {"alice/tiny.py": b"1", "bob/tiny.py": b"2", "carl/tiny.py": b"3"})
    submissions = collect(folder, SOURCE_NAME)
    (folder / "alice/tiny.py").unlink()
    (folder / "alice/tiny.py").symlink_to(secret)
    (folder / "bob").rename(tmp_path / "away")
    (folder / "bob").symlink_to(secret.parent / "bob")
    (folder / "carl/tiny.py").unlink()
    os.mkfifo(folder / "carl/tiny.py")
    assert [entry.student for entry in submissions.students] == ["alice", "bob", "carl"]
    for entry in submissions.students:
        with pytest.raises(Refused):
            choose(submissions, entry, folder)


def test_a_40_mb_notebook_is_read_and_a_larger_one_named(tmp_path: Path) -> None:
    big = json.dumps({"cells": [], "images": "x" * 40_000_000}).encode()
    hand_in(tmp_path, {"alice/tiny.ipynb": big, "bob/tiny.py": b"x" * 2_000})
    submissions = collect(tmp_path, SOURCE_NAME)
    assert choose(submissions, one(submissions, "alice"), tmp_path).data == big
    small = collect(tmp_path, SOURCE_NAME, ReadLimits(file=1_000))
    assert sorted(problems(small)) == ["alice", "bob"]
    assert "alice/tiny.ipynb is 40 MB" in problems(small)["alice"]


def test_caps_for_one_student_and_for_all(tmp_path: Path) -> None:
    hand_in(tmp_path, {"alice/tiny.py": b"x" * 60, "alice/tiny.ipynb": b"x" * 60, "bob.py": b"x" * 90, "carl.py": b""})
    assert list(problems(collect(tmp_path, SOURCE_NAME, ReadLimits(student=100)))) == ["alice"]
    students = collect(tmp_path, SOURCE_NAME, ReadLimits(total=130)).students
    assert [entry.student for entry in students if entry.problem] == ["bob", "carl"]


def member(name: str, kind: int) -> zipfile.ZipInfo:
    info = zipfile.ZipInfo(name)
    info.create_system, info.external_attr = 3, (kind | 0o777) << 16
    return info


ZIP_TRICKS: dict[str, zipfile.ZipInfo | str] = {
    "up and over": "mallory/../bob/tiny.py",
    "out": "mallory/../../../tmp/tiny.py",
    "backslashes": "mallory\\..\\..\\tiny.py",
    "link": member("mallory/tiny.py", stat.S_IFLNK),
    "pipe": member("mallory/tiny.py", stat.S_IFIFO),
    "nothing in it": "mallory/",
}


@pytest.mark.parametrize("trick", ZIP_TRICKS)
def test_tricks_in_a_zip(trick: str, tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"alice/tiny.py": b"1", "bob/tiny.py": b"2"})
    with zipfile.ZipFile(path, "a") as archive:
        archive.writestr(ZIP_TRICKS[trick], "/etc/passwd")
    submissions = collect(path, SOURCE_NAME)
    assert graded_bytes(submissions) == {"alice": b"1", "bob": b"2"}
    assert list(problems(submissions)) == ["mallory"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["all.zip"], "something was unpacked"


@pytest.mark.parametrize("name", ["../tiny.py", "/etc/tiny.py", "..", "C:\\tiny.py"])
def test_a_member_that_points_out_belongs_to_nobody(name: str, tmp_path: Path) -> None:
    submissions = collect(
        zipped(tmp_path / "all.zip", {"alice/tiny.py": b"1", name: b"2", "bob/tiny.py": b"3"}), SOURCE_NAME
    )
    assert graded_bytes(submissions) == {"alice": b"1", "bob": b"3"}
    assert [*submissions.problems, *problems(submissions).values()] != []


def test_a_zip_bomb_costs_no_memory(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("alice/tiny.py", b"1")
        with archive.open("mallory/tiny.py", "w") as bomb:
            for _ in range(300):
                bomb.write(bytes(1_000_000))
    assert path.stat().st_size < 3_000_000
    submissions = collect(path, SOURCE_NAME)
    assert graded_bytes(submissions) == {"alice": b"1"}
    assert "300 MB" in problems(submissions)["mallory"]
    lying = path.read_bytes().replace((300_000_000).to_bytes(4, "little"), (1_000).to_bytes(4, "little"))
    path.write_bytes(lying)  # a bomb that says it is small
    submissions = collect(path, SOURCE_NAME)
    with pytest.raises(Refused, match="damaged"):
        choose(submissions, one(submissions, "mallory"), tmp_path)


def test_a_damaged_member_is_the_problem_of_one_student(tmp_path: Path) -> None:
    path = tmp_path / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("alice/tiny.py", b"1")
        archive.writestr("bob/tiny.py", b"precious")
    path.write_bytes(path.read_bytes().replace(b"precious", b"damaged!"))
    submissions = collect(path, SOURCE_NAME)
    assert choose(submissions, one(submissions, "alice"), tmp_path).data == b"1"
    with pytest.raises(Refused, match=r"bob/tiny\.py is damaged"):
        choose(submissions, one(submissions, "bob"), tmp_path)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"not a zip"])
def test_a_file_that_is_no_zip(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "all.zip").write_bytes(data)
    with pytest.raises(InputError, match=r"all\.zip is no zip file"):
        collect(tmp_path / "all.zip", SOURCE_NAME)


def test_names_without_the_utf8_mark_as_macos_writes_them(tmp_path: Path) -> None:
    path = zipped(tmp_path / "all.zip", {"Zo\u0065\u0308/tiny.py": b"1", "bob/tiny.py": b"2"})
    data = path.read_bytes()
    with zipfile.ZipFile(path) as archive:
        marked = [info for info in archive.infolist() if info.flag_bits & 0x800]
    assert marked
    path.write_bytes(
        data.replace(b"\x00\x08\x08\x00", b"\x00\x00\x08\x00").replace(b"\x14\x00\x00\x08", b"\x14\x00\x00\x00")
    )
    with zipfile.ZipFile(path) as archive:
        assert not any(info.flag_bits & 0x800 for info in archive.infolist())
    assert sorted(graded_bytes(collect(path, SOURCE_NAME))) == ["Zo\u00eb", "bob"]


def test_names_of_any_bytes_on_disk(tmp_path: Path) -> None:
    names = ["spaces in it", "Zoë", "王小明", "-rf", "=1+1", "new\nline", "esc\x1b[31m", "rtl\u202e", "O'Brien; rm *"]
    for name in names:
        hand_in(tmp_path, {f"{name}/tiny.py": name.encode()})
    raw = os.fsencode(tmp_path) + b"/caf\xe9"
    os.mkdir(raw)
    with open(raw + b"/tiny.py", "wb") as file:
        file.write(b"latin")
    found = graded_bytes(collect(tmp_path, SOURCE_NAME))
    assert found["caf\\xe9"] == b"latin"
    assert found["new\\nline"] == b"new\nline"
    assert set(found.values()) == {*(name.encode() for name in names), b"latin"}
    assert all(student.isprintable() for student in found)


file_names = st.text(st.characters(exclude_characters="/\0", exclude_categories=["Cs"]), min_size=1, max_size=12)


@tried
@given(st.text(max_size=30))
def test_a_readable_name_prints_and_stays(name: str) -> None:
    shown = readable(name)
    assert shown.isprintable()
    assert readable(shown) == shown
    shown.encode()


@tried
@given(st.dictionaries(file_names.filter(lambda n: n.strip(". ")), st.binary(max_size=20), min_size=2, max_size=5))
def test_every_student_in_a_zip_comes_in_whatever_the_name(
    tmp_path_factory: pytest.TempPathFactory, files: dict[str, bytes]
) -> None:
    path = zipped(tmp_path_factory.mktemp("z") / "all.zip", {f"{name}/tiny.py": data for name, data in files.items()})
    submissions = collect(path, SOURCE_NAME)
    found, everything = sorted(graded_bytes(submissions).values()), said(submissions)
    for name, data in files.items():
        folders = name.replace("\\", "/").strip("/")  # a backslash separates folders, as Windows writes them
        if not JUNK.intersection(folders.split("/")):  # what an operating system leaves is nobody's
            place = readable(f"{folders}/tiny.py") if folders else "tiny.py is in nobody's folder"
            assert data in found or place in everything
    assert all(data in files.values() for data in found)


@pytest.mark.filterwarnings("ignore:Duplicate name")
@tried
@given(st.lists(st.text(string.ascii_lowercase + "/.\\ \0:", max_size=20), max_size=6), st.data())
def test_no_member_name_whatever_breaks_intake(
    tmp_path_factory: pytest.TempPathFactory, names: list[str], data: st.DataObject
) -> None:
    path = tmp_path_factory.mktemp("z") / "all.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(member(name, data.draw(st.sampled_from([0, stat.S_IFREG, stat.S_IFLNK]))), b"x")
    for entry in collect(path, SOURCE_NAME).students:
        assert entry.student
        assert entry.candidates or entry.problem


@tried
@given(st.binary(max_size=300), st.integers(0, 200))
def test_a_zip_with_flipped_bytes_never_breaks_intake(
    tmp_path_factory: pytest.TempPathFactory, noise: bytes, place: int
) -> None:
    path = zipped(tmp_path_factory.mktemp("z") / "all.zip", {"alice/tiny.py": b"1" * 50, "bob/tiny.py": b"2" * 50})
    data = path.read_bytes()
    path.write_bytes(data[:place] + noise[:4] + data[place + len(noise[:4]) :])
    try:
        submissions = collect(path, SOURCE_NAME)
    except InputError:
        return
    for entry in submissions.students:
        with contextlib.suppress(Refused):
            choose(submissions, entry, path.parent)
