# %% [markdown]
# # 02 GPT config and parameter counting
#
# "The chapter" is a text about language models that the exercises follow (retold in `docs/chapter.md` of the
# repository; you need not read it). It describes a whole language model by a handful of settings, its *config*. You
# read these settings from the chapter's listing, check that a model can be built from them, and work out exactly how
# many numbers that model learns, without building it.
#
# At the end you will be able to say where each of the 163,009,536 parameters of the chapter's model sits, why a model
# named "124M" has that many, how much memory they need, and which of the chapter's own claims these numbers disprove.
#
# From assignment 01 you need shapes and how to read a type line. Assignment 06 builds the model that you count here.
#
# As in assignment 01, counts must be exact, other numbers right to seven digits in `float64`, and every argument must
# stay as it is.

# %% [markdown]
# ## The model you will count
#
# Text comes in at the bottom as numbers that stand for *tokens* (words, or pieces of words), and predictions come out
# at the top. The middle column says in which exercise you count a part, and the right one how many parameters (learned
# numbers) it has with the chapter's settings. A block has the sum of its parts. At a `+`, what comes from below and
# what comes from the right are added, which needs no parameters. At the end your own functions will give these numbers.
#
# ```text
#    scores: one for each possible token
#        ^
#    output head                                2.8    38,597,376
#        ^
#    layer norm                                 2.5         1,536
#        ^
#  +-- block, 12 times over ------------+       2.8     7,085,568 each
#  |     ^                              |
#  |     + <--- feed-forward            |       2.7     4,722,432
#  |     |           ^                  |
#  |     |----> layer norm              |       2.5         1,536
#  |     |                              |
#  |     + <--- attention, 12 heads     |       2.6     2,360,064
#  |     |           ^                  |
#  |     |----> layer norm              |       2.5         1,536
#  |     |                              |
#  +------------------------------------+
#        ^
#    row of the token table
#    + row of the position table                2.4    39,383,808
#        ^
#    token ids
#
#    all parameters together                         163,009,536
# ```
#
# A few words in advance. A *tokenizer* is the program that cuts text into tokens (for GPT-2, a BPE tokenizer, which you
# build in 07). *Attention* lets each token collect information from the tokens before it; several *attention heads* do
# so side by side. A *layer norm* brings numbers to a common scale. The *feed-forward* network works on each token
# alone. The *output head* at the top is no attention head, despite its name. You build all of this in assignment 06; to
# count it, you only need to know which matrices it has.

# %%
from typing import TypedDict

import torch
from jaxtyping import Bool, Float
from torch import Tensor, nn


class GPTConfig(TypedDict):
    """The settings of a GPT model: an ordinary dict that has these keys."""

    vocab_size: int  # V: how many different tokens there are
    context_length: int  # T: how many tokens the model sees at once
    emb_dim: int  # D: how many numbers stand for one token
    n_heads: int  # H: how many attention heads share the D numbers
    n_layers: int  # L: how many blocks are stacked
    drop_rate: float  # p: share of intermediate numbers set to zero in training
    qkv_bias: bool  # whether three of attention's layers have a bias (2.6)


KEYS = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers", "drop_rate", "qkv_bias")

CHAPTER_LISTING = """\
GPT_CONFIG_124M = {
"vocab_size": 50257,  // Vocabulary size of the BPE tokenizer
"context_length": 1024, // Context length
"emb_dim": 768,       // Embedding dimension
"n_heads": 12,        // Number of attention heads
"n_layers": 12,       // Number of layers
"drop_rate": 0.1,     // Dropout rate: 10%
"qkv_bias": False     // Query-Key-Value bias
}
"""

# %% [markdown] exercise="2.1" objective="Read the settings of a model from text, each with its type"
# ## 2.1 Read the chapter's listing
#
# The chapter labels its listing as JSON, a common notation for data. It is not: JSON has no name and equals sign in
# front, no comments, and spells `false` in lower case. It is not Python either: in Python `//` divides, so Python stops
# at the first comment with a `SyntaxError`. Configs written for people often look like this, and programs have to read
# them, too.
#
# Write a reader for this notation. `eval`, `exec`, `json` and `ast.literal_eval` are off limits. The first two do not
# read a text, they *run* it: a config from the internet could delete your files. `json` and `ast.literal_eval` refuse
# this text. Rewriting it as JSON first does not help: to rewrite it, your code has to read it, and that is the
# exercise.
#
# The trap is types. The string `"False"` is not empty, so `if config["qkv_bias"]:` counts it as true, and the model
# silently gets biases (2.3) that nobody asked for. A rate of `"0.1"` fails only much later, far from its cause. And
# whatever is between quotes is a string, no matter what it looks like: the `//` in a web address does not start a
# comment.


