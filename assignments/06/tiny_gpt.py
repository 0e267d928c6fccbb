# %% [markdown]
# # 06 Pre-train a tiny GPT
#
# "The chapter" is a text about language models that the exercises follow (retold in `docs/chapter.md` of the
# repository; you need not read it). It begins with pre-training: a model reads a lot of text and learns the structure
# of language from this text alone. Here you pre-train a model. You write every part of a GPT as a small function, put
# the parts together, and train the result on your own computer, in a few seconds. It is built like GPT-2, but it has
# only 27,776 parameters; GPT-2 small has 124 million.
#
# *Pre-training* means one task: given the tokens so far, predict the next one. The text itself holds the right answers,
# so nobody has to label anything. Exercises 6.1 to 6.4 make training pairs from text and measure predictions. 6.5 to
# 6.7 are attention, the part in which tokens exchange information. 6.8 and 6.9 are two small functions between layers;
# in 6.10 and 6.11 you assemble all parts into a GPT. In 6.12 the model writes, and in 6.13 it learns. In 6.14 you
# measure it on text that it has never seen, and in 6.15 and 6.16 you find a bug in somebody else's code.
#
# At the end you will be able to read the code of a real GPT and know what each line is for, and to tell from a loss
# curve whether a model learns, does not learn, or cheats.
#
# You need attention heads as a change of shape (1.11), broadcasting (1.10), the GPT config and its parameter count
# (2.2, 2.8), dropout (2.11), the gradient of softmax and cross-entropy (4.6), and the training step (5.5). Nothing is
# imported from your earlier files.
#
# PyTorch's autograd does the backward pass. So in 6.3, 6.6 to 6.11 and 6.15, gradients must flow from the result back
# to every float tensor in the arguments. `no_grad()`, `detach()`, `item()` or `torch.tensor(...)` in one of these
# functions would stop the gradients, and the parts of the model before it would not learn.
#
# As in assignment 01, shapes, dtypes and token ids must be exact, other numbers right to seven digits in `float64`, and
# every argument must stay as it is.
#
# Letters for sizes: $B$ sequences in a batch, $T$ tokens in a sequence, $D$ numbers for a token (`emb_dim`), $H$ heads
# of $d = D/H$ numbers each, $V$ different tokens (`vocab_size`).

# %%
import math

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

# %% [markdown]
# ## The text, and its tokens
#
# Have a look at `corpus.txt` beside this file: 600 sentences, made at random by a small grammar, which is a few rules
# for building sentences (`corpus.py`). A *token* is the unit in which a model reads text; here each token is one
# character, so the vocabulary has 23 tokens instead of the 50,257 of GPT-2. The tokenizer is given; it turns text into
# ids and back.

# %%
TINY_CONFIG = {
    "vocab_size": 23,  # different characters in corpus.txt
    "context_length": 32,  # tokens in a training window, and the most the model ever sees
    "emb_dim": 32,
    "n_heads": 4,
    "n_layers": 2,
    "drop_rate": 0.0,
    "qkv_bias": False,
    "batch_size": 8,
    "learning_rate": 0.01,
}


class CharTokenizer:
    """Turns characters into ids and back; the vocabulary is the characters of one text, sorted."""

    def __init__(self, text: str) -> None:
        self.characters = sorted(set(text))

    def encode(self, text: str) -> Int[Tensor, "n"]:
        return torch.tensor([self.characters.index(character) for character in text])

    def decode(self, ids: Int[Tensor, "n"]) -> str:
        return "".join(self.characters[i] for i in ids.tolist())


# %% [markdown]
# ## 6.1 Next-token pairs
#
# *5 points · about 15 minutes · difficulty 1 of 3*
#
# A language model gets tokens and predicts, at every position, the token that comes next. So the training data is the
# text twice: once as input, and once, shifted by one token, as *target* (the right answer).
#
# The text is far too long for the model to read at once, so it gets windows of $T$ tokens. This $T$ is the *context
# length*. Windows ignore sentences: they begin and end anywhere, as the rows below show.
#
# For a text of $n$ tokens, return every window that has a target for each of its tokens. For "hello" and $T = 3$, with
# letters in place of ids:
#
# | input | target |
# |---|---|
# | h e l | e l l |
# | e l l | l l o |
#
# One window holds $T$ examples, not just one: given "h" predict "e", given "he" predict "l", given "hel" predict "l".
#
# Here is a common mistake: if inputs and targets are equal, the model has to copy what it sees, and its loss falls to
# almost zero within seconds. A loss that is too good to be true means that the model saw the answer. Another trap:
# nothing follows the last token of the text, so this token is never an input. How many windows does that leave?

# %%
def next_token_pairs(ids: Int[Tensor, "n"], T: int) -> tuple[Int[Tensor, "n-T T"], Int[Tensor, "n-T T"]]:
    """Every window of T consecutive ids, and for each of its ids the one that follows in the text.

    Args:
        ids: the text as token ids, int64; more than T of them.
        T: tokens in a window, at least 1.

    Returns:
        (x, y), both int64 of shape (n - T, T). Row s of x is the window that starts at position s of the text.
        y[s, t] is the id that follows x[s, t] in the text.

    Example:
        >>> x, y = next_token_pairs(torch.tensor([7, 4, 11, 11, 14]), 3)
        >>> x
        tensor([[ 7,  4, 11],
                [ 4, 11, 11]])
        >>> y
        tensor([[ 4, 11, 11],
                [11, 11, 14]])
    """
    raise NotImplementedError("Exercise 6.1: next_token_pairs")


