"""The checks of assignment 05: update rules against those of torch.optim, and what belongs to a training loop.

The functions `sgd`, `adam` and `adamw` are what the steps of torch.optim.SGD, Adam and AdamW call. The classes would first
import PyTorch's compiler, which takes longer than all checks of this assignment.
"""

import itertools

import torch
from torch import nn
from torch.nn import functional as F
from torch.optim.adam import adam
from torch.optim.adamw import adamw
from torch.optim.sgd import sgd

from gradlings import agree, exercise, floats, leave_picture, satisfies
from gradlings.checks.behavior.statistics import implausible

PLAIN = {"weight_decay": 0.0, "dampening": 0.0, "nesterov": False, "maximize": False, "foreach": False}


# a loss is a Python float, and neither a tensor nor an int
LOSS = {"exact_types": True}
# the number of steps first: what was used in them can only be compared if it is right
REPAIRED = {"ordered": True, **LOSS}


def stacked(history):
    """[(p, v) after step 1, (p, v) after step 2, ...] as one tensor for p and one for v."""
    return [torch.stack(rows) for rows in zip(*history, strict=True)]


def some_rates(rng, steps):
    """A different learning rate for each step."""
    return [round(float(rate), 3) for rate in rng.uniform(0.02, 0.3, steps)]


# 5.1


def torch_sgd(params, grads, lr):
    params, history = [p.clone() for p in params], []
    for gradients, rate in zip(grads, lr, strict=True):
        there = [i for i, g in enumerate(gradients) if g is not None]
        nothing = [None] * len(there)
        sgd([params[i] for i in there], [gradients[i] for i in there], nothing, momentum=0.0, lr=rate, **PLAIN)
        history.append([p.clone() for p in params])
    return {f"params[{i}]": rows for i, rows in enumerate(stacked(history))} | {"all require grad": True}


def two_parameters():
    """Two steps with a vector and a matrix; in the first, the vector has no gradient."""
    params = [floats([1.0, -2.0, 0.5]), floats([[3.0, 0.4], [-0.7, 1.2]])]
    grads = [
        [None, floats([[0.6, 0.2], [1.0, -0.3]])],
        [floats([0.4, -1.0, 2.0]), floats([[-0.1, 0.8], [0.5, 0.7]])],
    ]
    return params, grads, [0.1, 0.03]


def random_parameters(rng):
    rows, columns, steps = rng.sizes(2, 4, 3)
    params = [rng.normal(rows, columns), rng.normal(rows), rng.normal()]
    grads = [[rng.normal(*p.shape) for p in params] for _ in range(steps)]
    grads[rng.size(0, steps - 1)][rng.size(0, 1)] = None
    return params, grads, some_rates(rng, steps)


@exercise("5.1", "sgd_step", points=4, minutes=10, difficulty=1, forbids="optimizers", builds_on=("3.6", "4.10"))
class TestSgdStep:
    def test_steps(self, student, probes):
        """the parameters themselves after several steps, where some gradients are None"""
        one_step = ([floats([1.0, 2.0])], [[floats([0.5, -0.5])]], [0.1])
        two_steps = ([floats([1.0, 2.0])], [[floats([0.5, -0.5])], [floats([0.2, 0.8])]], [0.1, 0.2])
        no_gradient = ([floats([1.0]), floats([3.0, 2.0])], [[None, floats([0.6, 0.2])]], [0.1])
        ladder = probes([one_step, two_steps, no_gradient, two_parameters()], random=random_parameters, n=3)
        agree(student.through("sgd_steps"), ladder, torch_sgd)


# 5.2


def torch_momentum(p, g, v, lr, mu):
    """Parameter and velocity after each step, one row per step."""
    p, v, history = p.clone(), v.clone(), []
    for gradient, rate in zip(g, lr, strict=True):
        sgd([p], [gradient], [v], momentum=mu, lr=rate, **PLAIN)
        history.append((p.clone(), v.clone()))
    return stacked(history)


def torch_parameter(p, g, v, lr, mu):
    return torch_momentum(p, g, v, lr, mu)[0]


def torch_velocity(p, g, v, lr, mu):
    return torch_momentum(p, g, v, lr, mu)[1]


def momentum_ladder(probes):
    one = (floats([1.0]), floats([[0.5], [0.2], [-0.1]]), floats([0.0]), [0.1, 0.1, 0.02], 0.9)
    gradients = floats([[0.3, -1.0], [0.5, 0.4], [-0.2, 0.9], [1.1, -0.6], [0.7, 0.1], [-0.4, 0.8]])
    two = (floats([1.0, -2.0]), gradients, floats([0.0, 0.0]), [0.1, 0.1, 0.05, 0.2, 0.02, 0.01], 0.9)
    return probes([one, two], random=momentum_on_its_way, n=3)


def momentum_on_its_way(rng):
    """Five steps of a parameter that already has a velocity."""
    rows, columns = rng.sizes(1, 3, 2)
    mu = round(float(rng.uniform(0.5, 0.95)), 2)
    return rng.normal(rows, columns), rng.normal(5, rows, columns), rng.normal(rows, columns), some_rates(rng, 5), mu


