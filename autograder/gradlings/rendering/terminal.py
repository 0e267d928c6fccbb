"""The terminal page: one line an exercise, and for each that is not right, what, where and why."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len
from rich.console import Console
from rich.padding import Padding
from rich.text import Text

from gradlings.model.scorecard import CheckResult, ExerciseScore, Row, Scorecard, Verdict
from gradlings.rendering.ansi_picture import small_picture

_WIDEST = 100
_BAR = 10
_PRINTED_LINES = 6
_ROOM = 72  # columns of a got/expected line at 80 columns
_UNREACHED = (Verdict.NOT_ATTEMPTED, Verdict.PASS)


def page(
    card: Scorecard, *, detail: bool = False, plain: bool = False, pictures: bool = True, width: int = 80
) -> Iterator[Padding | Text]:
    """The page as Rich renderables, top to bottom.

    Args:
        detail: also shows every check, the student's lines behind an exception and all that was printed.
        plain: uses ASCII only, for terminals that cannot show more.
        pictures: draws small matrices where that says more than their numbers; never on a plain terminal.
        width: columns to lay out for.
    """
    pictures = pictures and not plain
    dot = "-" if plain else "\u00b7"
    yield Text(f"{card.assignment} {dot} {card.title}" if card.title else card.assignment, style="bold")
    yield Text("")
    yield from _problems(card)
    name_width = max((cell_len(exercise.name) for exercise in card.exercises), default=0)
    id_width = max((len(exercise.id) for exercise in card.exercises), default=0)
    said: set[str] = set(_general(card))
    for exercise in card.exercises:
        yield _exercise_line(exercise, id_width, min(name_width, 34), plain, said)
        yield from _exercise_findings(exercise, detail, width, said, pictures=pictures)
    yield Text("")
    yield _score_line(card, dot)
    yield Text("")


def exercise_lines(
    exercise: ExerciseScore, *, plain: bool = False, pictures: bool = True, width: int = 80
) -> Iterator[Padding | Text]:
    """What the page says of one exercise, without the command for a hint; arguments as `page`."""
    yield _exercise_line(exercise, len(exercise.id), min(cell_len(exercise.name), 34), plain, set())
    yield from _exercise_findings(exercise, False, width, set(), hint=False, pictures=pictures and not plain)


def write_page(reporter: Any, card: Scorecard, *, detail: bool) -> None:
    """Writes the page to pytest's terminal, in colour only where pytest would use colour."""
    writer = reporter._tw
    encoding = getattr(sys.__stdout__, "encoding", None) or "utf-8"
    text = rendered(
        card,
        detail=detail,
        width=writer.fullwidth,
        colour=writer.hasmarkup,
        plain=not can_show(encoding),
        pictures=os.environ.get("TERM") != "dumb",
    )
    for line in text.splitlines():
        writer.line(line)


