# %% [markdown] total_points="36"
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
from torch import Tensor, nn
from torch.nn import functional as F

# %% [markdown] exercise="8.1" objective="Sharpen or flatten a distribution by a temperature, also at 0"
# ## 8.1 Temperature
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


# %% solution="8.1"
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
    ### BEGIN SOLUTION
    if t < 0:
        raise ValueError("a temperature is at least 0")
    if t == 0:
        return F.one_hot(logits.argmax(dim=-1), logits.shape[-1]).to(logits.dtype)
    return (logits / t).softmax(dim=-1)
    ### END SOLUTION


# %% [markdown] hints="8.1"
# 1. Take the logits 1 and 0 by hand, at $t = 1$ and at $t = \frac12$. How far apart are they before the exponentials?
# 2. Three cases: $t < 0$ is an error, $t = 0$ puts 1 at the place of the largest logit, and otherwise
#    $p = \mathrm{softmax}(z / t)$ along the last axis.
# 3. For $t = 0$, find where each row has its largest logit (`argmax` takes the first of equals) and make a row of
#    zeros with a single one there; `F.one_hot` does that, and its integers have to become the dtype of the logits.

# %% [markdown] solved="8.1"
# **Why it works.** Dividing logits raises each probability to the power 1/t and adds up to 1 again: ratios grow or
# shrink, and the order stays. Dividing probabilities would change nothing.
#
# **In models.** Nearly every API of a language model has this number; GPT-2's samples used 1, and code is often
# written at 0.
#
# **In PyTorch.** `torch.softmax` is stable for logits of any size.
#
# **Next.** 8.2 takes the unlikely tokens out altogether.

# %% [markdown] exercise="8.2" objective="Keep the likeliest tokens by their number (top-k) or by their sum (top-p)"
# ## 8.2 Top-k and top-p
#
# A vocabulary has tens of thousands of tokens, and nearly all of them are nonsense at any given place. Each has a tiny
# probability, but there are many of them, and sooner or later one is drawn. So the unlikely ones are taken out first.
# There are two ways to say which.
#
# **Top-k** keeps the $k$ largest logits of each row and makes all others $-\infty$, so that a softmax gives them 0. If
# $k$ is larger than the vocabulary, all are kept; to keep fewer than one makes no sense and is a ValueError.
#
# But how many tokens make sense? After "the bi" there is one, after "the " there are dozens. **Top-p** decides by
# probability, anew at each place: it keeps the *smallest* set of likeliest tokens whose probabilities add up to *at
# least* $p$. With the probabilities 0.5, 0.25, 0.1875 and 0.0625:
#
# | $p$ | kept | their sum | then |
# |---|---|---|---|
# | 0.3 | 0.5 | 0.5 | 1, 0, 0, 0 |
# | 0.7 | 0.5, 0.25 | 0.75 | 0.667, 0.333, 0, 0 |
# | 0.75 | 0.5, 0.25 | 0.75 | 0.667, 0.333, 0, 0 |
# | 0.8 | 0.5, 0.25, 0.1875 | 0.9375 | 0.533, 0.267, 0.2, 0 |
#
# Look at 0.7. The token of 0.25 is the one with which the sum crosses $p$, and it is **in**: without it the sum is 0.5
# only, less than asked for. Look at 0.75. The sum is exactly $p$ there, which is at least $p$: the next token stays
# **out**. Libraries that everybody uses had both of these wrong for years. So for a token in sorted order, what matters
# is the sum of the tokens *before* it. May it be equal to $p$?
#
# What is kept is made to add up to 1 again, and stands where it stood: sorting is your business only. $p = 0$ keeps one
# token, for there is always one to write, and $p = 1$ keeps every token. (In `float32`, the running sum of many
# probabilities may reach 1 before the last of them; so ask for $p = 1$ itself.) A $p$ outside of 0 to 1 is a ValueError.
#
# In all inputs, no two tokens are equal where it would matter which one is kept.


# %% solution="8.2"
def keep_top_k(logits: Float[Tensor, "*batch V"], k: int) -> Float[Tensor, "*batch V"]:
    """The k largest logits of each row, and minus infinity in place of all others.

    Args:
        logits: one for each of V tokens; those of a row differ. Any number of axes may come before the last.
        k: how many to keep, at least 1; it may be larger than V.

    Returns:
        A new tensor of the shape and dtype of logits.

    Raises:
        ValueError: k is below 1.

    Example:
        >>> keep_top_k(torch.tensor([1.0, 4.0, -2.0, 3.0]), 2)
        tensor([-inf, 4., -inf, 3.])
    """
    ### BEGIN SOLUTION
    if k < 1:
        raise ValueError("at least one token must be kept")
    border = logits.topk(min(k, logits.shape[-1])).values[..., -1:]
    return logits.masked_fill(logits < border, -math.inf)
    ### END SOLUTION


