# %% [markdown]
# # 03 Autodiff by hand
#
# A language model learns by asking one question over and over: if I change this weight a little, does the *loss* (the
# number that says how bad the predictions are) go up or down, and how fast? The answer is a derivative, and a model
# with 163 million weights needs 163 million of them at every step. PyTorch gets them with one call, `loss.backward()`.
# In this assignment you learn what happens in this call. It covers a section of "the chapter", a text about language
# models that the exercises follow (retold in `docs/chapter.md` of the repository; you need not read it).
#
# You start with the chain rule and one *neuron* (it turns inputs into one number), and derive its gradients on paper;
# the tests compare them with PyTorch's own (3.1 to 3.6). After 3.3 comes 3.11, the softmax, for a choice between many
# answers: do the exercises in the order of this file. Then you measure slopes (derivatives), to check such formulas
# (3.7, 3.8). Next you write an engine like PyTorch's: a small program that walks over a graph of numbers and finds all
# derivatives at once (3.9, 3.10). At the end you predict which gradients PyTorch's own engine keeps (3.12).
#
# You need assignment 01 (shapes, matrix products, broadcasting) and school calculus: the derivatives of $x^2$, $e^x$,
# $\sin x$ and $\ln x$. *Autograd*, the part of PyTorch that finds gradients, is off limits in your code except in 3.8,
# because you write by hand what it does. As in assignment 01, shapes and dtypes must be exact, numbers right to seven
# digits in `float64`, and every argument must stay as it is.
#
# Two words come up everywhere: the *gradient* of a loss is the list of its derivatives, one for each weight; a *local*
# derivative is the derivative of a single step of the computation with respect to one of this step's inputs. (With
# several inputs, one writes $\partial$ instead of $d$: it means that all other inputs stay fixed.)

# %%
import math
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

# %% [markdown] exercise="3.1" objective="Apply the chain rule, each derivative taken at its own place"
# ## 3.1 The chain rule
#
# A network is a chain of functions: the output of one is the input of the next. The *chain rule* says how fast the end
# of such a chain changes when you change its beginning. If $y = f(u)$ and $u = g(x)$, then
#
# $$ \frac{dy}{dx} = \frac{dy}{du}\cdot\frac{du}{dx} = f'\bigl(g(x)\bigr)\cdot g'(x) $$
#
# Think of gears: if the second wheel turns three times as fast as the first, and the third wheel twice as fast as the
# second, then the third turns six times as fast as the first. The rates are multiplied.
#
# Your function gets the outer derivative $f'$, the inner function $g$ and its derivative $g'$ as Python functions
# (`Callable[[Tensor], Tensor]` in the type line: takes a tensor, returns a tensor), and a number $x$. It returns
# $dy/dx$ at this $x$. It is not given $f$ itself, because the rule does not need it.
#
# The trap is the number at which you take each derivative. The outer function is never given $x$ itself; what is it
# given?
#
# You write it by hand because everything else in this assignment, and all of `loss.backward()`, is this one formula,
# used many times.


# %% solution="3.1"
def chain_derivative(
    df: Callable[[Tensor], Tensor],
    g: Callable[[Tensor], Tensor],
    dg: Callable[[Tensor], Tensor],
    x: Float[Tensor, ""],
) -> Float[Tensor, ""]:
    """Derivative of the composition f(g(x)) with respect to x.

    Args:
        df: the derivative of the outer function; takes and returns a scalar tensor.
        g: the inner function; takes and returns a scalar tensor.
        dg: the derivative of the inner function; takes and returns a scalar tensor.
        x: where the derivative is wanted, a scalar tensor.

    Returns:
        The derivative at x, a scalar tensor of x's dtype.

    Example:
        sin(x**2) has the outer derivative cos and the inner derivative 2 * x:

        >>> chain_derivative(torch.cos, lambda t: t**2, lambda t: 2 * t, torch.tensor(1.3))
        tensor(-0.3092)
    """
    ### BEGIN SOLUTION
    return df(g(x)) * dg(x)
    ### END SOLUTION


# %% [markdown] hints="3.1"
# 1. There are two wheels. For each, say in words what goes in and how fast what comes out changes.
# 2. The rule is $f'(g(x)) \cdot g'(x)$: two factors, and they are taken at two different places.
# 3. Compute the middle value first. Take the outer derivative at the middle value, the inner derivative at the original
#    input, and combine the two rates as gears do.

# %% [markdown] solved="3.1"
# **Why it works.** A small nudge is scaled by the inner slope first, and then by the outer slope at the point where the
# inner function has arrived. Two scalings in a row multiply.
#
# **In models.** A GPT is one long composition, from the token table to the loss. Training multiplies such slopes all
# the way along it.
#
# **In PyTorch.** `torch.autograd.grad` applies the rule to any computation that was recorded.
#
# **Next.** 3.2 gives you the first link of a real chain.

# %% [markdown] exercise="3.2" objective="Compute a sigmoid that does not overflow"
# ## 3.2 The sigmoid
#
# A neuron's raw result $z$ can be any number. To read it as a probability it has to be squeezed into the range from 0
# to 1, and the sigmoid does that:
#
# $$ \sigma(z) = \frac{1}{1 + e^{-z}} $$
#
# It is 0.5 at $z = 0$, climbs toward 1 on the right and falls toward 0 on the left. Today's language models use the
# sigmoid inside their layers (the parts that a model consists of). At their output they use its generalization to many
# answers, the *softmax* (3.11).
#
# Your function works on a tensor of any shape, entry by entry, and it must survive extreme inputs. A number beyond the
# floating point range becomes infinity, and infinity divided by infinity is NaN ("not a number"). If a single NaN gets
# into the loss, the next training step turns nearly every weight of the model into NaN. Several ways to write the
# sigmoid are equal on paper. Some of them break for very large positive or negative $z$, and a test with small numbers
# does not show which.
#
# `torch.sigmoid` and its relatives are off limits: here you build the function that the rest of the assignment needs.


