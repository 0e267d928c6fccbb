# %% [markdown]
# # 05 The training loop and its optimizers
#
# Assignments 03 and 04 found gradients. This one uses them: it turns a network that knows nothing into one that has
# learned. "The chapter" is a text about language models that the exercises follow (retold in `docs/chapter.md` of the
# repository; you need not read it). Its algorithm for back-propagation ends with this step: "update the parameters with
# an optimization algorithm". Such an algorithm is called an *optimizer*.
#
# First you write four update rules, each of which adds something to the one before: gradient descent, momentum, Adam
# and AdamW (5.1 to 5.4). Language models are trained with the last two; the first two prepare them. They must agree
# with `torch.optim` to many digits, over several steps. Then comes the loop itself, once plain and once for batches
# that do not fit into memory (5.5, 5.6). Between these two you build a network and save its weights (5.11). Two tools
# keep a long training stable: clipping the gradients, and a schedule for the *learning rate*, which sets how large the
# steps are (5.7, 5.8). At the end you give the loop shuffled *mini-batches*, small groups of examples, and measure the
# network without changing it (5.9, 5.10).
#
# In three exercises (5.12, 5.13, 5.14) you get a training function with a bug, and the numbers that it gave. Find the
# bug. 5.11 to 5.14 stand where they belong, not where their numbers would put them.
#
# The chapter is misleading in two places. Its listing of a training loop makes a single step, and so hides a mistake
# that does harm only from the second step on (5.5). And its algorithm takes the training examples one by one; in
# practice, and in its own listing, the loss is the *mean* over a mini-batch (5.6, 5.9).
#
# At the end you will be able to write a training loop for any PyTorch model and say what each line is for. You need the
# gradients of a batch (3.6), the softmax with cross-entropy (4.6), what PyTorch keeps in `.grad` (4.10), and dropout
# (2.11). Nothing is imported from your earlier files. `torch.optim` is off limits in 5.1 to 5.4 and 5.8.
#
# As in assignment 01, shapes and dtypes must be exact, numbers right to seven digits in `float64`, and every argument
# must stay as it is unless the exercise says that it is changed.
#
# Some names: $\eta$ is the *learning rate*, `lr` in code; $g$ is the gradient of the loss with respect to a parameter
# $p$; an arrow as in $p \leftarrow p - \eta g$ means that the left side is overwritten. A *step* is one update of all
# parameters.

# %%
import io
import itertools
import math
from collections.abc import Callable, Iterable

import torch
from jaxtyping import Float, Int
from torch import Tensor, nn
from torch.nn import functional as F

# %% [markdown] exercise="5.1" objective="Take a step of gradient descent in place, outside of autograd"
# ## 5.1 A step of gradient descent
#
# The gradient says in which direction the loss grows fastest. To make it smaller, go a little way in the opposite
# direction:
#
# $$ p \leftarrow p - \eta\, g, \qquad g = \frac{\partial L}{\partial p} $$
#
# If $\eta$ is too small, training is slow; if it is too large, the step goes past the minimum, and the loss may even
# grow. In practice the gradient comes from a small random batch of examples, hence the name *stochastic* (random)
# *gradient descent*, SGD.
#
# The arithmetic is one line. The difficulty is *where the result goes*. The model keeps its own tensors, so the new
# numbers must be written *into* these tensors, that is, *in place*. Python's assignment `p = ...` writes no numbers
# anywhere; it only gives a name to something. Ask of each line of your code whether it changes a number in the model's
# own tensors.
#
# Two more things. A parameter requires grad, so autograd records whatever you do with it. But an update is not part of
# the function whose gradient is wanted, so switch the recording off (`torch.no_grad`). And a parameter that took no
# part in the loss has no gradient at all: `None`, which is not the same as 0.


# %% solution="5.1"
def sgd_step(params: list[Float[Tensor, "..."]], grads: list[Float[Tensor, "..."] | None], lr: float) -> None:
    """One step of gradient descent: changes the parameters in place.

    Args:
        params: the parameters, of any shapes. Each is a leaf tensor (no operation made it) that requires grad, and must
            still be one after the call.
        grads: for each parameter its gradient, of the same shape and dtype, or None. A parameter whose gradient is None
            stays as it is. The gradients must not change.
        lr: the learning rate, a Python float.

    Example:
        >>> w = torch.tensor([1.0, 2.0], requires_grad=True)
        >>> sgd_step([w], [torch.tensor([0.5, -0.5])], lr=0.1)
        >>> w
        tensor([0.9500, 2.0500], requires_grad=True)
    """
    ### BEGIN SOLUTION
    with torch.no_grad():
        for p, g in zip(params, grads, strict=True):
            if g is not None:
                p.sub_(lr * g)
    ### END SOLUTION


# %% [markdown] hints="5.1"
# 1. Print `id(p)` and `p` before and after your update: which of the two has to stay the same, and which has to change?
# 2. $p \leftarrow p - \eta\,g$ for every pair of a parameter and a gradient that is there. Methods of a tensor whose
#    name ends in an underscore, and operators such as `*=`, write into the tensor itself.
# 3. Switch the recording of autograd off. Walk over parameters and gradients together, skip the pairs without a
#    gradient, and subtract the scaled gradient from the parameter with an operation that works in place.

# %% [markdown] solved="5.1"
# **Why it works.** Subtracting in place changes the numbers that the model itself holds. Autograd does not record the
# update, so it is no part of any graph. None means that a parameter took no part in the loss.
#
# **In models.** Hardly any language model is trained with plain gradient descent. But every optimizer is this step,
# with a better direction.
#
# **In PyTorch.** `torch.optim.SGD` does it for a list of parameters.
#
# **Next.** 5.2 gives the steps a memory.

# %% [markdown] exercise="5.2" objective="Take a step with momentum, a velocity that remembers earlier gradients"
# ## 5.2 Momentum
#
# Often the loss is steep in one direction and flat in another, like a long narrow valley. The gradient then points
# mostly across the valley: gradient descent jumps from side to side and hardly moves forward. *Momentum* lets the steps
# build up, like a ball that rolls downhill. Each parameter gets a *velocity* $v$, a running sum of its gradients in
# which older ones fade:
#
# $$ v \leftarrow \mu\, v + g, \qquad p \leftarrow p - \eta\, v $$
#
# Gradients that point back and forth cancel out in $v$; those that always point the same way add up. If the gradient
# stayed the same for ever, $v$ would grow toward $g + \mu g + \mu^2 g + \dots = \frac{g}{1 - \mu}$, which for the usual
# $\mu = 0.9$ is ten times the gradient.
#
# Write exactly this rule, which is that of `torch.optim.SGD`. Other books and libraries have variants of it. In one
# variant the learning rate is in the velocity: $v \leftarrow \mu v + \eta g$. This gives the same parameters while the
# learning rate is constant, and others when it changes, as in 5.8.
#
# The next step needs the velocity again. Local variables are gone after the call, so where must the velocity be kept?


# %% solution="5.2"
def momentum_step(
    p: Float[Tensor, "*shape"], g: Float[Tensor, "*shape"], v: Float[Tensor, "*shape"], lr: float, mu: float
) -> None:
    """One step of gradient descent with momentum: changes the parameter and its velocity in place.

    Args:
        p: the parameter. Here and in 5.3 and 5.4 it does not require grad, so autograd is out of the way.
        g: its gradient, of p's shape and dtype; it is not changed.
        v: its velocity, of p's shape and dtype; all zeros before the first step.
        lr: the learning rate, a Python float; it may differ from step to step.
        mu: how much of the old velocity is kept, from 0 to 1.

    Example:
        >>> p, v = torch.tensor([1.0]), torch.tensor([0.0])
        >>> momentum_step(p, torch.tensor([2.0]), v, lr=0.1, mu=0.9)
        >>> momentum_step(p, torch.tensor([2.0]), v, lr=0.1, mu=0.9)
        >>> p, v
        (tensor([0.4200]), tensor([3.8000]))
    """
    ### BEGIN SOLUTION
    v.mul_(mu).add_(g)
    p.sub_(lr * v)
    ### END SOLUTION


