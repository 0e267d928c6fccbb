"""Known misconceptions are named in a student's kit, from shipped data alone; damaged data costs only the names."""

import ast
import json
import re

import pytest

from gradlings.checks.misconception_match import observed, same_observed
from gradlings.model.observation import CallResult, Examination, Raised
from gradlings.model.scorecard import Verdict
from student_kit import PROJECT, RIGHT, TINY, Kit

SIGN = "Every entry is the right one with the opposite sign."
DATA = "misconceptions.json"


def catalogue() -> list[tuple[str, str, str, str]]:
    """Each entry of the tiny kit's catalogue: exercise, name, sentence, and the body of its function."""
    tree = ast.parse((TINY / "solutions" / "09" / "misconceptions.py").read_text(encoding="utf-8"))
    found = []
    for node in tree.body:
        if isinstance(node, ast.FunctionDef):
            (decorator,) = node.decorator_list
            assert isinstance(decorator, ast.Call)
            exercise, name, sentence = (ast.literal_eval(argument) for argument in decorator.args)
            body = "\n".join(ast.unparse(statement) for statement in node.body)
            found.append((f"{exercise} {name}", node.name, sentence, body))
    return found


@pytest.mark.parametrize(("function", "sentence", "body"), [pytest.param(*rest, id=id) for id, *rest in catalogue()])
def test_every_entry_is_named_on_a_kit_without_solutions(kit: Kit, function: str, sentence: str, body: str) -> None:
    assert not kit.sources.exists()
    shown = kit.answer(**RIGHT | {function: body}).check()
    assert shown.code == 1
    assert sentence in shown.said


@pytest.mark.parametrize(
    ("function", "body", "sentence"),
    [
        ("difference", "return -(a - b)", SIGN),
        ("difference", "result = torch.empty_like(a)\nresult.copy_(b)\nresult.sub_(a)\nreturn result", SIGN),
        ("difference", "return sum([b, -a])", SIGN),
        (
            "row_totals",
            "s = x.shape\nreturn torch.stack([r.sum() / s[1] for r in x]), x.max(-1).values",
            "Is it a mean?",
        ),
        ("count_up", "return [i for i in range(10) if i < n]", "A negative n gives an empty list."),
        ("make_counter", "def same():\n    return start\nreturn same", "Every call gives the same number."),
    ],
)
def test_other_code_with_the_same_answers_has_the_same_name(kit: Kit, function: str, body: str, sentence: str) -> None:
    shown = kit.answer(**RIGHT | {function: body}).check()
    assert shown.code == 1
    assert sentence in shown.said


def test_almost_the_same_answers_have_no_name(kit: Kit) -> None:
    kit.answer(difference="return (b - a) * (1 + 1e-3)")
    assert SIGN not in kit.check().said


def test_the_same_answers_on_some_probes_only_have_no_name(kit: Kit) -> None:
    kit.answer(difference="return b - a if a.numel() != 3 else a + b")
    shown = kit.check()
    assert "got -2.0 expected 2.0" in shown.said, "the first probe looks like it"
    assert SIGN not in shown.said


def test_a_mistake_must_explain_the_checks_that_passed_too(kit: Kit) -> None:
    kit.answer(difference="return a - b if a.dim() == 0 else b - a")
    shown = kit.check()
    assert "1 of 2 checks" in shown.out
    assert SIGN not in shown.said


def test_right_answers_have_no_name(kit: Kit) -> None:
    page = kit.answer(**RIGHT).check().said
    for _, _, sentence, _ in catalogue():
        assert sentence not in page


def test_each_function_of_an_exercise_gets_its_own_name(kit: Kit) -> None:
    shown = kit.answer(count_up="return list(range(n))", make_counter="return lambda: start").check()
    assert "A negative n gives an empty list." in shown.said
    assert "Every call gives the same number." in shown.said


def test_names_are_of_the_public_probes(kit: Kit) -> None:
    """The shipped outcomes belong to the public seed; with another one silence is right, and no false name."""
    kit.answer(difference="return b - a")
    shown = kit.check("--gradlings-seed", "7")
    assert "0/10" in shown.out
    for _, _, sentence, _ in catalogue():
        assert sentence not in shown.said or sentence.startswith(SIGN)


