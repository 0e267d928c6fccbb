"""`gradlings outline` and docs/teaching.md: what a teacher plans with."""

import dataclasses
import json
import re

import pytest

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.authoring.outline.chapter_parts import anchor, parts_by_exercise
from gradlings.authoring.outline.course_outline import AssignmentOutline, outline_of
from gradlings.authoring.outline.page import page
from gradlings.authoring.outline.quiz import COUNT, Question, WrongAnswer, questions
from gradlings.model.errors import InputError
from gradlings.model.misconceptions import Misconception
from student_kit import PROJECT, Kit

TEACHING = PROJECT / "docs" / "teaching.md"
CHAPTER = (PROJECT / "docs" / "chapter.md").read_text(encoding="utf-8")
PARTS = """# A page

See 9.9.

## Numbers, and types

Text with 9.8. **Exercises.** Two (9.1, 9.2), and more (9.4
to 9.6), again 9.1.

## Products

**Exercises.** 9.2 and 9.10.

## Mistakes

About 9.7.
"""


@pytest.fixture(scope="module")
def assignments() -> list[Assignment]:
    return find_assignments(PROJECT)


@pytest.fixture(scope="module")
def outlines(assignments: list[Assignment]) -> list[AssignmentOutline]:
    return [outline_of(each, parts_by_exercise(CHAPTER), questions(each)) for each in assignments]


def test_the_page_in_docs_is_current(outlines: list[AssignmentOutline]) -> None:
    assert page(outlines) == TEACHING.read_text(encoding="utf-8"), "gradlings outline > docs/teaching.md"


def test_every_exercise_has_an_objective_a_part_of_the_chapter_and_misconceptions(
    outlines: list[AssignmentOutline],
) -> None:
    exercises = [exercise for outline in outlines for exercise in outline.exercises]
    assert len(exercises) == 104
    assert [each.id for each in exercises if not (each.objective and each.chapter and each.misconceptions)] == []
    objectives = [each.objective for each in exercises]
    assert len(set(objectives)) == len(objectives)


def test_three_questions_from_three_exercises(outlines: list[AssignmentOutline]) -> None:
    for outline in outlines:
        assert len({question.exercise for question in outline.quiz}) == COUNT, outline.id
        for question in outline.quiz:
            assert len(set(question.choices)) == 1 + len(question.wrong) == 3
            assert {wrong.misconception.id.partition("/")[0] for wrong in question.wrong} == {question.exercise}


def test_the_right_answers_are_right(outlines: list[AssignmentOutline]) -> None:
    quiz = {question.call: question.right for outline in outlines for question in outline.quiz}
    assert quiz["sigmoid(z=2.0)"] == "0.8808"
    assert quiz["as_column(t=[[1, 2], [3, 4]])"] == "[[1], [2], [3], [4]]"
    assert quiz["layernorm_params(emb_dim=3)"] == "6"


def test_links_of_the_page_lead_somewhere() -> None:
    headings = {anchor(heading) for heading in re.findall(r"^## (.+)$", CHAPTER, re.MULTILINE)}
    targets = set(re.findall(r"\]\(([^)]+)\)", TEACHING.read_text(encoding="utf-8")))
    assert len(targets) > 10
    for target in targets:
        file, _, name = target.partition("#")
        assert not file or (PROJECT / "docs" / file).exists(), target
        assert file != "chapter.md" or name in headings, target
    assert "(teaching.md)" in (PROJECT / "docs" / "instructor.md").read_text(encoding="utf-8")


def test_parts_are_read_from_the_paragraphs_that_name_exercises() -> None:
    first, second = "Numbers, and types", "Products"
    one = dict.fromkeys(["9.1", "9.4", "9.5", "9.6"], (first,))
    assert parts_by_exercise(PARTS) == one | {"9.2": (first, second), "9.10": (second,)}
    assert anchor(first) == "numbers-and-types"


def test_a_page_shows_texts_as_they_are(assignments: list[Assignment]) -> None:
    told = Misconception("1.1/a", "The x_1 * x_2 is <b> | `y`. Why?", "")
    question = Question("1.1", "f(x='`|')", "", "1", (WrongAnswer("2", told), WrongAnswer("3", told)), "A * of `b_c`.")
    text = page([outline_of(assignments[0], {}, (question,))])
    assert r"The x\_1 \* x\_2 is \<b> \| \`y\`. Why?" in text
    assert "`` f(x='`|') ``" in text
    assert r"The function calls yours: A \* of `b_c`." in text
    assert "\n1. (a) `1`\n" in text


def test_nothing_is_said_of_questions_where_there_are_none(assignments: list[Assignment]) -> None:
    outline = outline_of(assignments[0], {}, ())
    text = page([dataclasses.replace(outline, exercises=outline.exercises[:1])])
    assert "Questions on" not in text
    assert "(chapter.md" not in text


def test_the_command_prints_json_of_a_course_without_objectives_and_chapter(author_kit: Kit) -> None:
    printed = author_kit.run("gradlings", "outline", "--json")
    assert printed.code == 0, printed.said
    (outline,) = json.loads(printed.out)
    (assignment,) = find_assignments(author_kit.root)
    assert [exercise["id"] for exercise in outline["exercises"]] == [each.id for each in assignment.main.exercises]
    first = outline["exercises"][0]
    assert (first["objective"], first["chapter"]) == ("", [])
    assert {"title", "minutes", "points", "difficulty", "builds_on", "misconceptions"} <= set(first)


def test_an_objective_without_its_exercise_is_refused(author_kit: Kit) -> None:
    (assignment,) = find_assignments(author_kit.root)
    path = assignment.main.path
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("# %% [markdown]", '# %% [markdown] objective="Count"', 1), encoding="utf-8")
    with pytest.raises(InputError, match=r'objective="Count" belongs beside exercise='):
        find_assignments(author_kit.root)