# %% [markdown] hints="5.2"
# 1. Do two steps on paper with $g = 2$, $\mu = 0.9$, $\eta = 0.1$ and compare with the example, for the velocity and
#    for the parameter.
# 2. $v \leftarrow \mu\,v + g$ comes first, then $p \leftarrow p - \eta\,v$ with the new velocity. Both arrows write
#    into tensors that were handed to you.
# 3. Shrink the velocity in place, then add the gradient to it in place. Take the learning rate times this velocity away
#    from the parameter, in place as well.

# %% [markdown] solved="5.2"
# **Why it works.** The velocity is a sum in which old gradients fade. Gradients that agree add up, to ten times one of
# them with the usual 0.9; those that alternate cancel.
#
# **In models.** Adam's first average is a relative of this velocity; its usual first beta is 0.9 as well.
#
# **In PyTorch.** `torch.optim.SGD` takes `momentum=0.9`.
#
# **Next.** 5.3 also measures how large gradients usually are.

# %% [markdown] exercise="5.3" objective="Write Adam with its two averages and their bias correction"
# ## 5.3 Adam
#
# One learning rate for all parameters is a poor fit. In a language model the gradient of a rare token's embedding and
# that of a layer norm differ by orders of magnitude. *Adam* (Kingma and Ba, 2015) treats each number of a parameter by
# itself: it divides the step of this number by the usual size of the number's gradients so far. It keeps two moving
# averages, of the gradient and of its square (entry by entry):
#
# $$ m \leftarrow \beta_1 m + (1 - \beta_1)\,g, \qquad v \leftarrow \beta_2 v + (1 - \beta_2)\,g^2 $$
#
# Both start at 0, and so they are too small at first. After one step, $m = (1 - \beta_1)\,g_1$. After two,
# $m = (1 - \beta_1)(\beta_1 g_1 + g_2)$. In a mean, the factors of $g_1$ and $g_2$ would add up to 1. Here they add up
# to $1 - \beta_1^2$, and after $t$ steps to $1 - \beta_1^t$; for $v$ it is the same with $\beta_2$. So divide by this
# sum, and only then update:
#
# $$ \hat m = \frac{m}{1 - \beta_1^t}, \qquad \hat v = \frac{v}{1 - \beta_2^t}, \qquad
# p \leftarrow p - \eta\,\frac{\hat m}{\sqrt{\hat v} + \varepsilon} $$
#
# In the first step $\hat m = g$ and $\hat v = g^2$, so the parameter moves by about $\eta$, no matter whether the
# gradient is 100 or 0.01. Without this correction, and with the usual $\beta_1 = 0.9$ and $\beta_2 = 0.999$, it would
# move 3.2 times as far: $m$ would be 10 times too small, which makes the step smaller, but $\sqrt v$ would be 32 times
# too small, and dividing by it makes the step larger.
#
# Keep $m$ and $v$ in the state, never $\hat m$ and $\hat v$. The small $\varepsilon$ prevents a division by 0 where a
# gradient was always 0. When gradients are small, it matters that $\varepsilon$ is added to the root and not under it.
# And do not stop correcting: after 1000 steps $1 - \beta_2^t$ is still 0.63.


# %% solution="5.3"
def adam_step(
    p: Float[Tensor, "*shape"],
    g: Float[Tensor, "*shape"],
    state: dict[str, int | Float[Tensor, "*shape"]],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
) -> None:
    """One step of Adam: changes the parameter in place, and what is remembered about it.

    Args:
        p: the parameter; it does not require grad.
        g: its gradient, of p's shape and dtype; it is not changed.
        state: what is remembered from step to step. "t" is the number of steps done so far, an int, 0 before the first
            step; "m" and "v" are the moving averages of the gradient and of its square, of p's shape and dtype, all
            zeros before the first step. The call updates all three entries; "m" and "v" may be changed in place or
            replaced.
        lr: the learning rate.
        beta1: how much of the old average of the gradient is kept.
        beta2: how much of the old average of the squared gradient is kept.
        eps: is added to the root of the corrected average of the squares.

    Example:
        >>> p = torch.tensor([1.0, 1.0])
        >>> state = {"t": 0, "m": torch.zeros(2), "v": torch.zeros(2)}
        >>> adam_step(p, torch.tensor([100.0, -0.01]), state, lr=0.1)
        >>> p, state["t"], state["m"]
        (tensor([0.9000, 1.1000]), 1, tensor([ 1.0000e+01, -1.0000e-03]))
    """
    ### BEGIN SOLUTION
    state["t"] += 1
    m, v, t = state["m"], state["v"], state["t"]
    m.mul_(beta1).add_((1 - beta1) * g)
    v.mul_(beta2).add_((1 - beta2) * g**2)
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    p.sub_(lr * m_hat / (v_hat.sqrt() + eps))
    ### END SOLUTION


# %% [markdown] hints="5.3"
# 1. Work through the first step on paper with $g = 100$: what are $t$, $m$, $v$, the two corrected averages, and the
#    step? It should come out as the learning rate.
# 2. Count first, then the averages with weights $\beta$ and $1 - \beta$, then divide each by $1 - \beta^t$ with its own
#    $\beta$, then $\eta\,\hat m / (\sqrt{\hat v} + \varepsilon)$.
# 3. Raise the count. Update both averages and keep them in the state. Make two new tensors for the corrected averages,
#    so that the state stays uncorrected. Take the root of the second, add the small number to the root, divide, scale
#    by the learning rate, and subtract from the parameter in place.

# %% [markdown] solved="5.3"
# **Why it works.** Divided by the root of its average square, every gradient becomes a step of about the learning rate,
# whatever its scale. The correction makes up for averages that start at zero.
#
# **In models.** GPT-3 was trained with Adam, its betas being 0.9 and 0.95. The two averages are two more numbers per
# parameter.
#
# **In PyTorch.** `torch.optim.Adam` is this rule.
#
# **Next.** 5.4 adds weight decay, in the right place.

# %% [markdown] exercise="5.4" objective="Tell decoupled weight decay from a penalty in the gradient"
# ## 5.4 AdamW
#
# *Weight decay* pulls every parameter a little toward 0 at each step, so that no weight stays large without a reason.
# There are two ways to do it. The first adds a penalty $\frac{\lambda}{2}p^2$ to the loss, and so $\lambda p$ to the
# gradient. With plain gradient descent this gives
#
# $$ p \leftarrow p - \eta\,(g + \lambda p) = (1 - \eta\lambda)\,p - \eta\,g $$
#
# and so the parameter shrinks by the same share at every step. With Adam that is no longer true: what you add to the
# gradient is then divided by the gradient's usual size. Parameters with large gradients hardly decay, and those with
# small gradients decay far too much.
#
# *AdamW* (Loshchilov and Hutter, 2019) goes the second way and keeps the two things apart. The parameter shrinks, and
# Adam sees the plain gradient:
#
# $$ p \leftarrow (1 - \eta\lambda)\,p, \qquad \text{then a step of Adam with } g $$
#
# Language models such as GPT-3 and LLaMA were trained with this kind of decay, with $\lambda = 0.1$. One step takes
# away the share $\eta\lambda$: with a learning rate of 0.001 that is 0.0001, not 0.1. This share is taken from the
# parameter *before* the step of Adam.
#
# You may call your `adam_step`.


