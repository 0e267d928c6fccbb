"""Name the misconception whose known results a student's results equal.

The catalogue ships to students as data: what each misconception gives on the public probes. Its wrong code never ships,
since a wrong gradient is the right one but for a sign. `gradlings build` runs that code and keeps what can be observed:
the value, the error raised, the inputs changed. Where a student's results equal an entry's on every probe of a check,
the misconception is named.
"""

from __future__ import annotations

import dis
import json
import logging
import math
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache, partial
from itertools import accumulate
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.changes import changed
from gradlings.execution.tensor_tree import in_parts
from gradlings.execution.tolerances import RECORDED_TOLERANCES
from gradlings.model.misconceptions import FILE
from gradlings.model.observation import CallResult, Examination, Raised
from gradlings.model.scorecard import Named
from gradlings.submission.reader import shown

_log = logging.getLogger(__name__)
_FLOAT64 = RECORDED_TOLERANCES[torch.float64]
_MAX_ELEMENTS = 4096  # of a tensor that is kept; probes are far smaller
_MAX_PARTS = 50_000  # of a value that is looked at, ten times what the catalogue of any assignment holds
_DIGITS = 9  # of a float
_MAX_ERROR_CHARS = 60
_OF_THE_COMPILER = ("SyntaxError", "IndentationError", "TabError")  # each version of Python words these anew

_IN_OLDER_PYTHONS = {
    "PatternError": "error",
    "min() iterable argument is empty": "min() arg is an empty sequence",
    "max() iterable argument is empty": "max() arg is an empty sequence",
}
"""Kinds and texts of Python's own errors that 3.12 or 3.13 worded anew: the same error is one everywhere."""


def observed(examinations: Sequence[Examination]) -> list[Any]:
    """Encode what a check observed as plain JSON values."""
    return [_encoded(result, call, text_counts=True) for result, call in _results(examinations)]


def recorded(examinations: Sequence[Examination]) -> list[Any]:
    """Encode what a check observed of an entry, for the catalogue.

    What its own `raise` or `assert` says is left out, since everybody words an exception differently. It was observed
    in this process.
    """
    return [
        _encoded(result, call, text_counts=not (result.raised and _own_words(result.raised)))
        for result, call in _results(examinations)
    ]


def _results(examinations: Sequence[Examination]) -> Iterator[tuple[CallResult, tuple[Any, ...]]]:
    for examination in examinations:
        yield from zip(examination.results, examination.calls, strict=False)


def _own_words(raised: Raised) -> bool:
    """Whether a `raise` or `assert` of the submission made an exception, and no library that it called."""
    innermost = raised.exception.__traceback__ if raised.exception else None
    while innermost is not None and innermost.tb_next is not None:
        innermost = innermost.tb_next
    if innermost is None:
        return False
    code = innermost.tb_frame.f_code
    in_submission = raised.place == f"{shown(code.co_filename)}:{innermost.tb_lineno}"
    return in_submission and dis.opname[code.co_code[innermost.tb_lasti]] == "RAISE_VARARGS"


def matching(folder: Path, check: str, examinations: Sequence[Examination], passed: bool) -> tuple[Named, ...]:
    """Return the misconceptions of all entries that agree with everything a check observed.

    `folder` is the assignment's, where the shipped catalogue lies; `check` is like "3.5::test_the_chapters_example". If
    it passed, the entries that pass it, too, agree with it. Whether a number is an int or a float only counts between
    entries: the mistake may be just that.
    """
    path = folder / FILE
    changed_at = path.stat().st_mtime_ns if path.is_file() else 0
    mine = None if passed else observed(examinations)
    entries = _shipped(path, changed_at).get(check, [])
    alike = [(named, theirs) for named, theirs in entries if same_observed(mine, theirs)]
    exactly = [(named, theirs) for named, theirs in alike if same_observed(mine, theirs, by_type=True)]
    return tuple({named.id: named for named, _ in exactly or alike}.values())


def same_observed(mine: Any, theirs: Any, *, by_type: bool = False) -> bool:
    """Return whether encoded results are equal, floats up to `RECORDED_TOLERANCES`.

    A whole number may be an int or a float, except `by_type`; an exception of theirs without a text is equal to one
    with any text.
    """
    if isinstance(mine, float) and isinstance(theirs, float):
        return math.isclose(mine, theirs, rel_tol=_FLOAT64[0], abs_tol=_FLOAT64[1])
    if {type(mine), type(theirs)} == {int, float}:
        return not by_type and _rounded(mine) == _rounded(theirs)
    if type(mine) is not type(theirs):
        return False
    same = partial(same_observed, by_type=by_type)
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(map(same, mine, theirs))
    if isinstance(mine, dict):
        if mine.get("t") == theirs.get("t") == "float32":
            return _same_float32(mine, theirs)
        if _is_raised(mine) and _is_raised(theirs):
            return bool(mine["changes"] == theirs["changes"]) and _same_error(mine["raises"], theirs["raises"])
        return mine.keys() == theirs.keys() and all(same(mine[key], theirs[key]) for key in mine)
    return bool(mine == theirs)


