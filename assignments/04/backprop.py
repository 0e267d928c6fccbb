# %% [markdown]
# # 04 Back-propagation through an MLP
#
# One neuron has a gradient for its weight and one for its bias, and you derived them on paper in assignment 03. A
# language model has many thousands of neurons, layer upon layer, and its gradients are still found by the same rule,
# applied layer by layer from the output back to the input. That is *back-propagation*. "The chapter", a text about
# language models that the exercises follow, has a section about it (retold in `docs/chapter.md` of the repository; you
# need not read it).
#
# The chapter's network has one *hidden layer* (a row of neurons, also called *units*) between its inputs and its
# output. Such a network is called a *multi-layer perceptron*, MLP for short, and every block of a GPT contains one. For
# a single example $x$ it computes
#
# $$ z_1 = W_1 x + b_1, \qquad h = \max(0, z_1), \qquad z_2 = W_2 h + b_2, \qquad a = \sigma(z_2) $$
#
# and compares the prediction $a$ with the label $y$:
#
# $$ L = -\bigl[\,y \ln a + (1 - y)\ln(1 - a)\,\bigr] $$
#
# You write the forward pass (4.1), then the backward step of each kind of layer alone: ReLU, linear, sigmoid with its
# loss, broadcasting, softmax with its loss, embedding (4.2 to 4.7). Exercises 4.5 to 4.7 are what a GPT needs beyond
# the MLP. In 4.8 you chain your steps into the backward pass of the whole network. In 4.9 and 4.10 PyTorch does the
# work, and you repair the chapter's listing, which does not run as printed.
#
# At the end you will be able to take any network built from these layers, say which shape each gradient has and why,
# and find the wrong line when a gradient is not right.
#
# You need the shapes and matrix products of assignment 01 (1.6, 1.8, 1.10) and the gradients of one neuron and of a
# batch (3.5, 3.6). Nothing is imported from your earlier files; you may use `torch.sigmoid`, `torch.relu` and
# `torch.softmax`. PyTorch's autograd is off limits in 4.2 to 4.8. As in assignment 01, shapes and dtypes must be exact,
# numbers right to seven digits in `float64`, and every argument must stay as it is.
#
# Two names recur. In code, `dz` is short for $\partial L/\partial z$, the gradient of the loss with respect to `z`. The
# gradient that arrives at a layer from the layers after it is the *upstream* gradient; in code it is `dout`. And an
# *axis* is a dimension of a tensor.

# %%
import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F