# %% solution="8.2"
def keep_top_p(probs: Float[Tensor, "*batch V"], p: float) -> Float[Tensor, "*batch V"]:
    """The smallest set of likeliest tokens that has at least the probability p, made to add up to 1 again.

    Args:
        probs: probabilities of V tokens; each row adds up to 1. Any number of axes may come before the last.
        p: from 0 to 1.

    Returns:
        A new tensor of the shape and dtype of probs: for each row the probabilities of the tokens kept, divided by
        their sum, each in its place, and 0 for all others. At least one token is kept, and at p = 1 every token.

    Raises:
        ValueError: p is below 0 or above 1.

    Example:
        >>> probs = torch.tensor([0.1875, 0.5, 0.0625, 0.25])
        >>> keep_top_p(probs, 0.8)
        tensor([0.2000, 0.5333, 0.0000, 0.2667])
        >>> keep_top_p(probs, 0.75)
        tensor([0.0000, 0.6667, 0.0000, 0.3333])
    """
    ### BEGIN SOLUTION
    if not 0 <= p <= 1:
        raise ValueError("p is a probability")
    ordered, order = probs.sort(dim=-1, descending=True)
    before = ordered.cumsum(dim=-1) - ordered
    keep = (before < p) | (p == 1)
    keep[..., 0] = True
    kept = torch.zeros_like(probs).scatter(-1, order, ordered * keep)
    return kept / kept.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% [markdown] hints="8.2"
# 1. Sort the probabilities of the table by hand and write the running sum under them, and under that the sum of what
#    stands *before* each. For which tokens is that last row below 0.7, and for which below 0.75?
# 2. Top-k: a logit stays if it is not below the $k$-th largest of its row. Top-p, in sorted order: token $i$ stays if
#    $\sum_{j<i} p_j < p$, and the first one always.
# 3. Top-k: check $k$, limit it to V, find the $k$ largest (`topk`) and compare with the last of them. Top-p: check $p$,
#    sort in descending order and keep the places that `sort` also gives; running sum minus the token itself; compare;
#    say what happens at 0 and at 1; write the kept ones back to their old places (`scatter`) and divide by their sum.

# %% [markdown] solved="8.2"
# **Why it works.** What stands before a token says whether the set was large enough without it. So the token that
# crosses p is in, and nothing comes after a sum that has reached it.
#
# **In models.** GPT-2's published samples used top-k with 40; top-p, or nucleus sampling, is in most APIs of today.
# Both can be combined.
#
# **In PyTorch.** `torch.topk` finds the largest; for top-p there is `torch.sort` and `torch.cumsum`.
#
# **Next.** 8.3 takes something off the tokens that have been written already.

# %% [markdown] exercise="8.3" objective="Make tokens that were written already less likely, whatever their sign"
# ## 8.3 A penalty for repetition
#
# Small models get stuck: "the red hen clucks at the red hen clucks at the". A blunt remedy is to make every token less
# likely that the text already holds. The *repetition penalty* is a number such as 1.2, and it works on logits, before
# any softmax.
#
# It sounds like a division. Divide the logit 2 by 1.2: it falls to 1.67, fine. Now divide the logit −3 by 1.2. It
# becomes −2.5. Has the token become less likely? This mistake was in a well-known library until somebody drew the
# picture. So, for a token of the text:
#
# - a positive logit is *divided* by the penalty;
# - a negative one is *multiplied* by it.
#
# Both go down if the penalty is above 1. (And 0 stays 0, whichever you do.)
#
# Once is enough: a token that stands in the text five times gets the penalty once. Each row of the batch is a text of
# its own, and what another row wrote is no business of this one. A penalty of 1 changes nothing, one between 0 and 1
# rewards repetition, which is allowed. 0 or less is a ValueError.


# %% solution="8.3"
def repetition_penalty(logits: Float[Tensor, "B V"], ids: Int[Tensor, "B T"], penalty: float) -> Float[Tensor, "B V"]:
    """Logits of the next token, with a penalty for tokens that the text already holds.

    Args:
        logits: one row for each text of a batch.
        ids: the texts so far, int64; a token may occur several times.
        penalty: above 0.

    Returns:
        A new tensor of the shape and dtype of logits. For each token of its own row in ids, once however often it
        occurs, a positive logit is divided by the penalty and a negative one multiplied by it; the others are as they
        were.

    Raises:
        ValueError: the penalty is 0 or less.

    Example:
        >>> logits = torch.tensor([[2.0, -1.0, 0.5, -3.0]])
        >>> repetition_penalty(logits, torch.tensor([[1, 0, 1]]), 2.0)
        tensor([[ 1.0000, -2.0000, 0.5000, -3.0000]])
    """
    ### BEGIN SOLUTION
    if penalty <= 0:
        raise ValueError("a penalty is above 0")
    seen = torch.zeros_like(logits, dtype=torch.bool).scatter(1, ids, True)
    weaker = torch.where(logits > 0, logits / penalty, logits * penalty)
    return torch.where(seen, weaker, logits)
    ### END SOLUTION


