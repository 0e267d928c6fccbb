"""The catalogue of misconceptions as it ships to students: what each known misconception gives on the public probes.

The wrong code itself never ships (a wrong gradient is the right one but for a sign). `gradlings build` runs it and
keeps what can be observed: the value, the error raised, the inputs changed. A student's outcomes that equal an entry's
on every probe of a check name that entry's sentence.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.compare import changed
from gradlings.model.observation import CallResult, Examination

FILE = "misconceptions.json"
_LARGEST = 4096  # elements of a tensor that are kept; probes are far smaller
_DIGITS = 9


@dataclass(frozen=True)
class KnownOutcome:
    """What one misconception gives in one check: a list of encoded outcomes, or None where the check passes."""

    sentence: str
    observed: list[Any] | None


def observed(examinations: Sequence[Examination]) -> list[Any]:
    """What a check saw, as plain JSON values."""
    return [
        _encoded(outcome, call)
        for examination in examinations
        for outcome, call in zip(examination.results, examination.calls, strict=False)
    ]


def matching(folder: Path, check: str, examinations: Sequence[Examination], passed: bool) -> tuple[str, ...]:
    """The sentences of all entries that agree with everything this check saw.

    Args:
        folder: the assignment's folder, where the shipped catalogue lies.
        check: "3.5::test_the_chapters_example".
        passed: whether the check passed; then the entries that pass it, too, agree with it.
    """
    path = folder / FILE
    changed_at = path.stat().st_mtime_ns if path.is_file() else 0
    entries = _shipped(path, changed_at).get(check, ())
    if passed:
        return tuple(sorted({entry.sentence for entry in entries if entry.observed is None}))
    mine = observed(examinations)
    return tuple(sorted({e.sentence for e in entries if e.observed is not None and same_observed(mine, e.observed)}))


def same_observed(mine: Any, theirs: Any) -> bool:
    """Equality of encoded outcomes; floats within a tolerance far below any real misconception."""
    if isinstance(mine, float) and isinstance(theirs, float):
        return mine == theirs or math.isclose(mine, theirs, rel_tol=1e-5, abs_tol=1e-9)
    if type(mine) is not type(theirs):
        return False
    if isinstance(mine, list):
        return len(mine) == len(theirs) and all(map(same_observed, mine, theirs))
    if isinstance(mine, dict):
        if mine.get("t") == theirs.get("t") == "float32":
            return _same_float32(mine, theirs)
        return mine.keys() == theirs.keys() and all(same_observed(mine[key], theirs[key]) for key in mine)
    return bool(mine == theirs)


def _same_float32(mine: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """float32 sums depend on their order: a wider tolerance, relative to the largest element."""
    if mine.get("s") != theirs.get("s") or not isinstance(theirs.get("v"), list):
        return False
    pairs = list(zip(mine["v"], theirs["v"], strict=True))
    scale = max((abs(x) for pair in pairs for x in pair if isinstance(x, float)), default=1.0)
    return all(
        math.isclose(a, b, rel_tol=1e-3, abs_tol=1e-5 * scale)
        if isinstance(a, float) and isinstance(b, float)
        else a == b
        for a, b in pairs
    )


@lru_cache(maxsize=8)
def _shipped(path: Path, changed_at: int) -> dict[str, tuple[KnownOutcome, ...]]:
    """The catalogue of an assignment; empty if the file is missing or damaged (then no misconception gets a name)."""
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return {
            check: tuple(KnownOutcome(str(data["sentences"][entry["says"]]), entry["observed"]) for entry in entries)
            for check, entries in data["checks"].items()
        }
    except (OSError, ValueError, KeyError, IndexError, TypeError, AttributeError):
        return {}


def _encoded(outcome: CallResult, call: tuple[Any, ...]) -> Any:
    try:
        return _encode_outcome(outcome, call)
    except (RuntimeError, RecursionError, ValueError, OverflowError, TypeError):  # a sparse tensor, a list in itself
        return {"type": type(outcome.value).__name__}


def _encode_outcome(outcome: CallResult, call: tuple[Any, ...]) -> Any:
    altered = [i for i, (a, b) in enumerate(zip(call, outcome.args_after, strict=False)) if changed(a, b)]
    if outcome.raised is not None:
        return {"raises": [outcome.raised.kind, _error_text(outcome.raised.message)], "changes": altered}
    if not altered:
        return {"gives": _encode(outcome.value)}
    return {
        "gives": _encode(outcome.value),
        "changes": [[i, _encode(outcome.args_after[i])] for i in altered],
    }


def _error_text(message: str) -> str:
    """The start of an error message without its numbers and names, which depend on the code's wording."""
    first = message.strip().splitlines()[0] if message.strip() else ""
    return re.sub(r"\d+|'[^']*'|`[^`]*`", "*", first)[:60]


def _encode(value: Any) -> Any:
    if isinstance(value, Tensor):
        flat = value.detach().cpu().reshape(-1)
        numbers = flat.tolist() if flat.numel() <= _LARGEST else [flat.double().sum().item()]
        name = str(value.dtype).removeprefix("torch.")
        return {"t": name, "s": list(value.shape), "v": [_encode(number) for number in numbers]}
    if isinstance(value, np.ndarray):
        return {"np": str(value.dtype), "s": list(value.shape), "v": _encode(value.reshape(-1).tolist())}
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, bool | int | str) or value is None:
        return value
    if isinstance(value, float):
        return float(f"{value:.{_DIGITS}g}") if math.isfinite(value) else {"f": str(value)}
    if isinstance(value, tuple | list):
        return {"tuple" if isinstance(value, tuple) else "list": [_encode(item) for item in value]}
    if isinstance(value, dict):
        return {"dict": [[_encode(key), _encode(item)] for key, item in value.items()]}
    if isinstance(value, torch.dtype):
        return {"dtype": str(value)}
    return {"type": type(value).__name__}