# %% solution="5.4"
def adamw_step(
    p: Float[Tensor, "*shape"],
    g: Float[Tensor, "*shape"],
    state: dict[str, int | Float[Tensor, "*shape"]],
    lr: float,
    beta1: float = 0.9,
    beta2: float = 0.999,
    eps: float = 1e-8,
    weight_decay: float = 0.01,
) -> None:
    """One step of AdamW: changes the parameter in place, and what is remembered about it.

    Args:
        p, g, state, lr, beta1, beta2, eps: as in `adam_step`.
        weight_decay: the strength of the decay, lambda in the formula; 0 gives a step of Adam.

    Example:
        >>> p = torch.tensor([10.0, -10.0])
        >>> state = {"t": 0, "m": torch.zeros(2), "v": torch.zeros(2)}
        >>> adamw_step(p, torch.tensor([3.0, 3.0]), state, lr=0.1, weight_decay=0.1)
        >>> p
        tensor([  9.8000, -10.0000])
    """
    ### BEGIN SOLUTION
    p.mul_(1 - lr * weight_decay)
    adam_step(p, g, state, lr, beta1, beta2, eps)
    ### END SOLUTION


# %% [markdown] hints="5.4"
# 1. Which of the quantities of Adam may know about the decay: $m$, $v$, both, or neither?
# 2. $p \leftarrow (1 - \eta\lambda)\,p$ before anything else, then
#    $p \leftarrow p - \eta\,\hat m/(\sqrt{\hat v} + \varepsilon)$ with averages of the plain gradient.
# 3. Shrink the parameter in place by the share that the learning rate and the decay give together. Then do a step of
#    Adam with the gradient as it came.

# %% [markdown] solved="5.4"
# **Why it works.** The decay acts on the parameter itself and never passes through Adam's division. So all parameters
# shrink by the same share in each step.
#
# **In models.** Llama 2 was trained with AdamW and a decay of 0.1. Biases and norms are often spared.
#
# **In PyTorch.** `torch.optim.AdamW` decays by 0.01 unless told otherwise.
#
# **Next.** 5.5 puts an optimizer to work.

# %% [markdown] exercise="5.5" objective="Put a training step in the right order"
# ## 5.5 One step of the training loop
#
# A training loop repeats one and the same step, thousands of times, each time with another batch. The step goes through
# four stages: the forward pass gives a loss, the backward pass gives gradients, the optimizer updates the parameters
# (its method `step`), and somewhere the old gradients are cleared (`zero_grad`). The loss here is the one of language
# models, the cross-entropy of $N$ examples with $C$ classes. Example number $i$ has the right class $y_i$, and $z_i$
# are the $C$ outputs that the network gives for it:
#
# $$ L = -\frac{1}{N}\sum_{i=1}^{N} \ln \operatorname{softmax}(z_i)_{y_i} $$
#
# The chapter calls its listing a training loop, but there is no loop in it: it makes a single step. A single step hides
# the most common mistake. PyTorch *adds* each new gradient to what is already in `.grad`. In the first step `.grad` is
# empty. In the second, the gradient of the first batch may still be in it. So you must clear the gradients, and the
# place matters. The other stages come in the order forward pass, backward pass, update. There is one place between them
# where clearing would delete gradients that are still needed. Which?
#
# Return the loss as a Python number. The loss tensor keeps the whole graph of its batch in memory, and a list of a
# thousand such losses fills the memory. (In the examples, `load_state_dict` gives a network known weights; its answer
# is `<All keys matched successfully>`.)


# %% solution="5.5"
def train_step(net: nn.Module, opt: torch.optim.Optimizer, X: Float[Tensor, "N D"], y: Int[Tensor, "N"]) -> float:
    """One training step on one mini-batch: updates the parameters of the network once.

    Gradients of earlier steps must have no influence. Before the first call every `.grad` is None; what it holds after
    a call is up to you.

    Args:
        net: maps X to the outputs (logits) of shape (N, C); it is in training mode (see 5.10), and its parameters
            require grad.
        opt: the optimizer of the network's parameters, one of PyTorch's.
        X: the inputs of the N examples.
        y: the right classes, int64, each from 0 to C - 1.

    Returns:
        The mean cross-entropy of the batch before the update, a Python float.

    Example:
        >>> net = nn.Linear(2, 3)
        >>> net.load_state_dict({"weight": torch.zeros(3, 2), "bias": torch.zeros(3)})
        <All keys matched successfully>
        >>> opt = torch.optim.SGD(net.parameters(), lr=0.5)
        >>> X, y = torch.tensor([[1.0, 0.0], [0.0, 2.0]]), torch.tensor([0, 2])
        >>> [round(train_step(net, opt, X, y), 4) for _ in range(3)]
        [1.0986, 0.6864, 0.4945]
    """
    ### BEGIN SOLUTION
    opt.zero_grad()
    loss = F.cross_entropy(net(X), y)
    loss.backward()
    opt.step()
    return loss.item()
    ### END SOLUTION


# %% [markdown] hints="5.5"
# 1. Write down what is in `.grad` after each line of your function, once for the first call and once for the second.
# 2. The optimizer has to see $\partial L/\partial p$ of this batch and nothing else: `.grad` must be empty when the
#    backward pass begins, and full when the optimizer's turn comes.
# 3. Clear the gradients, compute the mean cross-entropy of the network's outputs against the classes, go backward from
#    it, let the optimizer step, and return the loss as a plain number.

# %% [markdown] solved="5.5"
# **Why it works.** Gradients must be empty when the backward pass begins and complete when the optimizer steps. Any
# place for the clearing is right where both are true. A plain number has no graph.
#
# **In models.** Pre-training repeats this step. GPT-3 read 300 billion tokens in batches of up to 3.2 million: about a
# hundred thousand steps.
#
# **In PyTorch.** `torch.optim.Optimizer.zero_grad` sets gradients to None by default.
#
# **Next.** 5.11 builds a network to train, and keeps its weights.

# %% [markdown] exercise="5.11" objective="Build a network that knows its layers, and carry its weights as bytes"
# ## 5.11 A network, and its weights as bytes
#
# `train_step` trains any network. Here you build one, and you write the functions that save its weights, which would be
# lost when the program ends.
#
# **The network.** A *multi-layer perceptron* (MLP) consists of linear layers, one after the other, with a ReLU between
# each two. `make_mlp([3, 5, 2])` makes this one:
#
# ```text
# x (n, 3) -> linear 3 to 5 -> ReLU -> linear 5 to 2 -> outputs (n, 2)
# ```
#
# After the last layer comes no ReLU, because outputs may be negative. A network in PyTorch is a class derived from
# `nn.Module`, such as this one with a single parameter named `shift`:
#
# ```python
# class Shift(nn.Module):
#     def __init__(self, n):
#         super().__init__()
#         self.shift = nn.Parameter(torch.zeros(n))
#
#     def forward(self, x):
#         return x + self.shift
# ```
#
# Write such a class inside of your function, and return an object of it. Keep the layers in an attribute `layers`, and
# make it an `nn.ModuleList`, PyTorch's list of modules. A module finds its parameters through its attributes, and gives
# each a name, such as `layers.0.weight`. It does not look into an ordinary Python list. If `layers` were one, what
# would an optimizer get from `net.parameters()`, and what would it train?
#
# **Saving.** Save the *state dict*: `net.state_dict()`, a dict from these names to the numbers. Some modules also have
# *buffers*: numbers that they keep but that no optimizer trains, such as the mean of all inputs so far. The state dict
# holds these, too; `net.parameters()` does not. The code of the class is not saved. `torch.save` writes the dict into a
# file. Here the file is a file in memory: `io.BytesIO()` makes an empty one, and its method `getvalue()` gives its
# bytes.
#
# **Loading.** `io.BytesIO(data)` makes a file of given bytes, `torch.load` reads such a file, and `load_state_dict`
# copies the numbers into a network that you have built. Beware of two traps:
#
# - A file of `torch.save` is a *pickle*. A pickle can contain calls of any function, and they are made when the file is
#   read. So whoever reads a file from the internet may run a stranger's code. With `weights_only=True`, `torch.load`
#   reads tensors and plain data and refuses everything else.
# - The file may belong to a network of other sizes, or with more layers or fewer. Then a RuntimeError must be raised. A
#   network that was filled only in part would run, and give wrong answers. Which setting of `load_state_dict` prevents
#   this?