# %% [markdown] hints="8.3"
# 1. Take the logits 2, −1 and 0.5 and the text 0 1 0 0 with the penalty 2. Write down the three new logits. How often
#    did you change the first?
# 2. With $S_b$ the set of tokens in row $b$: $z'_i = z_i / c$ if $i \in S_b$ and $z_i > 0$; $z'_i = z_i \cdot c$ if
#    $i \in S_b$ and $z_i \le 0$; else $z'_i = z_i$.
# 3. Make a bool table of the shape of the logits that says which tokens each row holds: `scatter` puts True at the
#    places that ids name, however often. Then two `torch.where`, one for the sign and one for that table.

# %% [markdown] solved="8.3"
# **Why it works.** Division moves a positive number down and multiplication a negative one, so both become less likely.
# A table of what was seen holds each token once, and each row has its own.
#
# **In models.** The penalty comes from the paper on CTRL, a model of 2019. It also punishes "the" and the full stop,
# so values stay close to 1.
#
# **In PyTorch.** `torch.Tensor.scatter` writes to places named by a tensor.
#
# **Next.** 8.4 decides when to stop.

# %% [markdown] exercise="8.4" objective="Write a batch of texts, each to its own end, and stop when all have ended"
# ## 8.4 Knowing when to stop
#
# A model says by itself when it is done: it writes the end-of-text token, `eos`. With one text that is easy. In a
# batch, one text ends after three tokens and another after thirty, and the tensor has room for all of them.
#
# Take the likeliest token at each step (greedy, the first of equals), and keep track of which rows have ended:
#
# - the `eos` that a row writes stays in it;
# - after it, the row gets `pad` in every further column, whatever the model says about it;
# - as soon as **all** rows have ended, stop: no further column, and no further call of the model, which is what costs;
# - after `n` new tokens, stop in any case.
#
# With eos 9 and pad 0, three texts of one token, and $n = 5$:
#
#     4 | 7 9 0 0        ended first, filled up
#     5 | 2 3 1 9        ended last: no fifth column
#     6 | 9 0 0 0
#
# Two traps. Prompts may well contain `eos`: in a chat, each earlier turn ends with one. Has the row ended then? It has
# not, only an eos that the model *writes* counts. And `pad` may be any id, also one that is a real token, also eos
# itself. So can you see from the ids of a row whether it has ended, or must you remember it?


# %% solution="8.4"
def generate_until(model: nn.Module, ids: Int[Tensor, "B t"], n: int, eos: int, pad: int) -> Int[Tensor, "B t+m"]:
    """Continues each row of ids by its likeliest tokens, until all rows have ended or there are n new columns.

    Args:
        model: maps ids (B, T) to logits (B, T, V); it is in eval mode.
        ids: the beginnings, int64, at least one token each; they may hold eos and pad.
        n: how many columns to append at most; it may be 0.
        eos: the token that ends a row when it is written.
        pad: what a row gets after its end.

    Returns:
        A new int64 tensor: ids, and m further columns. A row holds the likeliest token at each step, the first of
        equals, up to and with its eos, and then pad. m is the number of steps until the last row has ended, n at
        most. The model is called once for each new column.

    Example:
        >>> class NextNumber(nn.Module):  # always predicts the number after the last
        ...     def forward(self, ids):
        ...         return F.one_hot((ids + 1) % 10, 10).float()
        >>> generate_until(NextNumber(), torch.tensor([[4], [6]]), n=8, eos=8, pad=0)
        tensor([[4, 5, 6, 7, 8],
                [6, 7, 8, 0, 0]])
    """
    ### BEGIN SOLUTION
    ended = torch.zeros(len(ids), dtype=torch.bool, device=ids.device)
    for _ in range(n):
        if ended.all():
            break
        new = model(ids)[:, -1].argmax(dim=-1)
        new = torch.where(ended, pad, new)
        ids = torch.cat([ids, new.unsqueeze(1)], dim=1)
        ended = ended | (new == eos)
    return ids
    ### END SOLUTION


# %% [markdown] hints="8.4"
# 1. Play the three texts of the example column by column, with a list of who has ended beside it. When do you look at
#    the list, and when does it change?
# 2. One round: have all ended? Then stop. Otherwise predict, put pad where a row has ended before, append the column,
#    and note the rows whose new token is eos.
# 3. Begin with a bool for each row, all False, on the device of ids. At most $n$ times: leave the loop if all are True;
#    take the largest logit of the last position; `torch.where` puts pad for rows that have ended; join the column; "or"
#    the bools with a comparison. A row that has ended stays so, whatever pad is.

# %% [markdown] solved="8.4"
# **Why it works.** One bool for each row remembers the end, so neither the prompt nor the pads can be mistaken for it.
# Looking before each call saves the calls that nobody needs.
#
# **In models.** Servers go further: they take a row that has ended out of the batch and put the next question in its
# place, *continuous batching*.
#
# **In PyTorch.** `torch.where` chooses row by row.
#
# **Next.** 8.5 stops computing the same things over and over.