# %% [markdown]
# ## 6.2 A random batch
#
# *5 points · about 15 minutes · difficulty 2 of 3 · builds on 6.1*
#
# Models are not trained on all windows in order: there are too many, and neighboring windows are nearly the same. Each
# step of training draws a few windows at random, a *batch*.
#
# Draw $B$ starts, independently and with equal chance, among all starts whose window and targets lie in the text. For a
# text of $n$ tokens these are $0, 1, \ldots, n - T - 1$. Then collect the $B$ windows and their targets.
#
# The random numbers come from a `torch.Generator` that your function is given. A generator is a source of random
# numbers with a state of its own: started with the same *seed* (a whole number), it gives the same batches again, so
# that a training run can be repeated exactly. If you draw from torch's global source instead, any other code that draws
# numbers changes your batches.
#
# The trap is at the end of the text, where you can be off by one in both directions. With one start too many, a target
# is sometimes missing, and the program stops, perhaps after hours. With one start too few, the last token of the text
# is never a target, and nobody ever notices.

# %%
def get_batch(
    data: Int[Tensor, "n"], B: int, T: int, generator: torch.Generator
) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """B random windows of the text and their targets.

    Args:
        data: the text as token ids, int64; more than T of them.
        B: how many windows; may be larger than the number of different windows.
        T: tokens in a window.
        generator: where the random numbers come from; each call takes new ones.

    Returns:
        (x, y), both int64 of shape (B, T). Each row of x is a window whose start is drawn evenly from
        0 to n - T - 1, independently of the other rows; y[b, t] is the id that follows x[b, t] in the text.

    Example:
        >>> data = torch.tensor([5, 6, 7, 8])
        >>> get_batch(data, 2, 3, torch.Generator().manual_seed(0))  # there is only one window
        (tensor([[5, 6, 7],
                [5, 6, 7]]), tensor([[6, 7, 8],
                [6, 7, 8]]))
    """
    raise NotImplementedError("Exercise 6.2: get_batch")


# %% [markdown]
# ## 6.3 The loss of a language model
#
# *7 points · about 20 minutes · difficulty 2 of 3 · builds on 3.3, 4.6*
#
# *Not allowed here: PyTorch's ready-made cross-entropy (F.cross_entropy, F.nll_loss, nn.CrossEntropyLoss).*
#
# At every position the model gives $V$ numbers, the *logits*: one for each token that might come next. The softmax
# turns them into probabilities, and the loss is the negative logarithm of the probability of the token that did come,
# averaged over all $B \cdot T$ positions. Here $z_{b,t,v}$ is the logit of token $v$, and $y_{b,t}$ the target:
#
# $$ L = -\frac{1}{BT}\sum_{b,t} \ln \frac{e^{z_{b,t,y_{b,t}}}}{\sum_{v} e^{z_{b,t,v}}} $$
#
# This is cross-entropy, as in assignments 03 and 04, with $V$ classes. With the natural logarithm, its unit is called
# the *nat*. A model that knows nothing gives every token the same chance; its loss is $\ln V$, which is 3.14 for 23
# characters and 10.82 for GPT-2. A training run that starts far from $\ln V$ has a mistake in it.
#
# Logits are raw numbers, not probabilities, and the formula has the softmax exactly once. Losses of libraries, such as
# `F.cross_entropy`, take logits and contain the softmax. If you apply a softmax to the model's output before, nothing
# crashes, but the loss stays high. Here you write the formula yourself, so the ready-made losses are off limits
# (`torch.logsumexp` and `log_softmax` are allowed).
#
# Two more traps. $e^{1000}$ is infinite, so exponentials of raw logits break. And only one of the three axes runs over
# the vocabulary: the softmax belongs there.

