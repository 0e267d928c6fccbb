# %% [markdown]
# # 08 Writing with a model
#
# A trained model answers one question, again and again: how likely is each token to come next? Every text that a
# language model writes is made from these answers, one token at a time. How a token is chosen, when to stop, and how to
# do it without computing everything a thousand times over: that is *inference*, and it is this assignment.
#
# Exercises 8.1 to 8.3 choose: they turn logits into probabilities that are worth drawing from. 8.4 stops, each text of
# a batch at its own end. 8.5 and 8.6 build the *cache*, the reason why a chat model answers in seconds and not in
# minutes. 8.7 counts what that cache costs. 8.8 and 8.9 are two more ways to be fast: in 8.8 a small model guesses the
# next tokens, and in 8.9 each weight takes only one byte. In 8.10 you write a text with the cache.
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
# $d = D/H$ numbers each, $V$ different tokens. From 8.5 on, $S$ is the number of keys, one for each token so far.

# %%
import io
import math
from collections.abc import Callable

import numpy as np
import torch
from jaxtyping import Bool, Float, Int
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
# before the softmax or after it? Divide all probabilities by the same number, then by their new sum, so that they add
# up to 1 again. What has changed?
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
        logits: one for each of V tokens, finite, also very large numbers; any number of axes may come before the last.
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
# What is kept is made to add up to 1 again. Each token keeps its place: the result is not sorted. $p = 0$ keeps one
# token, for there is always one to write, and $p = 1$ keeps every token. (In `float32`, the running sum of many
# probabilities may reach 1 before the last of them; so your code must treat $p = 1$ as a case of its own.) A $p$
# outside of 0 to 1 is a ValueError.
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
# Small models get stuck: "the red hen clucks at the red hen clucks at the". A simple and rough remedy: each token that
# is already in the text becomes less likely. The *repetition penalty* is a number such as 1.2, and it works on logits,
# before any softmax.
#
# It sounds like a division. Divide the logit 2 by 1.2: it falls to 1.67, fine. Now divide the logit −3 by 1.2. It
# becomes −2.5. Has the token become less likely? This mistake was once in a well-known library. So, for a token of the
# text:
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
        model: maps ids (B, T) to logits (B, T, V); it is in evaluation mode (5.10).
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

# %% [markdown]
# ## What comes from 06
#
# The next two exercises are a GPT again. These are the parts of assignment 06 that they need, with what PyTorch has for
# them, so that nothing depends on your earlier answers. In 6.6 you saw what is inside of `attention`. The mask may have
# fewer rows than columns here: row $i$ says which keys query $i$ may look at.


# %%
def attention(
    q: Float[Tensor, "B H t d"], k: Float[Tensor, "B H S d"], v: Float[Tensor, "B H S d"], mask: Bool[Tensor, "t S"]
) -> Float[Tensor, "B H t d"]:
    """Scaled dot-product attention; mask[i, j] is True where query i may look at key j."""
    return F.scaled_dot_product_attention(q, k, v, attn_mask=mask)


def split_heads(x: Float[Tensor, "B T D"], H: int) -> Float[Tensor, "B H T d"]:
    """The D numbers of each token as H heads of d numbers."""
    return x.unflatten(-1, (H, -1)).transpose(1, 2)


def merge_heads(x: Float[Tensor, "B H T d"]) -> Float[Tensor, "B T D"]:
    """The way back: the heads of each token side by side."""
    return x.transpose(1, 2).flatten(2)


def layer_norm(
    x: Float[Tensor, "*batch D"], gamma: Float[Tensor, "D"], beta: Float[Tensor, "D"]
) -> Float[Tensor, "*batch D"]:
    """Normalizes the D numbers of each token, then scales and shifts them."""
    return F.layer_norm(x, x.shape[-1:], gamma, beta, eps=1e-5)


def gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """GELU as GPT-2 computes it."""
    return F.gelu(x, approximate="tanh")


