"""Compare an answer with the right one: structure first, then member by member; single values by `compare_leaf`.

Nothing is broadcast and nothing is converted to make it fit. What differs is said in words a student understands.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import torch
from torch import Tensor

from gradlings.checks.compare_leaf import DEFAULT_RULES, Difference, Rules, leaf_difference, whole_difference
from gradlings.checks.diff_picture import Sketch, curve_of, draw_named
from gradlings.checks.format_value import keys_text, kind_text
from gradlings.model.scorecard import Row

_MAX_ROWS = 40  # of an answer with more members only wrong ones are listed
_NONE = "Your function returned None. Is the `return` missing?"


def difference(got: Any, expected: Any, rules: Rules = DEFAULT_RULES) -> Difference | None:
    """Return what is wrong with an answer; None if it is right. No answer, however odd, makes it raise."""
    try:
        return _difference(got, expected, rules)
    except (RecursionError, OverflowError, RuntimeError, ValueError, TypeError):
        if type(got) is type(expected) and got is expected:
            raise  # an answer agrees with itself: the fault is ours
        sentence = "The answer cannot be compared: it is too large, nested too deep, or of an unusual kind."
        return whole_difference(sentence, got, expected)


def _difference(got: Any, expected: Any, rules: Rules) -> Difference | None:
    got, expected = (tuple(value) if isinstance(value, torch.Size) else value for value in (got, expected))
    if isinstance(expected, tuple | list):
        return _sequence_difference(got, expected, rules)
    if isinstance(expected, dict):
        return _dict_difference(got, expected, rules)
    leaf = leaf_difference(got, expected, rules)
    if leaf is None:
        return None
    row = replace(leaf.rows[0], name=rules.names[0] if len(rules.names) == 1 else "")
    return replace(leaf, sentence=_NONE if got is None and not rules.inner else leaf.sentence, rows=(row,))


def _sequence_difference(got: Any, expected: Sequence[Any], rules: Rules) -> Difference | None:
    if not isinstance(got, tuple | list):
        kind = "a tuple" if isinstance(expected, tuple) else "a list"
        sentence = f"Your function returned {kind_text(got)}; it must return {kind} of {len(expected)}."
        return whole_difference(_NONE if got is None else sentence, got, expected)
    if rules.exact_types and type(got) is not type(expected):
        sentence = f"Your function returned {kind_text(got)}; it must return {kind_text(expected)}."
        return whole_difference(sentence, got, expected)
    if not rules.names and not any(isinstance(item, Tensor | tuple | list | dict) for item in expected):
        return _plain_difference(got, expected, rules)
    if len(got) != len(expected):
        return whole_difference(f"{len(got)} values came back instead of {len(expected)}.", got, expected)
    names = rules.names if len(rules.names) == len(expected) else tuple(f"[{i}]" for i in range(len(expected)))
    return _member_difference(got, expected, names, rules)


def _plain_difference(got: Sequence[Any], expected: Sequence[Any], rules: Rules) -> Difference | None:
    """Show short sequences of numbers or strings (shapes, keys) whole, not member by member."""
    if len(got) != len(expected):
        return whole_difference("", got, expected, lambda: curve_of(got, expected, lambda _: False))
    found = (leaf_difference(mine, right, rules) for mine, right in zip(got, expected, strict=True))
    first, leaf = next(((place, leaf) for place, leaf in enumerate(found) if leaf is not None), (0, None))
    if leaf is None:
        return None
    sentence = f"At position {first}: {leaf.sentence}" if leaf.sentence else ""

    def differ(place: int) -> bool:
        return leaf_difference(got[place], expected[place], rules) is not None

    return whole_difference(sentence, got, expected, lambda: curve_of(got, expected, differ))


def _dict_difference(got: Any, expected: Mapping[Any, Any], rules: Rules) -> Difference | None:
    if not isinstance(got, dict):
        sentence = _NONE if got is None else f"Your function returned {kind_text(got)}; it must return a dict."
        return whole_difference(sentence, got, expected)
    missing = [key for key in expected if key not in got]
    extra = [key for key in got if key not in expected]
    if missing or extra:
        parts = [f"missing: {keys_text(missing)}"] if missing else []
        parts += [f"not asked for: {keys_text(extra)}"] if extra else []
        rows = (Row("keys", keys_text(list(got)) or "none", keys_text(list(expected))),)
        return Difference(f"The keys differ ({'; '.join(parts)}).", rows)
    names = tuple(map(str, expected))
    return _member_difference([got[key] for key in expected], list(expected.values()), names, rules)


def _member_difference(
    got: Sequence[Any], expected: Sequence[Any], names: tuple[str, ...], rules: Rules
) -> Difference | None:
    rows: list[Row] = []
    sentences: list[str] = []
    picture: Sketch | None = None
    wrong = 0
    inner = replace(rules, names=(), inner=True)
    for position, name in enumerate(names):
        found = _difference(got[position], expected[position], inner)
        if found is None:
            rows.append(Row(name, "right", "", right=True))
            continue
        rows.extend(Row(f"{name} {row.name}".rstrip(), row.got, row.expected, row.right) for row in found.rows)
        if picture is None and found.picture:
            picture = partial(draw_named, name, found.picture)
        if found.sentence:
            sentences.append(f"{name}: {found.sentence}")
        if rules.ordered:
            sentences.append(_where_to_look(names[:position], name))
            break
        wrong += len(found.rows)
        if wrong >= _MAX_ROWS:
            sentences.append(f"Only the first {_MAX_ROWS} that are wrong are listed.")
            break
    if all(row.right for row in rows):
        return None
    if len(rows) > _MAX_ROWS:
        rows = [row for row in rows if not row.right][:_MAX_ROWS]
    return Difference(" ".join(sentences), tuple(rows), picture)


def _where_to_look(right: tuple[str, ...], first_wrong: str) -> str:
    """Name the members before the first wrong one; what comes after it follows from it."""
    if not right:
        return f"{first_wrong} comes first; look at it before all others."
    are = "is" if len(right) == 1 else "are"
    return f"{keys_text(right)} {are} right, {first_wrong} is not. Look there first."