# %% [markdown]
# ## 4.1 The forward pass
#
# *10 points · about 15 minutes · difficulty 1 of 3 · builds on 1.8, 1.10, 3.2*
#
# A batch of $N$ examples with $D$ inputs each is a matrix $X$ of shape $(N, D)$, one example per row. The hidden layer
# has $K$ units, the output layer has one. For the whole batch the network computes
#
# $$ z_1 = X W_1^{\top} + b_1, \qquad h = \max(0, z_1), \qquad z_2 = h W_2^{\top} + b_2, \qquad a = \sigma(z_2) $$
#
# The function $\max(0, z)$ is the *ReLU*: it lets positive numbers pass and turns negative ones into 0. Without it, two
# linear layers could do no more than a single one.
#
# The formulas have transposes because examples are rows now, while PyTorch stores a weight matrix as (outputs, inputs):
# each *row* holds the weights of one unit. `nn.Linear(10, 5)` has a weight of shape (5, 10). The bias has one number
# for each unit, and the same bias is added to every example.
#
# The backward pass will need what the forward pass computed on the way, so return all of it in a dict, the *cache*.
# This is also why training needs so much more memory than using a model: every layer keeps such values until the
# gradients are done.
#
# Two traps. ReLU and sigmoid, the *activation functions*, are not interchangeable: the first belongs to the hidden
# layer, the second to the output. And do not change a tensor after you put it into the cache: operations whose names
# end in an underscore change it.

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
# Now go backward, one layer at a time. A layer's backward step answers one question: if I know how the loss changes
# with my *output*, how does it change with my *input*? The chain rule multiplies:
#
# $$ \frac{\partial L}{\partial z} = \frac{\partial L}{\partial h}\cdot\frac{\partial h}{\partial z} $$
#
# The first factor is the upstream gradient `dout`; it arrives from the layers after this one. The second is the local
# derivative, the only thing this layer has to know about itself. For the ReLU $h = \max(0, z)$ it is a switch:
#
# $$ \frac{dh}{dz} = \begin{cases} 1 & z > 0 \\ 0 & z < 0 \end{cases} $$
#
# At $z = 0$ exactly there is no derivative. PyTorch's `relu` calls it 0, `torch.maximum` says 0.5, and `clamp` says 1.
# No test input is exactly 0.
#
# So where the forward pass let a number through, the gradient passes unchanged; elsewhere it becomes 0, and a unit that
# is off for an example learns nothing from this example. The sign of `z` decides what is on and what is off, not the
# sign of `dout`.

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
# *15 points · about 30 minutes · difficulty 3 of 3 · builds on 1.8, 3.6*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# Most parameters of a language model are in linear layers. For one example and one unit $o$ a linear layer computes
#
# $$ z_o = \sum_i W_{oi}\,x_i + b_o $$
#
# Three things went into it, so three gradients come out: for the weights and the bias, to update them, and for the
# input. The gradient for the input is handed back: for the layer before, it is the upstream gradient.
#
# For each of them, ask what it affects. A weight $W_{oi}$ affects one output of each example. An input $x_i$ affects
# all outputs of its own example. The bias $b_o$ also affects one output of each example, with factor 1. Whatever
# affects the loss along several paths (through several outputs or several examples) gets the *sum* over the paths. That
# is all, and matrix products can do such sums.
#
# A good test: a gradient has exactly the shape of its own tensor. Write the three shapes down first. But do not trust
# shapes alone. If all sizes are equal, wrong products have the right shape, too, so test with different sizes.
#
# Where does the mean over the batch come in? Not here. It belongs to the loss, and the upstream gradient already
# contains it.
#
# In a GPT the input is not a matrix but a batch of sequences, of shape (batch, tokens, inputs). The layer treats every
# token alike, as if all of them were in one long list. So in `dout` and `X` your function must allow one or more axes
# before the last.

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
# *10 points · about 15 minutes · difficulty 2 of 3 · builds on 3.4, 3.5, 3.6*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func).*
#
# The backward pass starts at the loss. The chapter's network ends in a sigmoid, $a = \sigma(z)$, and its loss is the
# mean binary cross-entropy of the batch:
#
# $$ L = -\frac{1}{N}\sum_{n=1}^{N}\bigl[\,y_n \ln a_n + (1 - y_n)\ln(1 - a_n)\,\bigr] $$
#
# You know both local derivatives from 3.4 and their product from 3.5. The mean of the batch divides by $N$, in this
# step and in no other. A gradient that is $N$ times too large still has the right direction, but then a larger batch
# means a larger step, and no learning rate suits two batch sizes.
#
# Use the product of the two derivatives, never one alone. A prediction may be exactly 0 or 1 after rounding, and then
# $\partial L/\partial a$ alone is a division by zero. The product is finite, and it is largest where the network is
# confident and wrong: these examples teach it most.
#
# And there is a trap that the chapter itself falls into. The predictions are a column, of shape $(N, 1)$. Labels often
# come as a vector, $(N,)$, like the chapter's `torch.tensor([1.0])`. What does broadcasting make of the two? Your
# function must cope with labels of either shape.

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
# *10 points · about 25 minutes · difficulty 3 of 3 · builds on 1.10*
#
# *Not allowed here: PyTorch's autograd (backward, torch.autograd.grad, torch.func); Tensor.sum_to_size.*
#
# Broadcasting copies silently. Add a bias of shape $(3,)$ to a batch of shape $(4, 3)$ and each of its three numbers is
# used four times; multiply a batch $(2, 4, 3)$ by a column $(4, 1)$ and each number is used six times. A GPT broadcasts
# in this way in many places, for example whenever it adds a bias.
#
# Reading a number several times means that it affects the loss along several paths, and gradients add up over paths. So
# the backward step of broadcasting is a sum over all the copies. PyTorch does it for you in every `+` and `*`, and now
# you write it yourself (`Tensor.sum_to_size` is off limits).
#
# Your function gets the gradient `g` of the tensor *after* broadcasting and the `shape` *before* it. Remember the rule
# of 1.10: shapes are aligned at their right ends. Two things can have happened to an axis. It was missing and was added
# in front, or it had size 1 and was stretched. Your function undoes both by summing: after which of the two does the
# axis stay, with size 1, and after which is it gone?
#
# Axes that were neither new nor stretched stay as they are. Sometimes nothing was broadcast at all.