@exercise("5.2", "momentum_step", points=6, minutes=15, difficulty=1, forbids="optimizers", builds_on=("5.1",))
class TestMomentumStep:
    def test_velocity(self, student, probes):
        """the velocity after each step"""
        agree(student.through("momentum_v"), momentum_ladder(probes), torch_velocity)

    def test_parameter(self, student, probes):
        """the parameter after each step, while the learning rate changes"""
        agree(student.through("momentum_p"), momentum_ladder(probes), torch_parameter)


# 5.3


def torch_adam(p, g, lr, betas, step=adam, **options):
    """Parameter, count and averages after each step of Adam or AdamW, one row per step."""
    state = {"t": 0, "m": torch.zeros_like(p), "v": torch.zeros_like(p)}
    return torch_adam_from(state, p, g, lr, betas, step, **options)


def torch_adam_from(state, p, g, lr, betas, step=adam, **options):
    """The same from a state on."""
    p, m, v, t = p.clone(), state["m"].clone(), state["v"].clone(), torch.tensor(float(state["t"]))
    options |= {"amsgrad": False, "maximize": False, "foreach": False, "beta1": betas[0], "beta2": betas[1]}
    history = []
    for gradient, rate in zip(g, lr, strict=True):
        step([p], [gradient], [m], [v], [], [t], lr=rate, **options)
        history.append((p.clone(), t.clone(), m.clone(), v.clone()))
    return stacked(history)


def torch_adam_parameter(p, g, lr, betas, eps):
    return torch_adam(p, g, lr, betas, eps=eps, weight_decay=0.0)[0]


def torch_adam_state(p, g, lr, betas, eps):
    _, t, m, v = torch_adam(p, g, lr, betas, eps=eps, weight_decay=0.0)
    return {"t": t.int().tolist(), "m": m, "v": v}


def torch_adam_later(p, g, state, lr):
    p, _, m, v = torch_adam_from(state, p, g, lr, (0.9, 0.999), eps=1e-8, weight_decay=0.0)
    return {"p": p, "m": m, "v": v}


def a_state(rng, shape, t):
    """What Adam may remember after t steps with gradients of the size of the default eps."""
    return {"t": t, "m": 1e-8 * rng.normal(*shape), "v": 1e-16 * rng.uniform(0.1, 1.0, *shape)}


def later_run(rng):
    """Steps from any step on, early or late."""
    n, steps = rng.sizes(2, 5, 2)
    g = 1e-8 * over_four_decades(rng, steps, n)
    return rng.normal(n), g, a_state(rng, (n,), rng.choice([10, 100, 1000])), some_rates(rng, steps)


def later_runs():
    """The first steps of all, then steps after 49 others, and after 2000."""
    p, g, lr = floats([1.0, -2.0]), floats([[3e-8, -2e-6], [-1e-8, 1e-8]]), [0.1, 0.05]
    m, v = floats([2e-8, -1e-8]), floats([4e-16, 9e-16])
    before = [{"t": 0, "m": 0 * m, "v": 0 * v}, {"t": 49, "m": m, "v": v}, {"t": 2000, "m": m, "v": v}]
    return [(p, g, state, lr) for state in before]


def over_four_decades(rng, steps, n):
    """Gradients of either sign from 0.01 to 100."""
    signs = 2.0 * rng.integers(0, 2, steps, n) - 1
    return signs * 10 ** rng.uniform(-2, 2, steps, n)


def adam_run(rng):
    n, steps = rng.sizes(2, 6, 2)
    betas = round(float(rng.uniform(0.7, 0.93)), 3), round(float(rng.uniform(0.96, 0.999)), 3)
    return rng.normal(n), over_four_decades(rng, steps, n), some_rates(rng, steps), betas, 1e-8


def adam_run_with_small_gradients(rng):
    """One gradient is always 0, and eps is of the size of the others."""
    p, gradients, rates, betas, _ = adam_run(rng)
    gradients = gradients / 100
    gradients[:, rng.size(0, len(p) - 1)] = 0.0
    return p, gradients, rates, betas, rng.choice([1e-2, 3e-2])


def short_run():
    return floats([1.0]), floats([[0.5], [-2.0]]), [0.1, 0.05], (0.9, 0.99), 1e-8


def steep_and_flat():
    """Six steps of two numbers whose gradients differ by orders of magnitude."""
    gradients = [[40.0, -0.01], [-3.0, 0.5], [0.05, 8.0], [90.0, -0.2], [-0.6, 30.0], [7.0, 1.5]]
    return floats([2.0, -3.0]), floats(gradients), [0.1, 0.1, 0.05, 0.2, 0.05, 0.01], (0.9, 0.999), 1e-8


@exercise("5.3", "adam_step", points=13, minutes=30, difficulty=3, forbids="optimizers", builds_on=("5.1", "5.2"))
class TestAdamStep:
    def test_state(self, student, probes):
        """what is remembered: the count t and the averages m and v after each step"""
        ladder = probes([short_run(), steep_and_flat()], random=adam_run, n=2)
        agree(student.through("adam_state"), ladder, torch_adam_state)

    def test_parameter(self, student, probes):
        """the parameter after each step, with gradients from 0.01 to 100"""
        # so wide that the place of an eps this small does not matter: the next check is about eps
        ladder = probes([short_run(), steep_and_flat()], random=adam_run, n=3)
        agree(student.through("adam_p"), ladder, torch_adam_parameter, rtol=1e-5, atol=1e-5)

    def test_small_gradients(self, student, probes):
        """the same with gradients as small as eps and of 0; with the default settings; in late steps"""
        small = (floats([1.0]), floats([[0.05], [-0.01]]), [0.1, 0.05], (0.9, 0.99), 0.01)
        zero = (floats([1.0, -1.0]), floats([[0.0, 0.03], [0.0, -0.01]]), [0.1, 0.05], (0.9, 0.999), 0.01)
        ladder = probes([small, zero], random=adam_run_with_small_gradients, n=3)
        agree(student.through("adam_p"), ladder, torch_adam_parameter)
        ladder = probes(later_runs(), random=later_run, n=2)
        agree(student.through("adam_later"), ladder, torch_adam_later, float32=False, atol=1e-20)