# %% solution="2.1"
def load_config(text: str) -> dict[str, int | float | bool | str]:
    r"""The settings in a listing that is written like the chapter's.

    The first line is `NAME = {`, the last is `}`. Between them are lines of four kinds, indented or not: an entry
    `"key": value`, an entry with a comment after it, a comment alone, a blank line.

    * A comma follows the value, before any comment; after the last value it may be missing.
    * A comment starts at `//` outside quotes and runs to the end of its line; it may contain anything.
    * A value is a whole number (`768`, `-1`), a decimal number (`0.1`, `2.0`, `1e-5`), `True` or `False`, or a string
      in double quotes. A backslash has no special meaning: a string ends at the next double quote, and
      everything before that quote belongs to it.
    * Your code need not handle what never occurs: `+5`, `.5`, `5.`, `1_000`, `nan`, `inf`, a space before a colon or a
      comma, a key twice.

    Args:
        text: the listing.

    Returns:
        One item per entry. Whole numbers are int, decimal numbers float, `True` and `False`
        bool, and quoted values str without their quotes, even "True" or "0.1".

    Raises:
        ValueError: a value without quotes is neither a number nor `True` or `False`, such as `yes` or `1/2`.

    Example:
        >>> load_config('TINY = {\n"emb_dim": 8, // small\n"qkv_bias": False\n}')
        {'emb_dim': 8, 'qkv_bias': False}
    """

    ### BEGIN SOLUTION
    def value_of(word: str) -> int | float | bool:
        if word in ("True", "False"):
            return word == "True"
        return int(word) if word.lstrip("+-").isdigit() else float(word)

    config = {}
    for line in text.splitlines():
        outside, *pieces = line.split('"')  # every second piece is between quotes
        if outside.strip() or not pieces:
            continue  # the name, the closing brace, a comment or a blank line
        key, after = pieces[:2]
        word = after.partition("//")[0].strip(" \t:,")
        config[key] = value_of(word) if word else pieces[2]
    return config
    ### END SOLUTION


# %% [markdown] hints="2.1"
# 1. Go line by line, and ask of each line: is it an entry at all? Then: where does its value end?
# 2. Cut the line at its double quotes: the pieces are outside and inside quotes in turn, so a `//` in a piece at an
#    even position starts a comment, and one at an odd position is part of a string.
# 3. Skip lines that do not start with a quote. The piece between the first two quotes is the key. Take what follows up
#    to a comment, without colon, comma and spaces. If nothing is left, the value is the next piece inside quotes;
#    otherwise decide between the two truth words, a whole number and a decimal number, in this order.

# %% [markdown] solved="2.1"
# **Why it works.** The double quotes separate text from notation: a `//` outside of them starts a comment, one inside
# belongs to a string. What type a value has is read from how it is written; nothing is ever run.
#
# **In models.** Published models come with a file of settings, too: `config.json` on Hugging Face, with GPT-2's
# `n_embd`, `n_head` and `n_layer`.
#
# **In PyTorch.** PyTorch is as careful with weights: by default, `torch.load` reads plain data only, since a pickle can
# run code.
#
# **Next.** 2.2 checks the settings.

# %% [markdown] exercise="2.2" objective="Judge which settings of a model can be right"
# ## 2.2 Which settings are wrong?
#
# A config is checked before a model is built from it, because most mistakes in it raise no error; they spoil a training
# run. Report *every* key that is missing or wrong, not just the first: nobody likes to fix errors one restart at a
# time.
#
# Two rules come from the architecture. The attention heads share the $D$ numbers of a token: each of the $H$ heads
# works on $d = D / H$ of them. With $D = 768$ and $H = 10$ rounding down gives $d = 76$, the heads together cover only
# 760, and 8 numbers have no head. The dropout rate $p$, the share of numbers set to zero in training (2.11), has
# $0 \le p < 1$: 10 for ten percent is wrong by a factor of 100, and $p = 1$ would keep nothing.
#
# Two traps come from Python. `True` passes for an integer: `isinstance(True, int)` and `True >= 1` are both true. And
# with the float `nan` ("not a number") every comparison except `!=` is false: `nan < 0` is false and `nan >= 1` is
# false, so a test for "too small or too large" does not find it.


# %% solution="2.2"
def validate_config(cfg: dict[str, object]) -> list[str]:
    """The keys of a config whose values cannot be right.

    A key offends when it is missing, or breaks its rule:

    * `vocab_size`, `context_length`, `emb_dim`, `n_heads`, `n_layers`: an int of at least 1 (not 768.0, not True)
    * `drop_rate`: an int or a float with 0 <= drop_rate < 1; neither a bool nor nan
    * `qkv_bias`: a bool
    * `n_heads`, also: `emb_dim` is a multiple of it. Check this only if both are ints of at least 1.

    Other keys are ignored.

    Args:
        cfg: the settings; not changed.

    Returns:
        The offending keys, each once, in the order of `KEYS`; an empty list for a valid config.

    Example:
        >>> validate_config(load_config(CHAPTER_LISTING))
        []
        >>> validate_config({**load_config(CHAPTER_LISTING), "n_heads": 10, "drop_rate": 10})
        ['n_heads', 'drop_rate']
    """
    ### BEGIN SOLUTION
    sizes = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers")
    wrong = {key for key in sizes if type(cfg.get(key)) is not int or cfg[key] < 1}
    if not wrong & {"emb_dim", "n_heads"} and cfg["emb_dim"] % cfg["n_heads"] != 0:
        wrong.add("n_heads")
    rate = cfg.get("drop_rate")
    if type(rate) not in (int, float) or not 0 <= rate < 1:
        wrong.add("drop_rate")
    if type(cfg.get("qkv_bias")) is not bool:
        wrong.add("qkv_bias")
    return [key for key in KEYS if key in wrong]
    ### END SOLUTION