# %% solution="3.2"
def sigmoid(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """The sigmoid of every entry, finite for every finite input.

    Args:
        z: any numbers, of any shape; also very large ones such as 1000 and -1000.

    Returns:
        A tensor of z's shape and dtype with entries between 0 and 1, both included
        (far out the result rounds to exactly 0 or 1). z itself is not changed.

    Example:
        >>> sigmoid(torch.tensor([-1000.0, -1.0, 0.0, 1000.0]))
        tensor([0.0000, 0.2689, 0.5000, 1.0000])
    """
    ### BEGIN SOLUTION
    # where exp overflows it gives inf, and 1 / inf is 0: exactly the limit
    return 1 / (1 + torch.exp(-z))
    ### END SOLUTION


# %% [markdown] hints="3.2"
# 1. Work out by hand what your formula does at $z = 1000$ and at $z = -1000$, step by step, writing $\infty$ where the
#    exponential is too large.
# 2. $\sigma(z) = \frac{1}{1 + e^{-z}}$. For $z \to -\infty$ its denominator grows without bound. Is one over infinity a
#    problem?
# 3. Negate the input, take the exponential of all entries with torch (not with Python's `math`), add one, take the
#    reciprocal.

# %% [markdown] solved="3.2"
# **Why it works.** Where the exponential overflows it becomes infinite, and one divided by infinity is 0, which is the
# right limit. Forms with infinity both above and below the bar give NaN there.
#
# **In models.** GPT-2 has no sigmoid. Llama has a relative, the SiLU, in the feed-forward network of every block: x
# times its sigmoid.
#
# **In PyTorch.** `torch.sigmoid` is this function.
#
# **Next.** 3.3 turns its result into a loss.

# %% [markdown] exercise="3.3" objective="Compute the mean binary cross-entropy from its definition"
# ## 3.3 Binary cross-entropy
#
# The loss says how bad a prediction was. Here $y$ is the *label*, the right answer, 0 or 1, and $a$ is the predicted
# probability that the label is 1. *Binary cross-entropy* (BCE) is the negative logarithm of the probability that the
# prediction gives to the true label, averaged over $N$ examples:
#
# $$ L = -\frac{1}{N}\sum_{i=1}^{N}\bigl[\,y_i \ln a_i + (1 - y_i)\ln(1 - a_i)\,\bigr] $$
#
# For each example only one of the two terms counts: the first if $y_i$ is 1, and the second if $y_i$ is 0. A confident,
# correct prediction costs almost nothing; a confident, wrong one costs a lot. The loss that trains a language model is
# the same idea, with 50,257 possible answers instead of two.
#
# There is a trap. If $a$ is exactly 1 or exactly 0, one of the logarithms is minus infinity. If the prediction is
# wrong, the loss becomes infinite. If it is right, this logarithm is multiplied by 0, and 0 times infinity is NaN.
# PyTorch therefore replaces every logarithm below $-100$ by $-100$, so that no example costs more than
# 100. Do the same.
#
# The ready-made losses are off limits. Test your function with both labels, 0 and 1: a wrong loss, without the second
# term, gives the right result as long as all labels are 1.


# %% solution="3.3"
def bce(a: Float[Tensor, "N"], y: Float[Tensor, "N"]) -> Float[Tensor, ""]:
    """Mean binary cross-entropy of predictions against labels, with the natural logarithm.

    As in PyTorch, a logarithm below -100 counts as -100: the result is finite even for predictions of exactly 0 or 1.

    Args:
        a: predicted probabilities, from 0 to 1, both included.
        y: labels, each 0.0 or 1.0, of a's dtype.

    Returns:
        The mean over the N examples, a scalar tensor of a's dtype.

    Example:
        >>> bce(torch.tensor([0.9, 0.2, 0.6]), torch.tensor([1.0, 0.0, 0.0]))
        tensor(0.4149)
        >>> bce(torch.tensor([0.0]), torch.tensor([1.0]))
        tensor(100.)
    """
    ### BEGIN SOLUTION
    log_yes = torch.log(a).clamp(min=-100)
    log_no = torch.log(1 - a).clamp(min=-100)
    return -(y * log_yes + (1 - y) * log_no).mean()
    ### END SOLUTION


# %% [markdown] hints="3.3"
# 1. Take one example with label 0 and prediction 0.2 and say what it should cost; then see which parts of your formula
#    produce that number.
# 2. Each example costs $-\ln a$ where $y = 1$ and $-\ln(1 - a)$ where $y = 0$; both logarithms are natural and never
#    below $-100$.
# 3. Take the two logarithms of all predictions, bound each from below, let the labels choose between them entry by
#    entry, average, and watch the sign.

# %% [markdown] solved="3.3"
# **Why it works.** The label picks the logarithm of the probability that was given to what happened. Its negative is
# near 0 for a confident, correct prediction and large for a confident, wrong one; the bound keeps it finite.
#
# **In models.** Reward models, which steer chat assistants, learn with this loss which of two answers people prefer.
#
# **In PyTorch.** `torch.nn.functional.binary_cross_entropy` has the same bound of 100.
#
# **Next.** 3.11 makes probabilities for more than two answers.

# %% [markdown] exercise="3.11" objective="Compute softmax and logsumexp without overflow"
# ## 3.11 Softmax, and the logarithm of a sum
#
# The sigmoid is for two answers. A language model has to choose between 50,257 answers, one for each token that it
# knows. It gives each answer a score, which may be any number. Such scores are called *logits*. The *softmax* turns
# logits into probabilities: take the exponential of each logit, and divide by the sum of all these exponentials, so
# that the results add up to 1.
#
# $$ \mathrm{softmax}(z)_i = \frac{e^{z_i}}{\sum_k e^{z_k}} $$
#
# Try it with the scores $\ln 1$, $\ln 2$ and $\ln 5$: their exponentials are 1, 2 and 5, the sum is 8, and the
# probabilities are 1/8, 2/8 and 5/8. An answer whose score is larger by $\ln 2$ is twice as likely.
#
# Losses need the logarithm of a probability, and so the logarithm of that sum. It has a name of its own:
#
# $$ \mathrm{logsumexp}(z) = \ln \sum_k e^{z_k}, \qquad \ln \mathrm{softmax}(z)_i = z_i - \mathrm{logsumexp}(z) $$
#
# You write both, along the *last* axis: a tensor of shape (2, 3, 5) holds six rows of five scores (*axis* is another
# word for dimension), and each row is treated by itself.
#
# The trap is the same as in 3.2. With scores of 1000 the exponentials are infinite, with scores of -2000 they are all
# 0, and the fraction is NaN in both cases. Yet only differences matter: if you add the same number $c$ to all scores of
# a row, every exponential is multiplied by $e^c$, and the probabilities stay what they are. Which $c$ makes sure that
# no exponential is infinite and their sum is not 0, whatever the scores are? How does adding $c$ change the logsumexp?
# And can all rows have the same $c$?
#
# A score may also be $-\infty$, and then its probability must be exactly 0. (In 6.6, attention excludes tokens in this
# way.) At least one score of each row is an ordinary number.
#
# Ready-made softmax functions and losses are off limits.


# %% solution="3.11"
def logsumexp(z: Float[Tensor, "*batch V"]) -> Float[Tensor, "*batch"]:
    """The natural logarithm of the sum of exponentials, along the last axis.

    Args:
        z: rows of V scores, as large as 1000 and as small as -2000; some may be -inf, but not all of a row.

    Returns:
        One finite number for each row: a tensor of z's shape without its last axis, and of z's dtype.

    Example:
        >>> logsumexp(torch.tensor([[0.0, 0.0], [1000.0, -math.inf]]))
        tensor([   0.6931, 1000.0000])
    """
    ### BEGIN SOLUTION
    top = z.amax(dim=-1)
    return top + torch.log(torch.exp(z - top[..., None]).sum(dim=-1))
    ### END SOLUTION


# %% solution="3.11"
def softmax(z: Float[Tensor, "*batch V"]) -> Float[Tensor, "*batch V"]:
    """The probabilities that belong to scores, along the last axis.

    Args:
        z: rows of V scores, as large as 1000 and as small as -2000; some may be -inf, but not all of a row.

    Returns:
        A tensor of z's shape and dtype; each row adds up to 1, and where z is -inf it is 0. z itself is not changed.

    Example:
        >>> softmax(torch.tensor([[0.0, 0.0, -math.inf], [1000.0, 999.0, 998.0]]))
        tensor([[0.5000, 0.5000, 0.0000],
                [0.6652, 0.2447, 0.0900]])
    """
    ### BEGIN SOLUTION
    # with the largest score subtracted the largest exponential is 1: no overflow, and the sum is never 0
    powers = torch.exp(z - z.amax(dim=-1, keepdim=True))
    return powers / powers.sum(dim=-1, keepdim=True)
    ### END SOLUTION


# %% [markdown] hints="3.11"
# 1. Work out the softmax of the scores 1, 2, 3 and of 1001, 1002, 1003 on paper. With which of the two does a computer
#    have no trouble, and why do both have the same answer?
# 2. Let $m$ be the largest score of the row. Then
#    $\mathrm{softmax}(z)_i = \frac{e^{z_i - m}}{\sum_k e^{z_k - m}}$ and
#    $\mathrm{logsumexp}(z) = m + \ln \sum_k e^{z_k - m}$.
# 3. Find the largest score of each row, with its axis kept, so that broadcasting takes it from every score of its own
#    row and no other. Take the exponentials and add them up along the last axis. One function divides by the sum, the
#    other takes its logarithm and must put back what was taken away.

# %% [markdown] solved="3.11"
# **Why it works.** A number added to all scores of a row multiplies both sides of the fraction, and cancels. With the
# largest score taken away the exponentials lie between 0 and 1, and one of them is exactly 1.
#
# **In models.** Every GPT computes a softmax at its output, and one for each head and token in its attention. The loss
# is the logsumexp minus the score of the right token.
#
# **In PyTorch.** `torch.logsumexp` and `torch.softmax` subtract the largest score, too.
#
# **Next.** 3.4 differentiates the sigmoid and its loss.

# %% [markdown] exercise="3.4" objective="Derive the local slopes of binary cross-entropy and of the sigmoid"
# ## 3.4 Two local derivatives
#
# Between $z$ and the loss of one example there are two steps: the prediction $a = \sigma(z)$, and its loss
#
# $$ L = -\bigl[\,y \ln a + (1 - y)\ln(1 - a)\,\bigr] $$
#
# Each step has a local derivative, and you write a function for each: `bce_grad_a` returns $\partial L/\partial a$, and
# `sigmoid_grad` returns $d\sigma/dz$.
#
# For the loss, use $(\ln a)' = 1/a$. The second logarithm is taken of $1 - a$, not of $a$: so it needs the chain rule.
# For the sigmoid, write it as $(1 + e^{-z})^{-1}$ and differentiate. The result can be written with $\sigma(z)$ alone,
# without $z$. That is why PyTorch keeps only the sigmoid's *output* for the *backward pass* (the computation of the
# gradients).
#
# Two things to watch. `sigmoid_grad` is given $z$, the number before the sigmoid; `bce_grad_a` is given $a$, the number
# after it. And each function returns its own derivative only. Books often show the product of the two derivatives,
# because it is so short; you multiply them in the next exercise.
#
# Both functions work entry by entry, without a mean. You write them by hand because the next exercises build on both.


# %% solution="3.4"
def bce_grad_a(a: Float[Tensor, "*shape"], y: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Derivative of one example's binary cross-entropy with respect to its prediction, entry by entry.

    Args:
        a: predictions, strictly between 0 and 1.
        y: labels, each 0.0 or 1.0, of a's shape and dtype.

    Returns:
        dL/da for each entry on its own (there is no mean), a tensor of a's shape and dtype.

    Example:
        >>> bce_grad_a(torch.tensor(0.8), torch.tensor(1.0))
        tensor(-1.2500)
    """
    ### BEGIN SOLUTION
    return -y / a + (1 - y) / (1 - a)
    ### END SOLUTION


# %% solution="3.4"
def sigmoid_grad(z: Float[Tensor, "*shape"]) -> Float[Tensor, "*shape"]:
    """Derivative of the sigmoid with respect to its input, entry by entry.

    Args:
        z: the inputs of the sigmoid (not its outputs), from -20 to 20.

    Returns:
        The slope of the sigmoid at each entry, a tensor of z's shape and dtype.

    Example:
        >>> sigmoid_grad(torch.tensor([0.0, 2.0]))
        tensor([0.2500, 0.1050])
    """
    ### BEGIN SOLUTION
    a = sigmoid(z)
    return a * (1 - a)
    ### END SOLUTION


# %% [markdown] hints="3.4"
# 1. Do the loss first for a label of 1, where only one term is left, then for a label of 0, and put the two together.
#    For the sigmoid, sketch its curve: where is it steepest, and where flat?
# 2. $\frac{d}{da}\ln(1 - a) = -\frac{1}{1 - a}$, and
#    $\frac{d\sigma}{dz} = \frac{e^{-z}}{(1 + e^{-z})^2} = \sigma(z)\,(1 - \sigma(z))$.
# 3. For the loss, weigh the derivatives of its two logarithms with the label and with one minus the label, and keep the
#    minus sign in front of the bracket. For the sigmoid, compute its value once and combine it with its distance
#    from 1.

# %% [markdown] solved="3.4"
# **Why it works.** The two logarithms have simple slopes, and the label chooses between them. The sigmoid is steepest
# in the middle: its slope is its value times one minus its value, so the output is all that the backward pass needs.
#
# **In models.** PyTorch keeps the outputs of sigmoid, tanh and softmax for the same reason, and forgets their inputs.
#
# **In PyTorch.** `torch.autograd.Function.backward` is where you would add a local derivative of your own.
#
# **Next.** 3.5 multiplies the two.

# %% [markdown] exercise="3.5" objective="Derive the gradients of one neuron by hand"
# ## 3.5 The gradients of one neuron
#
# Now put the pieces together. One neuron with a weight $w$ and a *bias* $b$ predicts one label, and a loss says how
# wrong it was:
#
# $$ z = x\,w + b, \qquad a = \sigma(z), \qquad L = -\bigl[\,y \ln a + (1 - y)\ln(1 - a)\,\bigr] $$
#
# Training changes $w$ and $b$, so we need the derivative of $L$ with respect to each of them. $L$ depends on both
# through $z$, so the two chains have the same first two factors:
#
# $$ \frac{\partial L}{\partial w} =
# \frac{\partial L}{\partial a}\,\frac{\partial a}{\partial z}\,\frac{\partial z}{\partial w},
# \qquad
# \frac{\partial L}{\partial b} =
# \frac{\partial L}{\partial a}\,\frac{\partial a}{\partial z}\,\frac{\partial z}{\partial b} $$
#
# Multiply the first two factors on paper: their product is surprisingly short.
#
# The chapter's example is $x = 1.1$, $w = 2.2$, $b = 0$, $y = 1$. It gives $z = 2.42$, $a = 0.9183397$,
# $L = 0.0851879$, and the gradients
#
# $$ \frac{\partial L}{\partial w} = -0.0898263, \qquad \frac{\partial L}{\partial b} = -0.0816603 $$
#
# which PyTorch prints as `-0.0898` and `-0.0817`.
#
# Look at the signs before you trust a result. The label is 1 and the prediction is below 1. So a larger $w$ or a larger
# $b$ makes the loss smaller, and both derivatives must be negative. And do not trust a single example. Here $b$ is 0,
# so you do not notice it when $b$ is forgotten. And $w$ is exactly twice $x$, so a gradient with $w$ in place of $x$
# looks as if only a factor 2 were wrong.
#
# You write it by hand because this is what `loss.backward()` does for every weight of a language model.


# %% solution="3.5"
def manual_gradients(
    x: Float[Tensor, ""], w: Float[Tensor, ""], b: Float[Tensor, ""], y: Float[Tensor, ""]
) -> tuple[Float[Tensor, ""], Float[Tensor, ""]]:
    """Gradients of the loss of one sigmoid neuron on one example, with respect to w and b.

    The neuron predicts a = sigmoid(x * w + b); the loss is the binary cross-entropy of a against y.

    Args:
        x: the input, a scalar tensor.
        w: the weight, a scalar tensor.
        b: the bias, a scalar tensor.
        y: the label, 0.0 or 1.0, a scalar tensor.

    Returns:
        (dL/dw, dL/db), two scalar tensors of the inputs' dtype.

    Example:
        >>> x, w, b, y = torch.tensor([1.1, 2.2, 0.0, 1.0])
        >>> manual_gradients(x, w, b, y)
        (tensor(-0.0898), tensor(-0.0817))
    """
    ### BEGIN SOLUTION
    a = sigmoid(x * w + b)
    dz = a - y  # dL/da * da/dz: the a(1-a) of the sigmoid cancels that of the loss
    return dz * x, dz
    ### END SOLUTION


# %% [markdown] hints="3.5"
# 1. Three local derivatives, multiplied, make one gradient; write them down one by one before you write code.
# 2. $\frac{\partial L}{\partial a} = \frac{a - y}{a(1 - a)}$ and $\frac{\partial a}{\partial z} = a(1 - a)$. What is
#    left when you multiply them, and what are $\frac{\partial z}{\partial w}$ and $\frac{\partial z}{\partial b}$?
# 3. Do the forward pass to get the prediction. Form the slope of the loss along $z$, which both gradients share.
#    Multiply it by the slope of $z$ along $w$ for the first result and along $b$ for the second.

# %% [markdown] solved="3.5"
# **Why it works.** The slope of the sigmoid cancels the denominator of the loss's slope. Prediction minus label is
# left; for the weight it is scaled by the input.
#
# **In models.** Softmax with cross-entropy does likewise: probability minus one for the right token, minus nothing for
# the others. That is where the backward pass of every GPT begins (4.6).
#
# **In PyTorch.** `torch.Tensor.backward` puts these two numbers into `.grad`.
#
# **Next.** 3.6 does it for many inputs and examples.

# %% [markdown] exercise="3.6" objective="Carry gradients over from one example to the mean of a batch"
# ## 3.6 The gradients of a batch
#
# In 3.5 the neuron had one input and one example. Now it gets $D$ inputs and learns from $N$ examples at once. Row $i$
# of the matrix $X$ is example $i$, and the loss is the *mean* of the examples' losses:
#
# $$ z_i = \sum_{j=1}^{D} X_{ij} w_j + b, \qquad a_i = \sigma(z_i), \qquad L = \frac{1}{N}\sum_{i=1}^{N} L_i $$
#
# The chapter's algorithm goes through the training examples one by one. In practice a group of examples, a
# *mini-batch*, is processed at once. There are two reasons: a GPU computes one large product much faster than a
# thousand small ones, and the mean over many examples depends less on chance than a single example.
#
# A gradient always has the shape of what it is the gradient of: $(D,)$ for $w$, no dimension at all for $b$. So ask of
# every axis (dimension) of $X$: must it stay, or must you sum over it? And by which number does a mean divide? Beware
# of broadcasting: from a column of predictions and a vector of labels it makes a whole matrix, without an error.
#
# If a neuron is very confident, its output $a$ is exactly 0 or 1 after rounding. Then $\partial L/\partial a$ alone is
# a division by zero. The product $\frac{\partial L}{\partial a} \cdot \frac{\partial a}{\partial z} = \frac{\partial
# L}{\partial z}$ of 3.5 is finite even there, once you have multiplied it out on paper. So use the short formula of the
# product only. Such examples matter: the gradient is largest where the neuron is confident and wrong.


# %% solution="3.6"
def batch_gradients(
    X: Float[Tensor, "N D"], w: Float[Tensor, "D"], b: Float[Tensor, ""], y: Float[Tensor, "N"]
) -> tuple[Float[Tensor, "D"], Float[Tensor, ""]]:
    """Gradients of the mean binary cross-entropy of one sigmoid neuron over a batch, with respect to w and b.

    The result is right for very confident neurons, too: z may be as large as 1000 and as small as -1000.

    Args:
        X: N examples of D inputs each.
        w: the weights.
        b: the bias, a scalar tensor.
        y: labels, each 0.0 or 1.0, of X's dtype.

    Returns:
        (dL/dw, dL/db) of shapes (D,) and (), of X's dtype.

    Example:
        >>> X = torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 1.0]])
        >>> w, b, y = torch.tensor([0.1, 0.2, -0.3]), torch.tensor(0.5), torch.tensor([1.0, 0.0])
        >>> batch_gradients(X, w, b, y)
        (tensor([-0.2375, -0.7250, -0.4625]), tensor(0.0125))
    """
    ### BEGIN SOLUTION
    dz = sigmoid(X @ w + b) - y  # (N,): slope of each example's own loss along its z
    return X.T @ dz / len(y), dz.mean()
    ### END SOLUTION


# %% [markdown] hints="3.6"
# 1. Write it for one example first, as in 3.5 with $D$ inputs; then average what you have over the examples.
# 2. $\frac{\partial L}{\partial w_j} = \frac{1}{N}\sum_i (a_i - y_i)\,X_{ij}$ and
#    $\frac{\partial L}{\partial b} = \frac{1}{N}\sum_i (a_i - y_i)$.
# 3. Compute all predictions with one matrix-vector product and subtract the labels: one number per example. Weight the
#    rows of $X$ with these numbers and average over the rows; average the numbers themselves for the bias. Print the
#    shapes at each step.

# %% [markdown] solved="3.6"
# **Why it works.** The gradient of a mean is the mean of the gradients. A matrix product sums over the examples, since
# theirs is the axis that disappears; dividing by their number makes a mean of it.
#
# **In models.** GPT-3's batches grew to 3.2 million tokens: the gradients of all of them are averaged in a single
# update.
#
# **In PyTorch.** `torch.nn.functional.binary_cross_entropy_with_logits` gives this loss from z, safely for confident
# neurons.
#
# **Next.** 3.7 measures what you have derived.

# %% [markdown] exercise="3.7" objective="Measure a gradient with centered differences"
# ## 3.7 Measuring a slope
#
# How do you know that a gradient derived on paper is right? Measure it. Move one input up by a small step $h$, then
# down by $h$, and see by how much the results differ:
#
# $$ \frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h} $$
#
# Here $e_i$ is 1 at place $i$ and 0 elsewhere: only *one* entry moves at a time. Why step to both sides? The error of
# the one-sided quotient $\frac{f(x + h e_i) - f(x)}{h}$ shrinks like $h$, and that of the two-sided (*centered*)
# quotient above like $h^2$. For $x^3$ at 2 with $h = 10^{-4}$ that is $6 \cdot 10^{-4}$ against $10^{-8}$.
#
# Smaller is not always better: a computer keeps a limited number of digits. In float32, $1 + 10^{-8}$ *is* 1, so with
# $h = 10^{-8}$ both calls of $f$ see the same input and the measured slope is 0. So the caller chooses $h$. Use it as
# it is: even with a large $h$, return the quotient above and not the true slope.
#
# Measuring calls $f$ twice for each of the $n$ entries. A model with 163 million weights would need 326 million
# *forward passes* (computations of the loss) for a single gradient; backpropagation (3.10) gets it in one forward and
# one backward pass. So measured slopes are only for checking.
#
# The trap: your function is given the tensor itself, not a copy. If you write into it, restore each entry before you
# move the next, and restore the last one, too.


# %% solution="3.7"
def numeric_gradient(
    f: Callable[[Float[Tensor, "n"]], Float[Tensor, ""]], x: Float[Tensor, "n"], h: float
) -> Float[Tensor, "n"]:
    """Gradient of f at x, measured with centered differences.

    f is called exactly 2 * n times. After the call, x holds the same values as before.

    Args:
        f: takes a tensor of n numbers and returns a scalar tensor.
        x: the point, n numbers, float64 or float32; it does not require grad, so autograd does not record it.
        h: the step to either side, a Python float.

    Returns:
        The n measured slopes, a tensor of x's dtype. Rounding costs digits. In float64, six digits must be right if h
        is small (such as 1e-5) and seven if h is large (such as 0.5); in float32, three digits (h such as 1e-2).

    Example:
        >>> numeric_gradient(lambda t: t[0] ** 2 * t[1], torch.tensor([3.0, 2.0], dtype=torch.float64), 1e-4)
        tensor([12.0000,  9.0000], dtype=torch.float64)
    """
    ### BEGIN SOLUTION
    gradient = torch.empty_like(x)
    for i in range(len(x)):
        step = torch.zeros_like(x)
        step[i] = h
        gradient[i] = (f(x + step) - f(x - step)) / (2 * h)
    return gradient
    ### END SOLUTION


# %% [markdown] hints="3.7"
# 1. Do it for the first entry only, with all others held still, and compare with a slope you know.
# 2. $\frac{\partial f}{\partial x_i} \approx \frac{f(x + h\,e_i) - f(x - h\,e_i)}{2h}$, once for each $i$.
# 3. Make an empty result that is like the input. Walk over the places; at each one make two points of their own, one
#    nudged up and one nudged down, evaluate the function at both, and divide the difference by the distance between the
#    two points.

# %% [markdown] solved="3.7"
# **Why it works.** Seen from both sides, the curvature of the function cancels, so the error shrinks with the square of
# the step. One entry moves at a time because that is what a partial derivative means.
#
# **In models.** Nobody trains like this: two passes for every parameter. But whoever writes a new layer compares its
# gradient with a measured one.
#
# **In PyTorch.** `torch.gradient` takes such differences of values on a grid.
#
# **Next.** 3.8 makes the comparison.

# %% [markdown] exercise="3.8" objective="Judge by a relative difference whether two gradients agree"
# ## 3.8 Comparing two gradients
#
# You have a gradient derived on paper and a measured one. Are they the same? A difference of $10^{-4}$ is huge if the
# gradients are about $10^{-4}$, and it is nothing if they are about $10^{4}$. So the error is taken relative to the
# larger of the two, entry by entry, and the worst entry counts:
#
# $$ \text{error} = \max_i \frac{|a_i - n_i|}{\max(|a_i|, |n_i|)} $$
#
# With float64 and a good step, a right gradient ends up below $10^{-6}$ or so; a wrong one is mostly above $10^{-2}$.
# The largest possible value is 2, for numbers that differ in nothing but their sign.
#
# Two cases need thought. Where both entries are 0 the formula says 0/0, but the gradients agree perfectly (many layers
# give such entries): count the error as 0. And if an entry of either gradient is NaN, something is badly broken, so the
# answer must be infinity. Every comparison with NaN except `!=` is false: a test such as `if error > tolerance` would
# not notice it.
#
# Why does the *worst* entry count, and not the mean? In a layer with a thousand weights, how much would a single wrong
# entry change the mean?
#
# `torch.autograd.gradcheck` is PyTorch's tool for this. It is off limits here because you should do the arithmetic
# yourself. The rest of autograd is allowed, but you will not need it.


# %% solution="3.8"
def gradcheck_error(analytic: Float[Tensor, "*shape"], numeric: Float[Tensor, "*shape"]) -> Float[Tensor, ""]:
    """The largest relative difference between two gradients.

    The difference of an entry is abs(a - n) / max(abs(a), abs(n)), with nothing added to the denominator.
    An entry where both are 0 counts as 0. If there is a NaN anywhere in either gradient, the result is infinity.

    Args:
        analytic: the gradient derived on paper; every entry is finite or NaN.
        numeric: the measured gradient, of the same shape and dtype; every entry is finite or NaN.

    Returns:
        The error of the worst entry, from 0 to 2 or infinity: a scalar tensor of the inputs' dtype.

    Example:
        >>> gradcheck_error(torch.tensor([1.0, 0.0, -4.0]), torch.tensor([1.0, 0.0, -5.0]))
        tensor(0.2000)
        >>> gradcheck_error(torch.tensor([1.0, math.nan]), torch.tensor([1.0, 2.0]))
        tensor(inf)
    """
    ### BEGIN SOLUTION
    gap = (analytic - numeric).abs()
    scale = torch.maximum(analytic.abs(), numeric.abs())
    error = torch.where(scale == 0, 0.0, gap / scale)
    return torch.where(error.isnan(), math.inf, error).max()
    ### END SOLUTION


# %% [markdown] hints="3.8"
# 1. Make a list of the four kinds of entries that can occur (ordinary, opposite signs, both zero, NaN) and say what
#    each should contribute.
# 2. Per entry $\frac{|a - n|}{\max(|a|, |n|)}$; then the zero cases, then the NaN cases, then one maximum over
#    everything.
# 3. Compute the fraction for all entries at once and let it be NaN where it must. Put 0 where both entries are zero,
#    put infinity where a NaN is still left, and only then take the largest entry.

# %% [markdown] solved="3.8"
# **Why it works.** Divided by the larger of the two, the error does not depend on scale. The maximum lets a single bad
# entry show, and zeros and NaN are settled before it is taken.
#
# **In models.** Fast attention kernels are tested like this, against a slow version that is known to be right.
#
# **In PyTorch.** `torch.autograd.gradcheck.gradcheck` measures and compares in one call.
#
# **Next.** 3.9 starts the engine that makes all of this automatic.

# %% [markdown] exercise="3.9" objective="Order a computation graph so that users come before their parents"
# ## 3.9 An order for the backward pass
#
# From here on you build the engine. A computation is a *graph*: each number is a *node* of the graph, and it knows its
# *parents*, the nodes that it was computed from. The class `Value` below is such a node. Read it; it is short. For two
# such nodes, Python turns `a + b` into a call of the method `__add__`, and `a * b` into a call of `__mul__`. So `h * h`
# makes a new node whose parents are `(h, h)` and whose local derivatives are `(h.data, h.data)`.
#
# The backward pass starts at the result and hands gradients on to parents. A node gets a share of its gradient from
# each of its *users*, the nodes that were computed from it. It may hand on its gradient only when *all* shares have
# arrived. So the backward pass needs an order in which every node comes after all its users, a *topological order*. The
# result comes first.
#
# Take $h = 2x$ (in code: `Value(2.0) * x`), $g = 5h$ and $y = h + g$. From $y$ to the node $h$ there are two paths, one
# of a single step and one of two steps:
#
# $$ y \to h, \qquad y \to g \to h $$
#
# A program that visits $h$ before $g$ takes 1 instead of 6 for the gradient of $h$, and gets $dy/dx = 2$ instead of 12.
# So it is not enough to visit first all nodes that are one step away from the result, then those that are two steps
# away, and so on: $h$ is both.
#
# Every node must appear exactly once, even if many paths lead to it. Two nodes that hold the same number are still two
# nodes.

# %%


class Value:
    """A number that remembers how it was computed: one node of a computation graph.

    Attributes:
        data: the number, a Python float.
        parents: the nodes it was computed from, in order; the same node may be there twice. Empty for an input.
        local_derivatives: for each parent, the derivative of this node's data with respect to this parent's data.
        grad: the derivative of the graph's result with respect to this node; filled in by `backprop`.
    """

    def __init__(
        self, data: float, parents: tuple["Value", ...] = (), local_derivatives: tuple[float, ...] = ()
    ) -> None:
        self.data = data
        self.parents = parents
        self.local_derivatives = local_derivatives
        self.grad = 0.0

    def __add__(self, other: "Value") -> "Value":
        return Value(self.data + other.data, (self, other), (1.0, 1.0))

    def __mul__(self, other: "Value") -> "Value":
        return Value(self.data * other.data, (self, other), (other.data, self.data))

    def __repr__(self) -> str:
        return f"Value(data={self.data}, grad={self.grad})"


# %% solution="3.9"
def topological_order(node: Value) -> list[Value]:
    """All nodes that `node` was computed from, and `node` itself, each exactly once, users before their parents.

    Args:
        node: the result of a computation of fewer than 100 nodes, so recursion is safe. No node was
            computed from itself.

    Returns:
        A list of nodes: `node` first, and every other node somewhere after all nodes that have it as a parent.
        Where this leaves a choice, any order will do.

    Example:
        >>> x = Value(3.0)
        >>> h = x + x
        >>> y = h * x
        >>> topological_order(y) == [y, h, x]
        True
    """
    ### BEGIN SOLUTION
    order: list[Value] = []
    seen: set[Value] = set()

    def visit(current: Value) -> None:
        if current not in seen:
            seen.add(current)
            for parent in current.parents:
                visit(parent)
            order.append(current)  # only now: all its ancestors are in the list already

    visit(node)
    return order[::-1]
    ### END SOLUTION


# %% [markdown] hints="3.9"
# 1. It is easier to build the opposite order first: when may a node be written down if everything it was computed from
#    must come before it?
# 2. Depth-first post-order, reversed: $\text{order}(v) = \text{order}(\text{parents of } v)$ followed by $v$, where a
#    node that was met before adds nothing.
# 3. Keep a list and a record of the nodes you have met. To visit a node: stop if it was met before; otherwise note it,
#    visit its parents, and only then add it to the list. Visit the result, and reverse the list at the end.

# %% [markdown] solved="3.9"
# **Why it works.** A node is written down only after everything it was computed from. Read in reverse, every node then
# comes after all of its users, and a record of the nodes already met keeps each of them single.
#
# **In models.** PyTorch's engine counts for each node how many users have yet to report, and gets such an order from
# that.
#
# **In PyTorch.** `torch.autograd.graph.Node.next_functions` leads from a step of PyTorch's graph to the ones before it.
#
# **Next.** 3.10 sends gradients along.

# %% [markdown] exercise="3.10" objective="Write the backward pass of an autograd engine that adds up all paths"
# ## 3.10 Backpropagation
#
# *Backpropagation* is the computation of all gradients, from the result back to the inputs. With the order of 3.9 it
# takes a few lines. The gradient of the result with respect to itself is 1. Then each node hands its gradient on to its
# parents, times the local derivative:
#
# $$ \frac{\partial y}{\partial p} =
# \sum_{u\,:\,\text{users of } p} \frac{\partial y}{\partial u}\cdot\frac{\partial u}{\partial p} $$
#
# That is the chain rule, and only the sum is new: if a number influences the result along several paths, their shares
# are added. (`h * h` has $h$ as a parent twice, and both times count.) Take $y = h^2 + h$ with $h = 2x$ and $x = 3$.
# Then $h = 6$, and $dy/dx = (2h + 1)\cdot 2 = 26$. The node $h$ gets three shares: 1, 6 and 6. A program that
# overwrites instead of adding keeps only the last share. If that is a 6, it says 12. Another wrong program does not
# wait: each time a share arrives at $h$, it hands on the sum so far. If the shares arrive as 6, 6, 1, the sums are 6,
# 12 and 13, and it says $2\cdot(6 + 12 + 13) = 62$.
#
# Because gradients are added, they must be reset to zero before. In PyTorch the caller must do this
# (`optimizer.zero_grad()`, see 5.5), and forgetting it is a very common bug in training loops. Here your function must
# do it: `backprop` first resets the gradient of every node in the graph, so that calling it twice gives the same
# gradients as calling it once.
#
# You also write the first operation of your own: `exp` makes a new node, $e^x$ for a node $x$, with its parent and its
# local derivative, just as `+` and `*` do in `Value`. What is the slope of $e^x$ at $x$?
#
# When both work, you have an automatic differentiation engine. PyTorch's does the same, with tensors in place of
# numbers.


# %% solution="3.10"
def exp(node: Value) -> Value:
    """The exponential of a node, as a new node of the graph.

    Args:
        node: the node to take the exponential of; it is not changed.

    Returns:
        A new Value with the data e ** node.data, `node` as its only parent, and its local derivative.

    Example:
        >>> exp(Value(1.0)).data
        2.718281828459045
    """
    ### BEGIN SOLUTION
    result = math.exp(node.data)
    return Value(result, (node,), (result,))
    ### END SOLUTION


# %% solution="3.10"
def backprop(root: Value) -> None:
    """Sets `grad` of every node in the graph of `root` to the derivative of root with respect to that node.

    Gradients left over from an earlier call are reset first. Nothing but `grad` is changed.

    Args:
        root: the result of a computation; its own gradient is 1.

    Example:
        >>> x, two = Value(3.0), Value(2.0)
        >>> h = two * x
        >>> y = h * h + h
        >>> backprop(y)
        >>> x.grad, h.grad, y.grad
        (26.0, 13.0, 1.0)
    """
    ### BEGIN SOLUTION
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = 1.0
    for node in order:
        for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):
            parent.grad += node.grad * derivative
    ### END SOLUTION


# %% [markdown] hints="3.10"
# 1. Play it through on paper with $y = h \cdot h + h$: which node hands what to whom, and in which order? How many
#    contributions does $h$ get?
# 2. $\frac{\partial y}{\partial y} = 1$, and each node $u$ adds
#    $\frac{\partial y}{\partial u}\cdot\frac{\partial u}{\partial p}$ to the gradient of each of its parents $p$. For
#    the new operation, $\frac{d}{dx}e^x = e^x$.
# 3. Get the order from 3.9. Reset all gradients, then give the result its starting value. Walk along the order; at each
#    node, go through its parents together with its local derivatives, and add to each parent its share.

# %% [markdown] solved="3.10"
# **Why it works.** In this order a gradient is complete when its node's turn comes, so it can be handed on at once.
# Adding up is right because every path to the result contributes.
#
# **In models.** In GPT-2, each residual connection uses a vector twice, and a tied token table works at both ends of
# the model: their gradients are such sums.
#
# **In PyTorch.** `torch.autograd.backward` does this with tensors for numbers.
#
# **Next.** 3.12 looks at what PyTorch's engine leaves behind.

# %% [markdown] exercise="3.12" objective="Predict what PyTorch's autograd leaves in .grad"
# ## 3.12 What is in `.grad`?
#
# Your engine first resets all gradients, and then it fills in the gradient of every node. PyTorch's engine does
# neither, and this surprises nearly everybody who writes a first training loop. Here are its rules:
#
# - PyTorch records what is computed from a tensor with `requires_grad=True`. If such a tensor was not itself computed
#   from others, it is a *leaf*; the weights of a model are leaves. A tensor made without `requires_grad=True` is a
#   *constant*.
# - `y.backward()` goes back from `y` through what was recorded, and *adds* the slope of `y` to the `.grad` of each
#   leaf.
# - Until something is added, `.grad` is `None`. With `x.grad = None` you clear it.
# - The `.grad` of a constant stays `None`. For a node `h` between leaf and result, `.grad` stays `None`, too: PyTorch
#   hands its gradient on and does not keep it, unless `h.retain_grad()` was called before.
# - `x.detach()` is a constant with the same number as `x`. Inside `with torch.no_grad():` nothing is recorded, so every
#   result is a constant.
#
# Ten short programs follow, each with its name at the left. Each begins with the line at the top, with a number in
# place of `...`:
#
# ```text
#               x = torch.tensor(..., requires_grad=True)
#
#  leaf         y = x * x; y.backward()                                     x.grad ?
#  twice        (x * x).backward(); (x * x).backward()                      x.grad ?
#  cleared      (x * x).backward(); x.grad = None; (x * x).backward()       x.grad ?
#  two terms    y = x * x; z = 3 * x; (y + z).backward()                    x.grad ?
#  detached     y = x.detach() * x; y.backward()                            x.grad ?
#  no_grad      with torch.no_grad(): h = x * x
#               y = h * x; y.backward()                                     x.grad ?
#  between      h = x * x; y = 3 * h; y.backward()                          h.grad ?
#  retained     h = x * x; h.retain_grad(); y = h * h; y.backward()         h.grad ?
#  constant     c = torch.tensor(2.0); y = c * x; y.backward()              c.grad ?
#  before       y = x * x                                                   x.grad ?
# ```
#
# Your function gets the name of a program and the number `x`. It returns what is in the `.grad` at the right when the
# program has ended: a number, or `None`. Write each answer as a formula in `x`, or as `None`. The slope of $x \cdot x$
# is $2x$; what is the slope of $c \cdot x$?
#
# Predict first, on paper. Then you may type a program into a Python session and see what it does; but your function
# itself must not run it.


# %% solution="3.12"
def predicted_grad(program: str, x: float) -> "float | None":
    """What is in the `.grad` that the text names for a program, when the program has ended.

    Args:
        program: "leaf", "twice", "cleared", "two terms", "detached", "no_grad", "between", "retained", "constant" or
            "before".
        x: the number in the first line of the program.

    Returns:
        A number, or None if this `.grad` is None.

    Example:
        >>> predicted_grad("leaf", 3.0)
        6.0
    """
    ### BEGIN SOLUTION
    formulas = {
        "leaf": 2 * x,
        "twice": 4 * x,  # the second pass adds its 2x
        "cleared": 2 * x,
        "two terms": 2 * x + 3,
        "detached": x,  # the slope of a constant times x is the constant
        "no_grad": x * x,  # h is a constant
        "retained": 2 * (x * x),  # the slope along h, at h = x * x
    }
    return formulas.get(program)
    ### END SOLUTION


# %% [markdown] hints="3.12"
# 1. Draw the graph of each program, with an arrow for each step that was recorded. Where does the way back from the
#    result end, and does it reach the tensor that is asked for?
# 2. A constant $c$ is a number like any other: $\frac{d}{dx}(c \cdot x) = c$. Two backward passes add up; two terms of
#    one result do so, too. And $\frac{d}{dh}(h \cdot h) = 2h$, whatever $h$ was made of.
# 3. Make a table with one line for each program: which tensors are leaves, how many backward passes reach the one that
#    is asked for, what each adds, and whether anything clears it. Where none reaches it or none keeps it, the answer is
#    not 0.

# %% [markdown] solved="3.12"
# **Why it works.** Where a recorded path leads from the result to a leaf, a gradient arrives and is added to what is
# there. A constant ends the path; a node in between keeps no gradient unless asked to.
#
# **In models.** Large batches are made of small ones this way: several backward passes add up before one update. And
# without `no_grad`, generating text would keep a graph that nobody uses.
#
# **In PyTorch.** `torch.Tensor.retain_grad` keeps the gradient of a node in between.
#
# **Next.** Assignment 04 goes from numbers to layers.

# %% [markdown]
# ## Where this goes next: a network with a hidden layer
#
# The chapter ends its section with a network of two layers; the first one is *hidden* between inputs and output. For
# one example $x$ it computes
#
# $$ z_1 = W_1 x + b_1, \qquad h = \mathrm{ReLU}(z_1), \qquad z_2 = W_2 h + b_2, \qquad a = \sigma(z_2) $$
#
# with the same loss as above. Its backward pass only has more steps in the chain. The second layer is the neuron of
# 3.5, with $h$ in the place of the input. Before it come two more steps, the first layer and the ReLU (it turns
# negative numbers into 0). Their gradients use the derivative with respect to $z_2$, which you already have. Nothing is
# computed twice, so backpropagation is cheap.
#
# In assignment 04 you write each of these steps, for batches of examples.

# %% [markdown] picture="below"
# ## What your functions draw
#
# The picture shows the graph of $y = h\,e^h + h$ with $h = w x + b$. It is made with your `exp`, in the order of your
# `topological_order`, with the gradients of your `backprop`. Follow the three arrows that leave $h$: on the way back,
# each brings $h$ a share of its gradient. If one share came too late, after $h$ has handed on its gradient, which
# gradients to the left of $h$ would be wrong?
#
# In a notebook, run the next cell to draw it. In a terminal, `pytest` and `gradlings watch` (which tests your file
# whenever you save it) write it as `graph.png` beside this file when 3.12 is right. There are no points for it. If one
# of the functions is not right yet, a sentence names it.