# 5.4


def torch_adamw(p, g, lr, betas, eps, wd):
    p, _, m, v = torch_adam(p, g, lr, betas, step=adamw, eps=eps, weight_decay=wd)
    return {"p": p, "m": m, "v": v}


def torch_adamw_later(p, g, state, lr):
    p, _, m, v = torch_adam_from(state, p, g, lr, (0.9, 0.999), adamw, eps=1e-8, weight_decay=0.01)
    return {"p": p, "m": m, "v": v}


def adamw_run(rng):
    p, gradients, rates, betas, _ = adam_run(rng)
    decay = round(float(rng.uniform(0.05, 0.3)), 2)
    return p + p.sign(), gradients, rates, betas, rng.choice([1e-8, 1e-3]), decay


@exercise("5.4", "adamw_step", points=4, minutes=10, difficulty=2, forbids="optimizers", builds_on=("5.3",))
class TestAdamwStep:
    def test_steps(self, student, probes):
        """the parameter and both averages after each step, with settings that are given and with the default ones"""
        one = (floats([2.0]), floats([[0.5], [-2.0]]), [0.5, 0.2], (0.9, 0.99), 1e-8, 0.1)
        *start, _ = steep_and_flat()
        ladder = probes([one, (*start, 1e-4, 0.2)], random=adamw_run, n=3)
        agree(student.through("adamw"), ladder, torch_adamw)
        ladder = probes(later_runs(), random=later_run, n=2)
        agree(student.through("adamw_later"), ladder, torch_adamw_later, float32=False, atol=1e-20)


# 5.5 and 5.6: a linear layer with D inputs and C classes, its weight W of shape (C, D) and its bias b


def both(W, b):
    """All numbers of the weight, and then those of the bias."""
    return torch.cat([W.flatten(), b])


def torch_train_steps(W, b, data, lr):
    W, b, losses, history = W.clone(), b.clone(), [], []
    for X, y in data:
        leaves = [W.clone().requires_grad_(), b.clone().requires_grad_()]
        loss = F.cross_entropy(F.linear(X, *leaves), y)
        gradients = torch.autograd.grad(loss, leaves)
        sgd([W, b], list(gradients), [None, None], momentum=0.0, lr=lr, **PLAIN)
        losses.append(loss.item())
        history.append((both(*gradients), both(W, b)))
    used, after = stacked(history)
    return {"step count": [1] * len(data), "gradient used": used, "loss": losses, "parameters": after}


def two_classes():
    """One input, two classes, two examples that the layer takes for the other class."""
    return floats([[0.5], [-0.5]]), floats([0.2, 0.0]), floats([[1.0], [2.0]]), torch.tensor([1, 0])


def three_classes():
    """Two inputs, three classes, eight examples."""
    W, b = floats([[0.5, -0.3], [-0.2, 0.8], [0.1, 0.4]]), floats([0.1, -0.2, 0.3])
    X = [[1.0, -0.5], [0.3, 2.0], [-1.2, 0.7], [0.4, 1.5], [-0.8, -1.1], [2.0, 0.2], [0.9, -1.6], [-0.1, 0.6]]
    return W, b, floats(X), torch.tensor([2, 0, 0, 1, 2, 0, 1, 1])


def cut(X, y, *sizes):
    return list(zip(X.split(sizes), y.split(sizes), strict=True))


def random_layer(rng, sizes):
    """A layer and batches of these sizes."""
    d, c = rng.sizes(2, 4, 2)
    data = [(rng.normal(n, d), rng.integers(0, c, n)) for n in sizes]
    return rng.normal(c, d), rng.normal(c), data, round(float(rng.uniform(0.2, 1.0)), 2)


def random_batch(rng):
    return random_layer(rng, (rng.size(2, 5),))


def random_batches(rng):
    return random_layer(rng, rng.sizes(2, 6, 3))


@exercise("5.5", "train_step", points=9, minutes=20, difficulty=2, builds_on=("4.6", "4.10", "5.1"))
class TestTrainStep:
    def test_one_step(self, student, probes):
        """one batch: one step of the optimizer, the loss, and where the parameters go"""
        W, b, X, y = two_classes()
        W3, b3, X3, y3 = three_classes()
        ladder = probes([(W, b, [(X, y)], 0.5), (W3, b3, cut(X3, y3, 8), 0.3)], random=random_batch, n=3)
        agree(student.through("train_steps"), ladder, torch_train_steps, ordered=True, **LOSS)

    def test_three_steps(self, student, probes):
        """three batches, one after the other: each step uses the gradient of its own batch"""
        W, b, X, y = two_classes()
        W3, b3, X3, y3 = three_classes()
        same_batch = (W, b, [(X, y)] * 3, 0.5)
        ladder = probes([same_batch, (W3, b3, cut(X3, y3, 4, 2, 2), 0.3)], random=random_batches, n=3)
        agree(student.through("train_steps"), ladder, torch_train_steps, ordered=True, **LOSS)