# %% [markdown] hints="2.2"
# 1. Collect first, answer last: no rule may keep the rules after it from being looked at.
# 2. `type(value) is int` is stricter than `isinstance(value, int)`. A range is safe when you ask whether the value
#    lies *inside* it and report it if not.
# 3. Walk through the five sizes and collect those that are missing, of another type, or below 1. If neither `emb_dim`
#    nor `n_heads` is among them, look at the remainder of their division. Then the rate, then the flag. Return what was
#    collected, sorted into the order of `KEYS`.

# %% [markdown] solved="2.2"
# **Why it works.** Every rule is applied before anything is returned, so one run reports all bad keys. Asking whether a
# value lies inside its range also rejects nan, which lies in none.
#
# **In models.** Model code has the same test for heads: Hugging Face's GPT-2 refuses a width that they do not divide.
#
# **In PyTorch.** `torch.nn.MultiheadAttention` refuses it, too.
#
# **Next.** 2.3 begins to count.

# %% [markdown]
# From here on, functions take a valid config as a plain dictionary, whose keys may come in any order. Here is the
# chapter's config, so that the rest does not depend on your `load_config`.

# %%
GPT_CONFIG_124M: GPTConfig = {
    "vocab_size": 50257,
    "context_length": 1024,
    "emb_dim": 768,
    "n_heads": 12,
    "n_layers": 12,
    "drop_rate": 0.1,
    "qkv_bias": False,
}

# %% [markdown] exercise="2.3" objective="Count the weights and biases of a linear layer"
# ## 2.3 A linear layer
#
# *Parameters* are the numbers that training adjusts: weights and biases. Most parameters of a large language model
# (LLM) sit in linear layers. A linear layer turns a vector $x$ of $n_\text{in}$ numbers into a vector $y$ of
# $n_\text{out}$ numbers,
#
# $$ y = W x + b $$
#
# Each output is a weighted sum of all the inputs, so the weight matrix $W$ has one entry for each pair of an output and
# an input. The bias $b$, if there is one, is added to the result.
#
# Count the entries of both. Modules (parts of a model) from `torch.nn` are off limits in 2.3 to 2.8: you want the count
# before you build the model, to know whether it fits into memory. The trap is the bias: which of the two sizes is its
# length? Use a formula, without a loop over the outputs: a layer may have a billion of them.


# %% solution="2.3"
def linear_params(in_features: int, out_features: int, bias: bool) -> int:
    """Number of parameters of a linear layer, as in `nn.Linear(in_features, out_features, bias)`.

    Args:
        in_features: length of the input vector.
        out_features: length of the output vector.
        bias: whether the layer adds a bias.

    Returns:
        How many numbers the layer learns, as an int.

    Example:
        >>> linear_params(3, 2, True)
        8
    """
    ### BEGIN SOLUTION
    return in_features * out_features + (out_features if bias else 0)
    ### END SOLUTION


# %% [markdown] hints="2.3"
# 1. Write down the shapes of $W$ and $b$ for 3 inputs and 2 outputs, and count on your fingers.
# 2. $W$ is $(n_\text{out}, n_\text{in})$, and $b$ has the length of what it is added to.
# 3. Multiply the two sizes; if there is a bias, add the size of the output once.

# %% [markdown] solved="2.3"
# **Why it works.** Every output has a weight of its own for every input, one matrix entry per pair, and then one bias.
# So there are as many biases as outputs.
#
# **In models.** Each block of GPT-2 has six linear layers, if queries, keys and values count separately. Llama's have
# no biases at all.
#
# **In PyTorch.** `torch.nn.Linear` holds just these two tensors, weight and bias.
#
# **Next.** 2.4 counts the tables that turn ids into vectors.

