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


# %% [markdown] exercise="6.1" objective="Cut text into windows, and say what the target of each position is"
# ## 6.1 Next-token pairs
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


# %% solution="6.1"
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
    ### BEGIN SOLUTION
    windows = ids.unfold(0, T + 1, 1)
    return windows[:, :-1], windows[:, 1:]
    ### END SOLUTION


# %% [markdown] hints="6.1"
# 1. Write the windows of "hello" on paper, with $T = 3$. How many tokens of text does one row use, input and target
#    together?
# 2. Row $s$ of the input has the ids at positions $s$ to $s + T - 1$, its target those at positions $s + 1$ to $s + T$,
#    and $s$ runs from 0 to $n - T - 1$.
# 3. Make windows that are one token longer than $T$, one for each possible start. All but their last token is the
#    input, all but their first is the target.

# %% [markdown] solved="6.1"
# **Why it works.** A window of one more token holds input and target at once, shifted by one place. Every position is
# an example, and the last start is the one whose targets still fit.
#
# **In models.** GPT-2 was trained on windows of 1,024 tokens, Llama 3 on 8,192.
#
# **In PyTorch.** `torch.Tensor.unfold` makes all windows without copying a number.
#
# **Next.** 6.2 draws some of them at random.

# %% [markdown] exercise="6.2" objective="Draw random windows that start anywhere in the text"
# ## 6.2 A random batch
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


# %% solution="6.2"
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
    ### BEGIN SOLUTION
    starts = torch.randint(len(data) - T, (B, 1), generator=generator)
    positions = starts + torch.arange(T)
    return data[positions], data[positions + 1]
    ### END SOLUTION


# %% [markdown] hints="6.2"
# 1. For a text of five tokens and windows of three, list all starts that leave room for the targets. Does your upper
#    limit allow exactly these?
# 2. Starts are whole numbers from 0 up to but not including $n - T$, one for each row. Position $(b, t)$ of the input
#    is start $b$ plus $t$; the target is one further.
# 3. Draw as many starts as there are rows, from the generator given (`torch.randint` takes one). Add the numbers 0 to
#    $T - 1$ to each start, by broadcasting or in a loop. Pick the ids at these positions for the input and at the next
#    positions for the target.

# %% [markdown] solved="6.2"
# **Why it works.** Every start that leaves room for a window and its targets has the same chance, no more and no fewer.
# With a generator of your own, a run can be repeated exactly.
#
# **In models.** nanoGPT draws its batches in this way. Larger projects shuffle a fixed list of windows, so that none
# comes twice before all have come once.
#
# **In PyTorch.** `torch.randint` leaves out its upper end.
#
# **Next.** 6.3 measures a prediction.

# %% [markdown] exercise="6.3" objective="Measure next-token predictions by their mean cross-entropy"
# ## 6.3 The loss of a language model
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


# %% solution="6.3"
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
    ### BEGIN SOLUTION
    log_probabilities = logits.log_softmax(dim=-1)
    return -log_probabilities.gather(-1, targets.unsqueeze(-1)).mean()
    ### END SOLUTION


# %% [markdown] hints="6.3"
# 1. Do one position by hand first: three logits, one target. Which number of the three ends up in the loss?
# 2. For one position the loss is $\ln\sum_v e^{z_v} - z_y$. The sum runs over the vocabulary, the last axis, and $y$
#    picks one entry of it.
# 3. Turn the logits into logarithms of probabilities along the vocabulary, with a function that survives large numbers.
#    Pick the target's entry at each position (`gather` does this). Average over all positions and watch the sign.

# %% [markdown] solved="6.3"
# **Why it works.** The logarithm of a softmax is the logit minus the logarithm of all summed exponentials. The target
# picks one entry, and the mean goes over all positions.
#
# **In models.** This is the loss of every GPT; GPT-2, untrained, starts near ln 50,257 = 10.82.
#
# **In PyTorch.** `torch.nn.functional.cross_entropy` does all of it on logits, with classes in the second dimension.
#
# **Next.** 6.4 says the same in a friendlier unit.

# %% [markdown] exercise="6.4" objective="Turn the losses of unequal batches into one perplexity"
# ## 6.4 Perplexity
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


# %% solution="6.4"
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
    ### BEGIN SOLUTION
    return torch.exp(nll_sums.sum() / counts.sum())
    ### END SOLUTION


# %% [markdown] hints="6.4"
# 1. Imagine that all tokens had been in a single batch. Which sum and which count would you have?
# 2. $\mathrm{PPL} = \exp\left(\frac{\sum_i S_i}{\sum_i n_i}\right)$ with the sums $S_i$ and the counts $n_i$.
# 3. Add up the sums, add up the counts, divide once, and take the exponential to base $e$ once, at the very end.

