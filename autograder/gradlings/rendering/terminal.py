"""The terminal page: one line for each exercise, and what, where and why for each that is not right."""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Mapping

from rich.cells import cell_len
from rich.console import Console, RenderableType
from rich.padding import Padding
from rich.text import Text

from gradlings.model.scorecard import (
    EARLIER_AT_FAULT,
    CheckResult,
    ExerciseScore,
    Row,
    Scorecard,
    Verdict,
    line_of_note,
)
from gradlings.rendering.ansi_picture import small_picture

_MAX_WIDTH = 100
_MAX_NAME_WIDTH = 34
_MAX_PRINTED_LINES = 6
_VALUES_WIDTH = 72  # columns of a got/expected line at 80 columns
_NOT_FAILING = (Verdict.NOT_ATTEMPTED, Verdict.PASS)


def exercise_lines(
    exercise: ExerciseScore, *, plain: bool = False, pictures: bool = True, width: int = 80
) -> Iterator[Padding | Text]:
    """Return what the page shows of one exercise, without the command for a hint; arguments as `page_text`."""
    yield _exercise_line(exercise, len(exercise.id), min(cell_len(exercise.name), _MAX_NAME_WIDTH), plain, set())
    yield from _exercise_findings(exercise, False, width, set(), hint=False, pictures=pictures and not plain)


def page_text(
    card: Scorecard, *, detail: bool, width: int, color: bool, plain: bool, pictures: bool = True, whole: bool = True
) -> str:
    """Return the page as text.

    Args:
        card: the results.
        detail: also show every check, the student's lines behind an exception and all that was printed.
        width: columns to lay out for.
        color: use ANSI colors.
        plain: draw with ASCII signs, for terminals that have no others; what others wrote stays as it is.
        pictures: draw small matrices where that says more than their numbers; never on a plain terminal.
        whole: whether the card has every check of its assignment, so that there are full marks to speak of.
    """
    width = min(width, _MAX_WIDTH)
    parts = _page(card, detail, plain, pictures and not plain, width, whole)
    lines = render_lines(parts, width=width, color=color, wrap_text=False)
    return "\n".join(line.rstrip() for line in lines)


def _page(
    card: Scorecard, detail: bool, plain: bool, pictures: bool, width: int, whole: bool
) -> Iterator[Padding | Text]:
    dot = "-" if plain else "\u00b7"
    yield Text(f"{card.assignment} {dot} {card.title}" if card.title else card.assignment, style="bold")
    yield Text("")
    for problem in card.general_problems:
        yield _indented(Text(problem, style="red"), 2)
    if card.general_problems:
        yield Text("")
    name_width = width_of(exercise.name for exercise in card.exercises)
    id_width = width_of(exercise.id for exercise in card.exercises)
    shown = set(card.general_problems)
    for exercise in card.exercises:
        yield _exercise_line(exercise, id_width, min(name_width, _MAX_NAME_WIDTH), plain, shown)
        yield from _exercise_findings(exercise, detail, width, shown, pictures=pictures)
    yield Text("")
    yield _score_line(card, dot, whole)
    yield Text("")


def just_solved_lines(texts: Mapping[str, str], *, width: int, color: bool, plain: bool) -> list[str]:
    """Return what is told of exercises that have just been solved, Markdown by id: of one all, of several how to ask.

    `width`, `color` and `plain` are as in `page_text`.
    """
    from gradlings.rendering.markdown import markdown_lines  # deferred: most pages do without

    first, *others = texts
    parts: list[RenderableType] = []
    if others:
        parts.append(
            _indented(Text(f"Right for the first time: {', '.join(texts)}. Why it works, and what comes next:"), 2)
        )
        parts.append(_indented(Text(f"gradlings hint {first}", style="cyan"), 2))
    else:
        parts.append(_indented(Text(f"{first} is right.", style="bold green"), 2))
        parts.append(Text(""))
        parts += [Padding(part, (0, 0, 0, 2)) for part in markdown_lines(texts[first], plain=plain)]
    lines = [line.rstrip() for line in render_lines([Text(""), *parts], width=min(width, _MAX_WIDTH), color=color)]
    return [line.encode("ascii", "replace").decode() for line in lines] if plain else lines