# %% [markdown] exercise="2.4" objective="Count the token table and the position table"
# ## 2.4 The two embedding tables
#
# Text enters the model as *token ids*: a tokenizer cuts it into tokens, and each of the $V$ different tokens has a
# number. The *token table* has one row of $D$ learned numbers for each of them; a token's row is its vector, its
# *embedding*. A row is only looked up, so there is no bias.
#
# "Dog bites man" and "man bites dog" are the same three rows in another order, and nothing in a row says where in the
# text it is. GPT-2, the model that the chapter's config describes, therefore adds a second vector to each token's row,
# that of its *position*, from a *position table*. The first Transformer (the kind of network that GPT-2 is) computed
# position vectors from sines and cosines, which costs no parameters; GPT-2 learns them.
#
# There are as many positions as the context length $T$. The chapter calls this the maximum length of a *sentence*. In
# fact it is the number of tokens in one training window. A window may begin and end in the middle of a sentence, and
# 1,024 tokens of English mostly span dozens of sentences. Position 1,025 has no row, so it cannot be looked up.
#
# The chapter also says that embeddings use "billions of dimensions". That is wrong: the smallest GPT-2 has $D = 768$,
# the largest GPT-3 has 12,288.


# %% solution="2.4"
def embedding_params(cfg: GPTConfig) -> int:
    """Number of parameters of the token table and the position table together.

    Args:
        cfg: a valid config.

    Returns:
        How many numbers the two tables hold, as an int.

    Example:
        >>> embedding_params(GPT_CONFIG_124M)  # 38,597,376 for tokens, 786,432 for positions
        39383808
    """
    ### BEGIN SOLUTION
    return (cfg["vocab_size"] + cfg["context_length"]) * cfg["emb_dim"]
    ### END SOLUTION


# %% [markdown] hints="2.4"
# 1. Two tables, each with rows of the same length.
# 2. Entries of a table are rows times columns: $V$ rows in one, $T$ rows in the other, and $D$ columns in both.
# 3. Multiply for each table, and add the two products. Nothing else is learned here.

# %% [markdown] solved="2.4"
# **Why it works.** A table has rows times columns entries. Tokens and positions have a table each, and all rows are as
# long as the model is wide.
#
# **In models.** In OpenAI's GPT-2 small the token table is 31 % of all parameters. Llama has no position table: it
# rotates queries and keys by angles that depend on the position.
#
# **In PyTorch.** `torch.nn.Embedding` is such a table.
#
# **Next.** 2.5 counts a layer norm.

# %% [markdown] exercise="2.5" objective="Count what a layer norm learns: a scale and a shift for each feature"
# ## 2.5 Layer normalization
#
# A layer norm brings the $D$ numbers of each token to mean 0 and variance 1, and then gives each of the $D$ places a
# scale $\gamma_i$ and a shift $\beta_i$ of its own:
#
# $$ y_i = \gamma_i \, \frac{x_i - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta_i, \qquad i = 1, \dots, D $$
#
# Which of these are learned? The mean $\mu$ and the variance $\sigma^2$ are computed anew from each token's own
# numbers, in training and afterwards; neither of them is stored. The small $\varepsilon$ is a constant that prevents
# division by zero. All positions share the same $\gamma$ and $\beta$, so the length of the text plays no part.
#
# These counts are tiny compared with those of the matrices. Still, they decide whether your total is exact. Count
# without making the vectors: `emb_dim` may be so large that no memory would hold them.


# %% solution="2.5"
def layernorm_params(emb_dim: int) -> int:
    """Number of parameters of one layer norm over vectors of emb_dim numbers, as in `nn.LayerNorm(emb_dim)`.

    Args:
        emb_dim: length D of the vectors.

    Returns:
        How many numbers it learns, as an int.

    Example:
        >>> layernorm_params(3)
        6
    """
    ### BEGIN SOLUTION
    return 2 * emb_dim
    ### END SOLUTION


# %% [markdown] hints="2.5"
# 1. Go through the symbols of the formula: which of them does training change?
# 2. $\gamma$ and $\beta$ carry an index $i$ that runs to $D$; $\mu$, $\sigma$ and $\varepsilon$ are not learned.
# 3. Count the entries of the two learned vectors, and add them.

# %% [markdown] solved="2.5"
# **Why it works.** Mean and variance are computed anew from each token's own numbers. Only scale and shift are learned,
# one number of each per place.
#
# **In models.** GPT-2 small has 25 layer norms with 38,400 parameters in all. Llama's RMSNorm goes without mean and
# shift, so it has half as many.
#
# **In PyTorch.** `torch.nn.LayerNorm` holds the two vectors as weight and bias.
#
# **Next.** 2.6 counts attention, where heads are the trap.