def rendered(card: Scorecard, *, detail: bool, width: int, colour: bool, plain: bool, pictures: bool = True) -> str:
    """The page as text, with ANSI colours if asked for."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=min(width, _WIDEST),
        force_terminal=colour,
        color_system="standard" if colour else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for part in page(card, detail=detail, plain=plain, pictures=pictures, width=console.width):
        console.print(part, soft_wrap=isinstance(part, Text))  # only indented parts are wrapped
    text = "\n".join(line.rstrip() for line in buffer.getvalue().splitlines())
    return text.encode("ascii", "replace").decode() if plain else text


def can_show(encoding: str) -> bool:
    """Whether an encoding has the signs that bars are made of; if not, pages are plain ASCII."""
    try:
        "\u2588\u2591\u00b7".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _problems(card: Scorecard) -> Iterator[Padding | Text]:
    shown = _general(card)
    for problem in shown:
        yield _indented(Text(problem, style="red"), 2)
    if shown:
        yield Text("")


def _general(card: Scorecard) -> list[str]:
    """The problems that are not the message of just one exercise: those are said there."""
    concerned = [{check.message for check in exercise.checks} for exercise in card.exercises]
    return [problem for problem in card.problems if sum(problem in messages for messages in concerned) != 1]


def _exercise_line(exercise: ExerciseScore, id_width: int, name_width: int, plain: bool, said: set[str]) -> Text:
    line = Text("  ")
    line.append(f"{exercise.id:<{id_width}} ")
    line.append(f"{exercise.name:<{name_width}}  ", style="bold")
    filled = _BAR if exercise.solved else _BAR * exercise.points // max(exercise.max_points, 1)
    colour = "green" if exercise.solved else "yellow" if exercise.points else "red"
    if not exercise.attempted:
        colour = "dim"
    line.append(("#" if plain else "\u2588") * filled, style=colour)
    line.append(("-" if plain else "\u2591") * (_BAR - filled), style="dim")
    line.append(f"  {exercise.points:>2}/{exercise.max_points:<2}", style=colour)
    unseen = bool(said) and all(check.message in said for check in exercise.checks)
    word = "not checked" if unseen else _word(exercise)
    if word:
        line.append("  " + word, style="" if exercise.solved else "dim")
    return line


def _word(exercise: ExerciseScore) -> str:
    if exercise.solved:
        return "" if exercise.max_points else "solved for you"
    if not exercise.attempted:
        return "not attempted yet"
    passed = sum(check.verdict is Verdict.PASS for check in exercise.checks)
    return f"{passed} of {len(exercise.checks)} checks" if len(exercise.checks) > 1 else ""


def _exercise_findings(
    exercise: ExerciseScore, detail: bool, width: int, said: set[str], *, hint: bool = True, pictures: bool
) -> Iterator[Padding | Text]:
    failing = [check for check in exercise.checks if check.verdict not in _UNREACHED]
    first = {check.subject: check for check in reversed(failing)}
    for check in exercise.checks if detail and exercise.attempted else [c for c in failing if c is first[c.subject]]:
        if detail:
            mark = "right" if check.verdict is Verdict.PASS else str(check.verdict).replace("_", " ")
            yield _indented(Text(f"{check.title}: {mark} ({check.points}/{check.max_points})", style="dim"), 6)
        if check.verdict in _UNREACHED:
            continue
        yield from _finding(check, detail, width, said, pictures and check is first[check.subject])
        cause = exercise.misconception_of(check.subject) or check.claim
        if cause and check is first[check.subject]:
            yield _indented(Text(cause, style="yellow"), 6)
    told = failing and failing[0].verdict is not Verdict.GRADER_ERROR and failing[0].message not in said
    if told and exercise.max_points and hint:
        yield _indented(Text(f"hint: gradlings hint {exercise.id}", style="cyan"), 6)
    for note in _notes(exercise):
        if note not in said:
            said.add(note)
            yield _indented(Text(f"note, costs no points: {note}", style="dim"), 6)
    printed = next((check.printed for check in failing if check.printed.strip()), "")
    if printed:
        yield from _printed(printed, detail)


def _finding(check: CheckResult, detail: bool, width: int, said: set[str], picture: bool) -> Iterator[Padding | Text]:
    if check.call and cell_len(check.call) + len(check.place) <= width - 9:
        yield _indented(Text(check.call).append(f"   {check.place}", style="dim"), 6)
    else:
        if check.call:
            yield _indented(Text(check.call), 6)
        if check.place and check.place not in check.message:
            yield _indented(Text(check.place, style="dim"), 8 if check.call else 6)
    yield from _rows(check)
    if picture and check.picture is not None:
        yield from (_indented(drawn, 8) for drawn in small_picture(check.picture, _ROOM))
    if check.message and check.message not in said:
        yield _indented(Text(check.message, style="red"), 8 if check.call else 6)
    if detail:
        for line in check.trace:
            yield _indented(Text(line, style="dim"), 8)


def _rows(check: CheckResult) -> Iterator[Padding]:
    """Got and expected, side by side where they fit; the last line says how many probes were right."""
    tail = f"{check.probes_right} of {check.probes} probes right" if check.probes > 1 else ""
    width = max((cell_len(row.name) for row in check.rows), default=0)
    lines: list[Text] = []
    for row in check.rows:
        name = f"{row.name:<{width}}   " if width else ""
        lines.extend([Text(f"{name}right")] if row.right else _row(name, row))
    if tail and lines and cell_len(lines[-1].plain) + len(tail) < _ROOM:
        lines[-1].append("   " + tail, style="dim")
    elif tail:
        lines.append(Text(tail, style="dim"))
    for line in lines:
        yield _indented(line, 8)


def _row(name: str, row: Row) -> list[Text]:
    if cell_len(name + row.got + row.expected) <= _ROOM - 20:
        line = Text(name).append("got ", style="dim").append(row.got, style="red")
        return [line.append("   expected ", style="dim").append(row.expected, style="green")]
    blank = " " * len(name)
    return [
        Text(name).append("got      ", style="dim").append(row.got, style="red"),
        Text(blank).append("expected ", style="dim").append(row.expected, style="green"),
    ]


def _notes(exercise: ExerciseScore) -> list[str]:
    return list(dict.fromkeys(note for check in exercise.checks for note in check.notes))


def _printed(text: str, detail: bool) -> Iterator[Padding]:
    lines = text.rstrip().splitlines()
    shown = lines if detail else lines[:_PRINTED_LINES]
    yield _indented(Text("your code printed:", style="dim"), 6)
    for line in shown:
        yield _indented(Text(line), 8)
    if len(shown) < len(lines):
        yield _indented(Text(f"... and {len(lines) - len(shown)} more lines (-v shows all)", style="dim"), 8)


def _score_line(card: Scorecard, dot: str) -> Text:
    line = Text("  ")
    line.append(f"{card.points} of {card.max_points} points", style="bold green" if card.full_marks else "bold")
    following = next((exercise for exercise in card.exercises if not exercise.solved), None)
    if following is not None:
        line.append(f" {dot} next: {following.id} {following.name}")
        if card.not_run:
            line.append(f" {dot} {card.not_run} checks were not run", style="dim")
    elif card.full_marks:
        line.append(f" {dot} full marks, well done", style="green")
    return line


def _indented(text: Text, left: int) -> Padding:
    return Padding(text, (0, 0, 0, left), expand=False)
