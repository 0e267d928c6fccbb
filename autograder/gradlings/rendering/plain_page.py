"""The page in plain sentences, one a line, to be heard or felt: no bars, no columns, no signs that draw something."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from gradlings.model.scorecard import (
    EARLIER_AT_FAULT,
    CheckResult,
    ExerciseScore,
    Form,
    Picture,
    Row,
    Scorecard,
    Verdict,
)
from gradlings.rendering.svg import everything_differs

_SENTENCE_END = re.compile(r"(?<=[.?!])\s+(?=[A-Z\"'`(])|\n+")
_NOT_FAILING = (Verdict.NOT_ATTEMPTED, Verdict.PASS)


def plain_page(card: Scorecard, *, detail: bool) -> str:
    """Return the page as text; `detail` adds every check, the lines behind an error and all that was printed."""
    return "\n".join(_lines(card, detail))


def _lines(card: Scorecard, detail: bool) -> Iterator[str]:
    yield f"Assignment {card.assignment}{f': {card.title}' if card.title else ''}."
    yield f"{card.points} of {card.max_points} points."
    for problem in card.general_problems:
        yield from sentences(problem)
    for exercise in card.exercises:
        yield ""
        yield from _exercise(exercise, set(card.general_problems), detail)
    following = next((exercise for exercise in card.exercises if not exercise.solved), None)
    yield ""
    if following is not None:
        yield f"Next: exercise {following.id} {following.name}."
    elif card.exercises and not card.not_run:
        yield "Every exercise is solved."
    if card.not_run:
        yield f"{card.not_run} checks were not run."
    yield ""


def _exercise(exercise: ExerciseScore, said: set[str], detail: bool) -> Iterator[str]:
    name = f"Exercise {exercise.id} {exercise.name}"
    if not exercise.attempted:
        yield f"{name}: not attempted yet, {exercise.max_points} points."
        return
    passed = sum(check.verdict in (Verdict.PASS, Verdict.FOLLOWED_THROUGH) for check in exercise.checks)
    state = "right" if exercise.solved else f"{passed} of {len(exercise.checks)} checks right"
    yield f"{name}: {state}, {exercise.points} of {exercise.max_points} points."
    failing = [check for check in exercise.checks if check.verdict not in _NOT_FAILING]
    first = exercise.shown
    for check in exercise.checks if detail else [each for each in failing if each is first[each.subject]]:
        if detail:
            yield f"Check: {check.title}: {str(check.verdict).replace('_', ' ')}."
        if check.verdict not in _NOT_FAILING:
            yield from _finding(check, said, detail)
            yield from sentences(exercise.explanation_of(check))
    own = [check for check in failing if check.verdict not in (*EARLIER_AT_FAULT, Verdict.GRADER_ERROR)]
    if own and exercise.max_points and own[0].message not in said:
        yield f"For a hint: gradlings hint {exercise.id}"
        if own[0].call and own[0].verdict is not Verdict.FORBIDDEN:
            yield f"To run this call: gradlings try {exercise.id}"
    for note in exercise.notes:
        yield from sentences(f"A note that costs no points: {note}")
    printed = next((check.printed for check in failing if check.printed.strip()), "")
    if printed:
        lines = printed.rstrip().splitlines()
        yield f"Your code printed {len(lines)} line{'s' if len(lines) != 1 else ''}:"
        yield from lines if detail else lines[:6]


def _finding(check: CheckResult, said: set[str], detail: bool) -> Iterator[str]:
    if check.call:
        yield f"The call: {check.call}"
    if check.place and check.place not in check.message:
        file, _, line = check.place.rpartition(":")
        yield f"In {file}, line {line}." if line.isdigit() else f"In {check.place}."
    yield from map(_row, check.rows)
    if check.picture is not None:
        yield from picture_lines(check.picture)
    if check.probes > 1:
        yield f"{check.probes_right} of {check.probes} inputs gave the right answer."
    if check.message not in said:
        yield from sentences(check.message)
    if detail:
        yield from check.trace


def _row(row: Row) -> str:
    if row.right:
        return f"{row.name or 'This'}: right."
    return f"{f'{row.name}: got' if row.name else 'Got'} {row.got}, expected {row.expected}."


def picture_lines(picture: Picture) -> Iterator[str]:
    """Return a picture in words: row by row, and the right number behind each that differs."""
    name = " ".join(filter(None, (picture.name, picture.caption)))
    if picture.form is Form.CURVE or not picture.wrong:
        for side, rows in (("Yours", picture.got), ("Expected", picture.expected)):
            yield f"{side}{f', {name}' if name else ''}:"
            yield from (f"Row {number}: {', '.join(row)}." for number, row in enumerate(rows, 1))
        return
    told = "every number differs" if everything_differs(picture) else "a right number follows one that differs"
    yield f"The numbers{f' of {name}' if name else ''}, row by row; {told}:"
    for i, (got, expected) in enumerate(zip(picture.got, picture.expected, strict=True)):
        cells = [
            f"{text} instead of {right}" if (i, j) in picture.wrong else text
            for j, (text, right) in enumerate(zip(got, expected, strict=True))
        ]
        yield f"Row {i + 1}: {', '.join(cells)}."


def plain_summary(cards: Sequence[Scorecard]) -> Iterator[str]:
    """Return the end of a run over several assignments: the points of each, the sum, and what comes next."""
    for card in cards:
        yield f"Assignment {card.assignment}: {card.points} of {card.max_points} points."
    yield f"Together: {sum(card.points for card in cards)} of {sum(card.max_points for card in cards)} points."
    following = next((exercise for card in cards for exercise in card.exercises if not exercise.solved), None)
    if following is not None:
        yield f"Next: exercise {following.id} {following.name}."
    yield ""


def just_solved(texts: Mapping[str, str]) -> Iterator[str]:
    """Return what is told of exercises just solved, Markdown by id: of one all of it, of several how to ask."""
    first, *others = texts
    if others:
        yield f"Right for the first time: {', '.join(texts)}."
        yield f"Why it works: gradlings hint {first}"
        return
    yield f"{first} is right."
    for paragraph in texts[first].split("\n\n"):
        yield from sentences(" ".join(paragraph.split()))


def sentences(text: str) -> Iterator[str]:
    """Yield the sentences of a text, without the white space between them."""
    yield from filter(None, (part.strip() for part in _SENTENCE_END.split(text)))