# %% [markdown] exercise="2.6" objective="Count an attention layer, and say why the number of heads does not matter"
# ## 2.6 Attention
#
# Attention has four linear layers, each from $D$ to $D$ numbers. Three make a *query*, a *key* and a *value* from each
# token's vector: what the token looks for, what it offers, and what it hands over (you use them in 6.6). The fourth,
# the *output projection*, mixes what the heads found.
#
# What do attention heads change? With $H$ heads, the $D$ numbers of a query are *cut* into $H$ pieces of $d = D / H$,
# and each head works with its piece. The piece for one head consists of $d$ numbers. Each of them is a weighted sum of
# all $D$ numbers of the token's vector, so one piece needs $D \cdot d$ weights. The number of weights for all heads is
#
# $$ H \cdot D \cdot d = H \cdot D \cdot \frac{D}{H} = D^2 $$
#
# With more heads, each head is smaller, but there are not more parameters. Two mistakes are common: counting $D^2$ for
# *each* head, and counting the weights of one head only.
#
# The other trap is `qkv_bias`. Its name says what it covers: queries, keys and values. OpenAI's GPT-2 has these biases
# (True); the chapter's config leaves them out (False), as many newer models do. The output projection has a bias in
# every GPT-2, whatever the flag says.


# %% solution="2.6"
def attention_params(cfg: GPTConfig) -> int:
    """Number of parameters of the attention layer of one block: query, key, value and output projection.

    Args:
        cfg: a valid config; `qkv_bias` says whether query, key and value have a bias. The output projection
            always has one.

    Returns:
        How many numbers the layer learns, as an int.

    Example:
        >>> attention_params(GPT_CONFIG_124M)
        2360064
        >>> attention_params({**GPT_CONFIG_124M, "qkv_bias": True})
        2362368
    """
    ### BEGIN SOLUTION
    D = cfg["emb_dim"]
    query_key_value = 3 * linear_params(D, D, cfg["qkv_bias"])
    output_projection = linear_params(D, D, True)
    return query_key_value + output_projection
    ### END SOLUTION


# %% [markdown] hints="2.6"
# 1. Four layers, and you already have a function that counts a layer.
# 2. $4 D^2$ weights whatever $H$ is, plus the biases: $D$ numbers for each layer that has one.
# 3. Count a $D$-to-$D$ layer with the bias that the flag asks for, three times; count one more that always has its
#    bias; add them.

# %% [markdown] solved="2.6"
# **Why it works.** Heads share out the outputs of each projection; together they still have a full D-by-D matrix. So
# there are four matrices, and a bias for each layer that has one.
#
# **In models.** GPT-3's 96 heads cost as many weights as a single one would. Newer models do save some: several query
# heads share one head of keys and values.
#
# **In PyTorch.** `torch.nn.MultiheadAttention` keeps the three input projections in one matrix.
#
# **Next.** 2.7 counts the larger half of a block.

# %% [markdown] exercise="2.7" objective="Count a feed-forward network from its width and its factor"
# ## 2.7 The feed-forward network
#
# After attention, each token's vector passes by itself through a small network: a linear layer widens it from $D$ to
# $m D$ numbers, a GELU is applied to each of them, and a second linear layer brings them back to $D$. (A *GELU* is a
# fixed curve, nearly 0 for very negative $x$ and nearly $x$ for large ones. You write it in 6.9.)
#
# $$ y = W_2 \, \mathrm{GELU}(W_1 x + b_1) + b_2, \qquad W_1 : D \to m D, \qquad W_2 : m D \to D $$
#
# The width in the middle is called the *hidden dimension*. The config has no key for it: GPT-2 has $m = 4$, and your
# function has the argument `mult`, which is 4 unless the caller says something else.
#
# Both layers always have a bias, whatever `qkv_bias` says. GELU learns nothing. The two layers hold two thirds of a
# block's parameters, and in the larger models more than half of all parameters, so a forgotten factor 4 makes a large
# difference.


# %% solution="2.7"
def feedforward_params(cfg: GPTConfig, mult: int = 4) -> int:
    """Number of parameters of the feed-forward network of one block: emb_dim -> mult * emb_dim -> emb_dim.

    Args:
        cfg: a valid config.
        mult: how many times wider the middle is than emb_dim.

    Returns:
        How many numbers the two linear layers learn, biases included, as an int.

    Example:
        >>> feedforward_params(GPT_CONFIG_124M)
        4722432
    """
    ### BEGIN SOLUTION
    D = cfg["emb_dim"]
    return linear_params(D, mult * D, True) + linear_params(mult * D, D, True)
    ### END SOLUTION


# %% [markdown] hints="2.7"
# 1. Draw the three widths in a row, with an arrow from each to the next: each arrow is a linear layer.
# 2. $W_1$ and $W_2$ have $m D^2$ entries each; $b_1$ has $m D$ entries and $b_2$ has $D$.
# 3. Count a layer from $D$ to $m D$ and one from $m D$ to $D$, both with bias, and add them.

# %% [markdown] solved="2.7"
# **Why it works.** Out and back again: both matrices have the same number of entries, and each layer has a bias as long
# as its output. The curve in between has nothing to learn.
#
# **In models.** Llama's feed-forward network has three matrices. So its inner width is set near 8/3 of D, not 4 times
# D, and costs about the same.
#
# **In PyTorch.** `torch.nn.TransformerEncoderLayer` contains such a network, 2048 wide unless told otherwise.
#
# **Next.** 2.8 adds everything up.