# 5.11


def by_name(sizes):
    shapes = enumerate(itertools.pairwise(sizes))
    return {name: shape for i, (a, b) in shapes for name, shape in layer_names(i, [b, a], [b])}


def layer_names(i, weight, bias):
    return [(f"layers.{i}.weight", weight), (f"layers.{i}.bias", bias)]


def layer_after_layer(weights, x):
    """Products written out; where a number between two layers is negative, 0 stands in its place."""
    for W, b in weights[:-1]:
        x = torch.einsum("nd,kd->nk", x, W) + b
        x = torch.where(x > 0, x, 0.0)
    W, b = weights[-1]
    return torch.einsum("nd,kd->nk", x, W) + b


def two_networks(weights, x):
    outputs = layer_after_layer(weights, x)
    names = sorted(name for i in range(len(weights)) for name, _ in layer_names(i, None, None))
    return {
        "what came back": "bytes",
        "torch.load finds": names,
        "outputs of the second": outputs,
        "outputs of the first": outputs,
    }


def names_and_mean(mean):
    names = ["bias", "num_batches_tracked", "running_mean", "running_var", "weight"]
    return {"torch.load finds": names, "running mean of the second": mean}


def refused_if_other(saved, wanted):
    return "no error" if saved == wanted else "RuntimeError"


def code_refused(sizes):
    return "UnpicklingError"


def two_layers():
    """Weights of layers from 2 to 3 and from 3 to 1; one of the three numbers between them is negative for each example."""
    first = floats([[1.0, -1.0], [0.5, 2.0], [-1.5, 0.25]]), floats([0.5, -0.25, 0.75])
    return [first, (floats([[2.0, -3.0, 1.0]]), floats([-0.5]))], floats([[1.0, 0.5], [-1.0, 2.0]])


def random_weights(rng, sizes, n):
    """Weights of a network of these sizes, and inputs for it."""
    weights = [(rng.normal(b, a), rng.normal(b)) for a, b in itertools.pairwise(sizes)]
    return weights, rng.normal(n, sizes[0])


def random_mlp(rng):
    return random_weights(rng, rng.sizes(2, 6, rng.size(3, 5)), rng.size(2, 4))


@exercise(
    "5.11",
    "make_mlp",
    "weights_to_bytes",
    "load_weights",
    points=10,
    minutes=25,
    difficulty=2,
    builds_on=("2.9",),
)
class TestMlp:
    def test_parameters(self, student, probes):
        """make_mlp: the names and shapes of its parameters"""
        by_hand = [([3, 5, 2],), ([2, 3],), ([3, 4, 6, 1],)]
        agree(
            student.through("mlp_parameters"), probes(by_hand, random=lambda rng: (rng.sizes(1, 6, 4),), n=2), by_name
        )

    def test_outputs(self, student, probes):
        """make_mlp: its outputs, with given weights"""
        ladder = probes([two_layers()], random=random_mlp, n=3)
        agree(student.through("mlp_outputs"), ladder, layer_after_layer)

    def test_save_and_load(self, student, probes):
        """weights_to_bytes and load_weights: a second network computes what the first one does; buffers, too"""
        ladder = probes([two_layers()], random=random_mlp, n=2)
        agree(student.through("saved_and_loaded"), ladder, two_networks, ordered=True, exact_types=True)
        agree(student.through("buffers_carried"), probes([(floats([0.5, -2.0, 3.0]),)]), names_and_mean, ordered=True)

    def test_other_files(self, student, probes):
        """load_weights: weights of other sizes or of another depth are refused, and so is code"""
        two, three = [3, 5, 2], [3, 5, 2, 4]
        by_hand = [(two, two), (two, [3, 5, 3]), (two, three), (three, two), (two, [3, 2]), ([3, 5, 1], two)]
        agree(student.through("loaded_into_other"), probes(by_hand), refused_if_other)
        agree(student.through("loaded_with_code"), probes([(two,)]), code_refused)


# 5.6


def torch_step_on_all(W, b, data, lr, old):
    X, y = (torch.cat(parts) for parts in zip(*data, strict=True))
    alone = {name: rows[0] for name, rows in torch_train_steps(W, b, [(X, y)], lr).items()}
    return {**alone, "largest batch in the net": max(len(labels) for _, labels in data)}


def with_old_gradients(rng, probe):
    return *probe, round(float(rng.uniform(0.1, 0.9)), 2)


def equal_micro_batches(rng):
    return with_old_gradients(rng, random_layer(rng, (rng.size(2, 4),) * rng.size(2, 3)))


def unequal_micro_batches(rng):
    return with_old_gradients(rng, random_layer(rng, rng.sizes(1, 5, rng.size(2, 3))))


