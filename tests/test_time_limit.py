"""Code that runs too long is stopped, whatever it does about it; code that does not is left alone."""

import itertools
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gradlings.execution.time_limit import TimeUp, time_limit

LOOPS = {
    "plain": "while True: pass",
    "except Exception": """
while True:
    try:
        while True:
            pass
    except Exception:
        pass
""",
    "bare except": """
while True:
    try:
        while True:
            pass
    except:
        pass
""",
    "except and continue": """
number = 0
while True:
    try:
        number = number + 1
    except BaseException:
        continue
""",
    "sleep": """
while True:
    try:
        time.sleep(60)
    except BaseException:
        pass
""",
    "finally": """
while True:
    try:
        while True:
            pass
    finally:
        continue
""",
    "calls": """
def step(number):
    try:
        return sum(range(number))
    except BaseException:
        return 0

while True:
    step(100)
""",
    "generator": """
def numbers():
    while True:
        try:
            yield 1
        except BaseException:
            yield 2

for number in numbers():
    try:
        pass
    except BaseException:
        pass
""",
    "context manager": """
import contextlib
while True:
    with contextlib.suppress(BaseException):
        while True:
            pass
""",
}

# Every `except` starts a thousand calls anew: nothing ever gets out of here.
HOPELESS = """
def again():
    try:
        again()
    except BaseException:
        again()

again()
"""

SCRIPT = """
import sys, time
from gradlings.execution.time_limit import TimeUp, time_limit

code = compile(sys.argv[1], "student.py", "exec")
{before}
start = time.monotonic()
try:
    with time_limit(0.2):
        exec(code, {{"time": time}})
    print("ended by itself")
except TimeUp:
    print("stopped")
print("and on", sys.gettrace())
"""
IN_A_THREAD = """
import threading
def limited():
    try:
        with time_limit(0.2):
            exec(code, {"time": time})
        print("ended by itself")
    except TimeUp:
        print("stopped")
    print("and on", sys.gettrace())
thread = threading.Thread(target=limited)
thread.start()
thread.join()
sys.exit()
"""


def limited_in_a_process(code: str, before: str = "") -> subprocess.CompletedProcess[str]:
    """Runs code under a limit of 0.2 s where it can do no harm."""
    script = SCRIPT.format(before=before)
    return subprocess.run([sys.executable, "-c", script, code], capture_output=True, text=True, timeout=120)


@pytest.mark.parametrize("loop", LOOPS)
def test_is_stopped(loop: str) -> None:
    done = limited_in_a_process(LOOPS[loop])
    assert (done.stdout, done.returncode) == ("stopped\nand on None\n", 0)


@pytest.mark.parametrize("loop", ["plain", "except Exception"])
def test_is_stopped_where_no_signal_can_be_used(loop: str) -> None:
    done = limited_in_a_process(LOOPS[loop], before=IN_A_THREAD)
    assert (done.stdout, done.returncode) == ("stopped\nand on None\n", 0)


@pytest.mark.parametrize(
    ("code", "before"),
    [(HOPELESS, ""), (HOPELESS, IN_A_THREAD), (LOOPS["bare except"], IN_A_THREAD), (LOOPS["calls"], IN_A_THREAD)],
    ids=["recursion", "recursion without signals", "bare except without signals", "calls without signals"],
)
def test_is_stopped_or_the_run_is_ended_with_a_word(code: str, before: str) -> None:
    done = limited_in_a_process(code, before)
    if done.stdout != "stopped\nand on None\n":
        assert "cannot be stopped" in done.stderr
        assert done.returncode == 1


def spin() -> None:
    while True:
        pass


def test_code_in_time_is_left_alone() -> None:
    handler = signal.getsignal(signal.SIGALRM)
    with time_limit(0.3):
        total = sum(range(1000))
    assert total == 499500
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_everything_is_put_back_after_the_time_is_up() -> None:
    handler, tracer = signal.getsignal(signal.SIGALRM), sys.gettrace()
    with pytest.raises(TimeUp), time_limit(0.05):
        spin()
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert sys.gettrace() is tracer


def test_everything_is_put_back_if_the_time_is_up_before_the_code_begins() -> None:
    handler = signal.getsignal(signal.SIGALRM)
    with pytest.raises(TimeUp), time_limit(1e-6):
        spin()
    assert signal.getsignal(signal.SIGALRM) is handler
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_waiting_for_a_busy_processor_does_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[float] = []

    def waited() -> float:
        asked.append(10.0 * len(asked))
        return asked[-1]

    monkeypatch.setattr("gradlings.execution.time_limit._waited", waited)
    with time_limit(0.3):
        while len(asked) < 2:  # at the start, and when time seems to be up
            pass


