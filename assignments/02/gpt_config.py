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


# %% [markdown]
# ## 2.1 Read the chapter's listing
#
# *17 points · about 25 minutes · difficulty 2 of 3*
#
# *Not allowed here: having Python read text as code (eval, exec, compile, ast.literal_eval); a ready-made parser
# (json.loads and its relatives).*
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

# %%
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

    raise NotImplementedError("Exercise 2.1: load_config")


# %% [markdown]
# ## 2.2 Which settings are wrong?
#
# *14 points · about 20 minutes · difficulty 2 of 3 · builds on 2.1*
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

# %%
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
    raise NotImplementedError("Exercise 2.2: validate_config")


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


# %% [markdown]
# ## 2.3 A linear layer
#
# *4 points · about 5 minutes · difficulty 1 of 3*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.3: linear_params")


# %% [markdown]
# ## 2.4 The two embedding tables
#
# *4 points · about 5 minutes · difficulty 1 of 3*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.4: embedding_params")


# %% [markdown]
# ## 2.5 Layer normalization
#
# *4 points · about 5 minutes · difficulty 1 of 3*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.5: layernorm_params")


# %% [markdown]
# ## 2.6 Attention
#
# *12 points · about 15 minutes · difficulty 2 of 3 · builds on 2.3*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.6: attention_params")


# %% [markdown]
# ## 2.7 The feed-forward network
#
# *8 points · about 10 minutes · difficulty 1 of 3 · builds on 2.3*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.7: feedforward_params")


# %% [markdown]
# ## 2.8 The whole model
#
# *16 points · about 20 minutes · difficulty 2 of 3 · builds on 2.3, 2.4, 2.5, 2.6, 2.7*
#
# *Not allowed here: the layers of torch.nn.*
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

# %%
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
    raise NotImplementedError("Exercise 2.8: gpt_params")


# %% [markdown]
# ## 2.9 Count what is really there
#
# *11 points · about 15 minutes · difficulty 2 of 3*
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

# %%
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
    raise NotImplementedError("Exercise 2.9: count_parameters")


# %% [markdown]
# ## 2.10 How much memory?
#
# *4 points · about 5 minutes · difficulty 1 of 3*
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

# %%
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
    raise NotImplementedError("Exercise 2.10: model_bytes")


# %%
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
    raise NotImplementedError("Exercise 2.10: model_mebibytes")


# %% [markdown]
# ## 2.11 What the dropout rate does
#
# *6 points · about 10 minutes · difficulty 1 of 3*
#
# *Not allowed here: PyTorch's dropout (F.dropout, nn.Dropout).*
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

# %%
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
    raise NotImplementedError("Exercise 2.11: apply_dropout")

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

# %% [markdown]
# ## What your functions draw
#
# The picture shows where the parameters of GPT-2 sit, to scale, by your own counts (2.3 to 2.8), with a tied head.
# Which part has nearly a third of the small model, and a twentieth of the largest, XL? Why does this part not grow like
# the others?
#
# In a notebook, run the next cell to draw it. In a terminal, `pytest` and `gradlings watch` (which tests your file
# whenever you save it) write it as `parameters.png` beside this file when 2.11 is right. There are no points for it. If
# one of the functions is not right yet, a sentence names it.