# %% [markdown] exercise="8.5" objective="Attend from new tokens to all tokens so far, with a cache of keys and values"
# ## 8.5 Attention with a cache
#
# In 6.12, each new token cost a run over the whole text. What did that run compute? For every token a query, a key and
# a value, in every layer; and all of them but the last were computed in the step before, and in the one before that.
# For 1,000 tokens, half a million tokens went through the model.
#
# Which of it must be kept? A causal model never looks ahead, so an old token's key and value do not change when a new
# token comes. Its query is over and done with: its output has been used. But the *new* query needs all keys and values.
# So these two are kept, and this is the **cache**: keys and values of all tokens so far, both of shape $(B, H, S, d)$.
#
# `attend_with_cache` gets only the $t$ new tokens $x$, and the cache, or None at the start:
#
# 1. Queries, keys and values of the new tokens, with `Wqkv` as in 6.7: rows $0$ to $D - 1$ of it make the queries, the
#    next $D$ the keys, the last $D$ the values. Split each into heads.
# 2. Old keys first, new ones **behind** them; the same for values. Now there are $S$ of each, old and new together.
# 3. Each new query attends to the keys it may see. Merge the heads, multiply with `Wo`, add `bo`.
# 4. Hand back the output for the new tokens, and the longer cache.
#
# The mask is where this goes wrong. New token $i$, counting from 0, may look at all $S - t$ old ones, and at the new
# ones up to itself. For $t = 2$ new tokens after 3 old ones:
#
# $$ \begin{pmatrix} 1 & 1 & 1 & 1 & 0 \\ 1 & 1 & 1 & 1 & 1 \end{pmatrix} $$
#
# PyTorch's attention has a switch, `is_causal=True`, and with a cache it is a trap: its triangle begins at the top
# *left*, as if the first query were the first token of the text. Here, the two new tokens would see one and two keys,
# out of five. With a single new token it is just as wrong: which key would it see? Turn it off for single tokens, and
# everything seems to work, until a text comes in pieces of more than one.
#
# The cache that came in is not changed: others may go on from it, too.


# %% solution="8.5"
def attend_with_cache(
    x: Float[Tensor, "B t D"],
    cache: tuple[Float[Tensor, "B H s d"], Float[Tensor, "B H s d"]] | None,
    Wqkv: Float[Tensor, "3D D"],
    Wo: Float[Tensor, "D D"],
    bo: Float[Tensor, "D"],
    H: int,
) -> tuple[Float[Tensor, "B t D"], tuple[Float[Tensor, "B H S d"], Float[Tensor, "B H S d"]]]:
    """Causal multi-head attention of new tokens to old and new ones.

    Args:
        x: the t new tokens, at least one, D numbers each.
        cache: (keys, values) of the s tokens before them, or None if there are none.
        Wqkv: makes queries, keys and values, in this order; matrices have the layout (out, in) of nn.Linear.
        Wo: the output matrix.
        bo: its bias.
        H: number of heads.

    Returns:
        (output, (keys, values)): the output for each new token, of the shape and dtype of x, and keys and values of
        all S = s + t tokens, in the order of the text. The output is what attention over the whole text at once gives
        for these tokens.

    Example:
        >>> x = torch.tensor([[[1.0, 0.0], [0.0, 2.0], [4.0, 0.0]]])
        >>> parts = torch.cat([torch.zeros(4, 2), torch.eye(2)])  # values are the tokens, all scores are 0
        >>> out, cache = attend_with_cache(x[:, :2], None, parts, torch.eye(2), torch.zeros(2), H=1)
        >>> out, cache = attend_with_cache(x[:, 2:], cache, parts, torch.eye(2), torch.zeros(2), H=1)
        >>> out  # the mean of all three
        tensor([[[1.6667, 0.6667]]])
        >>> cache[1].shape
        torch.Size([1, 1, 3, 2])
    """
    ### BEGIN SOLUTION
    q, k, v = (split_heads(part, H) for part in (x @ Wqkv.T).chunk(3, dim=-1))
    if cache is not None:
        k = torch.cat([cache[0], k], dim=2)
        v = torch.cat([cache[1], v], dim=2)
    t, S = q.shape[2], k.shape[2]
    places = torch.arange(S, device=x.device)
    mask = places <= places[S - t :].unsqueeze(1)
    return merge_heads(attention(q, k, v, mask)) @ Wo.T + bo, (k, v)
    ### END SOLUTION


