"""Watch mode as a student sees it: a real terminal, real saves, keys."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from chain_kit import chain_kit
from gradlings.learning.curriculum import read_curriculum
from gradlings.learning.watch.screen import frame
from gradlings.learning.watch.state import View, WatchState
from gradlings.learning.watch.terminal import split_keys
from gradlings.submission.exercise_text import Answer, exercise_prose
from student_kit import RIGHT, Kit, has_ended

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="drives a pseudo-terminal")
pexpect: Any = pytest.importorskip("pexpect") if sys.platform != "win32" else None

WRONG = "return b - a"
ENTERED, LEFT = "\x1b[?1049h", "\x1b[?1049l"


class Watched:
    """`gradlings watch` in a terminal of 80 columns."""

    def __init__(self, kit: Kit, *arguments: str, **environment: str) -> None:
        self.kit = kit
        unwanted = ("PYTEST_", "COLUMNS", "LINES", "NO_COLOR", "FORCE_COLOR", "GRADLINGS_")
        clean = {name: value for name, value in os.environ.items() if not name.startswith(unwanted)}
        clean |= {"TERM": "xterm", "PYTHONIOENCODING": "utf-8", "NO_COLOR": "1"} | environment
        self.process = pexpect.spawn(
            sys.executable,
            ["-m", "gradlings.cli", "watch", *arguments],
            cwd=kit.root,
            env=clean,
            dimensions=(24, 80),
            encoding=environment.get("PYTHONIOENCODING", "utf-8").partition(":")[0],
            timeout=180,
            # whoever starts the tests in the background has interrupts ignored, by all that comes below
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.SIG_DFL),
        )

    def sees(self, *texts: str) -> str:
        """Waits until all texts were written, in this order; what was written on the way."""
        seen = ""
        for text in texts:
            self.process.expect_exact(text)
            seen += self.process.before + text
        return seen

    def press(self, keys: str) -> None:
        self.process.send(keys)

    def ends(self) -> int:
        """Waits for the end; the exit code, negative for a signal. What was written last is in `last`."""
        self.process.expect(pexpect.EOF)
        self.last = self.process.before
        self.process.close()
        return -self.process.signalstatus if self.process.signalstatus else int(self.process.exitstatus)


@pytest.fixture
def watched() -> Iterator[Callable[..., Watched]]:
    running: list[Watched] = []

    def start(kit: Kit, *arguments: str, **environment: str) -> Watched:
        running.append(Watched(kit, *arguments, **environment))
        return running[-1]

    yield start
    for each in running:
        each.process.close(force=True)


def save_by_rename(path: Path, text: str) -> None:
    """As vim and many others save: a new file takes the old one's name."""
    beside = path.with_name(path.name + "~new")
    beside.write_text(text, encoding="utf-8")
    os.replace(beside, path)


def test_the_first_unsolved_exercise_is_checked_on_every_save(author_kit: Kit, watched: Callable[..., Watched]) -> None:
    kit = author_kit
    stub = kit.module.read_text(encoding="utf-8")
    screen = watched(kit)
    screen.sees(ENTERED, "9.1 The difference", "write difference in", "Take the second number from the first", "quit")

    kit.answer(difference=WRONG)
    screen.sees("9.1 difference", "0/10", "got -2", "expected 2")
    screen.press("h")
    screen.sees("Try 5 and 3 by hand.")  # the hint for this very misconception
    screen.press("h")
    screen.sees("There are two orders.")
    screen.press("s")
    screen.sees("The solution is offered once it is right, or after 3 attempts: 1 so far.")

    kit.edit(kit.module, WRONG, "return a + b")
    screen.sees("got 8")
    kit.edit(kit.module, "return a + b", "return a * b")
    screen.sees("got 15")
    screen.press("s")  # after the third attempt
    solution = screen.sees("return leftover_after_subtraction")
    assert "SOLUTION" not in solution
    assert '"""' not in solution
    screen.press("s")
    screen.sees("got 15")

    save_by_rename(kit.module, kit.module.read_text(encoding="utf-8").replace("return a * b", RIGHT["difference"]))
    screen.sees("10/10", "right: n goes on")

    screen.press("n")
    drawn = screen.sees("9.2 Row by row")
    assert not re.search(r"\x1b\[[0-9;]*3[0-7]m", drawn)
    screen.press("l")
    screen.sees("9.1   difference", "10/10 solved", "9.3")
    screen.press("\x1b[B\r")  # the next line of the list, and Enter
    screen.sees("9.3 Counting")
    screen.press("np")
    screen.sees("9.2 Row by row")

    kit.module.write_text(stub, encoding="utf-8")  # the exercise that was edited is shown
    screen.sees("9.1 The difference", "write difference in", "0 of 3 solved")
    screen.press("q")
    assert screen.ends() == 0
    assert (
        screen.last.rpartition(LEFT)[2].strip() == "09 A tiny kit: 0 of 3 solved. `gradlings watch` goes on from here."
    )
    record = (kit.root / "progress.jsonl").read_text(encoding="utf-8")
    assert re.search(r'"watch".*"9\.1","points":0,[\s\S]*"hint"[\s\S]*"watch".*"9\.1","points":10,', record)