# %% [markdown] exercise="2.8" objective="Add up the counts of all parts of a GPT-2"
# ## 2.8 The whole model
#
# Now put it together. A GPT-2 consists, from bottom to top, of the two embedding tables; $L$ blocks, each with two
# layer norms, one before attention and one before the feed-forward network; one more layer norm at the end; and the
# *output head*, a linear layer without bias that turns the final $D$ numbers into a score for each of the $V$ tokens.
#
# The output head has the same shape as the token table. OpenAI used one matrix for both: the head is *tied*, and its
# numbers count once. This explains the name "124M":
#
# | GPT-2 small | head of its own | tied head |
# |---|---|---|
# | `qkv_bias=False`, the chapter's config | 163,009,536 | 124,412,160 |
# | `qkv_bias=True`, as OpenAI trained it | 163,037,184 | 124,439,808 |
#
# So the chapter's config describes a model of 163 million parameters unless the head is tied. The larger models have
# 1,024 positions, too. With `qkv_bias=False` they have these totals, with an output head of its own ("own head") or a
# tied one:
#
# | | $D$ | $L$ | $H$ | own head | tied |
# |---|---|---|---|---|---|
# | medium | 1,024 | 24 | 16 | 406,212,608 | 354,749,440 |
# | large | 1,280 | 36 | 20 | 838,220,800 | 773,891,840 |
# | XL | 1,600 | 48 | 25 | 1,637,792,000 | 1,557,380,800 |
#
# Your total must be right to the last digit. If it is not, its difference from the right total tells you what you
# forgot.


# %% solution="2.8"
def gpt_params(cfg: GPTConfig, tied: bool = False) -> int:
    """Number of parameters of a whole GPT-2 model.

    Args:
        cfg: a valid config; the feed-forward networks are 4 * emb_dim wide.
        tied: whether the head shares the token table's matrix; shared numbers count once.

    Returns:
        How many numbers the model learns, as an int: exact, however large.

    Example:
        >>> gpt_params(GPT_CONFIG_124M)
        163009536
        >>> gpt_params({**GPT_CONFIG_124M, "qkv_bias": True}, tied=True)
        124439808
    """
    ### BEGIN SOLUTION
    D = cfg["emb_dim"]
    block = 2 * layernorm_params(D) + attention_params(cfg) + feedforward_params(cfg)
    head = 0 if tied else linear_params(D, cfg["vocab_size"], False)
    return embedding_params(cfg) + cfg["n_layers"] * block + layernorm_params(D) + head
    ### END SOLUTION


# %% [markdown] hints="2.8"
# 1. All parts are counted already: list them from bottom to top, and how often each occurs.
# 2. Embeddings, plus $L$ times (two layer norms, attention, feed-forward), plus one layer norm, plus the head.
# 3. Count one block and multiply by the number of layers. Add the embeddings and the final layer norm. Add the head as
#    a layer from $D$ to $V$ without bias, unless it is tied. For the chapter's config one block has 7,085,568.

# %% [markdown] solved="2.8"
# **Why it works.** A model is a stack of parts, so its count is a sum, with one block multiplied by the number of
# layers. Tying the head takes away one table and changes nothing else.
#
# **In models.** You can now check any published count. Large models come close to 12 times L times D squared.
#
# **In PyTorch.** `torch.set_default_device` with "meta" makes tensors that have a shape but no memory, so even GPT-3
# can be built just to be counted.
#
# **Next.** 2.9 counts what a module really holds.

# %% [markdown] exercise="2.9" objective="Count the parameters of any module, shared ones once"
# ## 2.9 Count what is really there
#
# Formulas tell you what a model should have; now ask a model what it does have. A model, or a part of one, is a
# *module*, an object of the class `nn.Module`. Count the parameters of any module: each number once.
#
# A module keeps two kinds of tensors. *Parameters* are learned. *Buffers*, such as a table of constants, are stored
# with the model and move with it to another device (CPU or GPU), but are not learned, so they are not counted. Any
# module may have parameters and buffers of its own, under any name, besides those of the modules inside it. A module
# also offers several views of what it holds: `parameters()`, `buffers()`, `children()`, `state_dict()` and more. Choose
# with care: `state_dict()` is made for saving to a file. It also lists buffers, and it lists a tied matrix twice, so a
# tied model looks larger than it is.
#
# *Tied* means that two layers hold the same tensor object, under two names, and training changes both at once. Two
# tensors that merely have equal values, like the weights of two fresh layer norms (all ones), are separate parameters.
#
# When a finished model is trained further, part of it is often *frozen*: a frozen parameter has `requires_grad` set to
# False, and training leaves it alone. With `trainable_only=True`, leave out the frozen parameters.