# %% [markdown] hints="8.5"
# 1. Draw the mask for one new token after three old ones, then for three new ones after none, then for two after three.
#    Where is its last entry that is True, in each row?
# 2. $K = [K_\text{old}, K_\text{new}]$ along the axis of tokens, $V$ likewise, and $\text{mask}_{ij} = [\,j \le (S - t)
#    + i\,]$ for $i < t$, $j < S$.
# 3. Project and cut into three; split each into heads. If there is a cache, join its keys and the new ones along axis
#    2, and the values. Number all places 0 to S - 1 on the device of x; the new ones are the last t; compare the row of
#    all with the column of the new. Attend, merge, output matrix and bias; return both joined tensors.

# %% [markdown] solved="8.5"
# **Why it works.** A causal model computes each token from those before it, so old keys and values are final. Only the
# new queries ask something, and their rows of the mask are the last t rows of the full triangle.
#
# **In models.** All of them are served this way. A long prompt goes through in pieces, *chunked prefill*, so that
# others need not wait.
#
# **In PyTorch.** `torch.nn.functional.scaled_dot_product_attention` with `attn_mask`; its documentation says where
# `is_causal` begins.
#
# **Next.** 8.6 gives every layer such a cache.

# %% [markdown]
# ## A trained model
#
# `weights.npz` beside this file holds 28,800 numbers: the GPT of assignment 06 with a context of 64 characters, after
# 300 training steps on its `corpus.txt` (`weights.py` is how they were made). These are the same parameters as in 6.11,
# in the same layout: tensors by name, and under "blocks" a dict for each block. Given:

# %%
Parameters = dict[str, object]  # tensors, and under "blocks" a list of dicts of tensors
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
CHARACTERS = "\n .abcdeghiklmnoprstuwy"  # CHARACTERS[i] is token i


def parameters_from(data: bytes) -> Parameters:
    """The parameters in a file of weights, as float32 tensors: parameters_from(open("weights.npz", "rb").read())."""
    arrays = np.load(io.BytesIO(data), allow_pickle=False)
    p: Parameters = {"blocks": [{} for _ in range(CONFIG["n_layers"])]}
    for name in arrays.files:
        *block, own_name = name.split(".")  # such as "tokens", or "blocks.0.Wqkv"
        target = p["blocks"][int(block[1])] if block else p
        target[own_name] = torch.from_numpy(arrays[name].astype(np.float32))
    return p


# %% [markdown] exercise="8.6" objective="Run a GPT on new tokens only, with caches and at the right positions"
# ## 8.6 A step of a GPT
#
# `gpt_step` is 6.11 with caches. It gets only the *new* tokens of each row, and a list with one cache for each layer,
# or None at the start. It gives logits for each new token, and the list of longer caches. The steps are those of 6.11.
# Token row plus position row makes $x$. Each block takes two steps,
# $x \leftarrow x + \text{attention}(\text{norm}_1(x))$ and $x \leftarrow x + \text{feed-forward}(\text{norm}_2(x))$.
# (The feed-forward network is two linear layers with a gelu between them.) Then come the final norm and the head.
#
# Two things are new.
#
# **Positions go on.** The first new token is not at place 0 of the text, unless the cache is None. How many tokens came
# before it? The cache knows: it has a key for each of them. (It is not the number of calls, for a call may bring
# several tokens.) If this is wrong, there is no error message. The model reads its text as if every word stood at the
# beginning of it, and just writes a little worse. Real programs have been shipped like that.
#
# **Each layer has its own cache**, since the keys of layer 2 are made from other numbers than those of layer 1.
#
# The table of positions ends at `context_length`. Old and new tokens together must not be more: raise a ValueError.
# (Why not drop the oldest token and go on? All other tokens would move one place to the front, but their keys in the
# cache were computed with their old positions.)
#
# The list that comes in stays as it is, and so do its caches: put the longer ones into a new list. Somebody may want to
# go on from the same place once more, with other tokens.
#
# Use your `attend_with_cache`.


