"""A worker's reply is data: what is not of the expected form is refused, and text in it is cleaned."""

import logging
import sys
from typing import Any

import pytest

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="workers are locked down on Linux only")
if sys.platform == "linux":
    from gradlings.model.observation import Raised
    from gradlings.model.rules import Breach
    from gradlings.sandbox.processes import WorkerDied
    from gradlings.sandbox.reply_validation import (
        failure_text,
        parse_breaches,
        parse_raised,
    )
    from gradlings.sandbox.wire.channel import ReplyTimeout
    from gradlings.sandbox.wire.types import MalformedMessage

FILES = frozenset({"signs.py", "other.py"})


def line(file: str, number: int = 3) -> tuple[str, int, str, str]:
    return (file, number, "opposite", "return x")


def test_no_exception() -> None:
    assert parse_raised(None, FILES) is None


def test_trace_lines_of_other_files_are_dropped() -> None:
    own, foreign = "signs.py", "/srv/solutions/signs.py"
    raised = parse_raised(("KeyError", "'x'", False, [line(foreign, 1), line(own, 2), line(foreign, 9)]), FILES)
    assert raised == Raised("KeyError", "'x'", "signs.py:2", ("signs.py:2 in opposite: return x",), None)


def test_without_lines_of_the_submission_there_is_no_place() -> None:
    raised = parse_raised(("KeyError", "'x'", False, [line("/srv/solutions/signs.py")]), FILES)
    assert raised == Raised("KeyError", "'x'", "", (), None)


def test_four_lines_are_kept_and_the_last_is_the_place() -> None:
    raised = parse_raised(("E", "", False, [line("other.py", n) for n in range(1, 5)]), FILES)
    assert raised is not None
    assert raised.trace == tuple(f"other.py:{n} in opposite: return x" for n in range(1, 5))
    assert raised.place == "other.py:4"


def test_the_place_is_in_the_file_of_the_innermost_line() -> None:
    raised = parse_raised(("E", "", False, [line("other.py", 1), line("signs.py", 2)]), FILES)
    assert raised is not None
    assert raised.place == "signs.py:2"


def test_a_value_error_is_one_for_the_checks() -> None:
    raised = parse_raised(("ValueError", "no \x1b[2J", True, []), FILES)
    assert raised is not None
    assert type(raised.exception) is ValueError
    assert raised.exception.args == ("no \x1b[2J",)


def test_control_characters_are_replaced() -> None:
    row = ("signs.py", 1, "\x1b]f", "\x07x")
    raised = parse_raised(("\x1b" + "K" * 99, "\x1b[31m\ttab\nline", False, [row]), FILES)
    assert raised is not None
    assert raised.kind == "?" + "K" * 99
    assert raised.message == "?[31m\ttab\nline"
    assert raised.trace == ("signs.py:1 in ?]f: ?x",)


@pytest.mark.parametrize(
    "reply",
    [
        *("KeyError", 0, (), ("KeyError", "", False), ("KeyError", "", False, [], None)),
        *(("KeyError", "", 0, []), (None, "", False, []), ("KeyError", b"", False, [])),
        *(("E", "", False, [("f", 1, "g")]), ("E", "", False, [("f", True, "g", "h")]), ("E", "", False, ["fghi"])),
        *(("E", "", False, [("f", 1.0, "g", "h")]), ("E", "", False, [line("f")] * 5), ("E", "m" * 2001, False, [])),
        *(("E" * 201, "", False, []), ("E", "", False, [("f", -1, "g", "h")]), ("E", "", False, [line("f", 1 << 40)])),
    ],
)
def test_what_is_no_exception_is_refused(reply: Any) -> None:
    with pytest.raises(MalformedMessage, match=r"^an exception$"):
        parse_raised(reply, FILES)


def test_breaches_are_read_and_cleaned() -> None:
    rows = [("autograd", "backward", 4, "f.py", "x\x1b.backward()")]
    assert parse_breaches(rows) == (Breach("autograd", "backward", 4, "f.py", "x?.backward()"),)
    assert parse_breaches([]) == ()


@pytest.mark.parametrize("rows", [None, {}, "rows", 3, [("a", "b", 4, "f", "c")] * 201])
def test_breaches_come_in_a_short_list(rows: Any) -> None:
    with pytest.raises(MalformedMessage, match=r"^breaches$"):
        parse_breaches(rows)


@pytest.mark.parametrize(
    "row",
    [("a", "b", "4", "f", "c"), ("a", "b", 4, "f"), ("a", "b" * 201, 4, "f", "c"), ("a", "", 4, "f", "c" * 2001)],
)
def test_rows_of_breaches_have_their_types_and_sizes(row: Any) -> None:
    with pytest.raises(MalformedMessage, match=r"^breaches$"):
        parse_breaches([row])


def test_why_no_reply_came(caplog: pytest.LogCaptureFixture) -> None:
    assert failure_text(ReplyTimeout(), "the call") == "the call took too long"
    assert failure_text(WorkerDied("it crashed (abort)", -6), "the call") == "it crashed (abort)"
    assert caplog.records == []
    text = failure_text(MalformedMessage("a row"), "the call")
    assert text == "the process that runs your code sent an answer that makes no sense (a row) and was stopped"
    assert [(record.levelno, record.getMessage()) for record in caplog.records] == [
        (logging.WARNING, "A worker sent a malformed message (a row)")
    ]
    assert caplog.records[0].exc_info is not None