# %% [markdown] solved="6.4"
# **Why it works.** Sums and counts are added up before the one division, so every token has the same weight. The
# exponential comes last, since the mean of exponentials is another number.
#
# **In models.** The largest GPT-2 reached 18.34 on WikiText-2, which it had not been trained on. Such figures compare
# only where the tokens are the same.
#
# **In PyTorch.** `torch.exp` of a mean cross-entropy is all it takes.
#
# **Next.** 6.5 hides the future.

# %% [markdown] exercise="6.5" objective="Write the mask that hides the future from each position"
# ## 6.5 The causal mask
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


# %% solution="6.5"
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
    ### BEGIN SOLUTION
    return torch.ones(T, T, dtype=torch.bool, device=device).tril()
    ### END SOLUTION


# %% [markdown] hints="6.5"
# 1. Say in words which entries of row 0 are True, and which of the last row. Is the shape that comes out above or below
#    the diagonal?
# 2. Entry $(i, j)$ is True exactly if $j \le i$: a lower triangle, with its diagonal.
# 3. Make a square of True on the device you are given and keep its lower triangle; torch has a function for that. Or
#    compare a row of positions with a column of positions.

# %% [markdown] solved="6.5"
# **Why it works.** Row by row, one more position comes into view. A position sees itself, since what it has to predict
# is the next token.
#
# **In models.** Older GPT code keeps this triangle as a buffer in every layer. Newer attention functions take a flag,
# `is_causal=True`, and never build it.
#
# **In PyTorch.** `torch.tril` keeps the lower triangle of any matrix.
#
# **Next.** 6.6 uses it.

# %% [markdown] exercise="6.6" objective="Compute scaled dot-product attention"
# ## 6.6 Attention
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


# %% solution="6.6"
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
    ### BEGIN SOLUTION
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    weights = scores.masked_fill(~mask, -math.inf).softmax(dim=-1)
    return weights @ v
    ### END SOLUTION


# %% [markdown] hints="6.6"
# 1. Work through two positions by hand. How many scores are there, and which of them belong to the same query?
# 2. $O = \mathrm{softmax}\left(\frac{QK^\top}{\sqrt{d}}\right)V$, with scores of $-\infty$ where the mask is False; $d$
#    is the length of one query vector.
# 3. Multiply the queries with the keys, the last two axes of the keys swapped. Divide by the square root of the last
#    size. Put minus infinity where the mask forbids (`masked_fill` or `torch.where`). Softmax over the keys. Multiply
#    with the values.

# %% [markdown] solved="6.6"
# **Why it works.** Scaled scores stay moderate, so the softmax keeps a useful gradient. Minus infinity becomes a weight
# of exactly 0 while the rest of the row still adds up to 1, and the weights average the values.
#
# **In models.** Only here do the tokens of a GPT exchange anything. FlashAttention computes the same without ever
# storing the table of weights.
#
# **In PyTorch.** `torch.nn.functional.scaled_dot_product_attention` is the fast version.
#
# **Next.** 6.7 runs several of them side by side.

# %% [markdown] exercise="6.7" objective="Put projections, heads and mask together to causal self-attention"
# ## 6.7 Multi-head attention
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