# %% solution="8.6"
def gpt_step(
    ids: Int[Tensor, "B t"], cache: list[tuple[Tensor, Tensor]] | None, p: Parameters, cfg: dict
) -> tuple[Float[Tensor, "B t V"], list[tuple[Tensor, Tensor]]]:
    """Logits for new tokens of a text, and the caches of all layers with these tokens in them.

    Args:
        ids: the new tokens, int64, at least one in each row.
        cache: for each block the keys and values of the tokens before, as attend_with_cache returns them; None if there
            are none. Neither the list nor what is in it is changed.
        p: tokens (V, D), positions (context_length, D), norm_gamma (D,), norm_beta (D,), head (V, D), and blocks: a
            list of dicts with norm1_gamma (D,), norm1_beta (D,), Wqkv (3D, D), Wo (D, D), bo (D,), norm2_gamma (D,),
            norm2_beta (D,), W1 (4D, D), b1 (4D,), W2 (D, 4D), b2 (D,).
        cfg: a config such as CONFIG.

    Returns:
        (logits, new cache): one logit for each token of the vocabulary at each new place, and for each block keys and
        values of all tokens so far.

    Raises:
        ValueError: there are more than context_length tokens, old and new together.

    Example:
        >>> D, one, zero = 2, torch.ones, torch.zeros
        >>> block = {"norm1_gamma": one(D), "norm1_beta": zero(D), "norm2_gamma": one(D), "norm2_beta": zero(D)}
        >>> block |= {"Wqkv": zero(3 * D, D), "Wo": zero(D, D), "bo": zero(D)}
        >>> block |= {"W1": zero(4 * D, D), "b1": zero(4 * D), "W2": zero(D, 4 * D), "b2": zero(D)}
        >>> p = {"tokens": torch.eye(D), "positions": zero(3, D), "blocks": [block], "head": torch.eye(D)}
        >>> p |= {"norm_gamma": one(D), "norm_beta": zero(D)}
        >>> cfg = {"vocab_size": 2, "context_length": 3, "emb_dim": D, "n_heads": 1, "n_layers": 1}
        >>> logits, cache = gpt_step(torch.tensor([[0, 1]]), None, p, cfg)
        >>> logits, cache = gpt_step(torch.tensor([[1]]), cache, p, cfg)
        >>> logits.shape, len(cache), cache[0][0].shape
        (torch.Size([1, 1, 2]), 1, torch.Size([1, 1, 3, 2]))
    """
    ### BEGIN SOLUTION
    past = 0 if cache is None else cache[0][0].shape[2]
    if past + ids.shape[1] > cfg["context_length"]:
        raise ValueError("the text is longer than the context")
    x = p["tokens"][ids] + p["positions"][past : past + ids.shape[1]]
    longer = []
    for i, block in enumerate(p["blocks"]):
        own = None if cache is None else cache[i]
        normed = layer_norm(x, block["norm1_gamma"], block["norm1_beta"])
        out, kept = attend_with_cache(normed, own, block["Wqkv"], block["Wo"], block["bo"], cfg["n_heads"])
        longer.append(kept)
        x = x + out
        normed = layer_norm(x, block["norm2_gamma"], block["norm2_beta"])
        x = x + gelu(normed @ block["W1"].T + block["b1"]) @ block["W2"].T + block["b2"]
    return layer_norm(x, p["norm_gamma"], p["norm_beta"]) @ p["head"].T, longer
    ### END SOLUTION


# %% [markdown] hints="8.6"
# 1. Two calls: three tokens with no cache, then one token. Write down which row of the position table each token gets,
#    and how many keys each layer holds after each call. Where can the second call read the number 3?
# 2. $x = E[\text{ids}] + P[s : s + t]$ with $s$ the tokens in the cache; then for each block $x \leftarrow x +
#    \text{attend}(\text{norm}_1(x))$ and $x \leftarrow x + W_2\,\mathrm{gelu}(W_1\,\text{norm}_2(x) + b_1) + b_2$; then
#    the final norm and the head.
# 3. Find $s$ (0 without a cache) and refuse what does not fit. Add up the embeddings. Walk over the blocks with their
#    number: hand each its own cache or None, and put what it gives back at the end of a *new* list. Norm, head; return
#    the logits of all new tokens and the list.

# %% [markdown] solved="8.6"
# **Why it works.** Everything but attention treats each token alone, so the new ones need nobody else; attention finds
# the others in its cache. With the right positions, the logits are those of the whole text at once.
#
# **In models.** The first call, with the whole prompt, is called *prefill*, the others *decoding*. The time to the
# first token is that of the prefill.
#
# **In PyTorch.** `torch.nn.functional.embedding` looks up the rows.
#
# **Next.** 8.7 counts the price of the cache.