def render_lines(parts: Iterable[RenderableType], *, width: int, color: bool, wrap_text: bool = True) -> list[str]:
    """Render to lines of at most `width` columns; without `wrap_text`, a part that is a `Text` may be longer."""
    buffer = io.StringIO()
    console = Console(
        file=buffer,
        width=width,
        force_terminal=color,
        color_system="standard" if color else None,
        highlight=False,
        emoji=False,
        markup=False,
        legacy_windows=False,
    )
    for part in parts:
        console.print(part, soft_wrap=not wrap_text and isinstance(part, Text))
    return buffer.getvalue().split("\n")[:-1]


def bar(points: int, max_points: int, style: str, *, width: int = 10, plain: bool) -> Text:
    """Draw the share of points as a bar; `style` colors what is filled."""
    full, empty = ("#", "-") if plain else ("\u2588", "\u2591")
    filled = width * points // max(max_points, 1)
    return Text().append(full * filled, style=style).append(empty * (width - filled), style="dim")


def width_of(texts: Iterable[str]) -> int:
    """Return the columns that the widest of some texts takes; a Chinese character takes two."""
    return max(map(cell_len, texts), default=0)


def padded(text: str, width: int) -> str:
    """Return a text with blanks after it, so that it takes `width` columns."""
    return text + " " * (width - cell_len(text))


def shown_in(text: str, encoding: str) -> str:
    """Return a text as an encoding can show it: what it lacks becomes a question mark, and nothing else."""
    try:
        return text.encode(encoding, "replace").decode(encoding)
    except LookupError:
        return text.encode("ascii", "replace").decode()


def can_show(encoding: str) -> bool:
    """Return whether an encoding has the signs that bars are made of; if not, bars are drawn with ASCII signs.

    That says nothing of text: GBK has no such signs, and all of Chinese.
    """
    try:
        "\u2588\u2591\u00b7".encode(encoding)
    except (UnicodeEncodeError, LookupError):
        return False
    return True


def _exercise_line(exercise: ExerciseScore, id_width: int, name_width: int, plain: bool, shown: set[str]) -> Text:
    line = Text(f"  {padded(exercise.id, id_width)} ").append(f"{padded(exercise.name, name_width)}  ", style="bold")
    style = "dim" if not exercise.attempted else "green" if exercise.solved else "yellow" if exercise.points else "red"
    share = (1, 1) if exercise.solved else (exercise.points, exercise.max_points)
    line.append_text(bar(*share, style, plain=plain))
    line.append(f"  {exercise.points:>2}/{exercise.max_points:<2}", style=style)
    unseen = bool(shown) and all(check.message in shown for check in exercise.checks)
    word = "not checked" if unseen else _word(exercise)
    if word:
        line.append("  " + word, style="" if exercise.solved else "dim")
    return line


def _word(exercise: ExerciseScore) -> str:
    if exercise.solved:
        return "" if exercise.max_points else "solved for you"
    if not exercise.attempted:
        return "not attempted yet"
    passed = sum(check.verdict in (Verdict.PASS, Verdict.FOLLOWED_THROUGH) for check in exercise.checks)
    return f"{passed} of {len(exercise.checks)} checks" if len(exercise.checks) > 1 else ""


def _exercise_findings(
    exercise: ExerciseScore, detail: bool, width: int, shown: set[str], *, hint: bool = True, pictures: bool
) -> Iterator[Padding | Text]:
    failing = [check for check in exercise.checks if check.verdict not in _NOT_FAILING]
    first = exercise.shown
    for check in exercise.checks if detail and exercise.attempted else [c for c in failing if c is first[c.subject]]:
        if detail:
            mark = "right" if check.verdict is Verdict.PASS else str(check.verdict).replace("_", " ")
            yield _indented(Text(f"{check.title}: {mark} ({check.points}/{check.max_points})", style="dim"), 6)
        if check.verdict in _NOT_FAILING:
            continue
        if exercise.said_before(check):
            if detail:
                yield _indented(Text("the same as above", style="dim"), 8)
            continue
        yield from _finding(check, detail, width, shown, pictures and check is first[check.subject])
        if cause := exercise.explanation_of(check):
            yield _indented(Text(cause, style="yellow"), 6)
    own = [check for check in failing if check.verdict not in EARLIER_AT_FAULT]  # its own mistakes, or ours
    explained = own and own[0].verdict is not Verdict.GRADER_ERROR and own[0].message not in shown
    if explained and exercise.max_points:
        commands = [f"hint: gradlings hint {exercise.id}"] if hint else []  # watch mode has a key for it
        commands += [f"run it: gradlings try {exercise.id}"] if _can_be_run(own[0]) else []
        if commands:
            yield _indented(Text("   ".join(commands), style="cyan"), 6)
    for note in exercise.notes:
        if line_of_note(note) not in shown:
            shown.add(line_of_note(note))
            yield _indented(Text(f"note, costs no points: {note}", style="dim"), 6)
    printed = next((check.printed for check in failing if check.printed.strip()), "")
    if printed:
        yield from _printed(printed, detail)