# %% solution="6.7"
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
    ### BEGIN SOLUTION
    B, T, D = x.shape
    q, k, v = (part.view(B, T, H, D // H).transpose(1, 2) for part in (x @ Wqkv.T).split(D, dim=-1))
    heads = attention(q, k, v, causal_mask(T, x.device))
    return heads.transpose(1, 2).reshape(B, T, D) @ Wo.T + bo
    ### END SOLUTION


# %% [markdown] hints="6.7"
# 1. Follow one number through the function: which position, which head, which place in the head does it belong to
#    before and after each change of shape?
# 2. $(B, T, 3D)$ is cut into three $(B, T, D)$; each becomes $(B, T, H, d)$ by splitting the last axis, then
#    $(B, H, T, d)$ by swapping two axes. The way back is the same in reverse.
# 3. Multiply by the first matrix and cut the result into queries, keys and values. Split each into heads and bring the
#    heads' axis before the positions. Call your attention with your mask, made on the device of the input. Bring the
#    heads back behind the positions, merge them, and apply the output layer.

# %% [markdown] solved="6.7"
# **Why it works.** Each head attends with its own share of the numbers. A swap of dimensions after the cut and before
# the join keeps positions apart, and the last matrix mixes what the heads found.
#
# **In models.** GPT-2 small has 12 heads in each layer. In Llama 3 8B, 32 heads of queries share 8 heads of keys and
# values.
#
# **In PyTorch.** `torch.nn.MultiheadAttention` is this, with biases and any mask.
#
# **Next.** 6.8 keeps the numbers in range.

# %% [markdown] exercise="6.8" objective="Normalize each vector, then scale and shift it"
# ## 6.8 Layer norm
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


# %% solution="6.8"
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
    ### BEGIN SOLUTION
    mean = x.mean(dim=-1, keepdim=True)
    variance = x.var(dim=-1, correction=0, keepdim=True)
    return gamma * (x - mean) / torch.sqrt(variance + eps) + beta
    ### END SOLUTION


# %% [markdown] hints="6.8"
# 1. Take one row of the input and do the three formulas by hand. How many means are there in all, one, or one for each
#    row?
# 2. $y = \gamma\,\frac{x - \mu}{\sqrt{\sigma^2 + \varepsilon}} + \beta$, with mean and variance along the last axis and
#    the variance divided by $D$.
# 3. Mean and variance along the last axis, that axis kept so that they broadcast. Subtract, divide by the root of
#    variance plus eps, then scale, then shift.

# %% [markdown] solved="6.8"
# **Why it works.** Each position is put on a common scale by its own mean and variance, with all D numbers counted.
# Epsilon matters only where the variance is tiny. The two vectors can undo the scaling where that helps.
#
# **In models.** GPT-2 small has 25 layer norms. Llama's RMSNorm skips the mean and the shift.
#
# **In PyTorch.** `torch.nn.functional.layer_norm` does it over the last dimensions.
#
# **Next.** 6.9 is the other small function.

# %% [markdown] exercise="6.9" objective="Compute GELU as GPT-2 does"
# ## 6.9 GELU
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


# %% solution="6.9"
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
    ### BEGIN SOLUTION
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**3)))
    ### END SOLUTION


# %% [markdown] hints="6.9"
# 1. Evaluate the formula at $x = 1$ with a calculator, from the inside out, and compare each intermediate result with
#    that of your code.
# 2. At $x = 1$ the bracket is 1.044715, the root is 0.797885, their product 0.833562, its tanh 0.682384, and the result
#    0.841192.
# 3. Cube, times the small constant, plus the input; times the root; tanh; plus one; times half the input.

# %% [markdown] solved="6.9"
# **Why it works.** The bracket slides from 0 to 2 as x grows; with the half in front, x is faded out on the left and
# kept on the right. No corner means no jump in the slope.
#
# **In models.** GPT-2 has this form. Llama has a relative, the SiLU, in a gate.
#
# **In PyTorch.** `torch.nn.functional.gelu` does it with `approximate="tanh"`; without that it is exact.
#
# **Next.** 6.10 assembles a block.

# %% [markdown] exercise="6.10" objective="Build a pre-norm block with its two residual sums"
# ## 6.10 One block
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


