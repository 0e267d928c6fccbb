"""`gradlings init`, and `gradlings` alone: the first minute of a self-learner."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from student_kit import PROJECT, Finished, Kit, as_if_started_in

TENSORS = Path("assignments", "01", "tensors.py")


def gradlings(folder: Path, *arguments: str) -> Finished:
    return Kit(folder).gradlings(*arguments)


@pytest.fixture
def mine(tmp_path: Path) -> Path:
    """A kit as `gradlings init` makes it."""
    assert gradlings(tmp_path, "init", "my-kit").code == 0
    return tmp_path / "my-kit"


def edit(path: Path, text: str = "# mine\n") -> str:
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")
    return path.read_text(encoding="utf-8")


LEFT_BEHIND = ("sample.txt", "tokens.html")
"""What checks leave beside the file of whoever runs them here, besides pictures."""


def test_an_empty_folder_becomes_a_kit(tmp_path: Path) -> None:
    done = gradlings(tmp_path, "init", "my-kit")
    assert done.code == 0
    assert "cd my-kit pytest assignments/01" in done.said
    compared = 0
    for path in (PROJECT / "assignments").rglob("*.*"):
        if "__pycache__" not in path.parts and path.suffix != ".png" and path.name not in LEFT_BEHIND:
            there = tmp_path / "my-kit" / path.relative_to(PROJECT)
            assert there.read_bytes() == path.read_bytes()
            compared += 1
    assert compared > 30
    assert not (tmp_path / "my-kit" / "solutions").exists()


def test_its_checks_run_at_once(mine: Path) -> None:
    done = Kit(mine).run("pytest", "assignments/01", "-k", "1.0")
    assert done.code == 0
    assert "1.0 next_number" in done.out


def test_answers_come_when_they_are_asked_for(mine: Path) -> None:
    assert gradlings(mine, "init", "--solutions").code == 0
    there = (mine / "solutions" / "03" / "autodiff.py").read_bytes()
    assert there == (PROJECT / "solutions" / "03" / "autodiff.py").read_bytes()


def test_what_somebody_edited_is_kept_and_named(mine: Path) -> None:
    edited = {
        name: edit(mine / name) for name in (TENSORS, Path("README.md"), Path("assignments/02/test_gpt_config.py"))
    }
    (mine / "notes.txt").write_text("my own")
    (mine / "assignments" / "03" / "autodiff.py").unlink()
    done = gradlings(mine, "init")
    assert done.code == 0
    for name, text in edited.items():
        assert name.as_posix() in done.out
        assert (mine / name).read_text(encoding="utf-8") == text
    assert (mine / "notes.txt").read_text() == "my own"
    assert (mine / "assignments" / "03" / "autodiff.py").is_file()
    assert "1 new file" in done.said


def test_an_older_kit_is_brought_up_to_date(mine: Path) -> None:
    """Files that are as an older version wrote them are replaced, by the record or by the manifest of the build."""
    from gradlings.submission.manifest import digest

    older = {"assignments/01/hints.md": "older hints\n", "assignments/01/tensors.py": "older = 1\n"}
    record = json.loads((mine / ".gradlings" / "kit.json").read_text())
    manifest = json.loads((mine / "assignments" / "01" / "built.json").read_text())
    for name, text in older.items():
        (mine / name).write_text(text)
        record["files"][name] = digest(text)
    del record["files"]["assignments/01/tensors.py"]
    manifest["text"]["tensors.py"] = digest(older["assignments/01/tensors.py"])
    (mine / ".gradlings" / "kit.json").write_text(json.dumps(record))
    (mine / "assignments" / "01" / "built.json").write_text(json.dumps(manifest))
    done = gradlings(mine, "init")
    assert "brought up to date: 3 files" in done.said
    for name in (*older, "assignments/01/built.json"):
        assert (mine / name).read_bytes() == (PROJECT / name).read_bytes()
    assert "up to date" in gradlings(mine, "init").said


def test_other_line_ends_and_a_byte_order_mark_are_no_edit(mine: Path) -> None:
    text = (mine / TENSORS).read_text(encoding="utf-8")
    saved = text.replace("\n", "\r\n").encode("utf-8-sig")
    (mine / TENSORS).write_bytes(saved)
    done = gradlings(mine, "init")
    assert "The kit in this folder is up to date." in done.said
    assert (mine / TENSORS).read_bytes() == saved


@pytest.mark.skipif(os.name == "nt", reason="needs POSIX permissions")
def test_written_files_have_the_permissions_the_user_asks_for(tmp_path: Path) -> None:
    before = os.umask(0o002)
    try:
        assert gradlings(tmp_path, "init", "my-kit").code == 0
    finally:
        os.umask(before)
    assert (tmp_path / "my-kit" / TENSORS).stat().st_mode & 0o777 == 0o664


def test_a_damaged_record_loses_nothing(mine: Path) -> None:
    text = edit(mine / TENSORS)
    (mine / ".gradlings" / "kit.json").write_text('{"files": [')
    done = gradlings(mine, "init")
    assert (done.code, (mine / TENSORS).read_text(encoding="utf-8")) == (0, text)


def test_targets_that_cannot_be_are_named(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("a file")
    for target in ("taken", "taken/kit"):
        done = gradlings(tmp_path, "init", target)
        assert done.code == 2
        assert "taken" in done.err
        assert "cannot be written" in done.err
    assert (tmp_path / "taken").read_text() == "a file"
    blocked = tmp_path / "blocked"
    blocked.mkdir()
    (blocked / "assignments").write_text("a file")
    assert gradlings(tmp_path, "init", "blocked").code == 2


def test_the_checkout_itself_is_refused() -> None:
    done = gradlings(PROJECT, "init")
    assert done.code == 2
    assert "Choose another folder" in done.err


@pytest.mark.skipif(os.name == "nt", reason="needs symbolic links")
def test_a_link_is_not_followed(mine: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "elsewhere.py"
    elsewhere.write_text("mine")
    (mine / TENSORS).unlink()
    (mine / TENSORS).symlink_to(elsewhere)
    done = gradlings(mine, "init")
    assert TENSORS.as_posix() in done.out
    assert elsewhere.read_text() == "mine"


def test_gradlings_alone_says_where_you_are(kit: Kit) -> None:
    kit.answer(difference="return a - b")
    assert kit.check().code == 1
    done = kit.gradlings()
    assert done.code == 0
    assert "1 of 3 solved" in done.said
    assert "10/30" in done.said
    assert "next: 9.2 row_totals" in done.said
    assert "gradlings watch" in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())
    assert "row_totals" in Kit(kit.folder).gradlings().out  # from a folder in the kit, too


def test_gradlings_alone_says_when_all_is_solved(author_kit: Kit) -> None:
    author_kit.module.write_text((author_kit.sources / "tiny.py").read_text(encoding="utf-8"), encoding="utf-8")
    author_kit.check()
    assert "Every exercise is solved" in author_kit.gradlings().said


def test_gradlings_alone_without_a_kit_says_how_to_get_one(tmp_path: Path) -> None:
    done = gradlings(tmp_path)
    assert (done.code, "gradlings init my-kit" in done.out) == (0, True)


def test_gradlings_alone_needs_no_torch(kit: Kit) -> None:
    script = (
        "import sys; sys.argv = ['gradlings']\n"
        "from gradlings.cli import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "print(sorted({'torch', 'numpy'} & set(sys.modules)))"
    )
    assert _python(kit.root, script).splitlines()[-1] == "[]"


def _python(folder: Path, script: str, **environment: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=folder, env=os.environ | environment, capture_output=True, timeout=400
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode(environment.get("PYTHONIOENCODING", "utf-8"))


@pytest.mark.parametrize("encoding", ["cp1252", "ascii", "cp437", "utf-8"])
def test_every_console_can_show_it(encoding: str, kit: Kit) -> None:
    script = "import sys; sys.argv = ['gradlings']\nfrom gradlings.cli import main\nmain()"
    out = _python(kit.root, script, PYTHONIOENCODING=encoding, TERM="dumb", COLUMNS="80")
    assert "9.1 difference" in out
    assert "?" not in out
    assert "\x1b" not in out
    words = "['gradlings', 'init', '\u03c3-kit']"  # the encoding may lack the letter
    assert "cd " in _python(kit.root, script.replace("['gradlings']", words), PYTHONIOENCODING=encoding)
    assert (kit.root / "\u03c3-kit" / "assignments").is_dir()


def test_help_lists_the_commands() -> None:
    with as_if_started_in(PROJECT):
        done = gradlings(PROJECT, "--help")
    assert done.code == 0
    for command in ("init", "watch", "hint", "grade", "build", "verify"):
        assert f"\n  {command} " in done.out
    assert all(len(line) <= 80 for line in done.out.splitlines())
    wrong = gradlings(PROJECT, "wach")
    assert (wrong.code, "Did you mean 'watch'?" in wrong.err) == (2, True)


def test_shells_complete_commands_and_options(tmp_path: Path) -> None:
    script = "import sys; sys.argv = ['gradlings']\nfrom gradlings.cli import main\nmain()"
    for typed, count, expected in (("gradlings pr", 1, ["progress"]), ("gradlings hint --l", 2, ["--level"])):
        asked = {"_GRADLINGS_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(count)}
        assert _python(tmp_path, script, **asked).split() == expected


def test_nothing_is_kept_in_the_home_folder(kit: Kit, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Nor in the folders of XDG: what there is to keep is in the kit."""
    home = tmp_path_factory.mktemp("home")
    elsewhere = {f"XDG_{name}_HOME": str(home / name) for name in ("CACHE", "CONFIG", "DATA", "STATE")}
    for command in ("gradlings", "gradlings hint 9.1", "gradlings init mine", "pytest assignments/09"):
        assert kit.run(*command.split(), environment={"HOME": str(home)} | elsewhere).code in (0, 1)
    assert not list(home.iterdir())


@pytest.mark.parametrize(("words", "offered"), [("gradlings pro", "progress"), ("gradlings init --so", "--solutions")])
def test_a_shell_completes_commands_and_options(tmp_path: Path, words: str, offered: str) -> None:
    asked = {"_GRADLINGS_COMPLETE": "complete_bash", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
    command = [sys.executable, "-c", "import sys; sys.argv = ['gradlings']; from gradlings.cli import main; main()"]
    done = subprocess.run(command, cwd=tmp_path, env=os.environ | asked, capture_output=True, text=True, check=False)
    assert done.stdout.split() == [offered]
