"""What a mutant may change: for a piece of a function, everything that could stand there by mistake."""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator
from typing import Any

Replacement = tuple[str, ast.AST]
"""The operator's name, and what takes the place of the piece. `ast.Pass` takes the place of a removed statement."""

A_BIT = 1.001
A_LITTLE = 1.00001
"""Factors of constants: the second is a formula that was rounded, and float64 probes must see it."""

_MODULES = {"torch", "math", "F", "nn", "np", "linalg"}
_OTHER_METHODS = {
    "sum": ("mean",), "mean": ("sum",), "max": ("min",), "min": ("max",), "amax": ("amin",), "amin": ("amax",),
    "maximum": ("minimum",), "minimum": ("maximum",), "argmax": ("argmin",), "log": ("log1p",), "exp": ("expm1",),
    "sqrt": ("abs",), "abs": ("sqrt",), "relu": ("abs",), "tanh": ("sigmoid",), "sigmoid": ("tanh",), "cos": ("sin",),
    "softmax": ("log_softmax",), "log_softmax": ("softmax",), "tril": ("triu",), "triu": ("tril",), "var": ("std",),
    "zeros_like": ("ones_like",), "ones_like": ("zeros_like",), "new_zeros": ("new_ones",), "zeros": ("ones",),
    "ones": ("zeros",), "eval": ("train",), "reshape": ("view",), "view": ("reshape",), "transpose": ("permute",),
    "isnan": ("isinf",), "topk": ("sort",), "append": ("extend",), "strip": ("lstrip", "rstrip"),
    "lstrip": ("rstrip",), "partition": ("rpartition",), "isdigit": ("isalpha",), "clone": ("detach",),
}  # fmt: skip
_OTHER_OPERATORS: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Div,
    ast.Mod: ast.FloorDiv, ast.Pow: ast.Mult, ast.MatMult: ast.Mult, ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd,
}  # fmt: skip
_ORDER_MATTERS = (ast.Sub, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.MatMult)
_SHIFTED: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt), ast.LtE: (ast.Lt, ast.GtE), ast.Gt: (ast.GtE, ast.Lt), ast.GtE: (ast.Gt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,), ast.Is: (ast.IsNot,), ast.IsNot: (ast.Is,), ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}  # fmt: skip
_ROUGH = {"math.pi": 3.1416, "torch.pi": 3.1416, "math.e": 2.7183, "math.inf": 1e4, "torch.inf": 1e4}
_IGNORED: dict[str, tuple[object, ...]] = {"int": (1, 2), "float": (0.5, 1.0), "bool": (True, False)}


def replacements(node: ast.AST) -> Iterator[Replacement]:
    """Yield what can take the place of one piece of a function's body."""
    for kind, alternatives in _ALTERNATIVES.items():
        if isinstance(node, kind):
            yield from alternatives(node)
    if isinstance(node, ast.Expr | ast.Assign | ast.AugAssign | ast.AnnAssign | ast.If | ast.For | ast.Raise):
        yield "statement removed", ast.Pass()


def first_statements(function: ast.FunctionDef) -> Iterator[Replacement]:
    """Yield statements that, before all others of a function, change one of its arguments."""
    arguments = function.args
    defaults: list[ast.expr | None] = [None] * (len(arguments.args) - len(arguments.defaults))
    for argument, default in zip(arguments.args, [*defaults, *arguments.defaults], strict=True):
        name, kind = argument.arg, ast.unparse(argument.annotation) if argument.annotation else ""
        ignored = [repr(value) for value in _IGNORED.get(kind, ())] if default is None else [ast.unparse(default)]
        for value in ignored:
            yield "argument ignored", _statement(f"{name} = {value}")
        if kind.startswith(("Float", "Tensor")):
            yield "argument detached", _statement(f"{name} = {name}.detach()")
            yield "argument ignored", _statement(f"{name} = torch.zeros_like({name})")