# %% [markdown] exercise="8.7" objective="Count the bytes of a cache from a config"
# ## 8.7 What the cache costs
#
# A cache saves time and costs memory, and on a server it is memory that decides how many people can be answered at
# once. How many bytes does it take, for $B$ texts of $T$ tokens?
#
# Each layer keeps a key *and* a value for each token of each text, and each of these is $d$ numbers for each head. The
# numbers of one head are $d = $ `emb_dim` $/$ `n_heads`. How many bytes a number takes is up to its dtype, and dtypes
# know it.
#
# Newer models save here. Several heads of queries share one head of keys and values (*grouped-query attention*), and
# then the config has a further entry, `n_kv_heads`. Where it is missing, there are as many of them as `n_heads`. The
# size of a head stays what it was.
#
# GPT-2 small with its full context of 1,024 tokens, in `float16`: 37,748,736 bytes, which are 36 MiB. The model itself
# has 249 MB in that dtype. How many such texts does it take until the caches outweigh the model?


# %% solution="8.7"
def kv_cache_bytes(cfg: dict, B: int, T: int, dtype: torch.dtype) -> int:
    """How many bytes keys and values take in all layers.

    Args:
        cfg: a config with emb_dim, n_heads, n_layers and context_length, and perhaps with n_kv_heads, the number of
            heads that have keys and values; without it, all n_heads have.
        B: how many texts.
        T: how many tokens each of them has so far.
        dtype: of the numbers in the cache.

    Returns:
        Bytes, as a Python int.

    Example:
        >>> small = {"emb_dim": 768, "n_heads": 12, "n_layers": 12, "context_length": 1024}
        >>> kv_cache_bytes(small, B=1, T=1024, dtype=torch.float16)
        37748736
        >>> kv_cache_bytes(small | {"n_kv_heads": 4}, B=1, T=1024, dtype=torch.float16)
        12582912
    """
    ### BEGIN SOLUTION
    kv_heads = cfg.get("n_kv_heads", cfg["n_heads"])
    d = cfg["emb_dim"] // cfg["n_heads"]
    return 2 * cfg["n_layers"] * B * T * kv_heads * d * dtype.itemsize
    ### END SOLUTION


# %% [markdown] hints="8.7"
# 1. Take one layer, one text of one token, 2 heads of 3 numbers. List everything that the cache of 8.5 holds.
# 2. $2 \cdot L \cdot B \cdot T \cdot H_{kv} \cdot d \cdot s$ with $d = D/H$ and $s$ the bytes of one number.
# 3. Look up the number of heads that have keys, with `n_heads` as what is meant when the entry is missing. The size of
#    a head comes from all heads of queries, not from these. Ask the dtype for its size (`itemsize`), and multiply.

# %% [markdown] solved="8.7"
# **Why it works.** A cache is two tensors of shape (B, kv heads, T, d) in each layer, and nothing else; bytes follow
# from the shape and the dtype.
#
# **In models.** Llama 3 with 8 billion parameters has 32 heads of queries and 8 of keys, so its cache is a quarter of
# what it would be.
#
# **In PyTorch.** `torch.Tensor.nbytes` says it of a tensor that is there; on the device meta, no memory is needed.
#
# **Next.** 8.8 lets a small model guess for a large one.

# %% [markdown] exercise="8.8" objective="Accept or refuse a guessed token so that the large model's distribution stays"
# ## 8.8 A small model guesses
#
# A large model is slow because each token needs a call of its own. But it can *check* several tokens in one call (8.6
# gives logits for every new token). So a small, fast model writes ahead, a few tokens, and the large one looks at them
# all at once and accepts as many as it can. This is *speculative decoding*, and the remarkable thing is: the text that
# comes out is distributed *exactly* as if the large model had written alone. You write the step that makes it so.
#
# The small model has drawn token $x$ from its probabilities $q$. The large one has $p$. A random number $u$, drawn
# evenly from 0 to 1, decides:
#
# $$ \text{accept } x \text{ if } u < \frac{p_x}{q_x} $$
#
# A token that the large model likes at least as well is always accepted. One that it finds half as likely is accepted
# half the time. A token with $q_x = 0$ is never drawn.
#
# If $x$ is refused, another token has to be drawn. From $p$? Then the tokens that both models like would come too
# often, since they are also accepted in the first place. What is missing is only where the large model gives *more*
# than the small one:
#
# $$ r_i = \frac{\max(0,\, p_i - q_i)}{\sum_j \max(0,\, p_j - q_j)} $$
#
# With $p = (\frac12, \frac12)$ and $q = (\frac14, \frac34)$: token 1 is drawn with $\frac34$ and accepted with
# $\frac23$, which makes $\frac12$. Token 0 is drawn with $\frac14$ and always accepted. In the remaining $\frac14$ of
# all cases token 1 is refused. Then $r = (1, 0)$, so token 0 is drawn instead. In sum, token 0 comes with
# $\frac14 + \frac14 = \frac12$, just as $p$ says.
#
# Give the decision and $r$, always both. Where $p$ and $q$ are the same, nothing is ever refused and the sum below the
# line is 0: give $p$ itself then.


