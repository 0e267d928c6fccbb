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
# before the softmax or after it? Divide all probabilities by the same number, then by their new sum, so that they add
# up to 1 again. What has changed?
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
    raise NotImplementedError("Exercise 8.1: with_temperature")


# %% [markdown]
# ## 8.2 Top-k and top-p
#
# *13 points · about 30 minutes · difficulty 2 of 3 · builds on 6.12, 8.1*
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

# %%
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
    raise NotImplementedError("Exercise 8.2: keep_top_k")


# %%
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
    raise NotImplementedError("Exercise 8.2: keep_top_p")


# %% [markdown]
# ## 8.3 A penalty for repetition
#
# *7 points · about 15 minutes · difficulty 2 of 3*
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

# %%
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
    raise NotImplementedError("Exercise 8.3: repetition_penalty")


# %% [markdown]
# ## 8.4 Knowing when to stop
#
# *11 points · about 25 minutes · difficulty 2 of 3 · builds on 6.12*
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

# %%
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
    raise NotImplementedError("Exercise 8.4: generate_until")


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


# %% [markdown]
# ## 8.5 Attention with a cache
#
# *18 points · about 40 minutes · difficulty 3 of 3 · builds on 1.11, 6.6, 6.7*
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

# %%
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
    raise NotImplementedError("Exercise 8.5: attend_with_cache")


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


# %% [markdown]
# ## 8.6 A step of a GPT
#
# *13 points · about 30 minutes · difficulty 3 of 3 · builds on 6.11, 8.5*
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

# %%
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
    raise NotImplementedError("Exercise 8.6: gpt_step")


# %% [markdown]
# ## 8.7 What the cache costs
#
# *5 points · about 10 minutes · difficulty 1 of 3 · builds on 2.10*
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

# %%
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
    raise NotImplementedError("Exercise 8.7: kv_cache_bytes")


# %% [markdown]
# ## 8.8 A small model guesses
#
# *11 points · about 25 minutes · difficulty 3 of 3 · builds on 8.1*
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

# %%
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
    raise NotImplementedError("Exercise 8.8: accept_draft")


# %% [markdown]
# ## 8.9 Weights of one byte
#
# *9 points · about 20 minutes · difficulty 2 of 3*
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

# %%
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
    raise NotImplementedError("Exercise 8.9: quantize_rows")


# %%
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
    raise NotImplementedError("Exercise 8.9: dequantize")


# %% [markdown]
# ## 8.10 Writing with the cache
#
# *8 points · about 20 minutes · difficulty 2 of 3 · builds on 6.12, 8.6*
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

# %%
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
    raise NotImplementedError("Exercise 8.10: generate_cached")

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

# %% [markdown]
# ## What your functions draw
#
# A trained model writes with your `gpt_step`, `with_temperature` and `keep_top_p`: that is `writing.txt`. A larger one,
# with random weights, runs against the clock: your `generate_cached`, and the same without a cache.
#
# In a notebook, the cell below draws it. In a terminal, `pytest` and `gradlings watch` write `speed.png` and
# `writing.txt` beside this file when 8.10 is right. They are there to be looked at, for no points, and so is the speed.
# If one of the functions is not right yet, a sentence names it.