# %%
def lm_cross_entropy(logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Mean cross-entropy of next-token predictions, in nats (natural logarithm).

    Args:
        logits: for each position a score for each token of the vocabulary; any numbers, also very large ones.
        targets: for each position the id of the token that came, int64, from 0 to V - 1.

    Returns:
        The mean over all B * T positions, a scalar tensor of the dtype of the logits.

    Example:
        >>> logits = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])  # B=1, T=2, V=3
        >>> lm_cross_entropy(logits, torch.tensor([[0, 2]]))
        tensor(0.8955)
    """
    raise NotImplementedError("Exercise 6.3: lm_cross_entropy")


# %% [markdown]
# ## 6.4 Perplexity
#
# *4 points · about 10 minutes · difficulty 1 of 3 · builds on 6.3*
#
# A loss of 2.3 nats says little to most people. *Perplexity* gives the same information in a form that is easier to
# understand:
#
# $$ \mathrm{PPL} = e^{L}, \qquad
# L = \frac{\text{sum of } {-\ln p} \text{ over all tokens}}{\text{number of tokens}} $$
#
# where $p$ is the probability that the model gave to the token that came. A perplexity of 10 means that the model is as
# unsure as if it had to choose evenly among 10 tokens. A model that really chooses evenly among $V$ tokens has
# perplexity $V$; a model that is always certain and right has perplexity 1.
#
# A long text is evaluated in batches, and the batches are rarely equally large: the last one holds what is left over.
# So for each batch you get a *sum* (of $-\ln p$ over its tokens) and a *count* (of its tokens). Combine them so that
# every token weighs the same, however the text was cut.
#
# Two wrong ways look right: the mean of the batches' perplexities, and the exponential of the mean of the batches'
# losses. With one batch both give the right result, and the second also with batches of equal size.
#
# And mind the base: the loss has natural logarithms, so the result is $e^L$; $2^L$ is for losses in bits, that is, with
# logarithms of base 2.

# %%
def perplexity(nll_sums: Float[Tensor, "N"], counts: Int[Tensor, "N"]) -> Float[Tensor, ""]:
    """Perplexity of a text that was evaluated in batches.

    Args:
        nll_sums: for each batch the sum of -ln p over its tokens (negative log-likelihoods), in nats.
        counts: for each batch the number of its tokens, int64, at least 1.

    Returns:
        The perplexity of the whole text, in which every token weighs the same; a scalar tensor of the dtype of
        nll_sums, right to six digits.

    Example:
        >>> perplexity(torch.tensor([6.0, 1.0]), torch.tensor([2, 5]))
        tensor(2.7183)
    """
    raise NotImplementedError("Exercise 6.4: perplexity")


# %% [markdown]
# ## 6.5 The causal mask
#
# *4 points · about 10 minutes · difficulty 1 of 3*
#
# While it trains, the model sees a whole window at once and predicts at all $T$ positions in parallel. That saves a lot
# of time, but the right answer for position 3 is the token at position 4, and this token is in the input, too. The
# *causal mask* forbids looking ahead: position $i$ may look at position $j$ only if $j$ is not later than $i$.
#
# The mask is a matrix of $T$ rows and $T$ columns. Row $i$ belongs to the position that looks, column $j$ to the one
# that is looked at. For $T = 3$:
#
# $$ \begin{pmatrix} 1 & 0 & 0 \\ 1 & 1 & 0 \\ 1 & 1 & 1 \end{pmatrix} $$
#
# A position may look at itself, because it predicts the *next* token and not its own. Without the diagonal, the first
# position could look at nothing at all.
#
# Two conventions exist: `True` for "may look" and `True` for "is hidden". `F.scaled_dot_product_attention` has the
# first, `nn.MultiheadAttention` the second. Here, `True` means "may look". The dtype must be bool. Most functions *add*
# a mask of numbers to the scores from which attention makes its weights (6.6), and adding 0 or 1 to a score hides
# nothing.
#
# The argument `device` says *where* to make the mask: on the CPU or on a GPU. A mask on the CPU cannot be combined with
# scores on a GPU.

# %%
def causal_mask(T: int, device: torch.device | str | None = None) -> Bool[Tensor, "T T"]:
    """Which positions each position may look at: itself and all before it.

    Args:
        T: number of positions.
        device: where the mask is made, as in `torch.ones(..., device=device)`; None is torch's default, the CPU.

    Returns:
        A bool tensor of shape (T, T). Entry [i, j] is True if position i may look at position j.

    Example:
        >>> causal_mask(3)
        tensor([[ True, False, False],
                [ True,  True, False],
                [ True,  True,  True]])
    """
    raise NotImplementedError("Exercise 6.5: causal_mask")


# %% [markdown]
# ## 6.6 Attention
#
# *10 points · about 30 minutes · difficulty 3 of 3 · builds on 1.8, 6.5*
#
# *Not allowed here: ready-made attention (F.scaled_dot_product_attention, nn.MultiheadAttention, nn.Transformer).*
#
# Attention lets each position collect information from others. Each position has three vectors of $d$ numbers: a
# *query* (what am I looking for?), a *key* (what do I offer?) and a *value* (what do I hand over?). The dot product of
# query $i$ and key $j$, divided by $\sqrt{d}$, is their *score*. A softmax turns the scores of one query into weights
# that add up to 1, and the output is the mean of the values with these weights. The scores are $S$, the weights $A$,
# and here $V$ are the values:
#
# $$ S = \frac{Q K^\top}{\sqrt{d}}, \qquad A = \mathrm{softmax}(S), \qquad O = A\,V $$
#
# Why $\sqrt{d}$? If the numbers of a query and a key are independent, with mean 0 and variance 1, their dot product has
# mean 0 and standard deviation $\sqrt{d}$. Without the division, the largest score would get nearly all the weight, and
# the gradient of the softmax would be nearly 0.
#
# Where the mask is False, the weight must be 0, and the other weights must still add up to 1. So the mask acts on the
# scores, *before* the softmax, and it makes them $-\infty$, since $e^{-\infty} = 0$. A score of 0 would not do it,
# because $e^0 = 1$. And if weights are set to zero *after* the softmax, the rest no longer adds up to 1.
#
# Along which axis is the softmax? Each query divides its attention among the keys: row $i$ of $A$ belongs to query $i$,
# and each row must sum to 1.
#
# Before the last two axes there may be any number of others, such as one for the batch and one for the heads. Each
# matrix in the last two axes is treated by itself. Ready-made attention is off limits in 6.6 to 6.10, because you
# should write the most important part of the model yourself.

# %%
def attention(
    q: Float[Tensor, "*batch T d"],
    k: Float[Tensor, "*batch T d"],
    v: Float[Tensor, "*batch T d"],
    mask: Bool[Tensor, "T T"],
) -> Float[Tensor, "*batch T d"]:
    """Scaled dot-product attention.

    Args:
        q: queries; d numbers for each of T positions. Scores may be from -1,000,000 to 1,000,000.
        k: keys, of the same shape.
        v: values, of the same shape.
        mask: mask[i, j] is True if query i may look at key j; each row has at least one True.

    Returns:
        For each query the weighted mean of the values it may look at, of the shape and dtype of v.

    Example:
        >>> q = torch.tensor([[0.0, 0.0], [0.0, 0.0]])
        >>> v = torch.tensor([[1.0, 2.0], [3.0, 6.0]])
        >>> attention(q, q, v, torch.tensor([[True, False], [True, True]]))
        tensor([[1., 2.],
                [2., 4.]])
    """
    raise NotImplementedError("Exercise 6.6: attention")


# %% [markdown]
# ## 6.7 Multi-head attention
#
# *10 points · about 30 minutes · difficulty 3 of 3 · builds on 1.11, 6.5, 6.6*
#
# *Not allowed here: ready-made attention (F.scaled_dot_product_attention, nn.MultiheadAttention, nn.Transformer).*
#
# With one set of attention weights, a position can look for only one kind of thing, such as the previous character or
# the animal in this sentence. So the $D$ numbers of a position are split among $H$ *heads* of $d = D/H$ numbers, each
# head attends on its own, and the results are put side by side again.
#
# Queries, keys and values are all made from the same input $x$ by one matrix of shape $(3D, D)$. Its first $D$ rows
# make the queries, the next $D$ the keys, the last $D$ the values, so they come out side by side:
#
# $$ [\,Q \;\; K \;\; V\,] = x\,W_{qkv}^\top, \qquad \text{head } h = 0, 1, \ldots \text{ takes columns } h \cdot d
# \text{ to } (h+1) \cdot d - 1 \text{ of } Q \text{, of } K \text{ and of } V $$
#
# Each head then does causal attention, and the heads' outputs, concatenated to $D$ numbers, go through one more linear
# layer, the *output projection*: $y = O\,W_o^\top + b_o$. Matrices have the layout of `nn.Linear`, (out, in), hence the
# transposes. There is no bias for $Q$, $K$, $V$: that is `qkv_bias: False`.
#
# Splitting and merging heads is 1.11 again, and most bugs of hand-written GPTs are here. A `view` to $(B, H, T, d)$ has
# the right shape but mixes positions into heads. A model with this bug still trains. It is not enough to test that no
# position sees the future: with such a bug in the splitting *and* in the merging, the results are wrong, and yet no
# position sees the future.
#
# Use your `attention` and your `causal_mask`.

# %%
def multi_head_attention(
    x: Float[Tensor, "B T D"],
    Wqkv: Float[Tensor, "3*D D"],
    Wo: Float[Tensor, "D D"],
    bo: Float[Tensor, "D"],
    H: int,
) -> Float[Tensor, "B T D"]:
    """Causal attention of a text to itself (self-attention), with H heads.

    Args:
        x: D numbers for each position.
        Wqkv: makes queries (rows 0 to D - 1), keys (rows D to 2D - 1) and values (rows 2D to 3D - 1), without bias.
        Wo: the output projection, applied to the heads' results side by side, head 0 first.
        bo: bias of the output projection.
        H: number of heads; divides D.

    Returns:
        A tensor of the shape and dtype of x. The output at a position depends on this and earlier positions only.

    Example:
        >>> x = torch.tensor([[[1.0, 2.0], [3.0, 4.0]]])
        >>> Wqkv = torch.cat([torch.zeros(4, 2), torch.eye(2)])  # all scores 0, the values are x
        >>> multi_head_attention(x, Wqkv, torch.eye(2), torch.zeros(2), 2)
        tensor([[[1., 2.],
                 [2., 3.]]])
    """
    raise NotImplementedError("Exercise 6.7: multi_head_attention")


# %% [markdown]
# ## 6.8 Layer norm
#
# *5 points · about 15 minutes · difficulty 2 of 3 · builds on 1.10*
#
# *Not allowed here: ready-made normalization (F.layer_norm, nn.LayerNorm, F.group_norm, F.batch_norm and their
# relatives).*
#
# Numbers that pass through many layers tend to grow or to shrink. *Layer norm* brings each position back to a fixed
# scale. It computes the mean and the variance of the $D$ numbers of one position, and changes the numbers so that they
# have mean 0 and variance 1. Then two learned vectors $\gamma$ and $\beta$ scale and shift them:
#
# $$ \mu = \frac1D\sum_j x_j, \qquad \sigma^2 = \frac1D\sum_j (x_j - \mu)^2, \qquad
# y_j = \gamma_j\,\frac{x_j - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta_j $$
#
# Each position is treated alone: it must not matter what else is in the window or in the batch. (If it did, the future
# could leak into the past through the mean.)
#
# The small $\varepsilon$ prevents a division by 0 when all $D$ numbers are equal. It belongs *under* the root, beside
# the variance. For ordinary inputs its place hardly matters, so a mistake may stay unnoticed for years; for very small
# inputs it matters a lot.
#
# Watch the $\frac1D$: torch's `var` and `std` divide by $D - 1$ unless told otherwise.
#
# `F.layer_norm` and other ready-made norms are off limits: they would do everything for you.

# %%
def layer_norm(
    x: Float[Tensor, "*shape D"], gamma: Float[Tensor, "D"], beta: Float[Tensor, "D"], eps: float = 1e-5
) -> Float[Tensor, "*shape D"]:
    """Normalizes the last axis to mean 0 and variance 1, then scales and shifts it.

    Args:
        x: numbers from -1000 to 1000; each row of D along the last axis is treated on its own.
        gamma: D factors.
        beta: D shifts.
        eps: added to the variance.

    Returns:
        A tensor of the shape and dtype of x.

    Example:
        >>> layer_norm(torch.tensor([[1.0, 3.0]]), torch.tensor([1.0, 10.0]), torch.tensor([0.0, 5.0]))
        tensor([[-1.0000, 15.0000]])
    """
    raise NotImplementedError("Exercise 6.8: layer_norm")


# %% [markdown]
# ## 6.9 GELU
#
# *3 points · about 10 minutes · difficulty 1 of 3*
#
# *Not allowed here: a ready-made GELU (F.gelu, nn.GELU).*
#
# The feed-forward network of assignment 04 had a ReLU between its layers. GPT-2 has a GELU (Gaussian error linear unit)
# there, which is similar but smooth: almost $x$ for large $x$, almost 0 for very negative $x$, and a curve in between
# instead of a corner, so that the gradient never jumps.
#
# Its definition is $x\,\Phi(x)$, where $\Phi(x)$ is the probability that a random number with normal distribution (mean
# 0, variance 1) is below $x$. GPT-2 uses an approximation that is faster to compute, and its published weights were
# trained with this approximation:
#
# $$ \mathrm{gelu}(x) =
# \tfrac12\, x \left(1 + \tanh\!\left(\sqrt{\tfrac{2}{\pi}}\,\bigl(x + 0.044715\,x^3\bigr)\right)\right) $$
#
# ($\tanh z = 2\,\sigma(2z) - 1$, in PyTorch `torch.tanh`, is the sigmoid stretched to run from -1 to 1.) Use this form.
# It differs from the exact form by at most 0.0005. That is too little to see in a plot, but enough to change the
# results of a model with GPT-2's weights.
#
# Check every constant: $\frac12$ in front, 1 before the tanh, $\frac{2}{\pi}$ and not $\frac{\pi}{2}$, the cube and not
# the square.
#
# The ready-made GELU is off limits.

# %%
def gelu(x: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """GELU in the tanh form of GPT-2, entry by entry.

    Args:
        x: any numbers.

    Returns:
        A tensor of the shape and dtype of x.

    Example:
        >>> gelu(torch.tensor([-3.0, -1.0, 0.0, 1.0, 3.0]))
        tensor([-0.0036, -0.1588,  0.0000,  0.8412,  2.9964])
    """
    raise NotImplementedError("Exercise 6.9: gelu")


# %% [markdown]
# ## 6.10 One block
#
# *7 points · about 20 minutes · difficulty 2 of 3 · builds on 6.7, 6.8, 6.9*
#
# *Not allowed here: ready-made attention (F.scaled_dot_product_attention, nn.MultiheadAttention, nn.Transformer).*
#
# A GPT is a stack of equal blocks. In a block the positions first exchange information (attention). Then each position
# passes alone through a feed-forward network, which is four times as wide in the middle:
#
# $$ x \leftarrow x + \mathrm{multihead}\bigl(\mathrm{norm}_1(x)\bigr), \qquad
# x \leftarrow x + W_2\,\mathrm{gelu}\bigl(W_1\,\mathrm{norm}_2(x) + b_1\bigr) + b_2 $$
#
# In the formula, $x$ is one position, written as a column. In your tensors each position is a row, so multiply from the
# right by $W_1^\top$ and $W_2^\top$, as in 6.7. The additions are *residual connections*: $x$ goes from the first block
# to the last, and each part takes a copy of $x$, computes something from it, and adds the result to $x$. Through the
# additions the gradient goes back without passing through any layer, so deep models can be trained.
#
# GPT-2 normalizes the copy, not $x$ itself; this is called *pre-norm*. The first *transformer* (the kind of network
# that GPTs are) normalized after each addition (*post-norm*). Then every gradient has to pass all norms, and training
# is harder. Both forms have the same parameters, so no error message will tell you which of them you wrote.
#
# The two halves come one after the other: the second works with what the first has added.
#
# The parameters of a block come as a dict. Use your own `layer_norm`, `multi_head_attention` and `gelu`.

# %%
def gpt_block(x: Float[Tensor, "B T D"], p: dict[str, Tensor], H: int) -> Float[Tensor, "B T D"]:
    """One pre-norm transformer block of GPT-2, without dropout.

    Args:
        x: D numbers for each position.
        p: its parameters: norm1_gamma (D,), norm1_beta (D,), Wqkv (3D, D), Wo (D, D), bo (D,),
            norm2_gamma (D,), norm2_beta (D,), W1 (4D, D), b1 (4D,), W2 (D, 4D), b2 (D,).
            Matrices have the layout (out, in) of nn.Linear; the norms use eps = 1e-5.
        H: number of heads.

    Returns:
        A tensor of the shape and dtype of x.

    Example:
        >>> D, one, zero = 2, torch.ones, torch.zeros
        >>> p = {"norm1_gamma": one(D), "norm1_beta": zero(D), "norm2_gamma": one(D), "norm2_beta": zero(D)}
        >>> p |= {"Wqkv": zero(3 * D, D), "Wo": zero(D, D), "bo": torch.tensor([0.5, 0.0])}
        >>> p |= {"W1": zero(4 * D, D), "b1": zero(4 * D), "W2": zero(D, 4 * D), "b2": torch.tensor([0.0, 0.25])}
        >>> gpt_block(torch.tensor([[[1.0, 3.0]]]), p, 1)  # nothing but the biases is added
        tensor([[[1.5000, 3.2500]]])
    """
    raise NotImplementedError("Exercise 6.10: gpt_block")


# %% [markdown]
# ## Where a model starts
#
# Before training, the matrices hold small random numbers, the biases zeros, and the norms have $\gamma = 1$ and
# $\beta = 0$. The numbers of the output head (6.11) are even smaller, so that at first all tokens are nearly equally
# likely. The same seed gives the same numbers. This function is given:

# %%
Parameters = dict[str, object]  # tensors, and under "blocks" a list of dicts of tensors


def initial_parameters(cfg: dict, seed: int) -> Parameters:
    """Fresh parameters of a GPT with a head of its own; as nn.Parameter, in torch's default float dtype."""
    D = cfg["emb_dim"]
    generator = torch.Generator().manual_seed(seed)

    def normal(*shape: int, spread: float = 0.1) -> nn.Parameter:
        return nn.Parameter(spread * torch.randn(*shape, generator=generator))

    def ones(size: int) -> nn.Parameter:
        return nn.Parameter(torch.ones(size))

    def zeros(size: int) -> nn.Parameter:
        return nn.Parameter(torch.zeros(size))

    def block() -> dict[str, Tensor]:
        return {
            "norm1_gamma": ones(D),
            "norm1_beta": zeros(D),
            "Wqkv": normal(3 * D, D),
            "Wo": normal(D, D),
            "bo": zeros(D),
            "norm2_gamma": ones(D),
            "norm2_beta": zeros(D),
            "W1": normal(4 * D, D),
            "b1": zeros(4 * D),
            "W2": normal(D, 4 * D),
            "b2": zeros(D),
        }

    return {
        "tokens": normal(cfg["vocab_size"], D),
        "positions": normal(cfg["context_length"], D),
        "blocks": [block() for _ in range(cfg["n_layers"])],
        "norm_gamma": ones(D),
        "norm_beta": zeros(D),
        "head": normal(cfg["vocab_size"], D, spread=0.02),
    }


