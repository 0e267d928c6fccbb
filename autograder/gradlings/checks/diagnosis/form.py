"""Right numbers in a wrong form: device, dtype, shape, autograd graph, precision; and numbers that are not finite."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import torch
from torch import Tensor

from gradlings.checks.diagnosis.claims import Claim, Pair

# A float64 answer computed in float32 somewhere is off by about this much.
_MAX_FLOAT32_ERROR = 3e-6
_MAX_HALF_ERROR = 2e-2


def wrong_device(pair: Pair) -> Iterator[Claim]:
    """Claim that the result lies on another device."""
    got, expected = pair.got, pair.expected
    if not (isinstance(got, Tensor) and isinstance(expected, Tensor)) or got.device.type == expected.device.type:
        return
    here, there = got.device.type, expected.device.type
    if here == "meta":
        fact, ask = "the result is on the meta device and holds no numbers", "Which tensor was created there?"
    elif pair.fits(pair.e):
        fact = f"the numbers are right, but the result is on {here} instead of {there}"
        ask = "Which tensor was created without the device of the inputs?"
    else:
        return
    yield Claim(("device", here), fact, ask, 0.0, observed=True)


def wrong_dtype(pair: Pair) -> Iterator[Claim]:
    """Claim that the numbers are right, the dtype or the Python type is not."""
    if not pair.fits(pair.e):
        return
    if isinstance(pair.got, Tensor) and isinstance(pair.expected, Tensor):
        mine, right = str(pair.got.dtype)[6:], str(pair.expected.dtype)[6:]
        if mine == right:
            return
        ask = f"Where does {mine} enter, or which conversion is missing?"
    elif type(pair.got) is float and type(pair.expected) is int:
        mine, right, ask = "float", "int", "Is it made by / or by float(...)?"
    else:
        return
    fact = f"the numbers are right, but they are {mine} instead of {right}"
    yield Claim(("dtype", mine, right), fact, ask, 0.0, observed=True)


def wrong_shape(pair: Pair) -> Iterator[Claim]:
    """Claim that the numbers and their order are right, the shape is not."""
    if pair.same_shape or pair.g.size != pair.e.size or not pair.recovers(pair.g.reshape(pair.e.shape)):
        return
    wide, right = [n for n in pair.g.shape if n != 1], [n for n in pair.e.shape if n != 1]
    ask = "Is a reshape missing or wrong?"
    if wide == right and pair.g.ndim > pair.e.ndim:
        ask = "Is there a size-1 axis too many (keepdim, unsqueeze, None in an index)?"
    elif wide == right:
        ask = "Is a size-1 axis missing or in the wrong place (keepdim, unsqueeze)?"
    fact = f"the numbers are right, but the shape is {tuple(pair.g.shape)} instead of {tuple(pair.e.shape)}"
    yield Claim(("form", pair.g.ndim - pair.e.ndim, wide == right), fact, ask, 0.0, observed=True)


def wrong_graph(pair: Pair) -> Iterator[Claim]:
    """Claim that the autograd graph was kept or cut; is called only where nothing else is wrong."""
    if not (isinstance(pair.got, Tensor) and isinstance(pair.expected, Tensor) and pair.fits(pair.e)):
        return
    if pair.got.requires_grad and not pair.expected.requires_grad:
        fact = "the numbers are right, but the result still carries its autograd graph (requires_grad is True)"
        yield Claim(("graph", "kept"), fact, "Should it be detached?", 0.0, observed=True)
    elif pair.expected.requires_grad and not pair.got.requires_grad:
        fact = "the numbers are right, but the autograd graph is lost (requires_grad is False)"
        ask = "Was it cut by detach, item, a new tensor or no_grad?"
        yield Claim(("graph", "lost"), fact, ask, 0.0, observed=True)


def not_finite(pair: Pair) -> Iterator[Claim]:
    """Claim that there is NaN or infinity where a number belongs."""
    if not pair.same_shape or not isinstance(pair.got, Tensor | float):
        return
    bad = ~np.isfinite(pair.g) & np.isfinite(pair.e)
    count = int(bad.sum())
    if not count:
        return
    kind = "NaN" if np.isnan(pair.g[bad]).any() else "infinite"
    ask = "Is there a division by 0, a log of 0, an exp of a large number, or a dtype too small for it?"
    if kind == "NaN":
        ask = "Is there 0/0, inf - inf, 0 * inf, or the log or root of a negative number?"
    if count == pair.g.size:
        fact = f"{{each}} is {kind}"
    else:
        at = ", ".join(str(int(i)) for i in np.argwhere(bad)[0])
        fact = f"{count} of {pair.g.size} values are {kind}, the first at index [{at}]"
        if not pair.wrong[~bad].any():
            all_else = f"{fact}; all other values are right"
            yield Claim(("not finite", kind, "rest right"), all_else, ask, 0.0, observed=True)
    yield Claim(("not finite", kind), fact, ask, 0.0, observed=True)


def cut_to_whole(pair: Pair) -> Iterator[Claim]:
    """Claim that every value is the right one cut or rounded to a whole number."""
    if not pair.same_shape or not pair.finite or pair.whole or (pair.g == pair.g.ravel()[0]).all():
        return  # one and the same number everywhere is no rounding
    roundings = {"cut": np.trunc, "rounded down": np.floor, "rounded": np.rint, "rounded up": np.ceil}
    for name, function in roundings.items():
        if pair.fits(function(pair.e)):
            fact = f"{{each}} is the right one {name} to a whole number"
            ask = "Is an integer tensor, int(...) or // involved?"
            yield Claim(("whole", name), fact, ask, pair.evidence_of(pair.g), cost=1.0)


def precision(pair: Pair) -> Iterator[Claim]:
    """Claim that a float64 answer is right only to the digits of a coarser dtype."""
    expected = pair.expected
    is_double = expected.dtype == torch.float64 if isinstance(expected, Tensor) else isinstance(expected, float)
    if not is_double or not pair.same_shape or not pair.finite:
        return
    size = np.abs(pair.e) + 1e-3 * pair.scale
    error = float((np.abs(pair.g - pair.e) / size).max(initial=0.0))
    for name, limit, stored in (
        ("float32", _MAX_FLOAT32_ERROR, torch.float32),
        ("float16", _MAX_HALF_ERROR, torch.float16),
        ("bfloat16", _MAX_HALF_ERROR, torch.bfloat16),
    ):
        exact = torch.from_numpy(np.ascontiguousarray(pair.g))
        rounded = bool((exact == exact.to(stored).to(torch.float64)).all())
        if error <= limit and (rounded or name == "float32"):
            evidence = min(pair.evidence_of(pair.e), pair.evidence_of(pair.g)) - (0.0 if rounded else pair.e.size)
            fact = f"nearly right: the largest relative error is {error:.1e}, about what {name} can hold"
            ask = f"Does {name} (or another loss of digits) enter on the way?"
            yield Claim(("precision", name), fact, ask, evidence, fallback=True)
