# %% [markdown]
# # 04 Back-propagation through an MLP
#
# In assignment 03 you derived the gradients of one neuron on paper: one for its weight and one for its bias. A language
# model has many layers with many thousands of neurons, but the same rule finds all its gradients, applied layer by
# layer from the output back to the input. That is *back-propagation*. "The chapter", a text about language models that
# the exercises follow, has a section about it (retold in `docs/chapter.md` of the repository; you need not read it).
#
# The chapter's network has one *hidden layer* (a row of neurons, also called *units*) between its inputs and its
# output. Such a network is called a *multi-layer perceptron*, MLP for short, and each of the blocks that a GPT is built
# from contains one. For a single example $x$ it computes
#
# $$ z_1 = W_1 x + b_1, \qquad h = \max(0, z_1), \qquad z_2 = W_2 h + b_2, \qquad a = \sigma(z_2) $$
#
# and compares the prediction $a$ with the label $y$:
#
# $$ L = -\bigl[\,y \ln a + (1 - y)\ln(1 - a)\,\bigr] $$
#
# You write the forward pass (4.1), then the backward step of each kind of layer alone: ReLU, linear, sigmoid with its
# loss, broadcasting, softmax with its loss, embedding (4.2 to 4.7). The last three of these (4.5 to 4.7) are not in the
# chapter's network, but a GPT needs them. In 4.8 you chain your steps into the backward pass of the whole network, and
# in 4.11 you find the mistake in a part of such a chain. (It stands after 4.8: do the exercises in the order of this
# file.) In 4.9 and 4.10 PyTorch does the work, and you repair the chapter's listing, which does not run as it is
# printed.
#
# At the end you will be able to take any network built from these layers, say which shape each gradient has and why,
# and find the wrong line when a gradient is not right.
#
# You need the shapes and matrix products of assignment 01 (1.6, 1.8, 1.10) and the gradients of one neuron and of a
# batch (3.5, 3.6). Nothing is imported from your earlier files; you may use `torch.sigmoid`, `torch.relu` and
# `torch.softmax`. PyTorch's autograd is off limits in 4.2 to 4.8 and 4.11. As in assignment 01, shapes and dtypes must
# be exact, numbers right to seven digits in `float64`, and every argument must stay as it is.
#
# Two names come up often. In code, `dz` is short for $\partial L/\partial z$, the gradient of the loss with respect to
# `z`. The gradient that arrives at a layer from the layers after it is the *upstream* gradient; in code it is `dout`.
# And an *axis* is a dimension of a tensor.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


# %% [markdown]
# ## 4.1 The forward pass
#
# *8 points · about 15 minutes · difficulty 1 of 3 · builds on 1.8, 1.10, 3.2*
#
# A batch of $N$ examples with $D$ inputs each is a matrix $X$ of shape $(N, D)$, one example per row. The hidden layer
# has $K$ units, and the output layer has one unit. For the whole batch the network computes
#
# $$ z_1 = X W_1^{\top} + b_1, \qquad h = \max(0, z_1), \qquad z_2 = h W_2^{\top} + b_2, \qquad a = \sigma(z_2) $$
#
# The function $\max(0, z)$ is the *ReLU*: it lets positive numbers pass and turns negative ones into 0. Without the
# ReLU, two linear layers could do no more than a single linear layer.
#
# The formulas have transposes because examples are rows now, while PyTorch stores a weight matrix as (outputs, inputs):
# each *row* holds the weights of one unit. `nn.Linear(10, 5)` has a weight of shape (5, 10). The bias has one number
# for each unit, and the same bias is added to every example.
#
# The backward pass will need the results of all steps of the forward pass, so return them in a dict, the *cache*. For
# the same reason, training a model needs much more memory than using it: every layer keeps such values until the
# gradients are done.
#
# There are two traps. Do not swap ReLU and sigmoid, the *activation functions*: the ReLU belongs to the hidden layer,
# the sigmoid to the output. And do not change a tensor after you put it into the cache: operations whose names end in
# an underscore change it.