# %%
def unbroadcast(g: Float[Tensor, "*big"], shape: tuple[int, ...]) -> Float[Tensor, "*small"]:
    """Gradient with respect to a tensor before it was broadcast, from the gradient after it.

    Args:
        g: gradient of the loss with respect to the broadcast tensor.
        shape: the tensor's shape before it was broadcast to g's shape; () for a single number.

    Returns:
        dL/d(the tensor before), of the given shape and g's dtype. g is not changed; it may be returned itself.

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
# *10 points · about 25 minutes · difficulty 2 of 3 · builds on 3.2, 4.4*
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
# Now differentiate with respect to $z_c$. The first term depends on one logit only, the second on all of them. So
# *every* logit gets a gradient, not only that of the right class: a training step makes the logits of all wrong classes
# smaller. The result looks like that of 4.4.
#
# For GPT-2 the logits have 50,257 columns and one row for each token of the batch. The backward pass of every language
# model begins with this gradient.
#
# Three traps: along which axis do probabilities add up to 1, what does the mean divide by, and what is $e^{1000}$ on a
# computer?

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
# Here $b$ counts the texts, $t$ the positions, and $i$ is `idx`. Nothing is computed; numbers are only copied. So you
# can say what the backward step must be: each row of the table collects the gradients of all the places it was copied
# to. A token that does not occur gets zeros, and a word such as "the", which occurs in nearly every sentence, gets a
# sum with many terms.
#
# The trap: in a batch of text most tokens occur more than once. Try on paper what your code does when the same id is at
# two positions. In PyTorch, `dE[idx] += dout` adds only one of the gradients of an id that occurs twice.
#
# The table is usually the largest single tensor of a small model (38,597,376 numbers in GPT-2 small), so real code adds
# each gradient to its row. (A product with a matrix of ones and zeros gives the same and is allowed, but is slow for a
# large table.)

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
# *15 points · about 30 minutes · difficulty 3 of 3 · builds on 4.1, 4.2, 4.3, 4.4*
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
# `@`.) Look at what is shared: $\partial L/\partial z_2$ is in three of them, $\partial L/\partial z_1$ in two. Each is
# computed once and handed on. That is why all gradients together cost about two forward passes, and not one pass for
# each parameter.
#
# You have written every piece, in 4.2, 4.3 and 4.4, and you may call your own functions. What is left is bookkeeping,
# and real mistakes happen in it: which of the cached tensors does a step need, the one before the activation or the one
# after it?
#
# As in 3.6, the whole batch goes through at once, and the gradients are those of the mean.
#
# A mistake in one gradient spoils all that come after it. The check therefore compares your tensors in the order of the
# backward pass and tells you the *first* wrong one. Start there.

# %%
def mlp_backward(cache: dict[str, Tensor], p: dict[str, Tensor], y: Float[Tensor, "N 1"]) -> dict[str, Tensor]:
    """Gradients of the mean binary cross-entropy of the network of 4.1, the intermediate ones too.

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
# ## 4.9 Repair the chapter's listing
#
# *10 points · about 15 minutes · difficulty 2 of 3 · builds on 4.4, 4.8*
#
# The chapter shows the same network in PyTorch, and its listing has two mistakes. The first is plain to see: the
# indentation of the class was lost in print, so Python stops with an `IndentationError`. In the cell below it is
# restored and nothing else is changed. The network has $10 \cdot 5 + 5 + 5 \cdot 1 + 1 = 61$ parameters.
#
# The second mistake only shows when the listing is run. `chapters_step` is the chapter's training step up to the
# gradients; `nn.BCELoss` is the loss of 4.4. The two lines about the optimizer (assignment 05) are left out, and
# `net.zero_grad()` clears the gradients. Call it with the chapter's data and read the message:
#
# ```python
# chapters_step(SimpleNet(), torch.randn(1, 10), torch.tensor([1.0]))
# ```
#
# Be glad of this error. In the same situation `nn.MSELoss` only warns, broadcasts its two tensors against each other,
# and trains on a wrong number.
#
# Write the step so that it works. It must be right for one example, as in the chapter, *and* for a batch of several.
# Some repairs that the internet suggests only work for one of the two; another repair changes the loss, so that the
# message disappears and the result is wrong. So print the shapes of outputs and labels for both cases, and say which
# axis is which, before you change anything. Leave `SimpleNet` as it is: its output must still have the shape $(N, 1)$,
# and 4.10 uses it, too.

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

    Afterwards `.grad` of each parameter of the network holds the gradient of this batch's loss, and nothing of what was
    there before. The parameters themselves are not changed.

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
# The chapter's listing ends with a loop over `net.named_parameters()` that prints each `param.grad`
# `if param.requires_grad`. That works, but hides three surprises that you will meet in every training program.
#
# First, `.grad` is `None` until a backward pass has filled it. Second, a backward pass does not *set* `.grad`, it
# *adds* to it, for the reason you met in 3.10; what is left from an earlier batch stays in the sum until somebody
# clears it. Third, `param.grad` is not a copy. It is the tensor itself: the next backward pass adds to it, and
# `zero_grad(set_to_none=False)` fills it with zeros. (By default `zero_grad` puts `None` in its place, and then a
# tensor that you kept stays as it is. Code should not depend on that.)
#
# Write a function that hands out the gradients of one batch, by name, and can be called again and again: each batch
# gets its own gradients, and nothing that happens later changes them.
#
# The chapter's `if` has its reason, too. Parameters can be *frozen* (2.9): in fine-tuning, where a finished model is
# trained further, most of it often stays as it is. A frozen parameter has no gradient and no place in the answer.
#
# Comparing such dicts is how you find out whether two versions of a training step do the same.