# %% [markdown]
# ## 6.11 The whole GPT
#
# *8 points · about 25 minutes · difficulty 2 of 3 · builds on 2.8, 6.8, 6.10*
#
# From ids to logits takes five steps. Look up the *token embedding* of each id, a row of `tokens`. Add the *position
# embedding*: a row of `positions` for place 0, 1, 2 and so on in the window. Attention does not know the order of the
# tokens: without positions, only the mask would make a difference between "dog bites man" and "man bites dog". Apply
# the blocks in their order, and then one last layer norm. The *output head* (not one of attention's heads) has one row
# for each token of the vocabulary. The dot product of a row with the result is the logit of this token:
#
# $$ \text{logits} = \mathrm{norm}(x)\,W_{\text{head}}^\top $$
#
# A window may have fewer than `context_length` tokens; its first token still has place 0. Return logits for *every*
# position, since every position is an example.
#
# If there is no `head` among the parameters, the head is *tied*: it is the token table itself (2.8). Use the same
# tensor, not a copy, since it gets gradients from both uses.
#
# In training, GPT-2 uses dropout (2.11) in several places. Here, use it only on the sum of the two embeddings, with the
# rate `cfg["drop_rate"]`, and only if `training` is True.
#
# The parameters in `p` are exactly as many as 2.8 counts; your function must use all of them.