# %%
def mlp_forward(X: Float[Tensor, "N D"], p: dict[str, Tensor]) -> dict[str, Tensor]:
    """Forward pass of an MLP with one hidden layer (ReLU) and one sigmoid output.

    Args:
        X: N examples of D inputs each.
        p: the parameters, of X's dtype: "W1" of shape (K, D), "b1" (K,), "W2" (1, K), "b2" (1,).

    Returns:
        The cache, a dict of five tensors of X's dtype: "X" (N, D) as it came in; "z1" (N, K), the hidden layer before
        its ReLU; "h" (N, K), after it; "z2" (N, 1), the output before the sigmoid; "a" (N, 1), the predictions.

    Example:
        >>> X = torch.tensor([[1.0, 2.0]])
        >>> W1, b1 = torch.tensor([[0.5, 0.5], [1.0, -1.0], [0.0, 1.0]]), torch.tensor([0.0, 0.5, -1.0])
        >>> W2, b2 = torch.tensor([[1.0, 3.0, -2.0]]), torch.tensor([0.5])
        >>> cache = mlp_forward(X, {"W1": W1, "b1": b1, "W2": W2, "b2": b2})
        >>> cache["z1"], cache["h"]
        (tensor([[ 1.5000, -0.5000,  1.0000]]), tensor([[1.5000, 0.0000, 1.0000]]))
        >>> cache["z2"], cache["a"]
        (tensor([[0.]]), tensor([[0.5000]]))
    """
    raise NotImplementedError("Exercise 4.1: mlp_forward")


# %% [markdown]
# ## 4.2 Backward through the ReLU
#
# *5 points · about 10 minutes · difficulty 1 of 3*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# Now go backward, one layer at a time. A layer's backward step answers one question: if we know how the loss changes
# with the layer's *output*, how does it change with the layer's *input*? The chain rule says:
#
# $$ \frac{\partial L}{\partial z} = \frac{\partial L}{\partial h}\cdot\frac{\partial h}{\partial z} $$
#
# The first factor is the upstream gradient `dout`; it arrives from the layers after this one. The second is the local
# derivative, which depends only on this layer. For the ReLU $h = \max(0, z)$ it is 1 or 0:
#
# $$ \frac{dh}{dz} = \begin{cases} 1 & z > 0 \\ 0 & z < 0 \end{cases} $$
#
# At $z = 0$ exactly there is no derivative. In its place, PyTorch's `relu` uses 0, `torch.maximum` uses 0.5, and
# `clamp` uses 1. No test input is exactly 0.
#
# So where $z > 0$, the gradient passes unchanged; elsewhere it becomes 0, and a unit with $z < 0$ for an example learns
# nothing from this example. The sign of `z` decides this, not the sign of `dout`.