def test_right_code_after_a_mistake_is_followed_through(tmp_path: Path, watched: Callable[..., Watched]) -> None:
    kit = chain_kit(tmp_path, solved=True)
    screen = watched(kit, "9.3")
    screen.sees("30/30", "Your fourfold is right. It calls twice (9.1), which is not yet:")
    kit.edit(kit.module, "3 * x", "2 * x")
    screen.sees("right: n goes on")
    screen.press("q")
    assert screen.ends() == 0


def test_whatever_is_saved_watching_goes_on(kit: Kit, watched: Callable[..., Watched]) -> None:
    stub = kit.module.read_text(encoding="utf-8")
    screen = watched(kit)
    screen.sees("9.1 The difference", "0 of 3 solved")

    kit.answer(difference="return a -")
    screen.sees("Python cannot read this line")
    kit.module.write_text(stub, encoding="utf-8")
    kit.answer(difference="import os\nos._exit(3)")
    screen.sees("Your code ended the program.")
    kit.edit(kit.module, "import os\n    os._exit(3)", "breakpoint()")
    screen.sees("breakpoint() has no terminal here.")
    kit.module.unlink()
    kit.notebook.unlink()
    screen.sees("There is no assignments/09/tiny.py.")
    kit.module.write_bytes(b"")  # as an editor leaves it for a moment
    kit.module.write_text(stub, encoding="utf-8")
    kit.answer(difference=WRONG)
    screen.sees("got -2")
    kit.module.write_text(stub.replace('raise NotImplementedError("Exercise 9.1', 'raise ValueError("x'))
    screen.sees("ValueError: x: difference")

    kit.module.write_text(stub, encoding="utf-8")
    screen.sees("write difference in")
    kit.answer(count_up="while True:\n    pass")  # shows the exercise that was edited
    screen.sees("9.3 Counting")
    screen.press("l")  # keys work meanwhile
    screen.sees("9.2   row_totals")
    screen.press("l")
    screen.sees("Still running after 1 s.")

    kit.module.write_text(stub, encoding="utf-8")
    kit.answer(count_up="while True:\n    pass")
    kit.module.write_text(stub, encoding="utf-8")  # the check of the endless loop is stopped at once
    kit.answer(count_up=RIGHT["count_up"], make_counter=RIGHT["make_counter"])
    screen.sees("right: s shows other solutions")  # there is no next one
    screen.press("q")
    assert screen.ends() == 0


def test_a_check_server_that_dies_is_started_anew(kit: Kit, watched: Callable[..., Watched]) -> None:
    kit.answer(difference="import os, signal\nos.kill(os.getppid(), signal.SIGKILL)")
    screen = watched(kit)
    screen.sees("Your code ended the process that checks it.")
    kit.edit(kit.module, "import os, signal\n    os.kill(os.getppid(), signal.SIGKILL)", WRONG)
    screen.sees("got -2")
    kit.edit(kit.module, WRONG, "while True:\n        pass")
    screen.sees("checking")
    assert processes_of(kit)
    screen.press("q")
    assert screen.ends() == 0
    while left := processes_of(kit):
        assert all(map(has_ended, left))