# %%
def named_gradients(net: nn.Module, X: Float[Tensor, "N D"], y: Float[Tensor, "N 1"]) -> dict[str, Tensor]:
    """Gradients of the mean binary cross-entropy of one batch, by the names of the parameters.

    The result is that of this batch alone, whatever was called before, and the tensors in it belong to the caller: they
    keep their values whatever happens to the network and to `.grad` later. The parameters themselves are not changed;
    what `.grad` holds after the call does not matter.

    Args:
        net: a network with one sigmoid output, which depends on all of its parameters: a `SimpleNet`, or any other one.
        X: N examples, one per row.
        y: labels, each 0.0 or 1.0, of the shape of the network's output.

    Returns:
        For each parameter that requires grad its gradient, under the name `net.named_parameters()` gives it.

    Example:
        >>> gradients = named_gradients(SimpleNet(), torch.randn(3, 10), torch.tensor([[1.0], [0.0], [1.0]]))
        >>> {name: tuple(gradient.shape) for name, gradient in gradients.items()}
        {'fc1.weight': (5, 10), 'fc1.bias': (5,), 'fc2.weight': (1, 5), 'fc2.bias': (1,)}
    """
    raise NotImplementedError("Exercise 4.10: named_gradients")

# %% [markdown]
# ## What your functions draw
#
# Two kinds of points that no straight line can separate, and a network with 16 hidden units that learns to separate
# them: `mlp_forward` predicts the kind at every place, and `mlp_backward` gives the gradients for each step. The line
# between the two kinds is made of straight pieces. Which part of the network makes the corners?
#
# In a notebook, the cell below draws it. In a terminal, `pytest` and `gradlings watch` write `boundary.png` beside this
# file when 4.10 is right. It is there to be looked at, for no points. If one of the functions is not right yet, a
# sentence names it.