# %%
def relu_backward(dout: Float[Tensor, "*shape"], z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Gradient of the loss with respect to the input of a ReLU.

    Args:
        dout: gradient of the loss with respect to the ReLU's output.
        z: the ReLU's input in the forward pass, of dout's shape and dtype; no entry is exactly 0.

    Returns:
        dL/dz, a new tensor of z's shape and dtype. Neither input is changed.

    Example:
        >>> relu_backward(torch.tensor([3.0, -4.0, 5.0]), torch.tensor([0.5, 2.0, -1.0]))
        tensor([ 3., -4.,  0.])
    """
    raise NotImplementedError("Exercise 4.2: relu_backward")


# %% [markdown]
# ## 4.3 Backward through a linear layer
#
# *14 points · about 30 minutes · difficulty 3 of 3 · builds on 1.8, 3.6*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# Most parameters of a language model are in linear layers. For one example and one unit $o$ a linear layer computes
#
# $$ z_o = \sum_i W_{oi}\,x_i + b_o $$
#
# This has three inputs: weights, bias and $x$. So your function returns three gradients. Those for the weights and the
# bias are used to update them. The gradient for $x$ is handed back: for the layer before, it is the upstream gradient.
#
# For each of the three, ask what it affects. A weight $W_{oi}$ affects one output of each example. An input $x_i$
# affects all outputs of its own example. The bias $b_o$ also affects one output of each example, with factor 1.
# Whatever affects the loss along several paths (through several outputs or several examples) gets the *sum* over the
# paths. Matrix products can do such sums.
#
# A gradient has exactly the shape of its own tensor, so write the three shapes down first. But do not trust shapes
# alone: if all sizes are equal, wrong products have the right shape, too. So test with different sizes.
#
# Do not divide by the number of examples here. The division by $N$ is a part of the loss (4.4), so the upstream
# gradient already has the factor $1/N$.
#
# In a GPT the input is not a matrix but a batch of sequences, of shape (batch, tokens, inputs). The layer treats every
# token alike, as if all of them were in one long list. So `dout` and `X` may have one or more axes before the last, and
# your function must handle them.

# %%
def linear_backward(
    dout: Float[Tensor, "*batch out"], X: Float[Tensor, "*batch in"], W: Float[Tensor, "out in"]
) -> tuple[Float[Tensor, "*batch in"], Float[Tensor, "out in"], Float[Tensor, "out"]]:
    """Gradients of the loss with respect to the input, the weights and the bias of a linear layer X @ W.T + b.

    Args:
        dout: gradient of the loss with respect to the layer's output.
        X: the layer's input in the forward pass: one or more axes of examples, then the inputs.
        W: the layer's weights, (outputs, inputs) as in `nn.Linear`.

    Returns:
        (dX, dW, db) of the shapes of X, W and the bias (out,), and of their dtype.

    Example:
        >>> dout = torch.tensor([[1.0, 0.0], [2.0, -1.0]])
        >>> X = torch.tensor([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]])
        >>> W = torch.tensor([[1.0, 0.0, 2.0], [0.0, 3.0, -1.0]])
        >>> dX, dW, db = linear_backward(dout, X, W)
        >>> dX
        tensor([[ 1.,  0.,  2.],
                [ 2., -3.,  5.]])
        >>> dW
        tensor([[ 1.,  4.,  1.],
                [ 0., -1.,  1.]])
        >>> db
        tensor([ 3., -1.])
    """
    raise NotImplementedError("Exercise 4.3: linear_backward")


# %% [markdown]
# ## 4.4 Backward through sigmoid and loss
#
# *7 points · about 15 minutes · difficulty 2 of 3 · builds on 3.4, 3.5, 3.6*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# The backward pass starts at the loss. The chapter's network ends in a sigmoid, $a = \sigma(z)$, and its loss is the
# mean binary cross-entropy of the batch:
#
# $$ L = -\frac{1}{N}\sum_{n=1}^{N}\bigl[\,y_n \ln a_n + (1 - y_n)\ln(1 - a_n)\,\bigr] $$
#
# You know both local derivatives from 3.4 and their product from 3.5. The mean of the batch divides by $N$, in this
# step and in no other. Without this division, the gradient would be $N$ times too large. Its direction would be right,
# but with a larger batch, each step of training would be larger, too.
#
# Multiply the two derivatives on paper, simplify the product, and use this short formula. A prediction may be exactly 0
# or 1 after rounding, and then $\partial L/\partial a$ alone is a division by zero. The short formula is finite. It is
# largest where the network is confident and wrong: from these examples it learns most.
#
# And there is a trap that the chapter itself falls into. The predictions are a column, of shape $(N, 1)$. Labels often
# come as a vector, $(N,)$, like the chapter's `torch.tensor([1.0])`. What does broadcasting make of the two? Your
# function must accept labels of either shape.

# %%
def sigmoid_bce_backward(a: Float[Tensor, "N 1"], y: Float[Tensor, "N 1"] | Float[Tensor, "N"]) -> Float[Tensor, "N 1"]:
    """Gradient of the mean binary cross-entropy with respect to z, where a = sigmoid(z) are the predictions.

    Args:
        a: predictions from 0 to 1, both included, one per row.
        y: labels, each 0.0 or 1.0, of a's dtype; a column (N, 1) or a vector (N,), in the order of the predictions.

    Returns:
        dL/dz, of a's shape (N, 1) and dtype; finite for every prediction. Neither input is changed.

    Example:
        >>> sigmoid_bce_backward(torch.tensor([[0.75], [0.5]]), torch.tensor([1.0, 0.0]))
        tensor([[-0.1250],
                [ 0.2500]])
    """
    raise NotImplementedError("Exercise 4.4: sigmoid_bce_backward")


# %% [markdown]
# ## 4.5 Backward through broadcasting
#
# *12 points · about 25 minutes · difficulty 3 of 3 · builds on 1.10*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func); Tensor.sum_to_size.*
#
# Broadcasting uses numbers several times. If you add a bias of shape $(3,)$ to a batch of shape $(4, 3)$, each of the
# three numbers of the bias is used four times. If you multiply a batch of shape $(2, 4, 3)$ by a column of shape
# $(4, 1)$, each number of the column is used six times. A GPT broadcasts in many places, for example whenever it adds a
# bias.
#
# A number that is used several times affects the loss along several paths, and gradients add up over paths. So the
# backward step of broadcasting is a sum over all uses. PyTorch does it for you in every `+` and `*`, and now you write
# it yourself (`Tensor.sum_to_size` is off limits).
#
# Your function gets the gradient `g` of the tensor *after* broadcasting and the `shape` *before* it. Remember the rule
# of 1.10: shapes are aligned at their right ends. Broadcasting can do two things to an axis: add it in front where it
# was missing, or stretch it where it had size 1. Your function undoes both by summing over the axis. In which of the
# two cases must the axis stay, with size 1, and in which must it be gone?
#
# Axes that were neither added nor stretched stay as they are. It may be that no axis was added or stretched, or that
# all of them were.

# %%
def unbroadcast(g: Float[Tensor, "*big"], shape: tuple[int, ...]) -> Float[Tensor, "*small"]:
    """Gradient with respect to a tensor before broadcasting, from the gradient after broadcasting.

    Args:
        g: gradient of the loss with respect to the broadcast tensor.
        shape: the tensor's shape before it was broadcast to g's shape; () for a single number.

    Returns:
        dL/d(the tensor before), of the given shape and g's dtype. g is not changed; you may return g itself.

    Example:
        >>> g = torch.tensor([[1.0, 2.0, 3.0], [10.0, 20.0, 30.0]])
        >>> unbroadcast(g, (3,))
        tensor([11., 22., 33.])
        >>> unbroadcast(g, (2, 1))
        tensor([[ 6.],
                [60.]])
    """
    raise NotImplementedError("Exercise 4.5: unbroadcast")


# %% [markdown]
# ## 4.6 Backward through softmax and cross-entropy
#
# *12 points · about 25 minutes · difficulty 2 of 3 · builds on 3.11, 4.4*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# A language model does not answer yes or no. It gives one raw score, a *logit*, to each of the $C$ tokens of its
# vocabulary and turns them into probabilities with the softmax. The loss is the negative logarithm of the probability
# of the token that really came next, averaged over $N$ examples:
#
# $$ p_{nc} = \frac{e^{z_{nc}}}{\sum_k e^{z_{nk}}}, \qquad L = -\frac{1}{N}\sum_{n=1}^{N} \ln p_{n,t_n} $$
#
# Here $t_n$ is the right token (the right *class*) of example $n$. Take one example and write the logarithm of the
# fraction as a difference:
#
# $$ -\ln p_t = -z_t + \ln\sum_k e^{z_k} $$
#
# Now differentiate with respect to $z_c$. The first term depends on one logit only, the second on all logits. So
# *every* logit gets a gradient, not only that of the right class: a training step pushes the logits of all wrong
# classes down. The formula that you get looks like that of 4.4.
#
# For GPT-2 the logits have 50,257 columns and one row for each token of the batch. The backward pass of every language
# model begins with this gradient.
#
# There are three traps. Along which axis do the probabilities add up to 1? By what does the mean divide? And what is
# $e^{1000}$ on a computer?

# %%
def softmax_ce_backward(logits: Float[Tensor, "N C"], targets: Int[Tensor, "N"]) -> Float[Tensor, "N C"]:
    """Gradient of the mean cross-entropy of the softmax of the logits, with respect to the logits.

    Args:
        logits: one row of C raw scores for each of N examples; may be as large as 1000 and as small as -1000.
        targets: the right class of each example, int64 from 0 to C - 1; classes may be repeated or missing.

    Returns:
        dL/dlogits, of the logits' shape and dtype, finite. Neither input is changed.

    Example:
        >>> softmax_ce_backward(torch.tensor([[0.0, 0.0, 0.0], [1.0, 2.0, 3.0]]), torch.tensor([1, 1]))
        tensor([[ 0.1667, -0.3333,  0.1667],
                [ 0.0450, -0.3776,  0.3326]])
    """
    raise NotImplementedError("Exercise 4.6: softmax_ce_backward")


# %% [markdown]
# ## 4.7 Backward through an embedding
#
# *10 points · about 20 minutes · difficulty 2 of 3 · builds on 4.5*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# At its input, a language model has a table $E$ with one row of $D$ numbers for each of the $V$ tokens of the
# vocabulary. The embedding layer looks rows up: a batch of token ids goes in, and the rows of these tokens come out,
# one for each position:
#
# $$ x_{bt} = E_{i_{bt}} $$
#
# Here $b$ counts the texts, $t$ the positions, and $i$ is `idx`. Nothing is computed; rows are only copied. So in the
# backward step, each row of the table gets the sum of the gradients of all places to which it was copied. A token that
# does not occur gets zeros, and a word such as "the", which occurs in nearly every sentence, gets a sum with many
# terms.
#
# The trap: in a batch of text most tokens occur more than once. Try on paper what your code does when the same id is at
# two positions. In PyTorch, `dE[idx] += dout` adds only one of the gradients of an id that occurs twice.
#
# The table is usually the largest single tensor of a small model (38,597,376 numbers in GPT-2 small), so real code adds
# each gradient to its row and does not touch the other rows. (A product with a matrix of ones and zeros gives the same
# result and is allowed, but it is slow for a large table.)

# %%
def embedding_backward(dout: Float[Tensor, "*batch D"], idx: Int[Tensor, "*batch"], V: int) -> Float[Tensor, "V D"]:
    """Gradient of the loss with respect to an embedding table, of which the rows `idx` were looked up.

    Args:
        dout: gradient of the loss with respect to the rows that came out, one row of D numbers for each id.
        idx: the token ids, int64 from 0 to V - 1, of any number of axes, at least one; ids may be repeated or missing.
        V: the number of rows of the table.

    Returns:
        dL/dE, of shape (V, D) and of dout's dtype. Neither input is changed.

    Example:
        >>> dout = torch.tensor([[1.0, 2.0], [10.0, 20.0], [5.0, 5.0]])
        >>> embedding_backward(dout, torch.tensor([2, 0, 2]), V=4)
        tensor([[10., 20.],
                [ 0.,  0.],
                [ 6.,  7.],
                [ 0.,  0.]])
    """
    raise NotImplementedError("Exercise 4.7: embedding_backward")


# %% [markdown]
# ## 4.8 The whole backward pass
#
# *14 points · about 30 minutes · difficulty 3 of 3 · builds on 4.1, 4.2, 4.3, 4.4*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# Now chain the steps. For the network of 4.1 with the mean loss of 4.4, the chapter's chain rule reads, from the output
# back to the input:
#
# $$ \frac{\partial L}{\partial z_2} = \frac{\partial L}{\partial a}\,\frac{\partial a}{\partial z_2}, \qquad
# \frac{\partial L}{\partial W_2} = \frac{\partial L}{\partial z_2}\,\frac{\partial z_2}{\partial W_2}, \qquad
# \frac{\partial L}{\partial b_2} = \frac{\partial L}{\partial z_2}\,\frac{\partial z_2}{\partial b_2} $$
#
# $$ \frac{\partial L}{\partial h} = \frac{\partial L}{\partial z_2}\,\frac{\partial z_2}{\partial h}, \qquad
# \frac{\partial L}{\partial z_1} = \frac{\partial L}{\partial h}\,\frac{\partial h}{\partial z_1}, \qquad
# \frac{\partial L}{\partial W_1} = \frac{\partial L}{\partial z_1}\,\frac{\partial z_1}{\partial W_1}, \qquad
# \frac{\partial L}{\partial b_1} = \frac{\partial L}{\partial z_1}\,\frac{\partial z_1}{\partial b_1} $$
#
# (A product in these formulas stands for a backward step that you wrote, in the right shapes; it is not simply `*` or
# `@`.) Some factors are shared: $\partial L/\partial z_2$ is used three times, $\partial L/\partial z_1$ twice. Each is
# computed only once. So all gradients together cost about as much as two forward passes, and not one pass for each
# parameter.
#
# You have written every piece, in 4.2, 4.3 and 4.4, and you may call your own functions. What is left is to choose the
# right tensors, and here real mistakes happen: which of the cached tensors does a step need, the one before the
# activation function or the one after it?
#
# As in 3.6, the whole batch is treated at once, and the gradients are those of the mean loss.
#
# A mistake in one gradient spoils all gradients that are computed from it. So the test compares your tensors in the
# order of the backward pass and tells you the *first* wrong one. Start there.

# %%
def mlp_backward(cache: dict[str, Tensor], p: dict[str, Tensor], y: Float[Tensor, "N 1"]) -> dict[str, Tensor]:
    """Gradients of the mean binary cross-entropy of the network of 4.1, for the parameters and for the steps between.

    Args:
        cache: what `mlp_forward` returns: "X" (N, D), "z1" and "h" (N, K), "z2" and "a" (N, 1).
        p: the parameters it was computed with: "W1" (K, D), "b1" (K,), "W2" (1, K), "b2" (1,).
        y: labels, each 0.0 or 1.0, one per row.

    Returns:
        A dict of seven gradients of the loss, each of the shape and dtype of its own tensor:
        "dz2", "dW2", "db2", "dh", "dz1", "dW1" and "db1". Nothing in cache and p is changed.

    Example:
        >>> X, y = torch.tensor([[1.0, 2.0]]), torch.tensor([[1.0]])
        >>> W1, b1 = torch.tensor([[0.5, 0.5], [1.0, -1.0], [0.0, 1.0]]), torch.tensor([0.0, 0.5, -1.0])
        >>> W2, b2 = torch.tensor([[1.0, 3.0, -2.0]]), torch.tensor([0.5])
        >>> p = {"W1": W1, "b1": b1, "W2": W2, "b2": b2}
        >>> gradients = mlp_backward(mlp_forward(X, p), p, y)
        >>> gradients["dz2"], gradients["dW2"], gradients["dz1"]
        (tensor([[-0.5000]]), tensor([[-0.7500,  0.0000, -0.5000]]), tensor([[-0.5000,  0.0000,  1.0000]]))
        >>> gradients["dW1"]
        tensor([[-0.5000, -1.0000],
                [ 0.0000,  0.0000],
                [ 1.0000,  2.0000]])
    """
    raise NotImplementedError("Exercise 4.8: mlp_backward")

# %% [markdown]
# ## 4.11 Find the bug: one gradient of two
#
# *7 points · about 15 minutes · difficulty 2 of 3 · builds on 3.8, 4.2, 4.3, 4.8*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# Several steps of a backward pass are often rewritten as one function, which is shorter and faster, and sometimes
# wrong. `hidden_gradient` in the next cell does the middle steps of 4.8. It gets $\partial L/\partial z_2$ as `dout`,
# goes back through the second linear layer and through the ReLU, and returns $\partial L/\partial z_1$.
#
# It runs, and its result has the right shape. But somebody used it to compute the gradient of `W1`, in a network with
# two inputs and four hidden units, for one example. Then this gradient was measured as in 3.7, and each entry was
# compared as in 3.8:
#
# ```text
#  weight      with the function     measured    error
#  W1[0, 0]           0.0000         -0.2000      1.0
#  W1[0, 1]           0.0000         -0.4000      1.0
#  W1[1, 0]           0.0000          0.0000      0.0
#  W1[1, 1]           0.0000          0.0000      0.0
#  W1[2, 0]           0.3000          0.3000      0.0
#  W1[2, 1]           0.6000          0.6000      0.0
#  W1[3, 0]           0.1000          0.0000      1.0
#  W1[3, 1]           0.2000          0.0000      1.0
# ```
#
# The gradient of `W2` was computed, too, and all its four entries agree with the measured ones.
#
# Read the table before you read the code. An error of 1 means that one of the two numbers is 0 and the other is not. So
# the function sets some gradients to 0 that should pass, and lets others pass that should be 0. Whole rows are wrong,
# and a row of `W1` belongs to one hidden unit. The gradient of `W2`, which is right, is computed from `dout`, too: what
# does that tell you about `dout`?
#
# Then find the wrong line, and write the whole function as it should be, under the name `repaired_hidden_gradient`.
# Wrong gradients in real code are found in the same way: list the wrong entries, and ask what they have in common.

# %%


def hidden_gradient(dout, z, W2):
    """The gradient with respect to z1, from dout, the gradient with respect to z2. Find out what is wrong here."""
    dh = dout @ W2
    passes = dh > 0
    return torch.where(passes, dh, 0.0)


# %%
def repaired_hidden_gradient(
    dout: Float[Tensor, "N M"], z: Float[Tensor, "N K"], W2: Float[Tensor, "M K"]
) -> Float[Tensor, "N K"]:
    """Gradient of the loss with respect to the hidden layer before its ReLU.

    Args:
        dout: gradient of the loss with respect to the output of the second linear layer, M numbers for each example.
        z: the hidden layer before its ReLU, K units for each example, of dout's dtype; no entry is exactly 0.
        W2: the weights of the second linear layer, of dout's dtype.

    Returns:
        dL/dz, a new tensor of z's shape and dtype. None of the inputs is changed.

    Example:
        >>> dout, W2 = torch.tensor([[1.0], [-2.0]]), torch.tensor([[1.0, 2.0, -3.0]])
        >>> z = torch.tensor([[0.5, -1.0, 2.0], [-0.5, 3.0, 1.0]])
        >>> repaired_hidden_gradient(dout, z, W2)
        tensor([[ 1.,  0., -3.],
                [ 0., -4.,  6.]])
    """
    raise NotImplementedError("Exercise 4.11: repaired_hidden_gradient")

# %% [markdown]
# ## 4.9 Repair the chapter's listing
#
# *6 points · about 15 minutes · difficulty 2 of 3 · builds on 4.4, 4.8*
#
# The chapter shows the same network in PyTorch, and its listing has two mistakes. The first is easy to see: the
# indentation of the class was lost in print, so Python stops with an `IndentationError`. In the cell below, the
# indentation is restored. The network has $10 \cdot 5 + 5 + 5 \cdot 1 + 1 = 61$ parameters.
#
# You see the second mistake only when you run the listing. `chapters_step` is the chapter's training step up to the
# gradients; `nn.BCELoss` (BCE: binary cross-entropy) is the loss of 4.4. The two lines about the optimizer, which
# updates the weights (assignment 05), are left out, and `net.zero_grad()` clears the gradients. Call `chapters_step`
# with the chapter's data and read the message:
#
# ```python
# chapters_step(SimpleNet(), torch.randn(1, 10), torch.tensor([1.0]))
# ```
#
# This error is helpful. In the same situation `nn.MSELoss`, the mean squared error as a loss, only warns: it broadcasts
# its two tensors against each other, and the model is trained with a wrong loss.
#
# Write the step so that it works. It must be right for one example, as in the chapter, *and* for a batch of several
# examples. Some repairs on the internet work in only one of these two cases. With another repair the message is gone,
# but the loss is wrong. So before you change anything, print the shapes of outputs and labels in both cases, and say
# what each axis means. Leave `SimpleNet` as it is: its output must still have the shape $(N, 1)$, and 4.10 uses this
# class, too.

# %%


class SimpleNet(nn.Module):
    """The chapter's network: 10 inputs, 5 hidden units with ReLU, one sigmoid output."""

    def __init__(self):
        super(SimpleNet, self).__init__()  # noqa: UP008 (as in the chapter)
        self.fc1 = nn.Linear(10, 5)  # Input layer to hidden layer
        self.relu = nn.ReLU()
        self.fc2 = nn.Linear(5, 1)  # Hidden layer to output layer
        self.sigmoid = nn.Sigmoid()

    def forward(self, x):
        h = self.relu(self.fc1(x))
        y_hat = self.sigmoid(self.fc2(h))
        return y_hat


