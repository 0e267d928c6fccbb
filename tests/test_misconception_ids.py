"""A misconception is its id wherever it is stored or compared; its sentence is only how it is told."""

import ast
import json
import re
from pathlib import Path
from typing import Any

import pytest

import gradlings
from gradlings.authoring.assignment import find_assignments
from gradlings.authoring.verify import verify
from gradlings.model.misconceptions import in_words, is_name, name_made_of
from gradlings.model.scorecard import Scorecard
from gradlings.progress.record import read_history
from gradlings.progress.summary import last_misconception, summarize
from gradlings.rendering.html import exercise_fragment
from gradlings.runners.session import collected_checks
from student_kit import RIGHT, Kit, as_if_started_in

PACKAGE = Path(gradlings.__file__).parent
MISCONCEPTIONS = "solutions/09/misconceptions.py"
WRONG = "return b - a"
ID = "9.1/opposite-sign"
SENTENCE = "Every entry is the right one with the opposite sign. Which of the two is taken away from the other?"
HINT = "Try 5 and 3 by hand."
OLD = (
    '{"what":"checked","when":"2026-03-01T18:20:05Z","source":"pytest","assignment":"09","exercise":"9.1","points":0,'
    '"max_points":10,"verdicts":["wrong","wrong"],"misconceptions":["NAME"],"code":"a122b1dcd428"}\n'
)


def progress(kit: Kit) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (kit.root / "progress.jsonl").read_text(encoding="utf-8").splitlines()]


def scorecard(kit: Kit) -> Scorecard:
    with as_if_started_in(kit.root), collected_checks(kit.folder) as grader:
        checks_file = kit.folder / "test_tiny.py"
        return grader.check(grader.own_submission(checks_file), checks_file, seed=0).scorecard


# ---- where it is stored


def test_every_stored_form_holds_the_id(kit: Kit) -> None:
    kit.answer(difference=WRONG).check()
    kit.gradlings("hint", "9.1")
    assert [line.get("misconceptions", line.get("misconception")) for line in progress(kit)] == [[ID], ID]
    shipped = json.loads((kit.folder / "misconceptions.json").read_text(encoding="utf-8"))
    assert shipped["misconceptions"][ID]["sentence"] == SENTENCE
    assert ID in {entry["id"] for entry in shipped["checks"]["9.1::test_numbers"]}
    card = scorecard(kit)
    stored = [check["misconception"] for score in json.loads(card.to_json())["exercises"] for check in score["checks"]]
    assert [each for each in stored if each] == [{"id": ID, "sentence": SENTENCE}], "where it is shown, and only there"
    assert card.exercises[0].misconceptions == (ID,)
    page = exercise_fragment(card.exercises[0])
    assert f'<p class="cause" data-misconception="{ID}">{SENTENCE}</p>' in page
    assert "data-misconception" not in exercise_fragment(card.exercises[1])


@pytest.mark.parametrize("assignment", find_assignments(PACKAGE.parent.parent), ids=lambda each: each.id)
def test_every_id_of_ours_is_short_and_of_one_form(assignment: Any) -> None:
    entries = assignment.catalogue("misconceptions")
    assert len(entries) > 100
    assert [entry.id for entry in entries if not re.fullmatch(r"[1-9]\.\d+/[a-z0-9-]{3,40}", entry.id)] == []
    assert {entry.id for entry in entries} >= {f"{entry.exercise}/{entry.name}" for entry in entries if entry.sentence}


# ---- where it is compared


def test_a_changed_sentence_is_the_same_misconception(author_kit: Kit) -> None:
    author_kit.answer(difference=WRONG).check()
    assert HINT in author_kit.gradlings("hint", "9.1").said
    before = progress(author_kit)
    author_kit.edit(MISCONCEPTIONS, SENTENCE, "All signs are turned round. Is it a minus b?").gradlings("build")
    assert "All signs are turned round." in author_kit.check().said
    assert progress(author_kit) == before, "nothing is new"
    assert HINT not in author_kit.gradlings("hint", "9.1").said, "this hint was shown"
    author_kit.edit(author_kit.module, WRONG, RIGHT["difference"]).check()
    assert summarize(author_kit.root, read_history(author_kit.root))[0].overcome == (ID,)