# %% solution="6.10"
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
    ### BEGIN SOLUTION
    normed = layer_norm(x, p["norm1_gamma"], p["norm1_beta"])
    x = x + multi_head_attention(normed, p["Wqkv"], p["Wo"], p["bo"], H)
    normed = layer_norm(x, p["norm2_gamma"], p["norm2_beta"])
    return x + gelu(normed @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
    ### END SOLUTION


# %% [markdown] hints="6.10"
# 1. Draw $x$ as a line and mark where each part takes its copy and where its result is added. What is $x$ between the
#    two additions?
# 2. Two lines, the same pattern twice: $x$ plus a function of a normalized copy of $x$. The second line uses the $x$
#    that the first one made.
# 3. Normalize with the first pair of norm parameters, attend, add to the input. Normalize that sum with the second
#    pair, apply the first matrix and bias, the GELU, the second matrix and bias, and add to the sum.

# %% [markdown] solved="6.10"
# **Why it works.** Both halves add to what came in, so gradients can travel back past every layer. The norms act on the
# copies and leave x itself alone.
#
# **In models.** GPT-2 stacks 12 to 48 such blocks. Llama keeps the plan, with other norms and another feed-forward
# network.
#
# **In PyTorch.** `torch.nn.TransformerEncoderLayer` with `norm_first=True`, GELU and a causal mask comes very close.
#
# **Next.** 6.11 stacks blocks into a model.

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


# %% [markdown] exercise="6.11" objective="Assemble a GPT from tables, blocks, final norm and head"
# ## 6.11 The whole GPT
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


# %% solution="6.11"
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
    ### BEGIN SOLUTION
    x = p["tokens"][ids] + p["positions"][: ids.shape[1]]
    x = F.dropout(x, cfg["drop_rate"], training)
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    x = layer_norm(x, p["norm_gamma"], p["norm_beta"])
    return x @ p.get("head", p["tokens"]).T
    ### END SOLUTION


# %% [markdown] hints="6.11"
# 1. List the keys of the parameters. Each of them is used once, in this order: which step uses which?
# 2. The input of the first block is token row plus position row, of shape $(B, T, D)$; indexing a table with a matrix
#    of ids gives exactly that. The first $T$ rows of the position table broadcast over the batch.
# 3. Look up and add the embeddings; dropout if training; each block with its own parameters; the final norm; times the
#    transposed head, or the transposed token table where there is no head.

# %% [markdown] solved="6.11"
# **Why it works.** Token and position give each place its first vector, the blocks work on it, and the head compares
# the last one with a row for every token. With the causal mask, every position is an example.
#
# **In models.** GPT-2 takes the same steps, from embeddings to head. Yours lacks only some biases, some dropout, and
# the size.
#
# **In PyTorch.** `torch.nn.functional.embedding` looks up rows.
#
# **Next.** 6.12 lets the model write.

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


# %% [markdown] exercise="6.12" objective="Write text token by token, drawn from the most likely ones"
# ## 6.12 Let it write
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


# %% solution="6.12"
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
    ### BEGIN SOLUTION
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            logits = model(ids[:, -context_length:])[:, -1]
            best, tokens = logits.topk(top_k)
            choice = torch.multinomial(best.softmax(dim=-1), 1, generator=generator)
            ids = torch.cat([ids, tokens.gather(1, choice)], dim=1)
    model.train(was_training)
    return ids
    ### END SOLUTION


# %% [markdown] hints="6.12"
# 1. Do one step by hand: given a text of five tokens, which row of the logits is about token number six?
# 2. One round: logits of the last position of the last `context_length` tokens; the $k$ largest and where they are
#    (`topk`); probabilities by softmax over these $k$; one draw (`torch.multinomial`); the token it stands for.
# 3. Remember the mode, switch to eval and turn gradients off. Repeat $n$ times: crop, predict, keep the top $k$, draw
#    one place for each row, translate places into token ids, append a column. Restore the mode.

# %% [markdown] solved="6.12"
# **Why it works.** The logits of the last position are about the next token. Cropping keeps to what the model can see,
# and drawing among the best few avoids both dull repetition and nonsense.
#
# **In models.** The samples OpenAI published with GPT-2 used the best 40. Today a cache of keys and values saves
# computing old positions again.
#
# **In PyTorch.** `torch.multinomial` draws in proportion to any weights.
#
# **Next.** 6.13 trains what will write.

# %% [markdown] exercise="6.13" objective="Pre-train a small GPT, and judge its loss against what is possible"
# ## 6.13 Pre-training
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


# %% solution="6.13"
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
    ### BEGIN SOLUTION
    data = CharTokenizer(text).encode(text)
    model = TinyGPT(cfg, seed).train()
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = lm_cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses
    ### END SOLUTION


# %% [markdown] hints="6.13"
# 1. Write the six lines of the loop as comments first, in the order in which they must happen. What has to be made
#    once, before the loop?
# 2. Before the loop: ids, model, generator, optimizer, an empty list. In the loop: batch, loss, clear, backward, step,
#    store.
# 3. Encode the text with a tokenizer made from it. Build the model from cfg and seed, a generator with the same seed,
#    and Adam over the model's parameters. For each step, call your batch function and your loss, then do the three
#    calls of a training step in their order, and append the loss as a plain number.

# %% [markdown] solved="6.13"
# **Why it works.** The text is input and target at once. The loss falls to what letter frequencies tell, then to what
# the last character tells; below that, attention must be looking back.
#
# **In models.** This loop made GPT-2, with up to 1.5 billion parameters and 40 GB of text, and every base model since.
#
# **In PyTorch.** `torch.optim.Adam` is the optimizer here; `torch.compile` speeds up the steps of larger models.
#
# **Next.** 6.14 tells learning from learning by heart.

# %% [markdown] exercise="6.14" objective="Measure whether a model overfits, without disturbing its training"
# ## 6.14 Text it has never seen
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


# %% solution="6.14"
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
    ### BEGIN SOLUTION
    tokenizer = CharTokenizer(train_text + valid_text)
    data, held_back = tokenizer.encode(train_text), tokenizer.encode(valid_text)
    T = cfg["context_length"]
    end = (len(held_back) - 1) // T * T
    x_valid, y_valid = held_back[:end].view(-1, T), held_back[1 : end + 1].view(-1, T)
    model = TinyGPT(cfg, seed)
    generator = torch.Generator().manual_seed(seed)
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    train_losses, valid = [], []
    for step in range(steps):
        if step % every == 0:
            model.eval()
            with torch.no_grad():
                valid.append((step, lm_cross_entropy(model(x_valid), y_valid).item()))
            model.train()
        x, y = get_batch(data, cfg["batch_size"], T, generator)
        loss = lm_cross_entropy(model(x), y)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        train_losses.append(loss.item())
    return train_losses, valid
    ### END SOLUTION


# %% [markdown] hints="6.14"
# 1. Copy your loop of 6.13 and mark the one place in it where the model has made exactly `step` updates. What must be
#    ready before the loop, so that measuring there is two or three lines?
# 2. With $n$ validation ids there are $\lfloor (n - 1) / T \rfloor$ windows side by side: the last target needs one
#    more id. All of them fit into one matrix of inputs and one of targets, the latter one id further in the text.
# 3. Make the tokenizer from the two texts joined. Cut the two validation matrices once, before the loop. At the top of
#    each round, if the step is a multiple of `every`: switch to evaluation mode, measure the loss without recording
#    gradients, note it with the step, switch back to training mode. The rest of the round is that of 6.13.

# %% [markdown] solved="6.14"
# **Why it works.** The validation text is new to the model, so learning by heart does not help there. Fixed windows and
# no random numbers make each measurement comparable with the one before and leave the training as it was.
#
# **In models.** GPT-3's authors plot both losses; most runs today keep the checkpoint whose validation loss is lowest.
#
# **In PyTorch.** `torch.nn.Module.eval` and `torch.no_grad` are two switches: the one turns off dropout, the other the
# graph.
#
# **Next.** In 6.15 a loss does not fall, and you find out why.

# %% [markdown] exercise="6.15" objective="Find a softmax too many from a loss that stays high"
# ## 6.15 Find the bug: a loss that stays high
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


# %% solution="6.15"
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
    ### BEGIN SOLUTION
    return F.cross_entropy(logits.flatten(0, 1), targets.flatten())
    ### END SOLUTION


# %% [markdown] hints="6.15"
# 1. The model is right, since it learns with another loss. So look at the two lines of `broken_loss`: what does each of
#    them take, and what does it give?
# 2. Print `broken_loss` for one position with the logits 50, 0, 0 and target 0. A certain and right prediction must
#    cost 0. Then print what goes into the ready-made loss: which numbers does it see, and how far are they apart?
# 3. `F.cross_entropy` wants logits, because the softmax is one of the things it does. How often does the softmax happen
#    in the broken function, and how often does the formula of 6.3 have it?

# %% [markdown] solved="6.15"
# **Why it works.** Probabilities lie between 0 and 1. Taken as logits they are almost equal, so a second softmax makes
# them almost even, and the slopes nearly vanish. With the softmax once, a certain and right prediction costs nothing.
#
# **In models.** A model ends with logits for this reason; probabilities are made only where text is written.
#
# **In PyTorch.** `torch.nn.CrossEntropyLoss` takes logits, `torch.nn.NLLLoss` the logarithms of probabilities.
#
# **Next.** The bug of 6.16 hides in a loss that looks good.

# %% [markdown] exercise="6.16" objective="Find wrong targets from the loss at each position"
# ## 6.16 Find the bug: a loss that is nearly right
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


# %% solution="6.16"
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
    ### BEGIN SOLUTION
    windows = torch.stack([data[start : start + T + 1] for start in starts])
    return windows[:, :-1], windows[:, 1:]
    ### END SOLUTION


# %% [markdown] hints="6.16"
# 1. All positions but the last are fine. So look for what makes the last target of a row, and not for what makes the
#    others.
# 2. Print `broken_batch(torch.arange(10), [2], 4)`. The text is 0, 1, 2 and so on, so each target must be its input
#    plus one. Where does the wrong number come from?
# 3. A roll pushes a number out at one end and brings it back in at the other. Which token really follows the last one
#    of a window, and is it anywhere in x? If not, from where must the targets be taken?

# %% [markdown] solved="6.16"
# **Why it works.** The token after a window is in the text, not in the window. The roll asked the last position for the
# first token of its own window, which has nothing to do with what follows.
#
# **In models.** Training code for GPT-2 cuts one token more than the context holds, for this reason.
#
# **In PyTorch.** `torch.roll` loses nothing: what leaves at one end comes in at the other.
#
# **Next.** Give your model another text, or more steps: the end of the notebook shows how.

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

# %% [markdown] picture="below"
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