# %% solution="5.11"
def make_mlp(sizes: list[int]) -> nn.Module:
    """A network of linear layers with biases, and a ReLU after each layer but the last.

    Args:
        sizes: the number of inputs, then the number of outputs of each layer; at least two numbers.

    Returns:
        A module that maps a float tensor of shape (n, sizes[0]) to a tensor of shape (n, sizes[-1]). Its parameters are
        named layers.0.weight, layers.0.bias, layers.1.weight and so on.

    Example:
        >>> net = make_mlp([3, 5, 2])
        >>> [(name, tuple(p.shape)) for name, p in net.named_parameters()][:3]
        [('layers.0.weight', (5, 3)), ('layers.0.bias', (5,)), ('layers.1.weight', (2, 5))]
        >>> net(torch.ones(4, 3)).shape
        torch.Size([4, 2])
    """
    ### BEGIN SOLUTION

    class MLP(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layers = nn.ModuleList(nn.Linear(a, b) for a, b in itertools.pairwise(sizes))

        def forward(self, x: Float[Tensor, "n D"]) -> Float[Tensor, "n K"]:
            for layer in self.layers[:-1]:
                x = F.relu(layer(x))
            return self.layers[-1](x)

    return MLP()
    ### END SOLUTION


# %% solution="5.11"
def weights_to_bytes(net: nn.Module) -> bytes:
    """The state dict of a network, as the bytes of a file that `torch.save` writes.

    Args:
        net: any module; it is not changed.

    Returns:
        The bytes. `torch.load` with weights_only=True must be able to read the state dict from them.

    Example:
        >>> data = weights_to_bytes(make_mlp([3, 5, 2]))
        >>> type(data).__name__, len(data) > 0
        ('bytes', True)
    """
    ### BEGIN SOLUTION
    file = io.BytesIO()
    torch.save(net.state_dict(), file)
    return file.getvalue()
    ### END SOLUTION


# %% solution="5.11"
def load_weights(net: nn.Module, data: bytes) -> None:
    """Copies weights into a network; afterwards the network computes what the saved one computed.

    Args:
        net: a module, such as `make_mlp` makes; its parameters and buffers are changed in place.
        data: what `weights_to_bytes` returned, or the bytes of any other file. If they hold more than tensors and plain
            data, no code in them may run: `torch.load` must refuse them (an `UnpicklingError`).

    Raises:
        RuntimeError: the weights are those of a network with other sizes or other names. What net
            holds then is up to you.

    Example:
        >>> first, second = make_mlp([3, 5, 2]), make_mlp([3, 5, 2])
        >>> load_weights(second, weights_to_bytes(first))
        >>> torch.equal(first(torch.ones(4, 3)), second(torch.ones(4, 3)))
        True
    """
    ### BEGIN SOLUTION
    net.load_state_dict(torch.load(io.BytesIO(data), weights_only=True))
    ### END SOLUTION


# %% [markdown] hints="5.11"
# 1. Begin with `make_mlp([3, 5, 2])` and print the names in `net.named_parameters()`: the docstring shows the first
#    three of four. Then take the other two functions, each of which has two parts: dict and bytes.
# 2. Sizes $s_0, s_1, \dots, s_k$ make $k$ layers, from $s_{i}$ to $s_{i+1}$. For the saving: `torch.save` and
#    `torch.load` also take a file in memory in place of a file's name.
# 3. In `forward`, go through all layers but the last one with a ReLU after each, then through the last. To save, write
#    the state dict into a file in memory and return its bytes. To load, make a file in memory of the bytes, read the
#    dict, weights only, and have the network take it over strictly, as it does by default.

# %% [markdown] solved="5.11"
# **Why it works.** A ModuleList registers its layers, so optimizer, state dict and device moves all find them. Names
# and shapes must agree exactly, so a wrong file is noticed.
#
# **In models.** Weights that are published are files of named tensors; *safetensors* is a format for them that cannot
# hold code at all.
#
# **In PyTorch.** `torch.nn.Module.load_state_dict` is strict unless told otherwise. To go on with a training, save the
# optimizer's state dict, too.
#
# **Next.** 5.6 takes the step in pieces.

# %% [markdown] exercise="5.6" objective="Get the update of a large batch from small pieces"
# ## 5.6 A large batch in small pieces
#
# Large models are trained with large batches, and a large batch often does not fit into the memory of one GPU. The
# solution uses what was a trap in 5.5. Since PyTorch adds up gradients, a batch can be cut into *micro-batches* that go
# through the network one after the other, with a single update at the end. This is called *gradient accumulation*.
#
# The result must be the same as if the whole batch had gone through at once. Say micro-batch $j$ has $n_j$ examples
# with the mean loss $L_j$, example $i$ has the loss $\ell_i$, and $N = \sum_j n_j$. The mean loss of the whole batch is
#
# $$ L = \frac{1}{N}\sum_{i=1}^{N} \ell_i = \sum_j \frac{n_j}{N}\,L_j $$
#
# and its gradient is the sum of the gradients of the terms on the right. So each loss $L_j$ has to be scaled *before*
# its gradient is added. Look closely at the factor. Many programs use another one, which is right only when all
# micro-batches have the same size, and often the last is smaller. (In language models the sizes are seldom equal: the
# loss is a mean over tokens, and two micro-batches of texts seldom have the same number of tokens. A widely used
# library had this mistake until 2024.)
#
# Two more questions about your loop. How often may the optimizer step? And `.grad` may hold old gradients when your
# function is called: when must you clear them, and when must you not? Do not join the micro-batches: the network may
# only see one at a time.


# %% solution="5.6"
def accumulate_step(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    micro_batches: list[tuple[Float[Tensor, "n D"], Int[Tensor, "n"]]],
) -> float:
    """One training step on a batch that comes in pieces: the same update as with the whole batch at once.

    The network only sees one micro-batch at a time. Gradients from before the call must have no influence; what `.grad`
    holds after the call is up to you.

    Args:
        net: maps n inputs to outputs (logits) of shape (n, C); it is in training mode, and its parameters require grad.
        opt: the optimizer of the network's parameters, one of PyTorch's.
        micro_batches: pairs of inputs and right classes (int64). The numbers of examples may differ.

    Returns:
        The mean cross-entropy over all examples of all micro-batches before the update, a Python float.

    Example:
        >>> net = nn.Linear(1, 2)
        >>> net.load_state_dict({"weight": torch.zeros(2, 1), "bias": torch.zeros(2)})
        <All keys matched successfully>
        >>> opt = torch.optim.SGD(net.parameters(), lr=1.0)
        >>> X, y = torch.tensor([[1.0], [2.0], [6.0]]), torch.tensor([0, 0, 1])
        >>> round(accumulate_step(net, opt, [(X[:2], y[:2]), (X[2:], y[2:])]), 4)
        0.6931
        >>> net.weight.detach().flatten(), net.bias.detach()
        (tensor([-0.5000,  0.5000]), tensor([ 0.1667, -0.1667]))
    """
    ### BEGIN SOLUTION
    count = sum(len(y) for _, y in micro_batches)
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        share = F.cross_entropy(net(X), y, reduction="sum") / count
        share.backward()  # adds to what the micro-batches before have left
        total += share.item()
    opt.step()
    return total
    ### END SOLUTION


# %% [markdown] hints="5.6"
# 1. Take two micro-batches, of 2 examples and of 1. What share of the whole batch's loss belongs to each single
#    example, and is it the same for all three in your code?
# 2. $\frac{\partial L}{\partial p} = \sum_j \frac{n_j}{N}\frac{\partial L_j}{\partial p}$, where $n_j L_j$ is the sum
#    of the losses of the micro-batch.
# 3. Count all examples. Clear the gradients once. For each micro-batch compute its share of the whole mean and go
#    backward from it, and keep a running sum of the shares as plain numbers. Let the optimizer step once, after the
#    last one.

# %% [markdown] solved="5.6"
# **Why it works.** Each micro-batch adds the sum of its losses over the number of all examples. These shares add up to
# the mean of the whole batch, however it was cut.
#
# **In models.** Batches of millions of tokens are always cut: in time, as here, and over many GPUs, whose gradients are
# then combined.
#
# **In PyTorch.** There is no function for it: `torch.Tensor.backward` adds to `.grad`, and that is enough.
#
# **Next.** 5.12 is a loop in which the adding up goes wrong.

# %% [markdown] exercise="5.12" objective="Find a bug from its symptom: a loss that depends on the number of batches"
# ## 5.12 Find the bug: a loss that explodes
#
# Most bugs in training code raise no error. The program runs, and only its numbers look strange. In three exercises
# (this one, 5.13 and 5.14) you get a function with one bug in it, and the *symptom*, that is, what was seen when the
# function ran. Find the bug, and write the function again without it, under the new name. You may run the broken
# function, change it and print numbers in it.
#
# `broken_epoch`, in the cell below, goes through all batches once (this is called an *epoch*) and takes a step for
# each. Here the outputs of the network should come near given numbers, the *targets*. So the loss is the *mean squared
# error*: the mean of $(\text{output} - \text{target})^2$ over all numbers of a batch, in code `F.mse_loss`. The
# function returns the mean loss of the epoch: a mean in which every example counts the same.
#
# Somebody trained a network on 30 examples for five epochs. This was done four times, with the examples cut into 1, 3,
# 10 and 30 batches, and always with the same small learning rate. The losses of the fifth epoch were:
#
# | batches in an epoch | `broken_epoch` | a right function |
# |---|---|---|
# | 1 | 1.185 | 1.185 |
# | 3 | 0.128 | 0.293 |
# | 10 | 14.93 | 0.144 |
# | 30 | $4 \cdot 10^{11}$ | 0.192 |
#
# With one batch all is well, and with three the bug even looks like a success. So such a bug may be found only when
# there is more data and thus more batches. What is different about the second batch of an epoch?


# %%
def broken_epoch(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
) -> float:
    """One epoch, with a bug."""
    total, count = 0.0, 0
    opt.zero_grad()
    for X, y in batches:
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count


# %% solution="5.12"
def repaired_epoch(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
) -> float:
    """One epoch: a step of the optimizer for each batch, with the gradient of this batch alone.

    Before the first call every `.grad` is None; what it holds after a call is up to you.

    Args:
        net: maps n inputs to outputs of shape (n, K); it is in training mode, its parameters require grad.
        opt: the optimizer of the network's parameters, one of PyTorch's.
        batches: pairs of inputs and targets, at least one. The numbers of examples may differ.

    Returns:
        The mean squared error over all examples of the epoch, each measured before the step of its batch, a Python
        float.

    Example:
        >>> net = nn.Linear(1, 1)
        >>> net.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
        <All keys matched successfully>
        >>> opt = torch.optim.SGD(net.parameters(), lr=0.25)
        >>> X, y = torch.tensor([[1.0], [2.0], [0.0]]), torch.tensor([[1.0], [2.0], [3.0]])
        >>> repaired_epoch(net, opt, [(X[:1], y[:1]), (X[1:], y[1:])])
        2.5
        >>> net.weight.detach(), net.bias.detach()
        (tensor([[0.7500]]), tensor([1.2500]))
    """
    ### BEGIN SOLUTION
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count
    ### END SOLUTION


# %% [markdown] hints="5.12"
# 1. With a single batch in each epoch the function is right. So look for what happens once in an epoch and should
#    happen once for each batch. The four stages of 5.5 are a list to compare with.
# 2. Print `net.weight.grad` (or that of any parameter) at the beginning of each round. In the first round it is None.
#    What is it in the second, and what will PyTorch do with it?
# 3. Each step must use $\partial L/\partial p$ of its own batch. Before a round begins, nothing may be left of the
#    round before it. One line stands in front of the loop that belongs inside.

# %% [markdown] solved="5.12"
# **Why it works.** Now every step sees the gradient of its own batch. Before, the gradients of a whole epoch added up,
# like a momentum that forgets nothing. With three batches the loss fell faster; with thirty the steps became far too
# large.
#
# **In models.** A bug that grows with the data hides in small tests. Try a new loop with one batch and with many.
#
# **In PyTorch.** `torch.optim.Optimizer.zero_grad` belongs in every step that begins a new gradient.
#
# **Next.** 5.7 limits the harm of single bad batches.

# %% [markdown] exercise="5.7" objective="Clip gradients by their common norm, keeping their direction"
# ## 5.7 Clipping gradients
#
# Now and then a batch comes along whose gradient is a hundred times as large as usual. One such step can undo days of
# training. So the gradient gets a maximal length: a longer one is shortened, and a shorter one is left alone. GPT-3 was
# trained with a maximum of 1.
#
# Length means the Euclidean norm over *all* parameters together, as if their gradients were written one behind the
# other into one long vector:
#
# $$ \lVert g \rVert = \sqrt{\sum_{p}\sum_{i} g_{p,i}^2}, \qquad
# g_p \leftarrow g_p \cdot \min\Bigl(1, \frac{c}{\lVert g \rVert}\Bigr) $$
#
# where $c$ is the maximum. All gradients are multiplied by one and the same factor. The step becomes shorter and keeps
# its direction. If every tensor, or every number, were shortened on its own, the direction would change.
#
# The norm is also worth looking at. A training run prints it at each step, and a peak in it announces trouble. So
# return the norm before clipping, not the one after it.
#
# Some parameters may have no gradient, and all gradients may be 0: your function must work in both cases. Clipping
# takes place between the backward pass and the step of the optimizer.
#
# `torch.nn.utils.clip_grad_norm_` is off limits. It adds $10^{-6}$ to the norm before it divides; you may do the same,
# but need not.


# %% solution="5.7"
def clip_gradients(params: list[Float[Tensor, "..."]], max_norm: float) -> Float[Tensor, ""]:
    """Scales all gradients down by one factor if their common norm is too large; otherwise leaves them alone.

    Args:
        params: the parameters. Each `.grad` is changed, in place or by putting a new tensor there; the parameters
            themselves are not changed. A `.grad` that is None stays None; at least one is a tensor. All gradients have
            the same dtype.
        max_norm: the largest norm allowed, greater than 0.

    Returns:
        The Euclidean norm of all gradients together before clipping, a scalar tensor of their dtype; a Python float is
        right, too.

    Example:
        >>> a, b = torch.zeros(1, requires_grad=True), torch.zeros(2, requires_grad=True)
        >>> a.grad, b.grad = torch.tensor([3.0]), torch.tensor([0.0, -4.0])
        >>> clip_gradients([a, b], max_norm=1.0)
        tensor(5.)
        >>> a.grad, b.grad
        (tensor([0.6000]), tensor([ 0.0000, -0.8000]))
    """
    ### BEGIN SOLUTION
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.linalg.vector_norm(torch.cat([g.flatten() for g in grads]))
    if norm > max_norm:
        for g in grads:
            g.mul_(max_norm / norm)
    return norm
    ### END SOLUTION


# %% [markdown] hints="5.7"
# 1. The two gradients $[3]$ and $[0, -4]$ have the norm 5 together. Which single factor brings this to 1, and what
#    would happen with your code if the maximum were 100?
# 2. $\lVert g \rVert^2$ is the sum of the squares of all numbers in all gradients; the factor is
#    $\min(1, c/\lVert g \rVert)$.
# 3. Collect the gradients that are there. Add up the squares of all their entries and take the root once. If the result
#    is larger than the maximum, multiply every gradient in place by the maximum over the norm. Return the norm.

# %% [markdown] solved="5.7"
# **Why it works.** One factor for all gradients makes the step shorter and keeps its direction. One norm over all
# tensors treats the model as a single long vector.
#
# **In models.** GPT-3 and Llama were trained with a maximum of 1. The norm in the log is the first thing to look at
# when a run goes wrong.
#
# **In PyTorch.** `torch.nn.utils.clip_grad_norm_` works in place, as its underscore says.
#
# **Next.** 5.13 is a loop in which clipping has no effect.

# %% [markdown] exercise="5.13" objective="Find a bug from its symptom: a limit that changes nothing"
# ## 5.13 Find the bug: a limit without effect
#
# `broken_clipped_epoch` trains for one epoch like the repaired function of 5.12, and it also clips the gradients, as in
# 5.7. PyTorch's `clip_grad_norm_` does the clipping, and nothing is wrong with it.
#
# Somebody tried three limits on the 30 examples of 5.12, in 10 batches and with the learning rate 0.1, each time
# beginning with the same weights. These were the losses:
#
# | `max_norm` | epoch 1 | epoch 2 | epoch 3 |
# |---|---|---|---|
# | 100 | 1.384 | 0.285 | 0.161 |
# | 1 | 1.384 | 0.285 | 0.161 |
# | 0.01 | 1.384 | 0.285 | 0.161 |
#
# The limit makes no difference. Yet with the limit 0.01, a step can move the parameters by $0.1 \cdot 0.01 = 0.001$ at
# most, and 10 such steps hardly change them. So in the first epoch the loss should stay near 2.57, where it began.
#
# Somebody also printed the norm of all gradients at the end of each round of the loop. The norm was never larger than
# the limit. So the gradients *are* clipped. But which line uses the clipped gradients?


# %%
def broken_clipped_epoch(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
    max_norm: float,
) -> float:
    """One epoch with clipped gradients, with a bug."""
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        total += loss.item() * len(y)
        count += len(y)
    return total / count


# %% solution="5.13"
def repaired_clipped_epoch(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
    max_norm: float,
) -> float:
    """One epoch: a step of the optimizer for each batch, with the clipped gradient of this batch.

    Before the first call every `.grad` is None; what it holds after a call is up to you.

    Args:
        net: maps n inputs to outputs of shape (n, K); it is in training mode, its parameters require grad.
        opt: the optimizer of the network's parameters, one of PyTorch's; it may keep them in several groups (see 5.14).
        batches: pairs of inputs and targets, at least one. The numbers of examples may differ.
        max_norm: the largest norm allowed for all gradients of a batch together, greater than 0. If the norm is
            smaller, the gradients stay as they are.

    Returns:
        The mean squared error over all examples of the epoch, each measured before the step of its batch, a Python
        float.

    Example:
        >>> net = nn.Linear(1, 1)
        >>> net.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
        <All keys matched successfully>
        >>> opt = torch.optim.SGD(net.parameters(), lr=1.0)
        >>> X, y = torch.tensor([[0.75]]), torch.tensor([[4.0]])
        >>> repaired_clipped_epoch(net, opt, [(X, y)], max_norm=0.5)
        16.0
        >>> net.weight.detach(), net.bias.detach()
        (tensor([[0.3000]]), tensor([0.4000]))
    """
    ### BEGIN SOLUTION
    total, count = 0.0, 0
    for X, y in batches:
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        nn.utils.clip_grad_norm_(net.parameters(), max_norm)
        opt.step()
        total += loss.item() * len(y)
        count += len(y)
    return total / count
    ### END SOLUTION


# %% [markdown] hints="5.13"
# 1. The limit changes the gradients, and the gradients change the parameters. Which line reads the gradients, and which
#    one changes them?
# 2. With `max_norm` = 0.01, print the norm of `net.weight.grad` twice in each round: right before the optimizer's step
#    and at the end of the round.
# 3. What the optimizer finds in `.grad` must have been clipped already, and it must have been filled before that. This
#    leaves one place in the round for the clipping.

# %% [markdown] solved="5.13"
# **Why it works.** The optimizer reads `.grad` in its step, so clipping counts only before it. Clipping after the step
# changed gradients that nobody used any more.
#
# **In models.** This bug has been found in published training code. It stays hidden until a bad batch comes, and then
# the limit is missing.
#
# **In PyTorch.** `torch.nn.utils.clip_grad_norm_` returns the norm before clipping: log it beside the loss.
#
# **Next.** 5.8 changes the learning rate over time.

# %% [markdown] exercise="5.8" objective="Compute a learning rate with warm-up and cosine decay"
# ## 5.8 A schedule for the learning rate
#
# No single learning rate is right for a whole training run. In the first steps Adam's averages rest on few gradients
# and the network knows nothing yet, so training begins with tiny steps. Then the steps may be large, and toward the end
# they must become small again, or the loss does not settle at its minimum. Many language models are trained with a
# *linear warm-up* followed by a *cosine decay*. For step $s$, with $W$ steps of warm-up and $T$ steps in all, there are
# three cases: the warm-up, the decay, and all steps after it.
#
# $$ \eta(s) = \begin{cases}
# \eta_{\max}\,\tfrac{s}{W} & s < W \\
# \eta_{\min} + \tfrac12\,(\eta_{\max} - \eta_{\min})\bigl(1 + \cos(\pi\,\tfrac{s - W}{T - W})\bigr) & W \le s < T \\
# \eta_{\min} & s \ge T \end{cases} $$
#
# The cosine falls from 1 to $-1$ over half a turn, so the bracket falls from 2 to 0: first slowly, then fast, then
# slowly again. At $s = W$ the rate is exactly $\eta_{\max}$.
#
# Do not test your function only at the beginning, in the middle and at the end of the decay: at these three steps a
# wrong straight line gives the same rates as the cosine. And think about steps after $T$: people train on for "just a
# few more steps", but after $T$ a cosine rises again.


# %% solution="5.8"
def lr_at(step: int, max_lr: float, min_lr: float, warmup: int, total: int) -> float:
    """The learning rate of one step: linear warm-up from 0, then cosine decay, then constant.

    Args:
        step: the number of the step, an int, 0 for the first one; it may be larger than `total`.
        max_lr: the rate at the end of the warm-up.
        min_lr: the rate from step `total` on.
        warmup: the number of steps of warm-up; 0 for none.
        total: the step at which the decay ends; greater than `warmup`.

    Returns:
        The learning rate, a Python float.

    Example:
        >>> [round(lr_at(s, max_lr=0.5, min_lr=0.1, warmup=10, total=100), 4) for s in (0, 5, 10, 30, 100, 130)]
        [0.0, 0.25, 0.5, 0.4532, 0.1, 0.1]
    """
    ### BEGIN SOLUTION
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    progress = (step - warmup) / (total - warmup)
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * progress))
    ### END SOLUTION