def test_names_follow_a_build_in_the_same_process(author_kit: Kit) -> None:
    """A program that goes on running, such as one that watches files, must not go on with old names."""
    author_kit.answer(difference="return b - a")
    assert SIGN in author_kit.check().said
    author_kit.edit("solutions/09/misconceptions.py", SIGN, "All signs are the opposite ones.")
    assert "written: assignments/09/misconceptions.json" in author_kit.gradlings("build").said
    assert "All signs are the opposite ones." in author_kit.check().said


def test_no_wrong_code_ships(built_kit: Kit) -> None:
    text = (built_kit.folder / DATA).read_text(encoding="utf-8")
    code = [line.strip() for _, _, _, body in catalogue() for line in body.splitlines() if len(line.strip()) >= 8]
    assert len(code) > 10
    assert [line for line in code if line in text] == []
    assert "lambda" not in text
    assert "return" not in text


TOLD = b'{"misconceptions": {"9.1/a": {"sentence": "a", "hint": "b"}}, "checks": {"9.1::test_numbers": '
DAMAGED = {
    "missing": None,
    "empty": b"",
    "cut off": TOLD,
    "no json": b"<html>404</html>",
    "binary": bytes(range(256)),
    "null": b"null",
    "a list": b"[]",
    "a number": b"3",
    "without checks": b'{"misconceptions": {}}',
    "checks a list": b'{"misconceptions": {}, "checks": []}',
    "misconceptions a list": b'{"misconceptions": [], "checks": {}}',
    "misconceptions of text": b'{"misconceptions": {"9.1/a": "a"}, "checks": {}}',
    "a misconception without a sentence": b'{"misconceptions": {"9.1/a": {}}, "checks": {}}',
    "entries a number": TOLD + b"3}}",
    "entries of text": TOLD + b'"id"}}',
    "no such misconception": TOLD + b'[{"id": "9.1/b", "observed": []}]}}',
    "a sentence that is a number": TOLD.replace(b'"a",', b"1,") + b'[{"id": "9.1/a", "observed": null}]}}',
    "an entry without outcomes": TOLD + b'[{"id": "9.1/a"}]}}',
    "outcomes of another shape": TOLD + b'[{"id": "9.1/a", "observed": 5}]}}',
    "of an earlier version": b'{"sentences": ["a"], "checks": {"9.1::test_numbers": [{"says": 0, "observed": []}]}}',
}


@pytest.mark.parametrize("what", DAMAGED)
def test_damaged_data_costs_only_the_names(kit: Kit, what: str) -> None:
    path, data = kit.folder / DATA, DAMAGED[what]
    path.unlink()
    if data is not None:
        path.write_bytes(data)
    shown = kit.answer(difference="return b - a", count_up=RIGHT["count_up"]).check()
    assert shown.code == 1
    assert "INTERNALERROR" not in shown.said
    assert "got -2.0 expected 2.0" in shown.said
    assert "9.1 difference ░░░░░░░░░░ 0/10" in shown.said
    assert "3/5" in shown.out
    assert SIGN not in shown.said


@pytest.mark.parametrize("key", ["t", "s", "v"])
@pytest.mark.parametrize("value", [None, 7, "x", [], {}, [1, "a"]], ids=str)
def test_damaged_outcomes_match_nothing(kit: Kit, key: str, value: object) -> None:
    path = kit.folder / DATA
    data = json.loads(path.read_text(encoding="utf-8"))
    for entries in data["checks"].values():
        for entry in entries:
            for outcome in entry["observed"] or []:
                if isinstance(outcome.get("gives"), dict) and "t" in outcome["gives"]:
                    outcome["gives"][key] = value
    path.write_text(json.dumps(data), encoding="utf-8")
    shown = kit.answer(difference="return b - a").check()
    assert "INTERNALERROR" not in shown.said
    assert "got -2.0 expected 2.0" in shown.said
    assert SIGN not in shown.said


@pytest.mark.parametrize(("error", "same"), [(5e-6, True), (2e-5, False)])
def test_how_near_a_float_must_be(error: float, same: bool) -> None:
    assert same_observed([{"gives": 100.0 * (1 + error)}], [{"gives": 100.0}]) == same
    assert same_observed(1e-4 * error, 0.0) == same


@pytest.mark.parametrize(("error", "same"), [(0.5, True), (2.0, False)])
def test_how_near_float32_must_be(error: float, same: bool) -> None:
    """Relative to each value, or to a share of the largest one."""
    right = [100.0, 0.0]
    for mine in ([100.0 + error * 0.1, 0.0], [100.0, error * 1e-3]):
        assert same_observed(*({"t": "float32", "s": [2], "v": values} for values in (mine, right))) == same


