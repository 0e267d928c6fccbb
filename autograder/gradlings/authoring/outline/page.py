"""The outline of a course as a page in Markdown, for GitHub and for printing."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from string import ascii_lowercase

from gradlings.authoring.outline.chapter_parts import anchor
from gradlings.authoring.outline.course_outline import AssignmentOutline, ExerciseOutline
from gradlings.authoring.outline.quiz import Question
from gradlings.model.text import counted

_HEAD = """# For teachers

What each exercise is for, how long it takes, what it builds on and what goes wrong in it, and quiz questions for each
assignment. The minutes are the authors' guess for a newcomer; nobody has measured them. This page is written by
`gradlings outline`: change the sources of the exercises, not this file.

The questions need no computer. Each shows a call, in which tensors are written as lists, and three answers: one is
right, and each of the others is what a known misconception gives. Ask *why*: the reason is the point. The answers are
[at the end](#answers)."""


def page(assignments: Sequence[AssignmentOutline]) -> str:
    """Return the page; its links are relative to `docs/`."""
    blocks = [_HEAD]
    for assignment in assignments:
        blocks += _assignment(assignment)
    return "\n\n".join([*blocks, *_answers(assignments)]) + "\n"


def _assignment(assignment: AssignmentOutline) -> Iterator[str]:
    minutes = sum(exercise.minutes for exercise in assignment.exercises)
    points = sum(exercise.points for exercise in assignment.exercises)
    file = f"../assignments/{assignment.id}/{assignment.module}"
    yield f"## {assignment.id} {assignment.title}"
    yield f"[{assignment.module}]({file}): {len(assignment.exercises)} exercises, {minutes} minutes, {points} points."
    yield "\n".join(_table(assignment.exercises))
    yield from map(_misconceptions, assignment.exercises)
    if assignment.quiz:
        yield f"### Questions on {assignment.id}"
    for number, question in enumerate(assignment.quiz, 1):
        yield _question(number, question)


def _table(exercises: Sequence[ExerciseOutline]) -> Iterator[str]:
    yield "| exercise | objective | chapter | minutes | points | builds on |"
    yield "|---|---|---|--:|--:|---|"
    for each in exercises:
        parts = ", ".join(f"[{heading}](chapter.md#{anchor(heading)})" for heading in each.chapter)
        cells = [f"{each.id} {_text(each.title)}", _text(each.objective), parts, str(each.minutes), str(each.points)]
        yield f"| {' | '.join([*cells, ', '.join(each.builds_on)])} |"


def _misconceptions(exercise: ExerciseOutline) -> str:
    found = exercise.misconceptions
    summary = f"{exercise.id} {_text(exercise.title)}: {counted(len(found), 'misconception')}"
    items = "\n".join(f"- `{each.id}`: {_plain(each.sentence)}" for each in found)
    return f"<details><summary>{summary}</summary>\n\n{items}\n\n</details>"


def _question(number: int, question: Question) -> str:
    part = f" as {_code(question.part)}" if question.part else ""
    asked = f"{number}. **{question.exercise}** What comes out{part} of {_code(question.call)}, and why?"
    if question.driver:
        asked += f" The function calls yours: {_docstring(question.driver)}"
    lettered = zip(ascii_lowercase, question.choices, strict=False)
    return "\n".join([asked, *(f"    - ({letter}) {_code(choice)}" for letter, choice in lettered)])


def _answers(assignments: Sequence[AssignmentOutline]) -> Iterator[str]:
    yield "## Answers"
    for assignment in assignments:
        if assignment.quiz:
            answers = "\n".join(_answer(number, question) for number, question in enumerate(assignment.quiz, 1))
            yield f"<details><summary>Answers to the questions on {assignment.id}</summary>\n\n{answers}\n\n</details>"


def _answer(number: int, question: Question) -> str:
    letters = dict(zip(question.choices, ascii_lowercase, strict=False))
    lines = [f"{number}. ({letters[question.right]}) {_code(question.right)}"]
    for wrong in question.wrong:
        told = wrong.misconception
        lines.append(f"    - ({letters[wrong.answer]}) is `{told.id}`: {_plain(told.sentence)}")
    return "\n".join(lines)


def _text(markdown: str) -> str:
    """Return Markdown in one line that a cell of a table holds."""
    return " ".join(markdown.split()).replace("|", "\\|")


def _plain(text: str) -> str:
    """Return a text, in which no sign has a meaning, as Markdown; blanks at its ends stay."""
    return re.sub(r"([\\`*_<\[|$])", r"\\\1", re.sub(r"\s+", " ", text))


def _docstring(text: str) -> str:
    """Return a text, in which only backticks have a meaning, as Markdown."""
    return "".join(_code(part) if number % 2 else _plain(part) for number, part in enumerate(text.split("`")))


def _code(text: str) -> str:
    return f"`` {text} ``" if "`" in text else f"`{text}`"