def chapters_step(net, inputs, labels):
    """The chapter's training step up to the gradients. It does not run: find out why."""
    criterion = nn.BCELoss()
    net.zero_grad()  # Clear gradients
    outputs = net(inputs)  # Forward pass
    loss = criterion(outputs, labels)  # Compute loss
    loss.backward()  # Backward pass (compute gradients)
    return loss.item()


# %%
def fix_simple_net(net: SimpleNet, inputs: Float[Tensor, "N 10"], labels: Float[Tensor, "N"]) -> float:
    """The chapter's training step up to the gradients, repaired: for one example and for any number of them.

    Afterwards `.grad` of each parameter of the network must hold the gradient of this batch's loss only, whatever was
    there before. The parameters themselves must not change.

    Args:
        net: a `SimpleNet` as given above; its output for a batch of N has the shape (N, 1).
        inputs: N examples, one per row.
        labels: N labels, each 0.0 or 1.0, of the inputs' dtype, in the order of the examples.

    Returns:
        The mean binary cross-entropy of the batch, a Python number.

    Example:
        >>> net = SimpleNet()
        >>> loss = fix_simple_net(net, torch.randn(4, 10), torch.tensor([1.0, 0.0, 0.0, 1.0]))
        >>> sum(parameter.grad.numel() for parameter in net.parameters())
        61
    """
    raise NotImplementedError("Exercise 4.9: fix_simple_net")