@exercise("5.6", "accumulate_step", points=8, minutes=20, difficulty=3, builds_on=("5.5",))
class TestAccumulateStep:
    def test_equal_sizes(self, student, probes):
        """micro-batches of equal size, with old gradients still in place"""
        W, b, X, y = two_classes()
        two_two = cut(torch.cat([X, X + 2]), torch.cat([y, y]), 2, 2)
        ladder = probes([(W, b, two_two, 0.5, 0.3)], random=equal_micro_batches, n=3)
        agree(student.through("accumulated_step"), ladder, torch_step_on_all, ordered=True, **LOSS)

    def test_unequal_sizes(self, student, probes):
        """micro-batches of 2 examples and 1, of 4, 4 and 2, and of other sizes"""
        W, b, X, y = two_classes()
        W3, b3, X3, y3 = three_classes()
        X3, y3 = torch.cat([X3, X3[1:3] + 1]), torch.cat([y3, y3[1:3]])
        two_one = (W, b, cut(torch.cat([X, X[:1] + 2]), torch.cat([y, y[:1]]), 2, 1), 0.5, 0.3)
        four_four_two = (W3, b3, cut(X3, y3, 4, 4, 2), 0.3, 0.2)
        ladder = probes([two_one, four_four_two], random=unequal_micro_batches, n=3)
        agree(student.through("accumulated_step"), ladder, torch_step_on_all, ordered=True, **LOSS)


# 5.12: a linear layer with D inputs and K outputs, and the mean squared error


def gradient_by_hand(W, b, X, y):
    """The loss of a batch and its gradient, of W and then of b, written out."""
    error = X @ W.T + b - y
    slope = 2 * error / error.numel()
    return error.square().mean().item(), both(slope.T @ X, slope.sum(0))


def epochs_by_hand(W, b, data, lr, epochs, shortened=lambda gradient: gradient):
    p, used, losses, after = both(W, b), [], [], []
    for _ in range(epochs):
        total = 0.0
        for X, y in data:
            loss, gradient = gradient_by_hand(p[: W.numel()].reshape(W.shape), p[W.numel() :], X, y)
            used.append(shortened(gradient))
            p = p - lr * used[-1]
            total += loss * len(y)
        losses.append(total / sum(len(y) for _, y in data))
        after.append(p)
    return {
        "step count": len(used),
        "gradients used": torch.stack(used),
        "loss": losses,
        "parameters": torch.stack(after),
    }


def right_epochs(W, b, data, lr, epochs):
    return epochs_by_hand(W, b, data, lr, epochs)


def ten_examples():
    """Three inputs, two outputs."""
    W, b = floats([[0.5, -0.3, 0.2], [-0.2, 0.8, 0.1]]), floats([0.1, -0.2])
    X = [[1, -0.5, 0.3], [2, -1.2, 0.7], [0.4, 1.5, -0.8], [-1.1, 2, 0.2], [0.9, -1.6, -0.1]]
    y = [[1, 0.5], [-2, 1], [0.5, 3], [1.5, -1], [2, 0.2]]
    return W, b, torch.cat([floats(X), floats(X) - 0.6]), torch.cat([floats(y), 1 - floats(y)])


def one_weight():
    """One input, one output, two examples."""
    return floats([[0.5]]), floats([0.0]), floats([[1.0], [2.0]]), floats([[1.0], [3.0]])


def random_regression(rng, sizes):
    """A layer, and batches of these sizes with targets for it."""
    d, k = rng.sizes(2, 3, 2)
    return rng.normal(k, d), rng.normal(k), [(rng.normal(n, d), rng.normal(n, k)) for n in sizes]


def random_epochs(rng):
    W, b, data = random_regression(rng, rng.sizes(1, 4, 3))
    return W, b, data, round(float(rng.uniform(0.02, 0.1)), 3), 2


@exercise("5.12", "repaired_epoch", points=6, minutes=15, difficulty=2, builds_on=("5.5",))
class TestRepairedEpoch:
    def test_one_epoch(self, student, probes):
        """one epoch of one batch, and of several: a step for each, with the gradient of this batch"""
        W, b, X, y = one_weight()
        W3, b3, X3, y3 = ten_examples()
        hand_made = [(W, b, [(X, y)], 0.1, 1), (W, b, cut(X, y, 1, 1), 0.1, 1), (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 1)]
        agree(
            student.through("repaired_epochs"), probes(hand_made, random=random_epochs, n=2), right_epochs, **REPAIRED
        )

    def test_three_epochs(self, student, probes):
        """three epochs, one after the other"""
        W, b, X, y = one_weight()
        W3, b3, X3, y3 = ten_examples()
        hand_made = [(W, b, [(X, y)], 0.1, 3), (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 3)]
        agree(
            student.through("repaired_epochs"), probes(hand_made, random=random_epochs, n=2), right_epochs, **REPAIRED
        )


# 5.7


def clipped_by_torch(params, grads, max_norm):
    """The norm that torch's clip_grad_norm_ gives, and the gradients after it."""
    made = [nn.Parameter(p) for p in params]
    for p, g in zip(made, grads, strict=True):
        p.grad = g
    return nn.utils.clip_grad_norm_(made, max_norm), [p.grad for p in made]


def torch_norm(params, grads, max_norm):
    return clipped_by_torch(params, grads, max_norm)[0]


def torch_clipped(params, grads, max_norm):
    after = {f"grads[{i}]": g for i, g in enumerate(clipped_by_torch(params, grads, max_norm)[1])}
    return {**after, "params as before": True}


