"""Explain the exceptions that beginners in PyTorch meet most: a hint, not a diagnosis."""

from __future__ import annotations

import re

_HINTS = (
    (r"shapes cannot be multiplied", "A matrix product needs (n, k) @ (k, m). What are the shapes on that line?"),
    (r"must match the (existing )?size", "These shapes do not broadcast. What are the shapes on that line?"),
    (
        r"view size is not compatible",
        "A transpose or a slice has left its numbers in another order than its axes. Which axes must be neighbors "
        "before they are joined or split? (reshape would run, and hide it if they are the wrong ones.)",
    ),
    (r"invalid for input of size", "Sizes before and after must have the same product. What is the shape there?"),
    (r"expected scalar type|must have the same dtype|same dtype", "Two dtypes meet on that line. Which are they?"),
    (r"can be converted to (Python scalars|a Scalar)", "Only a tensor with one element can become a number."),
    (r"truth value of|Boolean value of Tensor", "An if needs one truth value, not a tensor of them."),
    (
        r"leaf [Vv]ariable that requires grad",
        "Autograd watches this tensor: switch it off for an update, or work on a copy.",
    ),
    (r"numpy\(\) on Tensor that requires grad", "A tensor that requires grad needs .detach() before .numpy()."),
    (r"Expected all tensors to be on the same device", "One tensor is on the CPU and one is not."),
    (
        r"\b(builtin_function_or_method|method)'? (and|object)\b|\b(and|not) '?(builtin_function_or_method|method)\b",
        "A method stands there that is not called. Are its parentheses missing, as in item()?",
    ),
    (
        r"'(Tensor|torch\.Size|torch\.dtype|int|float|bool|tuple|list|dict|str|NoneType)' object is not callable",
        "What stands before the parentheses is a value, and no function. Is an operator missing, or is it to be read "
        "without parentheses, as in t.shape and t.T?",
    ),
)
_IMPORTS = {
    "np": "import numpy as np",
    "numpy": "import numpy",
    "torch": "import torch",
    "nn": "from torch import nn",
    "F": "import torch.nn.functional as F",
    "math": "import math",
    "random": "import random",
    "itertools": "import itertools",
    "plt": "import matplotlib.pyplot as plt",
}
_MAX_SIGNATURES = 3


def time_sentence(seconds: float) -> str:
    """Return what to say of a call that reached its time limit."""
    return f"Still running after {seconds:g} s. An endless loop?"


def error_sentence(kind: str, message: str, function: str, own: tuple[str, ...], line: str, parameters: str) -> str:
    """Return what happened and what to look at, in plain words, without a traceback.

    Args:
        kind: the name of the exception's class.
        message: its text.
        function: what was called: one of the student's functions that the check is about (`own`), or a driver.
        own: these functions.
        line: the line of the submission that it comes from, as `Raised.trace` has it; "" if it comes from none.
        parameters: the parameters that the function must have, for a wrong signature.
    """
    first = first_line(message)
    other = re.match(r"Exercise (\S+): (\w+)$", first) if kind == "NotImplementedError" else None
    if other and other[2] not in own:
        caller = function if function in own else own[0]
        return f"{caller} calls {other[2]} of exercise {other[1]}, which is not attempted yet."
    if kind == "NotImplementedError" and "raise NotImplementedError" in line:  # torch raises it, too
        return "The line `raise NotImplementedError` was reached. Remove it once your code is complete."
    refused = re.match(r"(?:[\w<>]+\.)*([\w<>]+)\(\) (?:missing|takes|got) .*argument", first)
    if kind == "TypeError" and not line and refused:  # the call itself was refused
        called = refused[1] if refused[1] in own else own[0]
        how = f"as {function}({parameters})" if called == function else "as the exercise calls it"
        return f"{called} cannot be called {how}: {first}. Are the parameters as given?"
    if kind == "RecursionError":
        return "Your function calls itself again and again, too deep for Python. Which case stops it?"
    if kind in ("SystemExit", "Exit"):
        return "Your code ended the program (exit). A function must return its answer."
    return f"{kind}: {first}{tip(kind, first)}"


def tip(kind: str, first: str) -> str:
    """Return a line below an exception that says what to look at, if it is one that is met often; else ""."""
    missing = re.match(r"name '(\w+)' is not defined", first) if kind == "NameError" else None
    if missing and missing[1] in _IMPORTS:
        return f"\nIs the line missing that imports it: {_IMPORTS[missing[1]]}?"
    return next((f"\n{text}" for pattern, text in _HINTS if re.search(pattern, first)), "")


def first_line(message: str) -> str:
    """Return the first line of an exception's text; where that ends with a colon, with what torch lists below it.

    Of each signature only what is given by position is told: no dtype, no device.
    """
    lines = message.strip().splitlines()
    head = re.match(r"(.*), but expected one of:\s*$", lines[0]) if lines else None
    if head is None:
        return lines[0] if lines else ""
    signatures = filter(None, (re.match(r"\s*\* \((.*)\)", line) for line in lines[1:]))
    listed = [signature[1].partition("*")[0].rstrip(", ") for signature in signatures]
    known = [f"({each})" for each in dict.fromkeys(listed)][:_MAX_SIGNATURES]
    return f"{head[1]}; it takes {' or '.join(known)}" if known else head[1]