def other_defaults(default: ast.expr) -> Iterator[Replacement]:
    """Yield what a parameter's default could be by mistake."""
    value = default.value if isinstance(default, ast.Constant) else None
    if isinstance(value, bool):
        yield "default changed", ast.Constant(not value)
    elif isinstance(value, int | float):
        yield "default changed", ast.Constant(value * 1.01 or 0.01)


def _statement(text: str) -> ast.stmt:
    return ast.parse(text).body[0]


def _with(node: Any, **changes: object) -> Any:
    """Return a copy of a node with some of its fields replaced."""
    changed = copy.copy(node)
    for name, value in changes.items():
        setattr(changed, name, value)
    return changed


def _without(items: list[Any], index: int) -> list[Any]:
    return items[:index] + items[index + 1 :]


def _swapped(items: list[Any], index: int) -> list[Any]:
    """Return the items with one and the next exchanged."""
    return [*items[:index], items[index + 1], items[index], *items[index + 2 :]]


def _of_operation(node: ast.BinOp) -> Iterator[Replacement]:
    yield "operand dropped", node.left
    yield "operand dropped", node.right
    if isinstance(node.op, _ORDER_MATTERS):
        yield "operands swapped", _with(node, left=node.right, right=node.left)
    if other := _OTHER_OPERATORS.get(type(node.op)):
        yield "other operator", _with(node, op=other())
    if isinstance(node.op, ast.Div):
        yield "other operator", _with(node, op=ast.FloorDiv())
        yield "constant off", _with(node, right=ast.BinOp(node.right, ast.Add(), ast.Constant(1e-6)))
    for side in ("left", "right"):
        value = getattr(getattr(node, side), "value", None)
        if type(value) is int and value > 1:
            yield "constant off", _with(node, **{side: ast.Constant(value * A_BIT)})


def _of_augmented(node: ast.AugAssign) -> Iterator[Replacement]:
    if other := _OTHER_OPERATORS.get(type(node.op)):
        yield "other operator", _with(node, op=other())
    yield "other operator", ast.Assign([node.target], node.value)


def _of_constant(node: ast.Constant) -> Iterator[Replacement]:
    value = node.value
    if isinstance(value, bool):
        yield "constant off", ast.Constant(not value)
    elif isinstance(value, int):
        yield "constant off", ast.Constant(value - 1)
        yield "constant off", ast.Constant(value + 1)
    elif isinstance(value, float):
        for factor in (A_BIT, A_LITTLE, 0.0):
            yield "constant off", ast.Constant(value * factor)
        if not value:
            yield "constant off", ast.Constant(1e-6)
            yield "constant off", ast.Constant(1.0)
    elif isinstance(value, str) and value:
        yield "constant off", ast.Constant(value[:-1])


def _of_attribute(node: ast.Attribute) -> Iterator[Replacement]:
    if (rough := _ROUGH.get(ast.unparse(node))) is not None:
        yield "constant off", ast.Constant(rough)
    if node.attr in ("T", "mT"):
        yield "call dropped", node.value


def _of_unary(node: ast.UnaryOp) -> Iterator[Replacement]:
    yield "operator dropped", node.operand


def _of_call(node: ast.Call) -> Iterator[Replacement]:
    function = node.func
    if isinstance(function, ast.Attribute):
        for other in _OTHER_METHODS.get(function.attr, ()):
            yield "other method", _with(node, func=_with(function, attr=other))
        if function.attr.endswith("_") and not function.attr.endswith("__"):
            yield "not in place", _with(node, func=_with(function, attr=function.attr[:-1]))
        if not (isinstance(function.value, ast.Name) and function.value.id in _MODULES):
            yield "call dropped", function.value
        elif node.args:
            yield "call dropped", node.args[0]
    elif isinstance(function, ast.Name) and function.id in ("max", "min"):
        yield "other method", _with(node, func=ast.Name("min" if function.id == "max" else "max"))
    if isinstance(function, ast.Name) and node.args:
        yield "call dropped", node.args[0]
    for index in range(len(node.args) - 1):
        yield "arguments swapped", _with(node, args=_swapped(node.args, index))
    for index in range(len(node.args)):
        yield "argument dropped", _with(node, args=_without(node.args, index))
    for index, keyword in enumerate(node.keywords):
        yield "argument dropped", _with(node, keywords=_without(node.keywords, index))
        if keyword.arg in ("dim", "axis"):
            for dim in _other_dims(keyword.value):
                changed = _with(keyword, value=ast.Constant(dim))
                yield (
                    "other dimension",
                    _with(node, keywords=[*node.keywords[:index], changed, *node.keywords[index + 1 :]]),
                )