def test_misconceptions_that_are_told_alike_are_told_apart(author_kit: Kit) -> None:
    path = author_kit.root / MISCONCEPTIONS
    text = path.read_text(encoding="utf-8")
    alike, count = re.subn(r'^    ".*\?",$', '    "Look again: is it what was asked for?",', text, flags=re.MULTILINE)
    assert count == 13
    path.write_text(alike, encoding="utf-8")
    assert author_kit.gradlings("build").code == 0
    (assignment,) = find_assignments(author_kit.root, ("09",))
    for exercise in ("9.1", "9.2", "9.3"):
        proof = verify(assignment, exercise, 0)
        assert (proof.breaches, proof.named) == ([], proof.misconceptions)
    author_kit.answer(difference=WRONG, row_totals="return x.sum(0), x.amax(0)").check()
    assert [line["misconceptions"] for line in progress(author_kit)] == [[ID], ["9.2/columns"]]
    assert HINT in author_kit.gradlings("hint", "9.1").said


def sentences_compared(tree: ast.AST) -> list[str]:
    """Where an attribute or a value called "sentence" is compared, looked up, sorted, or a member of a set or key."""

    def is_sentence(node: ast.AST | None) -> bool:
        if isinstance(node, ast.Attribute):
            return node.attr == "sentence"
        if isinstance(node, ast.Subscript):
            return isinstance(node.slice, ast.Constant) and node.slice.value == "sentence"
        if isinstance(node, ast.Name):
            return node.id == "sentence"
        return isinstance(node, ast.Tuple | ast.List) and any(map(is_sentence, node.elts))

    def decides(node: ast.AST) -> list[ast.AST | None]:
        match node:
            case ast.Compare():
                return [node.left, *node.comparators]
            case ast.Set():
                return list(node.elts)
            case ast.SetComp():
                return [node.elt]
            case ast.Dict():
                return list(node.keys)
            case ast.DictComp():
                return [node.key]
            case ast.Subscript():
                return [node.slice]
            case ast.Call(func=ast.Name(id="set" | "sorted") | ast.Attribute(attr="get" | "index" | "count")):
                return list(node.args)
        return []

    return [ast.unparse(node) for node in ast.walk(tree) if any(map(is_sentence, decides(node)))]


def test_no_code_compares_sentences() -> None:
    found = {path: sentences_compared(ast.parse(path.read_text(encoding="utf-8"))) for path in PACKAGE.rglob("*.py")}
    assert {path.name: texts for path, texts in found.items() if texts} == {}
    for text in ("a.sentence == b", "(x, a.sentence) in y", "{a.sentence: 1}", "x.index(a.sentence)", "x[a.sentence]"):
        assert sentences_compared(ast.parse(text)), text


# ---- files of earlier versions


@pytest.mark.parametrize(
    ("old", "now", "told"),
    [
        ("opposite sign", ID, "opposite sign"),
        (ID, ID, "opposite sign"),
        ("a name that is gone", "9.1/name-that-is-gone", "name that is gone"),
        (SENTENCE, SENTENCE, "Every entry is the right one"),
    ],
)
def test_an_old_record_is_read_and_nothing_of_it_lost(kit: Kit, old: str, now: str, told: str) -> None:
    path = kit.root / "progress.jsonl"
    text = OLD.replace("NAME", old)
    path.write_text(text, encoding="utf-8")
    assert last_misconception(read_history(kit.root), "9.1") == now
    assert f"now: {told}" in kit.gradlings("progress").said
    assert (HINT in kit.gradlings("hint", "9.1").said) == (now == ID)
    kit.answer(difference=RIGHT["difference"]).check()
    assert path.read_text(encoding="utf-8").startswith(text), "its lines stay as they are"
    first = summarize(kit.root, read_history(kit.root))[0]
    assert (first.open, first.overcome, first.attempts) == ((), (now,), 2)


def test_a_hint_that_an_old_record_notes_is_not_given_twice(kit: Kit) -> None:
    hint = '{"what":"hint","when":"2026-03-01T18:21:40Z","exercise":"9.1","level":0,"misconception":"opposite sign"}\n'
    (kit.root / "progress.jsonl").write_text(OLD.replace("NAME", "opposite sign") + hint, encoding="utf-8")
    assert "Hint 1 of 3" in kit.gradlings("hint", "9.1").said


# ---- its form


@pytest.mark.parametrize("name", ["sign-of-dw", "32-bit-integers", "relu", "a" * 40])
def test_a_name_is_lower_case_words(name: str) -> None:
    assert is_name(name)
    assert in_words(f"3.5/{name}") == name.replace("-", " ")


@pytest.mark.parametrize(
    "name",
    ["", "Sign", "sign of dw", "sign_of_dw", "-sign", "sign-", "a--b", "12", "1-2", "3.5/sign", "sign\n", "b" * 41],
)
def test_anything_else_is_none(name: str) -> None:
    assert not is_name(name)


def test_a_name_is_made_of_words() -> None:
    assert name_made_of("The sign of dW, and a bias's") == "sign-of-dw-and-biass"
    assert in_words("An old sentence. Is it one?") == "An old sentence. Is it one?"