# %% [markdown] hints="5.8"
# 1. Sketch the curve for 10 steps of warm-up and 100 in all, and mark the steps 0, 5, 10, 55, 100 and 130 before you
#    write code.
# 2. Write the decay with $x = \frac{s - W}{T - W}$, which runs from 0 to 1; then
#    $\eta = \eta_{\min} + \frac12(\eta_{\max} - \eta_{\min})(1 + \cos \pi x)$.
# 3. Three cases, each with its own return: before the end of the warm-up, from the last step on, and in between. For
#    the one in between, first compute how much of the decay is done, as a number from 0 to 1.

# %% [markdown] solved="5.8"
# **Why it works.** Small first steps give Adam's averages time to fill. The cosine falls slowly, then fast, then
# slowly, and the last case keeps it from rising again.
#
# **In models.** Llama 2 warmed up for 2,000 steps and then decayed along a cosine to a tenth of its highest rate.
#
# **In PyTorch.** `torch.optim.lr_scheduler.CosineAnnealingLR` is the decay; `LinearLR`, beside it, can warm up.
#
# **Next.** 5.14 is a loop that does not listen to its schedule.

# %% [markdown] exercise="5.14" objective="Find a bug from its symptom: a log that contradicts itself"
# ## 5.14 Find the bug: a log that contradicts itself
#
# `broken_warm_up` trains with a learning rate that changes from step to step. It gets a `schedule`: a function that
# takes the number of a step and returns the learning rate of this step, such as `lambda step: 0.1 * step`. It returns a
# *log*, a list with a pair for each step: the learning rate, and the loss before the step.
#
# Somebody gave it the same 30 examples in each step and a schedule that begins with 0 and rises by 0.02 a step. This
# was the log:
#
# | step | 0 | 1 | 2 | 3 | 4 | 5 |
# |---|---|---|---|---|---|---|
# | learning rate | 0 | 0.02 | 0.04 | 0.06 | 0.08 | 0.10 |
# | loss | 2.572 | 1.330 | 0.721 | 0.420 | 0.271 | 0.197 |
#
# The rates are those of the schedule, and the losses fall as one would wish. But these rates cannot have given these
# losses. How far does a step with the learning rate 0 go? So what must the loss of step 1 be? And in which steps should
# the loss fall most?
#
# One more thing to know: an optimizer may hold its parameters in several *groups*, each with a learning rate of its
# own. `opt.param_groups` is the list of these groups; each group is a dict, with its learning rate under `"lr"`. Most
# optimizers have a single group.


