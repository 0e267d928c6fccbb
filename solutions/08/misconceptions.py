"""Wrong answers that we expect of students in assignment 08, each with the sentence they then read."""

import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()

SMALL = 0.1
TINY = 1e-8


# --- 8.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "8.1",
    "multiplied-by-t",
    "A low temperature flattens and a high one sharpens: it is the wrong way round. Are logits multiplied or divided by t?",
    hint="Take the logits 1 and 0 at t = 4. Flatter means that the two come closer together: is 4 and 0 closer than 1 and 0?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits * t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "softmax-twice",
    "All probabilities are close together: a softmax went over numbers that were probabilities already. What does the temperature divide?",
    hint="Print what your last softmax gets. Probabilities lie between 0 and 1, so that their exponentials hardly differ. How many softmaxes does the formula have?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits.softmax(-1) / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "probabilities-divided",
    "The numbers of a row do not add up to 1, they add up to 1/t. Is it the probabilities that are divided?",
    hint="Add up a row of your result at t = 0.5. All of its numbers have been stretched alike, so no token gained on another. What must happen before the exponentials?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return logits.softmax(-1) / t


@catalogue.misconception(
    "8.1",
    "divided-by-zero",
    "At t = 0 there are NaNs: logits were divided by 0. Which token gets everything then, and can you say so without dividing?",
    hint="Divide the logits 5, 1 and −2 by 0 on the computer: an infinity minus an infinity is no number. Treat t = 0 before you come to the division.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "zero-taken-as-small",
    "At t = 0 the other tokens still get something. How much does the largest logit have to get?",
    hint="Print your result for the logits 1 and 5 at t = 0: 0 and 1 are asked for, exactly. However small the number is that you put in the place of 0, it is a temperature of its own.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, 0.5)).softmax(-1)


@catalogue.misconception("8.1", "zero-taken-as-a-tenth", same_as="zero-taken-as-small")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, SMALL)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "zero-taken-as-one",
    "At t = 0 the probabilities are those of t = 1. Where does a temperature lead that goes to 0?",
    hint="In Python, 0 counts as False: `t or 1` is 1. Compare your results at t = 0.01 and at t = 0: they should be nearly the same.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / (t or 1)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "shared-among-equals",
    "At t = 0, tokens with the same largest logit share it. Which of them gets it all?",
    hint="Try the logits 3, 3 and 1 at t = 0: the first gets 1 and the second 0. A comparison with the maximum is True in two places there; is there a function that finds one place?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        largest = (logits == logits.amax(-1, keepdim=True)).to(logits.dtype)
        return largest / largest.sum(-1, keepdim=True)
    return (logits / t).softmax(-1)


@catalogue.misconception("8.1", "zero-taken-as-tiny", same_as="shared-among-equals", constants={"TINY": (1e-8, 1e-6)})
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    return (logits / max(t, TINY)).softmax(-1)


@catalogue.misconception(
    "8.1",
    "raw-exponentials",
    "For large logits there are NaNs, because their exponentials are infinite. What can be taken off all logits of a row without changing the softmax?",
    hint="Print `torch.exp` of 1500. Only differences of logits matter (3.11), so the largest of a row may as well be 0.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    e = torch.exp(logits / t)
    return e / e.sum(-1, keepdim=True)


@catalogue.misconception(
    "8.1",
    "softmax-over-first-axis",
    "Where there are several rows, the columns add up to 1 and not the rows. Which axis holds the tokens?",
    hint="Take two rows of three logits and add up your result along each axis. The tokens of one prediction are the last axis, however many axes come before.",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / t).softmax(0)


@catalogue.misconception(
    "8.1",
    "below-zero-accepted",
    "A temperature below 0 gives probabilities. What would it do to the order of the tokens?",
    hint="Try t = −1 with the logits 1 and 2: the smaller one gets more. The text asks for a ValueError there.",
)
def with_temperature(logits, t):
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / t).softmax(-1)


@catalogue.misconception(
    "8.1",
    "divided-by-square-root",
    "It is right at t = 1 only: the logits were divided by the square root of t. Where does the formula have a root?",
    hint="A square root stands in attention, of the length of a key. At t = 4 the logits 8 and 0 have to become 2 and 0; what do you get before the softmax?",
)
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        return F.one_hot(logits.argmax(-1), logits.shape[-1]).to(logits.dtype)
    return (logits / math.sqrt(t)).softmax(-1)