# %% solution="8.8"
def accept_draft(p: Float[Tensor, "V"], q: Float[Tensor, "V"], x: int, u: float) -> tuple[bool, Float[Tensor, "V"]]:
    """Whether a guessed token is accepted, and what to draw from if it is not.

    Args:
        p: the probabilities of the large model.
        q: those of the small model, from which x was drawn.
        x: the guessed token; q[x] is above 0.
        u: a random number, at least 0 and below 1.

    Returns:
        (accepted, rest): accepted is a Python bool, True if u is below p[x] / q[x]. rest has the shape and dtype of p
        and adds up to 1: what p gives more than q, and 0 where it does not. If p and q are equal, rest is equal to p.

    Example:
        >>> p, q = torch.tensor([0.5, 0.25, 0.25]), torch.tensor([0.25, 0.5, 0.25])
        >>> accept_draft(p, q, x=1, u=0.4)
        (True, tensor([1., 0., 0.]))
        >>> accept_draft(p, q, x=1, u=0.6)
        (False, tensor([1., 0., 0.]))
    """
    ### BEGIN SOLUTION
    more = (p - q).clamp(min=0)
    total = more.sum()
    rest = more / total if total > 0 else p.clone()
    return bool(u < p[x] / q[x]), rest
    ### END SOLUTION


# %% [markdown] hints="8.8"
# 1. Take the two distributions of the text and 12 draws of the small model: 3 times token 0, 9 times token 1. How many
#    of each are accepted, and which token must the refused draws become, so that there are 6 of each?
# 2. Accepted: $u < p_x / q_x$. Rest: $\max(0, p_i - q_i)$, divided by its sum; if that sum is 0, it is $p$.
# 3. Subtract, replace what is negative by 0 (`clamp`), add up. If the sum is above 0, divide; otherwise take p as it
#    is. Compare u with the ratio at place x only, and make a Python bool of it.

# %% [markdown] solved="8.8"
# **Why it works.** A token is accepted with probability min(p, q). What p has above q is missing then, and a refusal is
# drawn from exactly that. Both add up to p, whatever q is.
#
# **In models.** Large chat models are served this way. A better small model makes it faster, never different.
#
# **In PyTorch.** `torch.multinomial` draws from the rest.
#
# **Next.** 8.9 makes the weights themselves smaller.

# %% [markdown] exercise="8.9" objective="Round the rows of a matrix to int8 with a scale each, and go back"
# ## 8.9 Weights of one byte
#
# To write one token, a model reads every weight once, and on most hardware reading them takes longer than computing.
# Weights of one byte are read four times as fast as `float32`. So the numbers of a matrix are rounded to whole numbers
# from −127 to 127, and a *scale* says what they stand for: $W \approx s \cdot q$.
#
# One scale for a whole matrix would be ruined by a single large number, so each row $i$ has its own:
#
# $$ s_i = \frac{\max_j |W_{ij}|}{127}, \qquad q_{ij} = \mathrm{round}\!\left(\frac{W_{ij}}{s_i}\right) $$
#
# For the row 1, −2, 0.5: the largest *magnitude* is 2, so $s = 2/127$, and $q$ is 64, −127, 32 (63.5 and 31.75,
# rounded). Then $s \cdot q$ is 1.008, −2 and 0.504: close, but not the same.
#
# - `int8` goes from −128 to 127. Why is −128 never needed? And what becomes of 128 in an `int8`? Try it.
# - Rounding goes to the nearest whole number, halves to the even one, as `torch.round` does it.
# - A row of zeros has nothing to scale. Its scale is 1, so that nobody divides by 0.
# - Scales have the dtype of $W$, one for each row.
#
# `dequantize` goes back. Multiply in floats: an `int8` times an `int8` stays an `int8`, and wraps around.