def _can_be_run(check: CheckResult) -> bool:
    """Return whether what is shown of a check is a call, and not a line that uses what is forbidden."""
    return bool(check.call) and check.verdict is not Verdict.FORBIDDEN


def _finding(check: CheckResult, detail: bool, width: int, shown: set[str], picture: bool) -> Iterator[Padding | Text]:
    if check.call and cell_len(check.call + check.place) <= width - 9:
        yield _indented(Text(check.call).append(f"   {check.place}", style="dim"), 6)
    else:
        if check.call:
            yield _indented(Text(check.call), 6)
        if check.place and check.place not in check.message:
            yield _indented(Text(check.place, style="dim"), 8 if check.call else 6)
    yield from _rows(check)
    if picture and check.picture is not None:
        yield from (_indented(drawn, 8) for drawn in small_picture(check.picture, _VALUES_WIDTH))
    if check.message and check.message not in shown:
        style = "yellow" if check.verdict in EARLIER_AT_FAULT else "red"
        yield _indented(Text(check.message, style=style), 8 if check.call else 6)
    if detail:
        yield from (_indented(Text(line, style="dim"), 8) for line in check.trace)


def finding_lines(check: CheckResult) -> Iterator[Padding]:
    """Return what came back beside what is right, and the sentence about it."""
    yield from _rows(check)
    if check.message:
        yield _indented(Text(check.message), 8)


def _rows(check: CheckResult) -> Iterator[Padding]:
    """Show got and expected side by side where they fit; the last line says how many probes were right."""
    tail = f"{check.probes_right} of {check.probes} probes right" if check.probes > 1 else ""
    width = width_of(row.name for row in check.rows)
    lines: list[Text] = []
    for row in check.rows:
        name = f"{padded(row.name, width)}   " if width else ""
        lines.extend([Text(f"{name}right")] if row.right else _row(name, row))
    if tail and lines and cell_len(lines[-1].plain) + len(tail) < _VALUES_WIDTH:
        lines[-1].append("   " + tail, style="dim")
    elif tail:
        lines.append(Text(tail, style="dim"))
    yield from (_indented(line, 8) for line in lines)


def _row(name: str, row: Row) -> list[Text]:
    if cell_len(name + row.got + row.expected) <= _VALUES_WIDTH - 20:
        line = Text(name).append("got ", style="dim").append(row.got, style="red")
        return [line.append("   expected ", style="dim").append(row.expected, style="green")]
    return [
        Text(name).append("got      ", style="dim").append(row.got, style="red"),
        Text(" " * cell_len(name)).append("expected ", style="dim").append(row.expected, style="green"),
    ]


def _printed(text: str, detail: bool) -> Iterator[Padding]:
    lines = text.rstrip().splitlines()
    shown = lines if detail else lines[:_MAX_PRINTED_LINES]
    yield _indented(Text("your code printed:", style="dim"), 6)
    yield from (_indented(Text(line), 8) for line in shown)
    if len(shown) < len(lines):
        yield _indented(Text(f"... and {len(lines) - len(shown)} more lines (-v shows all)", style="dim"), 8)


def _score_line(card: Scorecard, dot: str, whole: bool) -> Text:
    style = "bold green" if card.full_marks else "bold"
    line = Text("  ").append(f"{card.points} of {card.max_points} points", style=style)
    following = next((exercise for exercise in card.exercises if not exercise.solved), None)
    if following is not None:
        line.append(f" {dot} next: {following.id} {following.name}")
        if card.not_run:
            line.append(f" {dot} {card.not_run} checks were not run", style="dim")
    elif not card.exercises:
        return Text("  Nothing was checked.", style="bold")
    elif not card.max_points:
        return Text(f"  right {dot} there are no points for it", style="green")
    else:
        line.append(f" {dot} full marks, well done" if whole else f" {dot} all that was run is right", style="green")
    return line


def _indented(text: Text, left: int) -> Padding:
    return Padding(text, (0, 0, 0, left), expand=False)
