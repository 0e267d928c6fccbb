# %% [markdown]
# # 08 Writing with a model
#
# A trained model answers one question, again and again: how likely is each token to come next? All that you know as
# text by a language model is made from these answers, one token at a time. How a token is chosen, when to stop, and how
# to do it without computing everything a thousand times over: that is *inference*, and it is this assignment.
#
# Exercises 8.1 to 8.3 choose: they turn logits into probabilities that are worth drawing from. 8.4 stops, each text of
# a batch at its own end. 8.5 and 8.6 build the *cache*, the reason why a chat model answers in seconds and not in
# minutes. 8.7 counts what that cache costs. 8.8 and 8.9 are two more ways to be fast, a small model that guesses and
# weights of one byte each, and 8.10 writes with all of it.
#
# At the end, a trained GPT writes a page with your functions, and you see how many tokens a second it writes with and
# without your cache.
#
# You need the softmax (3.11), attention and its heads (1.11, 6.6, 6.7), the parameters of a GPT (6.11) and the loop of
# 6.12. Nothing is imported from your earlier files: what is needed of 06 is given below, as PyTorch has it ready-made.
# No gradients are asked for, since nobody trains here.
#
# Token ids, shapes and dtypes must be exact, other numbers right to seven digits in `float64`, and every argument must
# stay as it is.
#
# Letters for sizes, as in 06: $B$ texts in a batch, $T$ tokens in a text, $D$ numbers for a token, $H$ heads of
# $d = D/H$ numbers each, $V$ different tokens.

# %%
import io
import math

import numpy as np
import torch
from jaxtyping import Float, Int, Int8
from torch import Tensor
from torch.nn import functional as F


# %% [markdown]
# ## 8.1 Temperature
#
# *5 points · about 10 minutes · difficulty 1 of 3 · builds on 3.11*
#
# A model gives a logit for each token, and a softmax makes probabilities of them. Draw from these as they are, and the
# text is lively, with a slip here and there. Take the likeliest token each time, and it soon repeats itself. The
# *temperature* $t$ goes from the one to the other. Divide the logits by $t$, then take the softmax:
#
# $$ p_i = \frac{e^{z_i / t}}{\sum_j e^{z_j / t}} $$
#
# The logits 2, 1 and −1 at some temperatures:
#
# | $t$ | probabilities |
# |---|---|
# | 4 | 0.44, 0.35, 0.21 |
# | 1 | 0.71, 0.26, 0.04 |
# | 0.5 | 0.88, 0.12, 0.00 |
# | 0 | 1, 0, 0 |
#
# A high temperature makes the tokens more alike, a low one favors the likeliest. Does it matter whether you divide
# before the softmax or after it? Divide probabilities by anything, add them up to 1 again, and see what has changed.
#
# The last row is where this leads as $t$ goes to 0: everything on the largest logit. You cannot divide by 0, so that
# case needs a line of its own, and it is a common one: chat programs offer "temperature 0" to everybody. If several
# logits are the largest, the first of them gets it all.
#
# A temperature below 0 would make the worst token the best. Raise a ValueError.


# %%
def with_temperature(logits: Float[Tensor, "*batch V"], t: float) -> Float[Tensor, "*batch V"]:
    """Probabilities of the next token at a temperature.

    Args:
        logits: one for each of V tokens, finite and of any size; any number of axes may come before the last.
        t: the temperature, at least 0.

    Returns:
        The softmax of logits / t over the last axis, of the shape and dtype of logits. At t = 0, 1 for the largest
        logit of each row, the first one if there are several, and 0 for all others.

    Raises:
        ValueError: t is below 0.

    Example:
        >>> with_temperature(torch.tensor([2.0, 1.0, -1.0]), 0.5)
        tensor([0.8789, 0.1189, 0.0022])
        >>> with_temperature(torch.tensor([2.0, 1.0, -1.0]), 0)
        tensor([1., 0., 0.])
    """
    raise NotImplementedError("Exercise 8.1: with_temperature")
