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

# %% [markdown] exercise="4.1" objective="Follow shapes and values through the forward pass of an MLP"
# ## 4.1 The forward pass
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


# %% solution="4.1"
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
    ### BEGIN SOLUTION
    z1 = X @ p["W1"].T + p["b1"]
    h = torch.relu(z1)
    z2 = h @ p["W2"].T + p["b2"]
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": torch.sigmoid(z2)}
    ### END SOLUTION


# %% [markdown] hints="4.1"
# 1. Write the shape of every tensor beside the formula before you write code: what are $(N, D)$ and $(K, D)$ to be
#    multiplied into?
# 2. $z_1 = X W_1^{\top} + b_1$ has the shape $(N, K)$, and $z_2 = h W_2^{\top} + b_2$ has the shape $(N, 1)$.
# 3. Multiply the inputs with the transposed weights and let broadcasting add the bias to each row. Make the ReLU of
#    this as a new tensor. Do the same once more with the second layer's parameters, take the sigmoid of the result, and
#    collect the five tensors under their names.

# %% [markdown] solved="4.1"
# **Why it works.** With one example per row, the product with the transposed weights gives every unit its dot product,
# and the bias is broadcast over the rows. New tensors at each step keep the cache right.
#
# **In models.** Every block of GPT-2 small has this shape, from 768 to 3,072 and back, with GELU for the ReLU and no
# sigmoid.
#
# **In PyTorch.** `torch.nn.functional.linear` is product and bias in one call.
#
# **Next.** 4.2 begins the way back.

# %% [markdown] exercise="4.2" objective="Say which gradients a ReLU lets through"
# ## 4.2 Backward through the ReLU
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


# %% solution="4.2"
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
    ### BEGIN SOLUTION
    return torch.where(z > 0, dout, 0.0)
    ### END SOLUTION


# %% [markdown] hints="4.2"
# 1. Take one number that was let through and one that was not, nudge each a little, and watch the output.
# 2. $\frac{\partial L}{\partial z} = \frac{\partial L}{\partial h}\cdot\mathbf{1}[z > 0]$, entry by entry.
# 3. Find out for each entry of the input whether the ReLU let it through. Keep the upstream gradient there and put 0
#    everywhere else, in a new tensor.

# %% [markdown] solved="4.2"
# **Why it works.** The slope of a ReLU is 1 where its input was positive and 0 elsewhere. So the upstream gradient
# passes or stops, whatever its own sign.
#
# **In models.** The first transformer used ReLU. GPT-2's GELU has a smooth slope, so that fewer units are switched off
# altogether.
#
# **In PyTorch.** `torch.nn.functional.relu` does this when it is differentiated.
#
# **Next.** 4.3 goes back through weights.

# %% [markdown] exercise="4.3" objective="Derive the three gradients of a linear layer"
# ## 4.3 Backward through a linear layer
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


# %% solution="4.3"
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
    ### BEGIN SOLUTION
    # one long list of examples; reshape and not view, since gradients are often not contiguous
    upstream, inputs = dout.reshape(-1, W.shape[0]), X.reshape(-1, W.shape[1])
    return dout @ W, upstream.T @ inputs, upstream.sum(dim=0)
    ### END SOLUTION


# %% [markdown] hints="4.3"
# 1. Write down the five shapes, three of what is given and two of what is not yet there; then look for the axis that
#    each result does not have. It is summed away.
# 2. $\frac{\partial L}{\partial x_{ni}} = \sum_o \delta_{no} W_{oi}$,
#    $\frac{\partial L}{\partial W_{oi}} = \sum_n \delta_{no}\,x_{ni}$ and
#    $\frac{\partial L}{\partial b_o} = \sum_n \delta_{no}$, where $\delta$ is `dout`.
# 3. Turn both batches into matrices with one row per example, whatever axes they had. The gradient of the weights sums
#    over the rows, and so does that of the bias; the gradient of the input sums over the outputs and keeps the shape of
#    the input. Write each sum as a matrix product whose inner axis is the one that disappears.