# %% solution="8.9"
def quantize_rows(W: Float[Tensor, "n m"]) -> tuple[Int[Tensor, "n m"], Float[Tensor, "n"]]:
    """Whole numbers from -127 to 127 in place of the weights, and a scale for each row.

    Args:
        W: a matrix of finite numbers, with at least one column.

    Returns:
        (q, scale): q is int8 and of the shape of W; scale has the dtype of W. The scale of a row is its largest
        magnitude divided by 127, or 1 if the row is all zeros; q is W divided by the scale of its row, rounded to the
        nearest whole number, halves to the even one.

    Example:
        >>> q, scale = quantize_rows(torch.tensor([[1.0, -2.0, 0.5], [0.0, 0.0, 0.0]]))
        >>> q
        tensor([[  64, -127,   32],
                [   0,    0,    0]], dtype=torch.int8)
        >>> scale
        tensor([0.0157, 1.0000])
    """
    ### BEGIN SOLUTION
    largest = W.abs().amax(dim=1)
    scale = torch.where(largest == 0, 1.0, largest / 127)
    return (W / scale.unsqueeze(1)).round().to(torch.int8), scale
    ### END SOLUTION


# %% solution="8.9"
def dequantize(q: Int[Tensor, "n m"], scale: Float[Tensor, "n"]) -> Float[Tensor, "n m"]:
    """The weights that whole numbers and scales stand for.

    Args:
        q: whole numbers, int8.
        scale: one for each row.

    Returns:
        Each number times the scale of its row, in the dtype of scale.

    Example:
        >>> dequantize(torch.tensor([[100, -100], [3, 0]], dtype=torch.int8), torch.tensor([0.5, 2.0]))
        tensor([[ 50., -50.],
                [  6., 0.]])
    """
    ### BEGIN SOLUTION
    return q.to(scale.dtype) * scale.unsqueeze(1)
    ### END SOLUTION


# %% [markdown] hints="8.9"
# 1. Do the row 3, −4 by hand. Which number becomes 127 or −127, and what is one step worth?
# 2. $s_i = \max_j |W_{ij}| / 127$ along the columns, 1 where that is 0; $q = \mathrm{round}(W / s)$ with $s$ as a
#    column; back: $q \cdot s$ with $s$ as a column.
# 3. Absolute values, the largest of each row (`amax`), divided by 127; `torch.where` for rows of zeros. Divide W by the
#    scales, one for each row: give them a second axis. Round, then change the dtype. On the way back, change the dtype
#    first, then multiply.

# %% [markdown] solved="8.9"
# **Why it works.** The largest magnitude of a row lands on 127 exactly, so nothing is cut off, and every other number
# is off by half a step at most.
#
# **In models.** Matrices in int8 cost next to no quality. With 4 bits, rows are cut into groups of 32 or more, each
# with its scale.
#
# **In PyTorch.** `torch.quantize_per_channel` makes such tensors of its own kind.
#
# **Next.** 8.10 puts it together and writes.

# %% [markdown] exercise="8.10" objective="Write with a cache: the prompt in one call, then one token a call"
# ## 8.10 Writing with the cache
#
# Now the loop of 6.12 again, with a step that remembers. `step` is a function: it takes new ids and a cache, and gives
# logits for the new ids and the longer cache. (`gpt_step` with its parameters filled in is such a function, and so is
# any model that you find on the web.)
#
# - The whole prompt goes in at once, in the first call, with None for the cache.
# - Every further call gets *one* token of each row, the one just written, and the cache of the call before.
# - Greedy again: the likeliest token, the first of equals.
#
# For $n$ new tokens there are $n$ calls. The last token is written and then not looked at any more: nobody needs what
# comes after it. With $n = 0$ there is no call at all.
#
# What happens if you pass the whole text *and* the cache? It still writes something. But the model then sees the text
# twice, and it takes as long as it did without a cache. And if you pass the new token without the cache? Watch what is
# handed on from one call to the next.
#
# When your function passes, look at `writing.txt` and `speed.png` beside this file: what the trained model writes with
# your functions, and how many tokens a second a larger one writes, with and without your cache.