def test_waiting_puts_a_limit_off_but_does_not_lift_it(monkeypatch: pytest.MonkeyPatch) -> None:
    waited = itertools.count(0.0, 99.0)
    monkeypatch.setattr("gradlings.execution.time_limit._waited", lambda: next(waited))
    with pytest.raises(TimeUp), time_limit(0.05):
        spin()


def test_an_exception_of_the_code_comes_through() -> None:
    with pytest.raises(ZeroDivisionError), time_limit(1.0):
        _ = 1 / 0
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_ordinary_handlers_do_not_see_it() -> None:
    seen = []

    def spin_in_a_try() -> None:
        try:
            spin()
        except Exception as error:
            seen.append(error)

    with pytest.raises(TimeUp), time_limit(0.05):
        spin_in_a_try()
    assert seen == []


RUNNER = """
def run(code, log):
    try:
        exec(code)
    except BaseException as error:
        log.append(type(error).__name__)
        log.append("cleaned")
        log.append("up")
"""
SWALLOWS_THE_FIRST_ALARM = """
try:
    while True:
        pass
except BaseException:
    pass
while True:
    pass
"""


def test_the_runner_can_clean_up_after_code_that_swallowed_an_alarm() -> None:
    names: dict[str, Any] = {}
    exec(compile(RUNNER, "runner.py", "exec"), names)
    code, log = compile(SWALLOWS_THE_FIRST_ALARM, "student.py", "exec"), list[str]()
    with time_limit(0.05, runner_files=["runner.py"]):
        names["run"](code, log)
    assert log == ["TimeUp", "cleaned", "up"]


def test_one_limit_after_the_other() -> None:
    for _ in range(3):
        with pytest.raises(TimeUp), time_limit(0.02):
            spin()


def test_no_thread_is_left_behind_where_no_signal_can_be_used() -> None:
    before, counts = threading.active_count(), []

    def work() -> None:
        with time_limit(5.0):
            counts.append(threading.active_count())
        counts.append(threading.active_count())

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert counts == [before + 2, before + 1], "the timer's own thread is gone once the code is done"


def test_needs_no_torch() -> None:
    script = "import sys, gradlings.execution.time_limit; print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, cwd=Path(__file__).parent)
    assert done.stdout == "False\n"


# ---- what is imported meanwhile


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], str]:
    """Makes a module that can be imported, once."""
    monkeypatch.syspath_prepend(tmp_path)
    number = itertools.count()

    def make(text: str) -> str:
        name = f"imported_in_{tmp_path.name}_{next(number)}"
        (tmp_path / f"{name}.py").write_text(text)
        return name

    return make


BUSY = "import time\nend = time.monotonic() + {0}\nwhile time.monotonic() < end:\n    pass\n"


def imports_in(name: str, seconds: float) -> None:
    with time_limit(seconds):
        __import__(name)


@pytest.fixture(params=["alarm", "timer thread"])
def limited(request: pytest.FixtureRequest) -> Callable[..., None]:
    """Runs a function with a time limit, as on Linux and as on Windows."""

    def run(function: Callable[..., None], *arguments: Any) -> None:
        if request.param == "alarm":
            function(*arguments)
            return
        with ThreadPoolExecutor(1) as thread:
            thread.submit(function, *arguments).result()

    return run


def test_an_import_is_not_broken_off(module: Callable[[str], str], limited: Callable[..., None]) -> None:
    name = module(BUSY.format(0.7) + "done = True\n")
    limited(imports_in, name, 0.3)
    assert sys.modules[name].done


def test_what_comes_after_an_import_has_the_whole_time(
    module: Callable[[str], str], limited: Callable[..., None]
) -> None:
    name, after = module(BUSY.format(0.6)), BUSY.format(0.6)

    def body() -> None:
        with time_limit(1.0):
            __import__(name)
            exec(after, {})

    limited(body)


def test_an_import_without_end_is_stopped(module: Callable[[str], str], limited: Callable[..., None]) -> None:
    with pytest.raises(TimeUp):
        limited(imports_in, module("while True:\n    pass\n"), 0.1)