def some_gradients(rng):
    """Three parameters of different shapes, one maybe without a gradient; the norm is above 6."""
    a, b, c = rng.sizes(2, 5, 3)
    params = [rng.normal(a, b), rng.normal(c), rng.normal(a)]
    grads = [rng.normal(a, b), 3 * rng.normal(c), None if rng.choice([True, False]) else 0.5 * rng.normal(a)]
    grads[1][0] = rng.choice([-1.0, 1.0]) * rng.uniform(6, 9)
    return params, grads, rng.choice([0.5, 1.5, 2.0, 200.0])


def clipping_ladder(probes):
    """Gradients of the norm 5, 10 and 0, with a maximum far below it, just below it, just above it and far above it."""
    five = [floats([0.5]), floats([-2.0, 1.0])], [floats([3.0]), floats([0.0, -4.0])]
    ten = (
        [floats([[0.7, -0.2], [0.1, 0.9]]), floats([1.0, 2.0]), floats([0.4, 0.8, -0.5])],
        [floats([[5.0, -1.0], [1.0, 3.0]]), None, floats([0.0, 0.0, -8.0])],
    )
    zero = [floats([0.5]), floats([-2.0, 1.0])], [floats([0.0]), floats([0.0, 0.0])]
    limits = [(*five, 2.0), (*five, 100.0), (*ten, 4.0), (*zero, 1.0), (*five, 4.99), (*five, 5.01), (*ten, 9.0)]
    return probes(limits, random=some_gradients)


@exercise("5.7", "clip_gradients", points=8, minutes=20, difficulty=2, forbids="clipping", builds_on=("5.5",))
class TestClipGradients:
    def test_norm(self, student, probes):
        """the norm of all gradients together, as it was before"""
        agree(student.through("norm_of"), clipping_ladder(probes), torch_norm)

    def test_gradients(self, student, probes):
        """the gradients afterwards, where the maximum is below their norm and where it is above"""
        agree(student.through("clipped"), clipping_ladder(probes), torch_clipped, rtol=1e-5, atol=1e-7)


# 5.13


def right_clipped_epochs(W, b, data, lr, max_norm, epochs, groups):
    def shortened(gradient):
        return gradient * min(1.0, max_norm / float(gradient.norm())) if gradient.any() else gradient

    return epochs_by_hand(W, b, data, lr, epochs, shortened)


def random_clipped_epochs(rng):
    """The norm is mostly between 1 and 10."""
    W, b, data, lr, epochs = random_epochs(rng)
    return W, b, data, lr, rng.choice([0.2, 0.7, 1.5, 200.0]), epochs, rng.choice([1, 2])


@exercise("5.13", "repaired_clipped_epoch", points=5, minutes=10, difficulty=1, builds_on=("5.7", "5.12"))
class TestRepairedClippedEpoch:
    def test_epochs(self, student, probes):
        """one epoch and several, with a limit far below the norm, near it, and far above it; also with two groups"""
        W, b, X, y = one_weight()
        W3, b3, X3, y3 = ten_examples()
        hand_made = [
            (W, b, [(X, y)], 0.1, 0.5, 1, 1),
            (W, b, cut(X, y, 1, 1), 0.1, 3.0, 2, 1),
            (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 0.25, 1, 1),
            (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 2.0, 2, 1),
            (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 0.25, 1, 2),
            (W3, b3, cut(X3, y3, 4, 4, 2), 0.05, 100.0, 2, 1),
        ]
        ladder = probes(hand_made, random=random_clipped_epochs, n=3)
        # wide, since PyTorch's clipping adds 1e-6 to the norm
        driver = student.through("repaired_clipped_epochs")
        agree(driver, ladder, right_clipped_epochs, rtol=1e-5, atol=1e-6, **REPAIRED)
        agree(driver, probes([hand_made[-1]]), right_clipped_epochs, **REPAIRED)


# 5.8


def from_table(step, max_lr, min_lr, warmup, total):
    """The schedule read off a table: a ramp, and the falling half of a Hann window as torch makes it."""
    ramp = torch.linspace(0.0, max_lr, warmup + 1, dtype=torch.float64)[:-1]
    window = torch.hann_window(2 * (total - warmup) + 1, periodic=False, dtype=torch.float64)
    decay = min_lr + (max_lr - min_lr) * window[total - warmup :]
    return float(torch.cat([ramp, decay])[min(step, total)])


def a_plan(rng):
    warmup = rng.size(4, 20)
    return (
        round(float(rng.uniform(0.2, 1.0)), 3),
        round(float(rng.uniform(0.01, 0.1)), 3),
        warmup,
        warmup + rng.size(30, 90),
    )


def early(rng):
    plan = a_plan(rng)
    return rng.size(1, plan[2] - 1), *plan


def late(rng):
    """A step in the first or the last third of the decay: a straight line shows there."""
    plan = a_plan(rng)
    third = (plan[3] - plan[2]) // 3
    step = plan[2] + rng.size(4, third - 1) if rng.choice([True, False]) else plan[3] - rng.size(4, third - 1)
    return step, *plan