# %%
def broken_warm_up(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
    schedule: Callable[[int], float],
) -> list[tuple[float, float]]:
    """Training with a learning rate that changes, with a bug."""
    log = []
    lr = opt.param_groups[0]["lr"]
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log


# %% solution="5.14"
def repaired_warm_up(
    net: nn.Module,
    opt: torch.optim.Optimizer,
    batches: list[tuple[Float[Tensor, "n D"], Float[Tensor, "n K"]]],
    schedule: Callable[[int], float],
) -> list[tuple[float, float]]:
    """A step of the optimizer for each batch, with the learning rate that the schedule has for this step.

    The first batch is step 0. Each step uses the gradient of its own batch; before the call every `.grad` is None.

    Args:
        net: maps n inputs to outputs of shape (n, K); it is in training mode, its parameters require grad.
        opt: the optimizer of the network's parameters, one of PyTorch's. In each step, all of its groups must have the
            schedule's rate, whatever rate they had before the call.
        batches: pairs of inputs and targets. The numbers of examples may differ.
        schedule: gives the learning rate of a step.

    Returns:
        The log: for each step a tuple of its learning rate and the mean squared error of its batch before the step,
        both Python floats.

    Example:
        >>> net = nn.Linear(1, 1)
        >>> net.load_state_dict({"weight": torch.zeros(1, 1), "bias": torch.zeros(1)})
        <All keys matched successfully>
        >>> opt = torch.optim.SGD(net.parameters(), lr=0.5)
        >>> batch = torch.tensor([[1.0]]), torch.tensor([[2.0]])
        >>> repaired_warm_up(net, opt, [batch, batch, batch], lambda step: 0.125 * step)
        [(0.0, 4.0), (0.125, 4.0), (0.25, 1.0)]
        >>> net.weight.detach(), net.bias.detach()
        (tensor([[1.]]), tensor([1.]))
    """
    ### BEGIN SOLUTION
    log = []
    for step, (X, y) in enumerate(batches):
        lr = schedule(step)
        for group in opt.param_groups:
            group["lr"] = lr
        opt.zero_grad()
        loss = F.mse_loss(net(X), y)
        loss.backward()
        opt.step()
        log.append((lr, loss.item()))
    return log
    ### END SOLUTION