# %% [markdown] solved="4.3"
# **Why it works.** Each gradient is a sum over the axis that its tensor does not have: for weights and bias that is the
# examples, for the input the outputs. Three different sizes leave only one way to multiply.
#
# **In models.** Two large products backward for one forward: this is why a training step costs about three times as
# much as using the model.
#
# **In PyTorch.** `torch.nn.Linear` does this when it is differentiated.
#
# **Next.** 4.4 starts from the loss.

# %% [markdown] exercise="4.4" objective="Simplify the gradients of sigmoid and cross-entropy to a difference"
# ## 4.4 Backward through sigmoid and loss
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


# %% solution="4.4"
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
    ### BEGIN SOLUTION
    return (a - y.reshape(a.shape)) / len(a)
    ### END SOLUTION


# %% [markdown] hints="4.4"
# 1. Recall the gradient of one neuron along its $z$ from 3.5; then print the shape of your difference before you
#    divide.
# 2. For one example $\frac{\partial L}{\partial z} = a - y$; in a mean over $N$ examples each of them weighs
#    $\frac{1}{N}$.
# 3. Bring the labels into the shape of the predictions without changing their order, subtract them, and divide by the
#    number of examples.

# %% [markdown] solved="4.4"
# **Why it works.** As in 3.5, the slope of the sigmoid cancels. The mean divides by the number of examples, once and
# only here. Labels in the shape of the predictions leave broadcasting nothing to do.
#
# **In models.** Losses that take raw scores were made for this: fused, the two steps never divide by a rounded 0.
#
# **In PyTorch.** `torch.nn.BCEWithLogitsLoss` is sigmoid and loss in one.
#
# **Next.** 4.5 goes back through broadcasting.

# %% [markdown] exercise="4.5" objective="Undo broadcasting in a gradient by summing what was stretched"
# ## 4.5 Backward through broadcasting
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


