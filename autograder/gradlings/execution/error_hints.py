"""Explain the exceptions that beginners in PyTorch meet most: a hint, not a diagnosis."""

from __future__ import annotations

import re

_HINTS = (
    (r"shapes cannot be multiplied", "A matrix product needs (n, k) @ (k, m). What are the shapes on that line?"),
    (r"must match the (existing )?size", "These shapes do not broadcast. What are the shapes on that line?"),
    (r"view size is not compatible", "view cannot rearrange memory. Is the tensor contiguous here?"),
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
)


def time_sentence(seconds: float) -> str:
    """Return what to say of a call that reached its time limit."""
    return f"Still running after {seconds:g} s. An endless loop?"


def error_sentence(
    kind: str, message: str, function: str, own: tuple[str, ...], in_student_code: bool, parameters: str
) -> str:
    """Return what happened and what to look at, in plain words, without a traceback.

    Args:
        kind: the name of the exception's class.
        message: its text.
        function: what was called: one of the student's functions that the check is about (`own`), or a driver.
        own: these functions.
        in_student_code: whether the exception comes from a line of the submission.
        parameters: the parameters that the function must have, for a wrong signature.
    """
    first = message.strip().splitlines()[0] if message.strip() else ""
    other = re.match(r"Exercise (\S+): (\w+)$", first) if kind == "NotImplementedError" else None
    if other and other[2] not in own:
        caller = function if function in own else own[0]
        return f"{caller} calls {other[2]} of exercise {other[1]}, which is not attempted yet."
    if kind == "NotImplementedError":
        return "The line `raise NotImplementedError` was reached. Remove it once your code is complete."
    refused = re.match(r"(?:\w+\.)*(\w+)\(\)", first)
    if kind == "TypeError" and not in_student_code and refused and refused[1] != function and refused[1] in own:
        return f"{refused[1]} cannot be called as the exercise calls it: {first}. Are the parameters as given?"
    if kind == "TypeError" and not in_student_code and "argument" in first:
        return f"{function} cannot be called as {function}({parameters}): {first}. Are the parameters as given?"
    if kind == "RecursionError":
        return "Your function keeps calling itself without an end. Which case stops it?"
    if kind in ("SystemExit", "Exit"):
        return "Your code ended the program (exit). A function must return its answer."
    hint = next((f"\n{text}" for pattern, text in _HINTS if re.search(pattern, first)), "")
    return f"{kind}: {first}{hint}"