@exercise("5.8", "lr_at", points=6, minutes=15, difficulty=2, forbids="optimizers")
class TestLrAt:
    def test_warm_up(self, student, probes):
        """the warm-up, from step 0 up to the largest rate"""
        plan = (0.5, 0.1, 10, 100)
        ladder = probes(
            [(5, *plan), (0, *plan), (9, *plan), (10, *plan), (0, 0.6, 0.2, 0, 50), (3, 0.8, 0.1, 4, 12)], random=early
        )
        agree(student.lr_at, ladder, from_table, atol=1e-12)

    def test_decay(self, student, probes):
        """the decay, from the largest rate to the smallest and beyond"""
        plan = (0.5, 0.1, 10, 100)
        hand_made = [(step, *plan) for step in (55, 30, 10, 99, 100, 130)]
        agree(student.lr_at, probes(hand_made, random=late), from_table, atol=1e-12)


# 5.14


def right_warm_up(W, b, data, rates, groups):
    p, log, after = both(W, b), [], []
    for (X, y), rate in zip(data, rates, strict=False):
        loss, gradient = gradient_by_hand(p[: W.numel()].reshape(W.shape), p[W.numel() :], X, y)
        p = p - rate * gradient
        log.append((rate, loss))
        after.append(p)
    return {"step count": len(log), "parameters": torch.stack(after), "log": log}


def random_warm_up(rng):
    """The rates have an entry more than there are batches."""
    W, b, data = random_regression(rng, rng.sizes(1, 4, 3))
    return W, b, data, some_rates(rng, 4), rng.choice([1, 2])


@exercise("5.14", "repaired_warm_up", points=5, minutes=10, difficulty=2, builds_on=("5.8", "5.12"))
class TestRepairedWarmUp:
    def test_steps(self, student, probes):
        """the parameters after each step and the log, while the rate changes; the optimizer has one group or two"""
        W, b, X, y = one_weight()
        W3, b3, X3, y3 = ten_examples()
        batches = cut(X3, y3, 4, 4, 2)
        hand_made = [
            (W, b, [(X, y)], [0.1, 0.0], 1),
            (W, b, [(X, y)] * 3, [0.0, 0.05, 0.1, 0.2], 1),
            (W3, b3, batches, [0.02, 0.04, 0.06, 0.08], 1),
            (W3, b3, batches, [0.0, 0.05, 0.1, 0.15], 2),
        ]
        agree(student.through("warmed_up"), probes(hand_made, random=random_warm_up, n=3), right_warm_up, **REPAIRED)


# 5.9


def whole_epoch(batches, X, y, size):
    """None if the batches are those of one epoch, else what is wrong with them."""
    if not isinstance(batches, list) or not all(is_pair(batch) for batch in batches):
        return "Your function must give pairs (inputs, labels) of tensors, one pair a batch, with as many inputs as labels."
    own_label = {tuple(row): label for row, label in zip(X.tolist(), y.tolist(), strict=True)}
    seen = []
    for inputs, labels in batches:
        if inputs.shape[1:] != X.shape[1:] or labels.dim() != 1 or labels.dtype != y.dtype:
            return "The inputs of a batch must have the shape (n, D), the labels (n,) and the dtype of y."
        for row, label in zip(map(tuple, inputs.tolist()), labels.tolist(), strict=True):
            if row not in own_label:
                return f"A batch holds the inputs {list(row)}, which are no row of X."
            if label != own_label[row]:
                return f"The example {list(row)} came with the label {label}; its own label is {own_label[row]}."
            seen.append(row)
    for row in own_label:
        if seen.count(row) != 1:
            times = "is in no batch" if row not in seen else f"came {seen.count(row)} times in one epoch"
            return f"The example {list(row)} {times}. {sizes_of(batches, X, size)}"
    if [len(labels) for _, labels in batches] != expected_sizes(X, size):
        return sizes_of(batches, X, size)
    return None


def is_pair(batch):
    if not isinstance(batch, list) or len(batch) != 2 or not all(isinstance(part, torch.Tensor) for part in batch):
        return False
    return all(part.dim() > 0 for part in batch) and len(batch[0]) == len(batch[1])


def expected_sizes(X, size):
    return [len(part) for part in torch.arange(len(X)).split(size)]


def sizes_of(batches, X, size):
    sizes, right = (", ".join(map(str, numbers)) for numbers in ([len(b[1]) for b in batches], expected_sizes(X, size)))
    return f"Your batches have the sizes {sizes}; {len(X)} examples in batches of {size} make {right}."


def pairs_stay_together(batches, X, y, size, seed):
    return whole_epoch(batches, X, y, size)


def order_is_random(epochs, X, y, size, seed):
    for batches in epochs.values():
        wrong = whole_epoch(batches, X, y, size)
        if wrong:
            return wrong
    rows = {id_: [X.tolist().index(row) for b in batches for row in b[0].tolist()] for id_, batches in epochs.items()}
    first, second, again = rows.values()
    if first == second:
        return "Two epochs in a row went through the examples in the same order."
    if first != again:
        return "Two generators with the same seed gave two different orders."
    neighbors = [[X.tolist().index(row) for row in inputs.tolist()] for inputs, _ in epochs["epoch 1"]]
    if all(batch == list(range(batch[0], batch[0] + len(batch))) for batch in neighbors):
        return "Each batch holds examples that are neighbors in X: the batches are shuffled, the examples are not."
    return None