# %% solution="4.5"
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
    ### BEGIN SOLUTION
    while g.dim() > len(shape):
        g = g.sum(dim=0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.sum(dim=axis, keepdim=True)
    return g
    ### END SOLUTION


# %% [markdown] hints="4.5"
# 1. Write the two shapes below each other, aligned at the right, and mark every axis of the larger one that holds
#    copies.
# 2. $\frac{\partial L}{\partial t_j} = \sum_{i\,:\,i \text{ is a copy of } j} g_i$. The axes to sum over are those that
#    are new in front, and those of size 1 before.
# 3. While there are more axes than before, sum the first one away. Then both shapes line up: go over the axes, and
#    where the size was 1, sum over the axis but keep it with size 1.

# %% [markdown] solved="4.5"
# **Why it works.** Broadcasting copies, and a copied number reaches the loss through every copy; so its gradient is
# their sum. New axes are summed away, stretched ones are summed and keep size 1.
#
# **In models.** The gradients of all biases, of layer norm's scales and of GPT-2's position table are such sums.
#
# **In PyTorch.** `torch.Tensor.sum_to_size` does it in one call.
#
# **Next.** 4.6 is the loss of language models.

# %% [markdown] exercise="4.6" objective="Derive the gradient of softmax and cross-entropy for the logits"
# ## 4.6 Backward through softmax and cross-entropy
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


# %% solution="4.6"
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
    ### BEGIN SOLUTION
    right = F.one_hot(targets, num_classes=logits.shape[1])
    return (torch.softmax(logits, dim=1) - right) / len(targets)
    ### END SOLUTION


# %% [markdown] hints="4.6"
# 1. Do it for one example with three classes. What is the derivative of $\ln\sum_k e^{z_k}$ along one of the $z$, and
#    where have you seen this fraction?
# 2. $\frac{\partial L}{\partial z_{nc}} = \frac{1}{N}\bigl(p_{nc} - \mathbf{1}[c = t_n]\bigr)$.
# 3. Turn each row of logits into probabilities, with something that survives large numbers. Subtract 1 in each row at
#    the place of its right class (`F.one_hot` marks it), and nowhere else. Divide by the number of examples.

# %% [markdown] solved="4.6"
# **Why it works.** The logarithm of the sum has the softmax as its slope, and the right logit adds minus one. So a step
# raises the right logit and lowers each other one in proportion to its probability.
#
# **In models.** In GPT-2 this gradient has 50,257 columns for each token. The backward pass of every GPT starts with
# it.
#
# **In PyTorch.** `torch.nn.functional.cross_entropy` contains the softmax and this slope.
#
# **Next.** 4.7 ends at the other side, at the table of tokens.

# %% [markdown] exercise="4.7" objective="Add up the gradients of an embedding row that was used more than once"
# ## 4.7 Backward through an embedding
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


# %% solution="4.7"
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
    ### BEGIN SOLUTION
    D = dout.shape[-1]
    table = dout.new_zeros(V, D)
    return table.index_add(0, idx.flatten(), dout.reshape(-1, D))
    ### END SOLUTION


# %% [markdown] hints="4.7"
# 1. Do it with a plain loop over the positions first, on an empty table. Then ask of any shortcut whether it does the
#    same for a repeated id.
# 2. $\frac{\partial L}{\partial E_v} = \sum_{(b,t)\,:\,i_{bt} = v} \text{dout}_{bt}$.
# 3. Make a table of zeros with the dtype of the upstream gradient. Turn ids and gradients into one long list of pairs.
#    Go through the pairs and add each gradient to the row that its id names; PyTorch has operations that add through an
#    index and count repeated ids (`index_add_`).

# %% [markdown] solved="4.7"
# **Why it works.** A lookup copies rows, so the gradient of a row is the sum over all places it was copied to. Adding
# through an index counts an id as often as it occurs; assigning keeps only one of them.
#
# **In models.** A tied token table, as in GPT-2, gets a second gradient: that of the output head.
#
# **In PyTorch.** `torch.Tensor.index_add_` adds rows like this.
#
# **Next.** 4.8 chains your steps.

# %% [markdown] exercise="4.8" objective="Put single backward steps together to that of a whole network"
# ## 4.8 The whole backward pass
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


# %% solution="4.8"
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
    ### BEGIN SOLUTION
    dz2 = sigmoid_bce_backward(cache["a"], y)
    dh, dW2, db2 = linear_backward(dz2, cache["h"], p["W2"])
    dz1 = relu_backward(dh, cache["z1"])
    _, dW1, db1 = linear_backward(dz1, cache["X"], p["W1"])
    return {"dz2": dz2, "dW2": dW2, "db2": db2, "dh": dh, "dz1": dz1, "dW1": dW1, "db1": db1}
    ### END SOLUTION


# %% [markdown] hints="4.8"
# 1. Draw the network as a chain of four boxes and write on each arrow the tensor that flows along it on the way
#    forward. The backward pass goes through the same boxes the other way round.
# 2. $\delta_2 = \frac{1}{N}(a - y)$, $\;\frac{\partial L}{\partial h} = \delta_2 W_2$,
#    $\;\delta_1 = \frac{\partial L}{\partial h} \odot \mathbf{1}[z_1 > 0]$; and for each layer, weights get
#    $\delta^{\top}$ times what went into that layer, biases get the sum of $\delta$ over the examples.
# 3. Start with sigmoid and loss. Push the result through the second linear layer, whose input was the hidden layer
#    after its ReLU; this gives three gradients. Push the one for the hidden layer through the ReLU, and what comes out
#    through the first linear layer, whose input was the batch itself. Collect the seven tensors.

# %% [markdown] solved="4.8"
# **Why it works.** Each step needs its upstream gradient and what its layer saw on the way forward, nothing else.
# Handing gradients on from step to step is what makes all of them together so cheap.
#
# **In models.** The backward pass of a GPT is the same chain with more kinds of links: its blocks, in reverse order.
#
# **In PyTorch.** `torch.Tensor.backward` walks it for you.
#
# **Next.** 4.11 has a mistake in such a chain.

# %% [markdown] exercise="4.11" objective="Find a mistake in a backward step from measured gradients"
# ## 4.11 Find the bug: one gradient of two
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


# %% solution="4.11"
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
    ### BEGIN SOLUTION
    dh = dout @ W2
    return torch.where(z > 0, dh, 0.0)
    ### END SOLUTION


# %% [markdown] hints="4.11"
# 1. The gradient of `W2` is made from `dout`, so `dout` is right. The gradient of `W1` is made from what the function
#    returns. Look at its steps one by one: which of them can turn a number into 0?
# 2. Call the function with the docstring's example, and print `dh`, `z` and the result below each other. Mark the
#    entries that differ from the docstring. What do the marked ones have in common, in `dh` and in `z`?
# 3. A ReLU is a switch that was set on the way forward: $\frac{\partial L}{\partial z} = \frac{\partial L}{\partial h}
#    \odot \mathbf{1}[z > 0]$. Which of the three arguments knows how it was set, and where does it occur in the code?

# %% [markdown] solved="4.11"
# **Why it works.** The forward pass decided which units were on, by the sign of what went into the ReLU. A gradient may
# have either sign and says nothing about that. Half of the entries come out right by chance, so the mistake is easy to
# miss.
#
# **In models.** For speed, several layers are often written as one. Their backward passes are then written by hand, and
# tested in this way.
#
# **In PyTorch.** `torch.autograd.gradcheck.gradcheck` measures and shows both gradients where they disagree.
#
# **Next.** 4.9 leaves the gradients to PyTorch.

# %% [markdown] exercise="4.9" objective="Find and repair what is wrong in a published training step"
# ## 4.9 Repair the chapter's listing
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


# %% solution="4.9"
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
    ### BEGIN SOLUTION
    criterion = nn.BCELoss()
    net.zero_grad()
    outputs = net(inputs)
    loss = criterion(outputs, labels.reshape(outputs.shape))
    loss.backward()
    return loss.item()
    ### END SOLUTION


# %% [markdown] hints="4.9"
# 1. Print `outputs.shape` and `labels.shape` for one example and for four. In which axis do the examples lie in each,
#    and what is the other axis for?
# 2. The loss wants two tensors of one shape: either both $(N, 1)$ or both $(N,)$, for every $N$, also for $N = 1$.
# 3. Keep the chapter's five steps in their order. Before the loss, give one of the two tensors the shape of the other
#    by naming the axis that is added or removed, so that the case of a single example is not special. The loss and the
#    network stay what they are.

# %% [markdown] solved="4.9"
# **Why it works.** The loss compares entry by entry, so it needs two tensors of one shape. Naming the axis that is
# added or removed works for one example as it does for many.
#
# **In models.** In code for language models the same mistake hides where two tensors of shape (batch, tokens) meet:
# multiplied in the wrong shape, they still give a number.
#
# **In PyTorch.** `torch.nn.BCELoss` insists on equal shapes.
#
# **Next.** 4.10 reads the gradients.

# %% [markdown] exercise="4.10" objective="Read the gradients of a module by the names of its parameters"
# ## 4.10 Reading the gradients
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


# %% solution="4.10"
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
    ### BEGIN SOLUTION
    net.zero_grad()
    F.binary_cross_entropy(net(X), y).backward()
    return {name: param.grad.clone() for name, param in net.named_parameters() if param.requires_grad}
    ### END SOLUTION


# %% [markdown] hints="4.10"
# 1. Call your function twice with the same batch and compare the results; then clear the gradients of the network and
#    look at your results again.
# 2. After one backward pass on cleared gradients, $\text{grad} = \frac{\partial L}{\partial \theta}$; after two without
#    clearing it is $\frac{\partial L_1}{\partial \theta} + \frac{\partial L_2}{\partial \theta}$.
# 3. Clear what is left from before. Compute the loss of the network's predictions and go backward. Then walk over the
#    parameters with their names, leave out the frozen ones, and put a tensor of its own for each gradient into the
#    dict.

# %% [markdown] solved="4.10"
# **Why it works.** Cleared first, the gradients are those of this batch alone; copied, they stay what they are when the
# network is used again. A frozen parameter has no gradient.
#
# **In models.** Training runs log the size of each layer's gradient like this, to see trouble coming. In LoRA
# fine-tuning, only the small added matrices show up.
#
# **In PyTorch.** `torch.Tensor.grad` says when it is None and when it is added to.
#
# **Next.** Assignment 05 puts gradients to use.

# %% [markdown] picture="below"
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