@pytest.mark.parametrize(
    ("mine", "theirs", "same"),
    [
        (3, 3.0, True),
        (3.0, 3, True),
        (10**30, 1e30, True),
        (124_412_160, 124_412_161.0, False),
        (124_412_160, 124_412_161, False),
        (True, 1, False),
        (True, 1.0, False),
    ],
)
def test_whether_a_number_is_an_int_is_a_free_choice(mine: float, theirs: float, same: bool) -> None:
    assert same_observed([{"gives": mine}], [{"gives": theirs}]) == same


@pytest.mark.parametrize(
    ("statement", "same"),
    [
        ('raise ValueError("says this student")', True),
        ("raise ValueError", True),
        ('raise TypeError("0 is too small")', False),
        ("return", False),
    ],
)
def test_how_an_exception_is_worded_is_a_free_choice(author_kit: Kit, statement: str, same: bool) -> None:
    entry = """
@catalogue.misconception("9.3", "refuses-zero", "Zero is refused. Is it negative?", hint="Try 0.")
def count_up(n):
    if n <= 0:
        raise ValueError(f"{n} is too small")
    return list(range(n))
"""
    source = author_kit.sources / "misconceptions.py"
    source.write_text(source.read_text(encoding="utf-8") + "\n" + entry, encoding="utf-8")
    author_kit.gradlings("build")
    shown = author_kit.answer(**RIGHT | {"count_up": f"if n <= 0:\n    {statement}\nreturn list(range(n))"}).check()
    assert ("Zero is refused." in shown.said) == same


FAMILY = """
EPS = 1e-3


@catalogue.misconception(
    "9.1",
    "a-bit-more",
    "A small number is added. What is it for?",
    hint="Try 1 and 1.",
    constants={"EPS": (1e-2, 1e-3)},
)
def difference(a, b):
    return a - b + EPS
"""


@pytest.mark.parametrize(("number", "same"), [("1e-2", True), ("0.001", True), ("1e-4", False)])
def test_which_constant_of_a_family_is_a_free_choice(author_kit: Kit, number: str, same: bool) -> None:
    source = author_kit.sources / "misconceptions.py"
    source.write_text(source.read_text(encoding="utf-8") + FAMILY, encoding="utf-8")
    author_kit.gradlings("build")
    shown = author_kit.answer(**RIGHT | {"difference": f"return a - b + {number}"}).check()
    assert ("A small number is added." in shown.said) == same


def test_what_the_compiler_says_is_kept_by_its_type_alone() -> None:
    """Each version of Python words it anew, and the catalogue is made with one of them."""
    files = sorted(PROJECT.glob("assignments/*/misconceptions.json"))
    texts = "".join(file.read_text(encoding="utf-8") for file in files)
    raised = re.findall(r'"raises": \["(\w+)", (null|".*?(?<!\\)")\]', texts)
    assert len(raised) > 100
    assert {text for kind, text in raised if kind == "SyntaxError"} == {"null"}


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        (("error", "nothing to repeat at position 1"), ("PatternError", "nothing to repeat at position 1")),
        (("ValueError", "min() arg is an empty sequence"), ("ValueError", "min() iterable argument is empty")),
        (
            ("RuntimeError", "mat1 and mat2 shapes (2x3 and 2x3)"),
            ("RuntimeError", "mm: mat1 and mat2 shapes (2x3 and 2x3)"),
        ),
        (("RuntimeError", "mean(): Got: Long"), ("NotImplementedError", "mean(): Got: Long")),
    ],
)
def test_an_error_that_other_versions_word_otherwise_is_the_same_one(
    older: tuple[str, str], newer: tuple[str, str]
) -> None:
    first, second = (observed(ended_by(said)) for said in (older, newer))
    assert same_observed(first, second)
    assert "raises" in first[0]


def test_a_line_that_is_left_of_the_stub_is_no_error_of_torch() -> None:
    """Of what an entry raises itself only the kind is kept, and that is another one."""
    left = observed(ended_by(("NotImplementedError", "Exercise 1.10: broadcast_shape")))
    assert not same_observed(left, [{"raises": ["RuntimeError", None], "changes": []}])
    assert same_observed(left, [{"raises": ["NotImplementedError", None], "changes": []}])


def ended_by(said: tuple[str, str]) -> list[Examination]:
    result = CallResult(Verdict.ERROR, raised=Raised(*said, "", ()))
    return [Examination(("x",), ((1,),), (result,), (False,))]