# %% solution="2.9"
def count_parameters(module: nn.Module, trainable_only: bool = False) -> int:
    """Number of parameters a module holds, each shared one once; buffers do not count.

    Args:
        module: any module, with other modules inside it or not; not changed.
        trainable_only: leave out frozen parameters, those that do not require grad.

    Returns:
        How many single numbers (not tensors) its parameters have, as an int.

    Example:
        >>> count_parameters(nn.Sequential(nn.Linear(3, 2), nn.ReLU(), nn.Linear(2, 1)))
        11
    """
    ### BEGIN SOLUTION
    return sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)
    ### END SOLUTION


# %% [markdown] hints="2.9"
# 1. Look up which view of a module lists learned tensors only, at any depth, and a shared one once.
# 2. The sum over these tensors of how many entries each has: the product of its shape.
# 3. Go through the module's parameters; skip those that do not require grad if only trainable ones are asked for; add
#    up the number of entries of each.

# %% [markdown] solved="2.9"
# **Why it works.** A module's list of parameters goes through all modules inside it and names each tensor object once,
# so a tied matrix counts once. Buffers are in a list of their own.
#
# **In models.** LoRA freezes a whole model and trains small added matrices, often less than 1 % of all numbers. The
# flag of your function shows that share.
#
# **In PyTorch.** `torch.nn.Module` documents this list and all others.
#
# **Next.** 2.10 turns counts into memory.

# %% [markdown] exercise="2.10" objective="Turn a number of parameters into bytes and mebibytes"
# ## 2.10 How much memory?
#
# A parameter is a number, and how many bytes a number takes depends on its dtype. A `torch.float32` takes 4 bytes,
# `torch.bfloat16` and `torch.float16` take 2, `torch.int8` takes 1. (The 32, 16 and 8 in the names are bits; 8 bits are
# a byte.) PyTorch knows the width of every dtype, so you need no table.
#
# Memory is reported in two units that look alike. A megabyte (MB) is $10^6$ bytes; a mebibyte (MiB) is $2^{20}$ =
# 1,048,576 bytes. The 163,009,536 parameters of the chapter's model take 652,038,144 bytes in float32: 652.04 MB, but
# 621.83 MiB. In bfloat16 it is half of that, 310.92 MiB. The trap is to mix the two, or to take 4 bytes for granted.
#
# This is the memory of the parameters alone. Training with Adam, a common method (5.3), keeps three more numbers for
# each parameter: its gradient, which says how to change it (assignment 03), and two averages made from gradients. All
# four take 2,487.33 MiB in float32. The numbers that the model computes in between need further memory.
#
# Write two functions: one returns the exact bytes, one the mebibytes.


# %% solution="2.10"
def model_bytes(n: int, dtype: torch.dtype) -> int:
    """Memory of n numbers of a type, in bytes.

    Args:
        n: how many numbers.
        dtype: their type: a bool, integer or float dtype of torch.

    Returns:
        Bytes, as an int: exact, however many.

    Example:
        >>> model_bytes(163_009_536, torch.float32)
        652038144
    """
    ### BEGIN SOLUTION
    return n * dtype.itemsize
    ### END SOLUTION


# %% solution="2.10"
def model_mebibytes(n: int, dtype: torch.dtype) -> float:
    """Memory of n numbers of a type, in mebibytes (MiB, 1,048,576 bytes).

    Args:
        n: how many numbers.
        dtype: their type: a bool, integer or float dtype of torch.

    Returns:
        Mebibytes as a float, not rounded.

    Example:
        >>> model_mebibytes(163_009_536, torch.float32)
        621.83203125
    """
    ### BEGIN SOLUTION
    return model_bytes(n, dtype) / 2**20
    ### END SOLUTION


# %% [markdown] hints="2.10"
# 1. A `torch.dtype` knows how wide its numbers are; look at its attributes.
# 2. Bytes are numbers times bytes per number; a mebibyte is 1,024 times 1,024 bytes.
# 3. Multiply `n` by the width in bytes that the dtype reports. For mebibytes, divide the bytes by $2^{20}$ and keep the
#    fraction.

# %% [markdown] solved="2.10"
# **Why it works.** Memory is a count times a width, and a dtype knows its width. MiB and MB differ by almost 5 %,
# enough to misjudge whether a model fits.
#
# **In models.** A model of 7 billion parameters takes 14 GB in bfloat16 and 3.5 GB with 4 bits per number. Quantization
# is your formula with a smaller width.
#
# **In PyTorch.** `torch.Tensor.element_size` gives the width of a tensor's numbers.
#
# **Next.** 2.11 shows what the dropout rate does.