# %% [markdown] hints="5.14"
# 1. The losses are those of a constant learning rate. So the optimizer never hears of the schedule. Which line was
#    meant to tell it?
# 2. Print `lr` and `opt.param_groups[0]["lr"]` side by side, right before the optimizer's step. Which of the two
#    changes, and which of the two does the optimizer read?
# 3. The assignment `lr = ...` gives a name to another number; nothing that had the old number notices. It is as in 5.1.
#    Before each step, write the new rate into the dict of every group.

# %% [markdown] solved="5.14"
# **Why it works.** The optimizer reads the rate in its own groups. Giving a local name another number does not change
# the dict from which the name got its first number; only writing to the dict's entry does.
#
# **In models.** Groups have their own settings: weights decay, biases and norms often do not. So a schedule goes
# through all of them.
#
# **In PyTorch.** `torch.optim.lr_scheduler.LambdaLR` writes into the groups for you, and its `get_last_lr` reads what
# is really there. Log that.
#
# **Next.** 5.9 feeds the loop.

# %% [markdown] exercise="5.9" objective="Draw mini-batches that hold every example once in an epoch"
# ## 5.9 Mini-batches
#
# An *epoch* is one pass through all examples. It is cut into mini-batches of $B$ examples:
#
# $$ \underbrace{B + B + \dots + B}_{\lfloor N/B \rfloor \text{ times}} + (N \bmod B) = N $$
#
# If $N$ is not a multiple of $B$, the last batch holds what is left over: it is smaller, and you must not drop it.
#
# The examples must come in a new random order in each epoch, and every order must have the same chance. If they were
# sorted, say all texts of one author first, each batch would pull the network toward its own author and undo what the
# batches before did.
#
# Inputs and labels are two tensors, and example $i$ is row $i$ in both. They have to be shuffled *together*; otherwise
# nothing crashes and nothing is learned. The originals must keep their order, since they may be needed elsewhere.
#
# Randomness in an experiment has to be repeatable. A `torch.Generator` is a source of random numbers with a state of
# its own. Whoever starts it with the same *seed* (a whole number) gets the same orders again; and because the state
# changes with every number drawn, the next epoch gets a different order. So use the generator that you are given, as it
# is, and no other source.
#
# PyTorch's `DataLoader` does this and more. It is off limits here, and so are its samplers (which choose the order) and
# `random_split`: you should see once how simple it is.