def _other_dims(value: ast.expr) -> tuple[int, ...]:
    try:
        dim = ast.literal_eval(value)
    except ValueError:
        return ()
    return {0: (1, -1), 1: (0,), -1: (0, -2), -2: (0, -1)}.get(dim, ()) if isinstance(dim, int) else ()


def _of_comparison(node: ast.Compare) -> Iterator[Replacement]:
    for index, operator in enumerate(node.ops):
        for other in _SHIFTED.get(type(operator), ()):
            yield "comparison shifted", _with(node, ops=[*node.ops[:index], other(), *node.ops[index + 1 :]])
        if isinstance(operator, ast.Lt | ast.LtE | ast.Gt | ast.GtE):
            further = ast.BinOp(node.comparators[index], ast.Add(), ast.Constant(1))
            comparators = [*node.comparators[:index], further, *node.comparators[index + 1 :]]
            yield "comparison shifted", _with(node, comparators=comparators)


def _of_terms(node: ast.BoolOp) -> Iterator[Replacement]:
    yield "other operator", _with(node, op=ast.Or() if isinstance(node.op, ast.And) else ast.And())
    for index in range(len(node.values)):
        left = _without(node.values, index)
        yield "operand dropped", left[0] if len(left) == 1 else _with(node, values=left)


def _of_choice(node: ast.IfExp) -> Iterator[Replacement]:
    yield "branch always taken", node.body
    yield "branch always taken", node.orelse


def _of_branch(node: ast.If) -> Iterator[Replacement]:
    yield "branch always taken", _with(node, test=ast.Constant(True))
    yield "branch always taken", _with(node, test=ast.Constant(False))


def _of_slice(node: ast.Slice) -> Iterator[Replacement]:
    for end in ("lower", "upper", "step"):
        if getattr(node, end) is not None:
            yield "operand dropped", _with(node, **{end: None})


def _of_tuple(node: ast.Tuple) -> Iterator[Replacement]:
    if isinstance(node.ctx, ast.Load):
        for index in range(len(node.elts) - 1):
            yield "operands swapped", _with(node, elts=_swapped(node.elts, index))


def _of_context(node: ast.With) -> Iterator[Replacement]:
    yield "statement removed", ast.If(ast.Constant(True), node.body, [])


def _of_loop(node: ast.For) -> Iterator[Replacement]:
    for part in ("[1:]", "[:-1]", "[:1]"):
        rounds = ast.parse(f"list({ast.unparse(node.iter)}){part}", mode="eval").body
        yield "loop cut short", _with(node, iter=rounds)


def _of_comprehension(node: ast.comprehension) -> Iterator[Replacement]:
    for index in range(len(node.ifs)):
        yield "operand dropped", _with(node, ifs=_without(node.ifs, index))
    rounds = ast.parse(f"list({ast.unparse(node.iter)})[1:]", mode="eval").body
    yield "loop cut short", _with(node, iter=rounds)


_ALTERNATIVES: dict[type[ast.AST], Callable[[Any], Iterator[Replacement]]] = {
    ast.BinOp: _of_operation,
    ast.AugAssign: _of_augmented,
    ast.Constant: _of_constant,
    ast.Attribute: _of_attribute,
    ast.UnaryOp: _of_unary,
    ast.Call: _of_call,
    ast.Compare: _of_comparison,
    ast.BoolOp: _of_terms,
    ast.IfExp: _of_choice,
    ast.If: _of_branch,
    ast.Slice: _of_slice,
    ast.Tuple: _of_tuple,
    ast.With: _of_context,
    ast.For: _of_loop,
    ast.comprehension: _of_comprehension,
}