# %% [markdown] exercise="2.11" objective="Apply dropout, and say why survivors are scaled"
# ## 2.11 What the dropout rate does
#
# The chapter compares the dropout rate to a share of *data* that is removed. But no data is removed: all tokens of a
# text stay, and every tensor keeps its shape. Dropout sets *activations* to zero, single numbers on their way through
# the model, chosen anew at random in each step. With $p = 0.1$, about 77 of a token's 768 numbers become 0.
#
# That would make all later numbers a little smaller than without dropout. So the numbers that are kept, the
# *survivors*, are scaled up. With a *mask* in which $m_i = 1$ for a place that is kept and 0 for one that is dropped,
#
# $$ y_i = \frac{m_i \, x_i}{1 - p}, \qquad \text{so that on average}
# \quad (1 - p) \cdot \frac{x_i}{1 - p} + p \cdot 0 = x_i $$
#
# With $p = 0.1$ a survivor is multiplied by $1 / 0.9 = 1.1111$. When the model is used (`training=False`), nothing is
# dropped and nothing is scaled. Dropout learns nothing; that is why `drop_rate` appears in none of your counts.
#
# PyTorch's dropout chooses its own random mask. Here a mask is given: apply it by hand. Note that $p$ is the share that
# is dropped, while the mask says what is kept. In training, PyTorch must later find how the result depends on $x$
# (assignment 03). So compute the result from $x$ with torch's operations, without `.item()`, `.tolist()` or
# `.detach()`.


# %% solution="2.11"
def apply_dropout(
    x: Float[Tensor, "*shape"], keep_mask: Bool[Tensor, "*shape"], p: float, training: bool
) -> Float[Tensor, "*shape"]:
    """Dropout with a given mask.

    Args:
        x: activations, finite floats, any shape; not changed.
        keep_mask: bool, the shape of x; True where an activation is kept, False where it is dropped.
        p: share of activations that dropout drops on average, 0 <= p < 1.
        training: whether the model is in training mode.

    Returns:
        A tensor of x's shape and dtype. In training: 0 where dropped, x / (1 - p) where kept. Otherwise: x's numbers.

    Example:
        >>> apply_dropout(torch.tensor([9.0, 9.0, -18.0]), torch.tensor([True, False, True]), 0.1, True)
        tensor([ 10.,   0., -20.])
    """
    ### BEGIN SOLUTION
    return x * keep_mask / (1 - p) if training else x
    ### END SOLUTION


# %% [markdown] hints="2.11"
# 1. Two things happen in training and neither of them otherwise.
# 2. $y = x \cdot m / (1 - p)$: a bool mask acts as ones and zeros in a product.
# 3. If not training, hand back the input. Otherwise multiply by the mask, which zeroes what is not kept, and divide by
#    the share that is kept.

# %% [markdown] solved="2.11"
# **Why it works.** A number that survives is divided by its chance of surviving, so the average over many masks is the
# number itself. Without dropout there is nothing to make up for.
#
# **In models.** GPT-2 was trained with a rate of 0.1. Many of today's large models go without, since they read most of
# their text only once.
#
# **In PyTorch.** `torch.nn.functional.dropout` draws the mask, too.
#
# **Next.** Assignment 03 asks where gradients come from; dropout returns in 6.11.

# %% [markdown]
# # The chapter's claims, in your own numbers
#
# Check these figures yourself: call the functions you wrote.
#
# * *"LLMs use millions of parameters."* `gpt_params(GPT_CONFIG_124M)` is 163,009,536, and that is the smallest GPT-2,
#   of 2019. GPT-3 came a year later and has $T$ = 2,048, $D$ = 12,288, $H$ = $L$ = 96 and otherwise the settings of
#   GPT-2 (`qkv_bias=True`, a tied head): your function gives 174,604,259,328. LLMs have billions.
# * *"LLMs use billions of dimensions."* In each block, attention has about $4 D^2$ and the feed-forward network about
#   $8 D^2$ parameters, so $L$ blocks have about $12 L D^2$. For $D = 10^9$ and $L = 12$ that is $1.44 \cdot 10^{20}$;
#   exactly, `gpt_params({**GPT_CONFIG_124M, "emb_dim": 10**9, "n_heads": 10})` is 144,000,101,660,000,000,000. In
#   bfloat16 these parameters take 288 million terabytes. Dimensions come in thousands, parameters in billions.
# * *"The context length is the maximum length of a sentence."* `embedding_params` grows by $D$ = 768 for each
#   additional position. A position is a place in a window of tokens; nothing in the count knows what a sentence is.
# * *"Dropout removes a percentage of the data."* `apply_dropout` returns as many numbers as it was given, in training
#   and out of it.

# %% [markdown] picture="below"
# ## What your functions draw
#
# The picture shows where the parameters of GPT-2 sit, to scale, by your own counts (2.3 to 2.8), with a tied head.
# Which part has nearly a third of the small model, and a twentieth of the largest, XL? Why does this part not grow like
# the others?
#
# In a notebook, run the next cell to draw it. In a terminal, `pytest` and `gradlings watch` (which tests your file
# whenever you save it) write it as `parameters.png` beside this file when 2.11 is right. There are no points for it. If
# one of the functions is not right yet, a sentence names it.