# %%
def gpt_forward(ids: Int[Tensor, "B T"], p: Parameters, cfg: dict, training: bool = False) -> Float[Tensor, "B T V"]:
    """The logits of a GPT for the next token at every position.

    Args:
        ids: token ids, int64, on the device of the parameters; T is at most cfg["context_length"].
        p: the parameters: tokens (V, D), positions (context_length, D), blocks (a list with a dict for each layer, see
            gpt_block), norm_gamma (D,), norm_beta (D,), and head (V, D). Without the key head, the head is tied to
            tokens.
        cfg: a config; emb_dim, n_heads, drop_rate and so on.
        training: whether dropout acts on the sum of the embeddings, with the rate cfg["drop_rate"], as `F.dropout`
            does it (you may use it): numbers are dropped independently, at random, and the others scaled up.

    Returns:
        One logit for each token of the vocabulary at each position, of the dtype and on the device of the
        parameters.

    Example:
        >>> cfg = TINY_CONFIG | {"n_layers": 1}
        >>> logits = gpt_forward(torch.tensor([[3, 1, 4, 1, 5]]), initial_parameters(cfg, seed=0), cfg)
        >>> logits.shape
        torch.Size([1, 5, 23])
    """
    raise NotImplementedError("Exercise 6.11: gpt_forward")