# %% [markdown]
# ## 4.10 Reading the gradients
#
# *5 points · about 10 minutes · difficulty 1 of 3 · builds on 3.10, 4.9*
#
# The chapter's listing ends with a loop over the parameters of the network. It prints the `.grad` of each parameter
# that requires gradients. That works, but you do not see three surprises there that you will meet in every training
# program.
#
# First, `.grad` is `None` until a backward pass has filled it. Second, a backward pass does not *set* `.grad`, it
# *adds* to it, for the reason you met in 3.10; what is left from an earlier batch stays in the sum until somebody
# clears it. Third, `param.grad` is not a copy. If you keep this tensor, its numbers can change later: the next backward
# pass may add to them, and `zero_grad(set_to_none=False)` sets them to zero.
#
# Write a function that returns the gradients of one batch, by name. It may be called again and again: each call must
# return the gradients of its own batch, and nothing that happens later may change them.
#
# There is a reason for the chapter's `if`, too. Parameters can be *frozen* (2.9): in fine-tuning, where a finished
# model is trained further, most of its parameters often stay as they are. A frozen parameter has no gradient and must
# not be in the result.
#
# Comparing such dicts is how you find out whether two versions of a training step do the same.

# %%
def named_gradients(net: nn.Module, X: Float[Tensor, "N D"], y: Float[Tensor, "N 1"]) -> dict[str, Tensor]:
    """Gradients of the mean binary cross-entropy of one batch, by the names of the parameters.

    The gradients are those of this batch alone, whatever was called before, and the tensors in the result must keep
    their values whatever happens to the network and to `.grad` later. The parameters themselves must not change; what
    `.grad` holds after the call does not matter.

    Args:
        net: a `SimpleNet`, or any other network with one sigmoid output. This output depends on every parameter of the
            network.
        X: N examples, one per row.
        y: labels, each 0.0 or 1.0, of the shape of the network's output.

    Returns:
        For each parameter that requires grad its gradient, under its name in `net.named_parameters()`.

    Example:
        >>> gradients = named_gradients(SimpleNet(), torch.randn(3, 10), torch.tensor([[1.0], [0.0], [1.0]]))
        >>> {name: tuple(gradient.shape) for name, gradient in gradients.items()}
        {'fc1.weight': (5, 10), 'fc1.bias': (5,), 'fc2.weight': (1, 5), 'fc2.bias': (1,)}
    """
    raise NotImplementedError("Exercise 4.10: named_gradients")

# %% [markdown]
# ## What your functions draw
#
# The picture shows points of two kinds that no straight line can separate, and a network with 16 hidden units that
# learns to separate them. `mlp_forward` predicts for every place in the picture which kind of point belongs there, and
# `mlp_backward` gives the gradients for each step. The line between the two kinds is made of straight pieces. Which
# part of the network makes the corners?
#
# In a notebook, run the next cell to draw it. In a terminal, `pytest` and `gradlings watch` (which tests your file
# whenever you save it) write it as `boundary.png` beside this file when 4.10 is right. There are no points for it. If
# one of the functions is not right yet, a sentence names it.