# %% solution="8.10"
def generate_cached(step: Callable, ids: Int[Tensor, "B t"], n: int) -> Int[Tensor, "B t+n"]:
    """Continues each row of ids by its n likeliest tokens, one after the other, with a cache.

    Args:
        step: step(new_ids, cache) returns (logits, new_cache): logits of shape (B, new, V) for new ids (B, new), and
            the cache with them in it. The cache is None at first, and whatever step returned after that.
        ids: the prompts, int64, at least one token each.
        n: how many tokens to append; it may be 0. The text fits into the model's context.

    Returns:
        A new int64 tensor: ids with n more columns, each the likeliest token, the first of equals. step is called n
        times: with all of ids first, then with one new token of each row.

    Example:
        >>> def next_number(new_ids, cache):  # predicts the number after the last; its cache counts tokens
        ...     return F.one_hot((new_ids + 1) % 10, 10).float(), (cache or 0) + new_ids.shape[1]
        >>> generate_cached(next_number, torch.tensor([[3, 4], [8, 9]]), n=3)
        tensor([[3, 4, 5, 6, 7],
                [8, 9, 0, 1, 2]])
    """
    ### BEGIN SOLUTION
    cache, new = None, ids
    for _ in range(n):
        logits, cache = step(new, cache)
        new = logits[:, -1].argmax(dim=-1, keepdim=True)
        ids = torch.cat([ids, new], dim=1)
    return ids
    ### END SOLUTION


# %% [markdown] hints="8.10"
# 1. Write a table for a prompt of 4 tokens and $n = 3$: for each call, which tokens go in, and which cache. How many
#    rows does it have?
# 2. Call 1: step(ids, None). Call $k$: step(token $k - 1$, cache of call $k - 1$). The last position of each call's
#    logits says the next token.
# 3. Keep two variables for the next call: what goes in (all ids at first) and the cache (None at first). In each round,
#    call, take the largest logit of the last position as a column, append it to the text, and let that column be what
#    goes in next.

# %% [markdown] solved="8.10"
# **Why it works.** The cache holds all that later tokens ask of earlier ones, so each token goes through the model
# once. A text of 256 tokens costs 255 of them instead of 32,640.
#
# **In models.** This is the loop of every chat server. Longer texts gain more, since the work without a cache grows
# with the square of the length.
#
# **In PyTorch.** `torch.argmax` takes the likeliest; `torch.compile` makes each step faster still.
#
# **Next.** Look at `writing.txt` and `speed.png`.

# %% [markdown]
# ## What now?
#
# You have a model and everything to write with it. Try it, in the notebook or in a Python shell in this folder:
#
#     p = parameters_from(open("weights.npz", "rb").read())
#     ids = torch.tensor([[CHARACTERS.index(c) for c in "the "]])
#     text = generate_cached(lambda new, cache: gpt_step(new, cache, p, CONFIG), ids, 60)
#     print("".join(CHARACTERS[i] for i in text[0]))
#
# Then draw in place of taking the likeliest: `with_temperature`, `keep_top_p`, `torch.multinomial`. At which
# temperature does it begin to invent words? Put its matrices through `quantize_rows` and `dequantize`: does it still
# write the same?
#
# Why does the text end at 64 characters? The positions are learned, and there are 64 of them. Newer models turn each
# query and key by an angle that depends on its place, which needs no table. But that alone does not make them good at
# texts longer than those they were trained on.

# %% [markdown] picture="below"
# ## What your functions draw
#
# A trained model writes with your `gpt_step`, `with_temperature` and `keep_top_p`: that is `writing.txt`. A larger one,
# with random weights, runs against the clock: your `generate_cached`, and the same without a cache.
#
# In a notebook, the cell below draws it. In a terminal, `pytest` and `gradlings watch` write `speed.png` and
# `writing.txt` beside this file when 8.10 is right. They are there to be looked at, for no points, and so is the speed.
# If one of the functions is not right yet, a sentence names it.