# %% [markdown]
# ## The model as a module
#
# Optimizers and training loops expect an `nn.Module`, which knows its parameters and whether it is being trained. This
# class is given:

# %%
class TinyGPT(nn.Module):
    """Your gpt_forward together with its parameters."""

    def __init__(self, cfg: dict, seed: int) -> None:
        super().__init__()
        self.cfg = cfg
        self.p = initial_parameters(cfg, seed)
        by_name = {name: value for name, value in self.p.items() if name != "blocks"}
        self.outside = nn.ParameterDict(by_name)  # so that parameters() finds them
        self.inside = nn.ModuleList(nn.ParameterDict(block) for block in self.p["blocks"])

    def forward(self, ids: Int[Tensor, "B T"]) -> Float[Tensor, "B T V"]:
        return gpt_forward(ids, self.p, self.cfg, training=self.training)


# %% [markdown]
# ## 6.12 Let it write
#
# *8 points · about 25 minutes · difficulty 2 of 3 · builds on 6.11*
#
# A language model writes one token at a time. It predicts, chooses a token and appends it, and then does the same again
# with the longer text.
#
# **Predict.** The model cannot take more than `context_length` tokens, so if the text is longer, give it the *last*
# `context_length` tokens. It returns logits at every position. At which position do they say what comes after the text
# so far?
#
# **Choose.** If you always take the most likely token, the text soon repeats itself. If you draw from all tokens, some
# tokens are nonsense. *Top-k* sampling is between the two: keep the $k$ tokens with the highest logits, give the others
# probability zero, and draw from the softmax of what is left. With $k = 1$ this is always the most likely token.
#
# **Append** to each row of the batch its own token, at the end. Do not change the tensor `ids`; return a new one that
# begins with the same tokens.
#
# A model that writes is not being trained. Switch it to evaluation mode with `eval()` (5.10), or dropout spoils every
# prediction, and afterwards give it back in the mode it was in. And record nothing for gradients (`torch.no_grad`),
# since nobody needs them here and they would cost memory.

# %%
def generate(
    model: nn.Module,
    ids: Int[Tensor, "B t"],
    n: int,
    context_length: int,
    top_k: int,
    generator: torch.Generator | None = None,
) -> Int[Tensor, "B t+n"]:
    """Continues each row of ids by n tokens, each drawn from the top_k most likely ones.

    Args:
        model: maps ids (B, T) to logits (B, T, V) for T up to context_length. It must run in evaluation mode and
            without recording gradients. When the function returns, the model must be in the mode it was in (train or
            eval), and autograd must record as before.
        ids: the beginnings, int64, at least one token each; may be longer than context_length.
        n: how many tokens to append, at least 1.
        context_length: the model sees this many tokens at most, the latest ones.
        top_k: how many of the most likely tokens to keep, from 1 to V. Draw among these in proportion to their
            probabilities, independently for each row and each token. If several tokens share the k-th highest logit,
            you may keep any of these or all.
        generator: where the random numbers come from; None is torch's global source.

    Returns:
        ids with n more columns, a new int64 tensor.

    Example:
        >>> class NextNumber(nn.Module):  # always predicts the number after the last
        ...     def forward(self, ids):
        ...         return F.one_hot((ids + 1) % 10, 10).float()
        >>> generate(NextNumber(), torch.tensor([[3, 4], [8, 9]]), n=3, context_length=2, top_k=1)
        tensor([[3, 4, 5, 6, 7],
                [8, 9, 0, 1, 2]])
    """
    raise NotImplementedError("Exercise 6.12: generate")