# %% solution="5.9"
def minibatches(
    X: Float[Tensor, "N D"], y: Int[Tensor, "N"], size: int, generator: torch.Generator
) -> Iterable[tuple[Float[Tensor, "n D"], Int[Tensor, "n"]]]:
    """The mini-batches of one epoch, in random order: every example exactly once, with its own label.

    Args:
        X: the inputs, one example a row; not changed.
        y: the labels, one for each row of X; not changed.
        size: the number of examples of a batch. The last batch holds the rest if N is not a multiple of it.
        generator: where all randomness comes from, a generator on the CPU. Do not seed it here, and do not use another
            one.

    Returns:
        Pairs (inputs, labels) of shapes (n, D) and (n,) with n = size except for the last batch: a list, or anything
        else that can be looped over.

    Example:
        >>> X, y = torch.tensor([[1.0], [2.0], [3.0], [4.0], [5.0]]), torch.tensor([10, 20, 30, 40, 50])
        >>> batches = list(minibatches(X, y, 2, torch.Generator().manual_seed(0)))
        >>> [len(labels) for _, labels in batches]
        [2, 2, 1]
        >>> sorted(int(label) for _, labels in batches for label in labels)
        [10, 20, 30, 40, 50]
    """
    ### BEGIN SOLUTION
    order = torch.randperm(len(X), generator=generator)
    return [(X[rows], y[rows]) for rows in order.split(size)]
    ### END SOLUTION


# %% [markdown] hints="5.9"
# 1. Do not move the examples about; draw up a random list of row numbers instead. What can one such list do for two
#    tensors?
# 2. A random order of $0, 1, \dots, N - 1$ comes from `torch.randperm`, which takes a generator. Batch $k$ holds the
#    entries from $kB$ up to, but not including, $\min\bigl((k + 1)B, N\bigr)$ of this order.
# 3. Draw one order with the given generator. Cut it into pieces of the wanted size, the last one as long as what is
#    left. For each piece, pick its rows from the inputs and the same rows from the labels.

# %% [markdown] solved="5.9"
# **Why it works.** One random order of row numbers serves inputs and labels, so pairs stay together. Cut into pieces,
# it uses every example exactly once.
#
# **In models.** Pre-training rarely has epochs: there is so much text that most of it is read about once. Fine-tuning
# goes through its examples like this, a few times.
#
# **In PyTorch.** `torch.utils.data.DataLoader` also loads in parallel.
#
# **Next.** 5.10 measures what was learned.

# %% [markdown] exercise="5.10" objective="Evaluate in evaluation mode, without a graph, weighted by examples"
# ## 5.10 Measuring without disturbing
#
# While a network trains, its loss is measured from time to time on examples it does not learn from. Measure it in
# *evaluation mode*, the mode in which the network will be used. Afterwards everything must be as before.
#
# A module has a switch, `net.training`: its method `train` makes it True, its method `eval` makes it False, in all
# parts of the module. In training mode dropout sets a part of the numbers between the layers to zero, at random; in
# evaluation mode it lets everything through (2.11). If you forget the switch, the loss is that of a network with part
# of its numbers missing, and differs from call to call. If you do not put it *back*, the rest of the training runs
# without dropout, and nobody notices. Put it back to what it was, which need not be training mode.
#
# Autograd would record a graph for a backward pass that never comes. That costs time and a lot of memory, so switch the
# recording off, but only for the measurement.
#
# Finally the mean. The examples come in batches, and the last batch is often smaller:
#
# $$ L = \frac{\sum_j n_j L_j}{\sum_j n_j} \ne \frac{1}{k}\sum_{j=1}^{k} L_j $$
#
# The left side is the mean over all examples. The right side takes the mean of each batch, and then the mean of these
# $k$ numbers: there, an example in a small batch counts more than one in a large batch, and the result depends on how
# the data happened to be cut.


# %% solution="5.10"
def evaluate(net: nn.Module, loader: Iterable[tuple[Float[Tensor, "n D"], Int[Tensor, "n"]]]) -> float:
    """Mean cross-entropy of the network, in evaluation mode, over all examples of all batches.

    Builds no autograd graph. Afterwards the network is in the mode in which it came, training or evaluation, and
    autograd records as before.

    Args:
        net: maps n inputs to outputs (logits) of shape (n, C); all of its parts are in the same mode.
        loader: the batches, at least one, pairs of inputs and right classes (int64). The numbers of examples may
            differ. It need not be a list: it may be a Python generator, which has no length, and which
            you can loop over only once.

    Returns:
        The mean over all examples, a Python float.

    Example:
        >>> net = nn.Linear(1, 2)
        >>> net.load_state_dict({"weight": torch.tensor([[1.0], [0.0]]), "bias": torch.zeros(2)})
        <All keys matched successfully>
        >>> X, y = torch.tensor([[0.0], [1.0], [2.0]]), torch.tensor([0, 0, 1])
        >>> round(evaluate(net, [(X[:2], y[:2]), (X[2:], y[2:])]), 4), net.training
        (1.0444, True)
    """
    ### BEGIN SOLUTION
    was_training = net.training
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum").item()
            count += len(y)
    net.train(was_training)
    return total / count
    ### END SOLUTION


# %% [markdown] hints="5.10"
# 1. Make a list of everything about the network and about autograd that is different while you measure, and of what has
#    to be as before afterwards.
# 2. $L = \sum_j n_j L_j \big/ \sum_j n_j$, where $n_j L_j$ is the sum of the losses of the examples in batch $j$.
# 3. Note the network's mode and switch it to evaluation. With autograd off, go through the batches and keep two running
#    numbers: the sum of all losses and the number of examples. Put the noted mode back and return the quotient.

# %% [markdown] solved="5.10"
# **Why it works.** Evaluation mode measures the network that will be used, and one division at the end gives every
# example the same weight. What was switched is switched back.
#
# **In models.** The loss on text that a model did not learn from is how pre-training runs are compared. Its exponential
# is the perplexity of 6.4.
#
# **In PyTorch.** `torch.no_grad` stops the recording for as long as its block runs.
#
# **Next.** Assignment 06 trains a GPT of your own.

# %% [markdown]
# ## All together
#
# With your functions, and with AdamW from `torch.optim`, the training of a real model reads like this:
#
# ```python
# opt = torch.optim.AdamW(net.parameters(), weight_decay=0.1)
# step = 0
# while step < total:
#     for X, y in minibatches(X_train, y_train, 32, generator):
#         for group in opt.param_groups:
#             group["lr"] = lr_at(step, max_lr, min_lr, warmup, total)
#         loss = train_step(net, opt, X, y)
#         step += 1
#     print(step, loss, evaluate(net, [(X_test, y_test)]))
# ```
#
# (`opt.param_groups` is where an optimizer keeps its learning rate.) The call of `clip_gradients` belongs inside
# `train_step`; you know between which two lines. In assignment 06 you write such a loop once more, around a small GPT
# of your own.

# %% [markdown] picture="below"
# ## What your functions draw
#
# First your `sgd_step` against your `adam_step`, each with three learning rates, on weights whose gradients differ by a
# factor of about 30. Then the paths of these two and of `momentum_step` through a narrow valley. With SGD, no rate
# suits all weights: if it is large enough for weights with small gradients, what happens to those with large gradients?
#
# In a notebook, run the next cell to draw the picture. In a terminal, `pytest` and `gradlings watch` (which tests your
# file whenever you save it) write it as `losses.png` beside this file when 5.10 is right. There are no points for it.
# If one of the functions is not right yet, a sentence names it.