def every_order_alike(counts, n, size, epochs, seed):
    """Right code fails this at most 3 * FALSE_ALARM often: a test of each of three tables."""
    if float(counts["row at place"].sum()) != epochs * n:
        return "Some epochs do not go through all examples."
    draws = {"row at place": epochs, "row after row": epochs, "next epoch": epochs // 2}
    for name, table in counts.items():
        share = (
            (1 - torch.eye(n, dtype=torch.float64)) / n
            if name == "row after row"
            else n**-2
            if name == "next epoch"
            else 1 / n
        )
        if wrong := implausible(table, draws[name], share):
            i, j = wrong
            what = {
                "row at place": f"row {i} came at place {j}",
                "row after row": f"row {j} came directly after row {i}",
                "next epoch": f"an epoch began with row {i} and the next one with row {j}",
            }[name]
            expected = draws[name] * float(torch.as_tensor(share).expand(n, n)[wrong])
            return (
                f"{draws[name]} times {n} examples were shuffled, and {int(table[wrong])} times {what}; about {expected:.0f} are "
                "to be expected. Has every order of the rows the same chance, in each epoch anew?"
            )
    return None


def every_move_alike(counts, n, size, epochs, seed):
    """Right code fails this at most FALSE_ALARM often; the bound holds for draws without replacement, too (Hoeffding)."""
    if int(counts.sum()) != epochs * n:
        return "Some epochs do not go through all examples."
    if wrong := implausible(counts, epochs * n // 5, 1 / 5):
        i, j = wrong
        return (
            f"Of {epochs * n // 5} times that one of the rows {n // 5 * i} to {n // 5 * (i + 1) - 1} was placed, "
            f"{int(counts[wrong])} were in fifth {j + 1} of an epoch; about {epochs * n // 25} are to be expected. "
            "Has every order of the rows the same chance?"
        )
    return None


def labeled(n):
    """The examples [1], [2], [3], ... with the labels 10, 20, 30, ..."""
    return torch.arange(1.0, n + 1, dtype=torch.float64)[:, None], 10 * torch.arange(1, n + 1)


def random_data(rng):
    """At least twelve examples, so that two random orders are never the same by chance, and a rest for the last batch."""
    size = rng.size(3, 5)
    n = size * rng.size(4, 5) + rng.size(1, size - 1)
    return rng.normal(n, 2), rng.integers(0, 5, n), size, rng.size(0, 1000)


@exercise("5.9", "minibatches", points=8, minutes=20, difficulty=2, forbids="dataloader")
class TestMinibatches:
    def test_one_epoch(self, student, probes):
        """one epoch: batches of the right sizes, every example once, and with its own label"""
        ladder = probes([(*labeled(4), 3, 0), (*labeled(6), 2, 1), (*labeled(3), 5, 2)], random=random_data)
        satisfies(student.through("one_epoch"), ladder, pairs_stay_together, float32=True)

    def test_order(self, student, probes):
        """another random order in each epoch, each with the same chance, and the same orders again with the same seed"""
        ladder = probes([(*labeled(14), 4, 0)], random=random_data)
        satisfies(student.through("two_epochs"), ladder, order_is_random)
        satisfies(student.through("orders_of_epochs"), probes([(5, 2, 1200, 0)]), every_order_alike)
        satisfies(student.through("moves_in_epochs"), probes([(1000, 300, 60, 0)]), every_move_alike)


# 5.10


def mean_loss(W, data):
    X, y = (torch.cat(parts) for parts in zip(*data, strict=True))
    return F.cross_entropy(F.linear(X, W), y).item()


def mean_loss_and_no_traces(W, data, training):
    loss = mean_loss(W, data)
    modes = {"net.training": training, "dropout.training": training}
    return {"loss": loss, **modes, "graphs built": 0, "autograd on afterwards": True}


def random_batches_of_a_layer(rng):
    W, _, data, _ = random_layer(rng, rng.sizes(2, 6, rng.size(2, 3)))
    return W, data


def random_batches_and_mode(rng):
    return *random_batches_of_a_layer(rng), rng.choice([True, False])


def batches_with_a_rest():
    """Two batches with one input and two classes, and three batches with two inputs and three classes."""
    W, _, X, y = two_classes()
    W3, _, X3, y3 = three_classes()
    return (W, cut(torch.cat([X, X[:1] + 2]), torch.cat([y, y[:1]]), 2, 1)), (W3, cut(X3, y3, 3, 3, 2))


@exercise("5.10", "evaluate", points=8, minutes=20, difficulty=2, builds_on=("2.11", "5.5"))
class TestEvaluate:
    def test_mean_loss(self, student, probes):
        """the mean loss over all examples, with batches of different sizes, in a list or not, and a net with dropout"""
        ladder = probes([*batches_with_a_rest()], random=random_batches_of_a_layer, n=3)
        agree(student.through("evaluated"), ladder, mean_loss, **LOSS)
        ladder = probes([*batches_with_a_rest()], random=random_batches_of_a_layer, n=1)
        agree(student.through("evaluated_in_passing"), ladder, mean_loss, **LOSS)

    def test_no_traces(self, student, probes):
        """the same, and the net is left in the mode in which it came, without a graph"""
        two, three = batches_with_a_rest()
        hand_made = [(*two, True), (*two, False), (*three, True)]
        ladder = probes(hand_made, random=random_batches_and_mode, n=3)
        agree(student.through("evaluated_in_mode"), ladder, mean_loss_and_no_traces, **LOSS)
        leave_picture(student)