# %% [markdown]
# ## 6.13 Pre-training
#
# *10 points · about 30 minutes · difficulty 3 of 3 · builds on 5.5, 6.2, 6.3, 6.11*
#
# Now everything comes together. Make a tokenizer from the text and encode it; build a `TinyGPT`; and then, step by
# step, draw a batch, predict, measure the loss, clear old gradients, go backward, let the optimizer step. You know the
# loop from 5.5. Only the answers are new: nobody had to write them, since they are the text itself.
#
# Keep exactly to the following settings, so that your losses can be compared with ours, to six digits. (The tests
# compare on texts with a single window, where the random choice of windows makes no difference.) The model is
# `TinyGPT(cfg, seed)`, in training mode (5.10). The batches come from your `get_batch` with a generator of your own,
# started with `seed`. The optimizer is `torch.optim.Adam` with `cfg["learning_rate"]` and all its other settings as
# they are. Store the loss of each batch before the update, as a Python float: a tensor would keep the whole graph of
# its step (all that autograd has recorded) in memory.
#
# How low can the loss get? At the start, it must be near $\ln 23 = 3.14$. A model that looks at the last character only
# cannot get below 1.12 on this text, so a lower loss proves that attention looks further back. And the grammar makes
# random choices, which nobody can predict: because of them, the loss on new text is at least 0.186 nats per character
# on average. A loss that stays below 0.186 is a bad sign: the model sees the targets, or it has learned a short text by
# heart.
#
# When your function passes, look at `loss.png` and `sample.txt` beside this file. They show the loss curve, and the
# first words of your model.

# %%
def pretrain(cfg: dict, text: str, steps: int, seed: int) -> tuple[TinyGPT, list[float]]:
    """Trains a fresh model to predict the next character of a text.

    Args:
        cfg: a config such as TINY_CONFIG; its vocab_size is the number of different characters in the text.
        text: the training text; longer than cfg["context_length"] characters.
        steps: how many updates.
        seed: the seed for the model's initial parameters; also the seed of the generator that draws the batches.

    Returns:
        (model, losses): the trained model (its mode is up to you), and for each step the loss of its batch before the
            update, as Python floats.

    Example:
        >>> cfg = TINY_CONFIG | {"vocab_size": 4}
        >>> model, losses = pretrain(cfg, "abcd" * 20, steps=10, seed=0)
        >>> len(losses), losses[0] > 1.3, losses[-1] < 0.8
        (10, True, True)
    """
    raise NotImplementedError("Exercise 6.13: pretrain")


# %% [markdown]
# ## 6.14 Text it has never seen
#
# *7 points · about 20 minutes · difficulty 2 of 3 · builds on 6.2, 6.3, 6.11, 6.13*
#
# The loss of 6.13 tells how well the model predicts the text that it trains on. A short text can be learned by heart.
# Then this loss is nearly zero, but the model still predicts every other text badly. This is called *overfitting*. To
# notice it, some text is set aside, the *validation text*. The model never trains on this text, but from time to time
# its loss on it is measured: the *validation loss*.
#
# Here a model trains on the first six lines of `corpus.txt`. The next six lines are the validation text:
#
# | step | training loss | validation loss |
# |---|---|---|
# | 0 | 3.13 | 3.13 |
# | 50 | 0.76 | 1.25 |
# | 100 | 0.24 | 1.08 |
# | 200 | 0.15 | 1.23 |
# | 300 | 0.13 | 1.28 |
#
# At first both losses fall, since what the model learns holds for both texts. After step 100 only the training loss
# still falls, because the model now learns the six lines by heart. The validation loss rises. The best moment to stop
# is where the validation loss is lowest; the training loss alone would never have told you.
#
# Write the training loop of 6.13 again and add the measuring. At the steps 0, `every`, 2 times `every` and so on,
# measure the validation loss before the update, and keep the step and the loss. Two things are new.
#
# - The windows of the validation text are not drawn at random. They lie side by side: the first begins at the first
#   character, and each later window begins where the window before it ends. The target of a window's last character is
#   the character after the window. Leave out a window at the end that is not full or lacks this last target. The
#   validation loss is the mean over all of these windows.
# - Make the tokenizer from both texts together, since a character that is in only one of them needs an id, too.
#
# Measuring must not disturb the training: however often you measure, the training losses stay the same, number by
# number. So the model must not learn from the validation text, and validation must take no number from the generator of
# the batches. And measure in evaluation mode, as in 6.12. Suppose that the model has dropout, and after the first
# measurement you forget to switch the model back to training mode. Which losses change, and would an error message tell
# you?

# %%
def pretrain_with_validation(
    cfg: dict, train_text: str, valid_text: str, steps: int, every: int, seed: int
) -> tuple[list[float], list[tuple[int, float]]]:
    """Trains a fresh model as 6.13 does, and measures its loss on another text in between.

    Args:
        cfg: a config such as TINY_CONFIG; its vocab_size is the number of different characters in both texts together.
        train_text: what the model trains on; longer than cfg["context_length"] characters.
        valid_text: what it is measured on; longer than cfg["context_length"] characters.
        steps: how many updates, at least 1.
        every: the number of steps from one measurement to the next, at least 1.
        seed: as in 6.13, the seed for the model's initial parameters, and of the generator that draws the batches.

    Returns:
        (train_losses, valid). train_losses holds for each step the loss of its batch before the update, as a Python
        float. valid holds a pair for each of the steps 0, every, 2 * every, ... below `steps`: the step, a Python int,
        and the mean loss before its update, in evaluation mode, over the side-by-side windows of valid_text, a Python
        float.

    Example:
        >>> cfg = TINY_CONFIG | {"vocab_size": 4}
        >>> losses, valid = pretrain_with_validation(cfg, "abcd" * 20, "dcba" * 20, steps=10, every=4, seed=0)
        >>> len(losses), [step for step, _ in valid]
        (10, [0, 4, 8])
        >>> losses[8] < 0.9, valid[-1][1] > 1.5  # it knows what follows in "abcd", and not in "dcba"
        (True, True)
    """
    raise NotImplementedError("Exercise 6.14: pretrain_with_validation")


# %% [markdown]
# ## 6.15 Find the bug: a loss that stays high
#
# *3 points · about 10 minutes · difficulty 1 of 3 · builds on 6.3*
#
# Many training runs go wrong without an error message. All that you can look at are the losses. In this exercise and
# the next, you get code that runs but is wrong in one place. Find the place, and write the whole function as it should
# be.
#
# `broken_loss` is meant to be the loss of 6.3: the mean cross-entropy of next-token predictions. A model was trained
# with it as in 6.13, on the whole of `corpus.txt`. The right column shows the same run with a right loss:
#
# | step | `broken_loss` | right loss |
# |---|---|---|
# | 0 | 3.13 | 3.11 |
# | 25 | 2.71 | 1.34 |
# | 100 | 2.66 | 0.45 |
#
# `broken_loss` begins near $\ln 23$, as it must. It falls a little, since better predictions do lower it, but then it
# hardly changes. Even if a model is certain and always right, `broken_loss` gives 2.21 and not 0. What in `broken_loss`
# makes a certain prediction look nearly like a guess?