def processes_of(kit: Kit) -> list[int]:
    """Return the check servers of a kit and their children."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if b"watch.server" in (folder / "cmdline").read_bytes() and os.readlink(folder / "cwd") == str(kit.root):
                found.append(int(folder.name))
    return found


def test_without_a_fork_a_spare_process_checks(kit: Kit, watched: Callable[..., Watched]) -> None:
    kit.answer(difference=WRONG)
    screen = watched(kit, GRADLINGS_FORK="0", NO_COLOR="")
    assert re.search(r"\x1b\[[0-9;]*3[0-7]m", screen.sees("-2"))
    kit.edit(kit.module, WRONG, "import os\n    os._exit(3)")
    screen.sees("Your code ended the process that checks it.")
    kit.edit(kit.module, "import os\n    os._exit(3)", RIGHT["difference"])
    screen.sees("right: n goes on")
    screen.press("q")
    assert screen.ends() == 0


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGHUP, 129), (signal.SIGINT, 0)])
def test_the_terminal_is_put_back_on_any_end(number: int, code: int, kit: Kit, watched: Callable[..., Watched]) -> None:
    import termios

    screen = watched(kit)
    before = termios.tcgetattr(screen.process.child_fd)
    screen.sees(ENTERED, "quit")
    assert termios.tcgetattr(screen.process.child_fd) != before
    screen.process.kill(number)
    assert screen.ends() == code
    assert LEFT in screen.last
    assert screen.last.endswith(LEFT)


def test_a_dumb_terminal_gets_line_after_line(kit: Kit, watched: Callable[..., Watched]) -> None:
    screen = watched(kit, TERM="dumb", PYTHONIOENCODING="cp1252")
    before = screen.sees("9.1 The difference", "Take the second number", "Keys, each followed by Enter")
    kit.answer(difference=WRONG)
    before += screen.sees("9.1 difference", "----------", "0/10", "got -2")
    screen.press("h\n")
    before += screen.sees("Try 5 and 3 by hand.")
    screen.press("9.2\n")
    before += screen.sees("9.2 Row by row")
    screen.press("9.7\n")
    before += screen.sees("There is no assignment or exercise 9.7.")
    screen.press("q\n")
    assert screen.ends() == 0
    assert "\x1b" not in before
    assert max(map(len, before.splitlines())) <= 80


def test_output_into_a_file_is_text(kit: Kit) -> None:
    kit.answer(difference=WRONG)
    done = subprocess.run(
        [sys.executable, "-m", "gradlings.cli", "watch"],
        cwd=kit.root,
        env=os.environ | {"PYTHONIOENCODING": "cp1252"},
        input=b"n\nl\nq\n",
        capture_output=True,
        timeout=180,
    )
    assert done.returncode == 0
    assert "9.2 Row by row" in done.stdout.decode("cp1252")
    assert b"\x1b" not in done.stdout + done.stderr


def test_bad_wishes_are_refused(kit: Kit, tmp_path: Path) -> None:
    done = kit.gradlings("watch", "9.9")
    assert (done.code, "There is no assignment or exercise 9.9" in done.said) == (2, True)
    done = kit.gradlings("watch", "--root", str(tmp_path.parent.parent))
    assert (done.code, "gradlings init my-kit" in done.said) == (2, True)


def test_checks_that_cannot_be_collected_are_named(kit: Kit, watched: Callable[..., Watched]) -> None:
    checks = kit.folder / "test_tiny.py"
    text = checks.read_text(encoding="utf-8")
    checks.write_text(text + "\nimport not_there\n", encoding="utf-8")
    screen = watched(kit, "--plain")
    screen.sees("collected:", "not_there")  # single words: the path before them decides where lines are broken
    checks.write_text(text, encoding="utf-8")
    kit.answer(difference=WRONG)
    screen.sees("got -2")


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(
    width=st.integers(1, 130),
    height=st.integers(1, 60),
    scroll=st.integers(0, 500),
    view=st.sampled_from(list(View)),
    plain=st.booleans(),
)
def test_a_screen_fills_its_terminal_and_no_more(
    width: int, height: int, scroll: int, view: View, plain: bool, built_kit: Kit
) -> None:
    curriculum = read_curriculum(built_kit.root)
    exercise = curriculum.exercises[2]
    prose = exercise_prose(exercise.checks_file.parent, exercise.source_name, exercise.id)
    problems, busy = ("Something is wrong. " * 5,), "checking ... 4 s"
    state = WatchState(
        curriculum,
        exercise,
        prose,
        where="tiny.py:1",
        problems=problems,
        busy=busy,
        note="A note.",
        answers=(Answer("One solution", "x = 1\n" * 50),) * 2,
        view=view,
        scroll=scroll,
    )
    lines = frame(state, width=width, height=height, color=False, plain=plain)
    assert len(lines) == height
    assert max(map(cell_len, lines)) <= width
    assert not plain or "".join(lines).isascii()


def test_keys_are_told_apart() -> None:
    assert split_keys("n\x1b[Aq") == ["n", "up", "q"]
    assert split_keys("\x1b") == ["escape"]
    assert split_keys("\x1bxq") == ["q"]  # Alt and a letter
    assert split_keys("\x1b[1;5Cx\x1b[6~ \r") == ["x", "page down", "page down", "enter"]
