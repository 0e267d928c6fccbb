"""Make right functions with a step in float32, mechanically from the solution's syntax tree, and prove that they pass.

A constant becomes a tensor, which is float32 by default; the value of a step is rounded to float32. Whether a twin is
right is not decided by hand: it is if the same text with float64 in place of float32 gets full marks.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from gradlings.authoring.proofs.whole_files import FileGrader, Proof, first_failure, is_slow
from gradlings.checks.compare_leaf import Rules
from gradlings.checks.float32_steps import nearly_right
from gradlings.checks.verdicts import value_difference
from gradlings.execution.tolerances import Tolerances
from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import Verdict
from gradlings.runners.session import Graded

TWINS = "solutions with a step in float32: full marks in the whole file"
_STEP, _CONSTANT = "in_float32", "as_tensor"
_HELPERS = """
import torch

def in_float32(value):
    if not (isinstance(value, torch.Tensor) and value.is_floating_point()):
        return value
    return value.clone().float().to(value.dtype)

def as_tensor(value):
    return torch.tensor(float(value))
"""
_RIGHT_HELPERS = _HELPERS.replace(".float()", ".double()").replace(
    "float(value))", "float(value), dtype=torch.float64)"
)
_ANY_NUMBERS = Rules(tolerances=Tolerances(1e30, 1e30))
_LARGEST_SAMPLE = 12
"""So many twins of a function are tried, spread over its text."""


@dataclass(frozen=True)
class Twin:
    """A function with one step in float32, or with all steps that are right by themselves."""

    what: str
    code: str

    def text(self, solution: str, *, right: bool = False) -> str:
        """Return the file; with `right` the same text has float64 in place of float32."""
        return f"{solution}\n# %%\n{_RIGHT_HELPERS if right else _HELPERS}\n\n{self.code}\n"


def twins_of(solution: str, function: str) -> list[tuple[Twin, int]]:
    """Return the twins of a function of the solution, each with the number of its place for `twin_with`."""
    definition = _definition(solution, function)
    places = list(_places(definition))
    step = max(1, -(-len(places) // _LARGEST_SAMPLE))
    return [(twin_with(solution, function, [index]), index) for index in range(0, len(places), step)]


def twin_with(solution: str, function: str, chosen: Sequence[int]) -> Twin:
    """Return the twin with steps in float32 at these places, counted in the order of `ast.walk`."""
    definition = copy.deepcopy(_definition(solution, function))
    places = list(_places(definition))
    wrapped = {id(places[index][0]): places[index][1] for index in chosen}
    what = ", ".join(f"`{ast.unparse(places[index][0])}`" for index in chosen)
    changed = _Wrap(wrapped).visit(definition)
    return Twin(f"{function} with {what} in float32", ast.unparse(ast.fix_missing_locations(changed)))


def float32_is_no_mistake(grader: FileGrader, exercise: Exercise) -> Proof:
    """Grade the twins of an exercise, and the later ones that may call it, without follow-through.

    In slow exercises only the twin with all steps is graded.
    """
    proof = Proof(TWINS, f"{grader.folder}/{grader.source.path.name}")
    for name in exercise.functions:
        later = grader.later[name]
        quick = [exercise.id, *(each.id for each in later if not is_slow(each))]
        sound: list[int] = []
        for twin, index in twins_of(grader.source.text, name):
            failure = _lost(grader, twin, quick)
            if failure is not None:
                proof.add(failure)
                sound.append(index)
        slow = [each.id for each in later if is_slow(each)]
        if slow and sound:
            proof.add(_lost(grader, twin_with(grader.source.text, name, sound), slow) or "")
    return proof


def _lost(grader: FileGrader, twin: Twin, exercises: Sequence[str]) -> str | None:
    """Return what a twin loses points for, "" if for nothing; None if it is not a right one in float64 either."""
    rounded = grader.graded(twin.text(grader.source.text), exercises)
    failing = next((score for score in rounded.scorecard.exercises if not score.solved), None)
    if failing is None:
        return ""
    right = grader.graded(twin.text(grader.source.text, right=True), exercises)
    if not right.scorecard.full_marks or any(_all_digits_lost(rounded, right)):
        return None
    return (
        f"{twin.what} loses points in {failing.id}, and in float64 it would not: {first_failure(failing)}. "
        "Compare numbers there, so that it can be seen that only digits are lost (`agree`, or `nearly` of `satisfies`)."
    )


def _all_digits_lost(rounded: Graded, right: Graded) -> Iterator[bool]:
    """Yield for each call whether rounding costs its numbers more than some digits: then float32 is a mistake.

    It does where a difference of two nearly equal numbers is rounded.
    """
    for name, examinations in rounded.examinations.items():
        for found, wanted in zip(examinations, right.examinations[name], strict=False):  # it may have stopped early
            for args, result, expected in zip(found.calls, found.results, wanted.results, strict=False):
                if result.verdict is expected.verdict is Verdict.PASS:
                    only_numbers_differ = value_difference(result, expected.value, _ANY_NUMBERS) is None
                    near = nearly_right(result, expected.value, args, list(found.parameters), Rules())
                    yield only_numbers_differ and not near


def _definition(solution: str, function: str) -> ast.FunctionDef:
    found = [node for node in ast.parse(solution).body if isinstance(node, ast.FunctionDef) and node.name == function]
    return found[-1]


def _places(definition: ast.FunctionDef) -> Iterator[tuple[ast.expr, str]]:
    """Yield the expressions that a twin may take in float32, each with the helper that does it."""
    numbers = {
        argument.arg
        for argument in (*definition.args.args, *definition.args.kwonlyargs)
        if isinstance(argument.annotation, ast.Name) and argument.annotation.id == "float"
    }
    for statement in definition.body:
        for node in _evaluated(statement):
            match node:
                case ast.Constant(value=float()) | ast.Call(func=ast.Attribute(value=ast.Name("math"))):
                    yield node, _CONSTANT
                case ast.Name(id=name, ctx=ast.Load()) if name in numbers:
                    yield node, _CONSTANT
                case ast.BinOp(left=left, right=right):
                    yield node, _STEP
                    yield from ((side, _CONSTANT) for side in (left, right) if _is_whole(side))
                case ast.Call():
                    yield node, _STEP


def _is_whole(node: ast.expr) -> bool:
    return isinstance(node, ast.Constant) and type(node.value) is int


def _evaluated(statement: ast.AST) -> Iterator[ast.AST]:
    """Yield the nodes of a statement whose values are used as numbers: no messages, indices or bare calls."""
    for child in ast.iter_child_nodes(statement):
        if isinstance(child, ast.Raise | ast.Assert | ast.JoinedStr):
            continue
        if isinstance(statement, ast.Subscript) and child is statement.slice:
            continue
        if not (isinstance(statement, ast.Expr) and child is statement.value):
            yield child
        yield from _evaluated(child)


class _Wrap(ast.NodeTransformer):
    """Puts a call of a helper around some nodes."""

    def __init__(self, wrapped: dict[int, str]) -> None:
        self._wrapped = wrapped

    def visit(self, node: ast.AST) -> ast.AST:
        helper = self._wrapped.get(id(node))
        changed = super().generic_visit(node)
        if helper is None:
            return changed
        assert isinstance(changed, ast.expr)
        return ast.Call(ast.Name(helper, ast.Load()), [changed], [])
