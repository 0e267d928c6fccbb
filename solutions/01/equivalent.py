"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

SYMMETRIC = "Which two axes change places is the same in either order."

EQUIVALENT = (
    Equivalent("swap_last_two", "arguments swapped", "t.transpose(-1, -2) -> t.transpose(-2, -1)", SYMMETRIC),
    Equivalent(
        "broadcast_shape",
        "arguments swapped",
        "max(len(a), len(b)) -> max(len(b), len(a))",
        "The rule is the same for both shapes, in either order.",
    ),
    Equivalent(
        "broadcast_shape",
        "arguments swapped",
        "zip(padded_a, padded_b, strict=True) -> zip(padded_b, padded_a, strict=True)",
        "The rule is the same for both shapes, in either order.",
    ),
    Equivalent(
        "broadcast_shape",
        "argument dropped",
        "zip(padded_a, padded_b, strict=True) -> zip(padded_a, padded_b)",
        "Both shapes were padded to the same length.",
    ),
    Equivalent(
        "broadcast_shape",
        "constant off",
        "zip(padded_a, padded_b, strict=True) -> zip(padded_a, padded_b, strict=False)",
        "Both shapes were padded to the same length.",
    ),
    Equivalent(
        "broadcast_shape",
        "call dropped",
        "tuple(common) -> common",
        "The sizes are asked for: a list of them is taken for a tuple.",
    ),
    Equivalent(
        "split_heads",
        "arguments swapped",
        "x.view(batch, tokens, heads, width // heads).transpose(1, 2) -> x.view(batch, tokens, heads, width // heads).transpose(2, 1)",
        SYMMETRIC,
    ),
    Equivalent(
        "split_heads",
        "other method",
        "x.view(batch, tokens, heads, width // heads) -> x.reshape(batch, tokens, heads, width // heads)",
        "Where a view is possible reshape is one.",
    ),
    Equivalent(
        "split_heads",
        "argument detached",
        "x -> x.detach()",
        "Assignment 01 knows of no gradients: the values are asked for.",
    ),
    Equivalent("merge_heads", "arguments swapped", "o.transpose(1, 2) -> o.transpose(2, 1)", SYMMETRIC),
    Equivalent(
        "merge_heads",
        "argument detached",
        "o -> o.detach()",
        "Assignment 01 knows of no gradients: the values are asked for.",
    ),
)