def _same_error(mine: list[Any], theirs: list[Any]) -> bool:
    """Compare kind and text of two exceptions.

    Versions of torch differ in whether they raise NotImplementedError or RuntimeError, its base class; that the text is
    torch's own is the evidence.
    """
    (kind, text), (their_kind, their_text) = mine, theirs
    if their_text is None:
        return bool(kind == their_kind)
    of_torch = {kind, their_kind} == {"NotImplementedError", "RuntimeError"}
    return bool(text == their_text and (kind == their_kind or of_torch))


def _same_float32(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Compare float32 tensors, whose sums depend on their order; the absolute tolerance grows with the values."""
    if mine.get("s") != theirs.get("s") or not isinstance(theirs.get("v"), list):
        return False
    pairs = list(zip(mine["v"], theirs["v"], strict=True))
    relative, absolute = RECORDED_TOLERANCES[torch.float32]
    scale = max((abs(x) for pair in pairs for x in pair if isinstance(x, float)), default=1.0)
    return all(
        math.isclose(a, b, rel_tol=relative, abs_tol=absolute * scale)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in pairs
    )


@lru_cache(maxsize=8)
def _shipped(path: Path, changed_at: int) -> dict[str, list[tuple[Named, list[Any] | None]]]:
    """Read the catalogue of an assignment: by check what is known, each with the results observed, None if it passes.

    A missing or damaged file is an empty one, which names no misconception.
    """
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        known = {id: Named(id, str(row["sentence"])) for id, row in data["misconceptions"].items()}
        return {
            check: [(known[entry["id"]], entry["observed"]) for entry in entries]
            for check, entries in data["checks"].items()
        }
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        _log.warning("The catalogue of misconceptions %s is damaged; no misconception is named.", path, exc_info=True)
        return {}


def _is_raised(outcome: dict[str, Any]) -> bool:
    raises = outcome.get("raises")
    return isinstance(raises, list) and len(raises) == 2 and "changes" in outcome


def _encoded(result: CallResult, call: tuple[Any, ...], *, text_counts: bool) -> Any:
    try:
        if not _is_small(result.value):
            return {"type": type(result.value).__name__}
        altered = [i for i, (a, b) in enumerate(zip(call, result.args_after, strict=False)) if changed(a, b)]
        if result.raised is not None:
            text_counts = text_counts and result.raised.kind not in _OF_THE_COMPILER
            text = _error_text(result.raised.message) if text_counts else None
            kind = _IN_OLDER_PYTHONS.get(result.raised.kind, result.raised.kind)
            return {"raises": [kind, text], "changes": altered}
        after = [[i, _encode(a) if _is_small(a := result.args_after[i]) else {}] for i in altered]
        changes = {"changes": after} if altered else {}
        return {"gives": _encode(result.value), **changes}
    except (RuntimeError, RecursionError, ValueError, OverflowError, TypeError):  # a sparse tensor, a list in itself
        return {"type": type(result.value).__name__}


def _error_text(message: str) -> str:
    """Return the start of an error message without its numbers and names, which depend on the code's wording."""
    first = message.strip().splitlines()[0] if message.strip() else ""
    told = re.sub(r"^[a-z]\w*: ", "", _IN_OLDER_PYTHONS.get(first, first))  # torch 2.15 names the operator: "mm: …"
    return re.sub(r"\d+|'[^']*'|`[^`]*`", "*", told)[:_MAX_ERROR_CHARS]


def _parts(value: Any) -> Iterator[int]:
    """Yield the sizes of the parts of a value as they would be encoded."""
    if isinstance(value, Tensor | np.ndarray):
        yield min(math.prod(value.shape), _MAX_ELEMENTS)
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _parts(item)
    elif isinstance(value, dict):
        for pair in value.items():
            yield from _parts(pair)
    yield 1


def _is_small(value: Any) -> bool:
    return all(total <= _MAX_PARTS for total in accumulate(_parts(value)))


def _sum(flat: Tensor) -> float:
    """Sum what is too much to keep; of complex numbers the real parts."""
    numbers = flat.real if flat.is_complex() else flat
    return sum(part.sum(dtype=torch.float64).item() for part, _ in in_parts(numbers, numbers))


def _rounded(number: float) -> float:
    return float(f"{number:.{_DIGITS}g}")


def _encode(value: Any) -> Any:
    if isinstance(value, Tensor):
        tensor = value.detach().cpu().reshape(-1)
        numbers = tensor.tolist() if tensor.numel() <= _MAX_ELEMENTS else [_sum(tensor)]
        name = str(value.dtype).removeprefix("torch.")
        return {"t": name, "s": list(value.shape), "v": [_encode(number) for number in numbers]}
    if isinstance(value, np.ndarray):
        flat = value.reshape(-1)
        numbers = flat.tolist() if flat.size <= _MAX_ELEMENTS else [_sum(torch.from_numpy(flat.copy()))]
        return {"np": str(value.dtype), "s": list(value.shape), "v": _encode(numbers)}
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return _rounded(value) if math.isfinite(value) else {"f": str(value)}
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [_encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_encode(key), _encode(item)] for key, item in value.items()]}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value)}
    return {"type": type(value).__name__}