# %%
def broken_loss(logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Is meant to be the mean cross-entropy of next-token predictions, in nats, and has one bug."""
    predictions = logits.softmax(dim=-1)
    return F.cross_entropy(predictions.flatten(0, 1), targets.flatten())


# %%
def repaired_loss(logits: Float[Tensor, "B T V"], targets: Int[Tensor, "B T"]) -> Float[Tensor, ""]:
    """Mean cross-entropy of next-token predictions, in nats: what broken_loss is meant to be.

    Args:
        logits: for each position a score for each token of the vocabulary; ordinary numbers, from -50 to 50.
        targets: for each position the id of the token that came, int64, from 0 to V - 1.

    Returns:
        The mean over all B * T positions, a scalar tensor of the dtype of the logits. Ready-made losses are allowed.

    Example:
        >>> logits = torch.tensor([[[2.0, 0.0, 0.0], [0.0, 1.0, 0.0]]])  # B=1, T=2, V=3
        >>> broken_loss(logits, torch.tensor([[0, 2]]))
        tensor(0.9674)
        >>> repaired_loss(logits, torch.tensor([[0, 2]]))
        tensor(0.8955)
    """
    raise NotImplementedError("Exercise 6.15: repaired_loss")


# %% [markdown]
# ## 6.16 Find the bug: a loss that is nearly right
#
# *4 points · about 15 minutes · difficulty 3 of 3 · builds on 6.1*
#
# `broken_batch` is meant to cut windows and their targets from a text, at given starts. A model was trained with it for
# 150 steps, as in 6.13. Its loss falls quickly, and nobody would look for a bug: over 512 windows the loss is 0.45 in
# the end, where a run with right batches has 0.38.
#
# Then somebody took the mean loss at each position of the windows separately:
#
# | position | 1 | 2 | 3 | 4 | 8 | 16 | 31 | 32 |
# |---|---|---|---|---|---|---|---|---|
# | with `broken_batch` | 1.70 | 0.81 | 0.56 | 0.43 | 0.37 | 0.27 | 0.36 | 2.74 |
# | with right batches | 1.68 | 0.82 | 0.47 | 0.39 | 0.38 | 0.28 | 0.33 | 0.37 |
#
# The first positions are hard in both runs, since the model has seen hardly any text there. Later positions are easier.
# But why is the last position so hard with `broken_batch`? A mean over many positions hides what is wrong at a few, so
# look at the parts of a loss, too.

# %%
def broken_batch(data: Int[Tensor, "n"], starts: list[int], T: int) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """Is meant to give the windows of a text at some starts and their targets, and has one bug."""
    x = torch.stack([data[start : start + T] for start in starts])
    y = x.roll(-1, dims=1)  # one to the left
    return x, y


# %%
def repaired_batch(data: Int[Tensor, "n"], starts: list[int], T: int) -> tuple[Int[Tensor, "B T"], Int[Tensor, "B T"]]:
    """The windows of a text at some starts, and their targets: what broken_batch is meant to give.

    Args:
        data: the text as token ids, int64; more than T of them.
        starts: where the windows begin, at least one, each from 0 to n - T - 1; a start may come more than once.
        T: tokens in a window, at least 1.

    Returns:
        (x, y), both int64 of shape (B, T), with a row for each start, in this order. Row b of x is the window that
        begins at starts[b]; y[b, t] is the id that follows x[b, t] in the text.

    Example:
        >>> data = torch.tensor([7, 4, 11, 11, 14])
        >>> x, y = repaired_batch(data, [1, 0], 3)
        >>> x
        tensor([[ 4, 11, 11],
                [ 7,  4, 11]])
        >>> y
        tensor([[11, 11, 14],
                [ 4, 11, 11]])
    """
    raise NotImplementedError("Exercise 6.16: repaired_batch")

# %% [markdown]
# ## What now?
#
# You have pre-trained a language model. Train it for longer, in the notebook or in a Python shell in this folder:
#
#     text = open("corpus.txt").read()
#     model, losses = pretrain(TINY_CONFIG, text, steps=500, seed=0)
#     tokenizer = CharTokenizer(text)
#     start = tokenizer.encode("the ")[None]  # a batch of one text
#     print(tokenizer.decode(generate(model, start, 200, 32, top_k=3)[0]))
#
# (For another text, set `vocab_size` to the number of its different characters.) Your model differs from GPT-2 in a few
# more things than size and text. GPT-2 has a tokenizer with 50,257 pieces of words in place of 23 characters. It has
# biases for queries, keys and values, and an output head that shares the token table. It has dropout in more places: on
# the attention weights, and on what each half of a block adds. And its `Wo` and `W2` start with numbers that are
# smaller by the factor $1/\sqrt{2L}$ for $L$ blocks. To turn a GPT into an assistant, the next step is fine-tuning: the
# same loop again, on chosen text.

# %% [markdown]
# ## What your functions draw
#
# The picture shows the losses of your `pretrain`, over 300 steps on the corpus. Two lines show what other models could
# reach: one that knows nothing, and one that sees only the last character. A second picture beside it shows both losses
# of your `pretrain_with_validation` on six lines, which the model learns by heart. And your `generate` writes the first
# words of your model.
#
# In a notebook, run the next cell to draw it; this takes seconds. In a terminal, `pytest` and `gradlings watch` (which
# tests your file whenever you save it) write `loss.png` and `sample.txt` beside this file when 6.13 is right, and write
# them again, with the second pair of curves, when 6.14 is right.
