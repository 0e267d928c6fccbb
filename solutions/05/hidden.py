"""Hidden probes of assignment 05: further inputs that submissions meet when they are graded for marks."""

import itertools

import torch

from gradlings import Rng, floats

rng = Rng(105)


def layer(sizes, d, c, lr=0.3):
    """A linear layer with d inputs and c outputs, batches of these sizes, and a learning rate."""
    data = [(rng.normal(n, d), rng.integers(0, c, n)) for n in sizes]
    return rng.normal(c, d), rng.normal(c), data, lr


def net_and_batches(sizes, d, c):
    """The same without a bias."""
    W, _, data, _ = layer(sizes, d, c)
    return W, data


def regression(sizes, d, k):
    """A layer with d inputs and k outputs, and batches of these sizes with targets for it."""
    return rng.normal(k, d), rng.normal(k), [(rng.normal(n, d), rng.normal(n, k)) for n in sizes]


def mlp(sizes, n):
    """Weights of a network of these sizes, and n inputs for it."""
    weights = [(rng.normal(b, a), rng.normal(b)) for a, b in itertools.pairwise(sizes)]
    return weights, rng.normal(n, sizes[0])


def gradients(*shape):
    """Gradients of either sign from 0.01 to 100."""
    return (2.0 * rng.integers(0, 2, *shape) - 1) * 10 ** rng.uniform(-2, 2, *shape)


def numbered(n, d=2):
    """n different examples."""
    return torch.arange(1.0, n * d + 1, dtype=torch.float64).reshape(n, d), rng.integers(0, 3, n)


MATRIX_RUN = (rng.normal(2, 3), gradients(12, 2, 3), [0.1] * 12, (0.5, 0.9), 1e-8)
LONG_RUN = (rng.normal(3), gradients(30, 3), [0.3, 0.01, 0.1] * 10, (0.9, 0.999), 1e-8)

MOMENTUM = [
    (floats(2.0), floats([0.5, -0.2, 0.3]), floats(-1.0), [0.1, 0.1, 0.1], 0.9),
    (rng.normal(2, 3), rng.normal(4, 2, 3), rng.normal(2, 3), [0.1, 1.5, 0.0, 0.2], 1.0),  # nothing is forgotten
    (rng.normal(2, 1, 3), rng.normal(12, 2, 1, 3), rng.normal(2, 1, 3), [0.05] * 12, 0.1),
]

TWO_DIFFERENT = [rng.normal(2, 3, 2), rng.normal()], [3 * rng.normal(2, 3, 2), floats(-40.0)]
ONE_WITH_A_GRADIENT = [rng.normal(2), rng.normal(3), rng.normal()], [None, floats([0.0, -12.0, 5.0]), None]
MANY = [rng.normal(4) for _ in range(7)], [rng.normal(4) for _ in range(7)]
CLIPPING = [(*TWO_DIFFERENT, 0.5), (*ONE_WITH_A_GRADIENT, 6.5), (*ONE_WITH_A_GRADIENT, 14.0), (*MANY, 1.0)]

PROBES = {
    # 5.1 gradient descent: one parameter, a single number, many steps, rates of 0 and above 1
    "5.1::test_steps": [
        ([floats(3.0)], [[floats(-2.0)]], [1.5]),
        ([rng.normal(2, 3, 2)], [[rng.normal(2, 3, 2)] for _ in range(8)], [0.1, 0.0] * 4),
        ([floats([[1.0]]), floats([2.0]), floats([5.0])], [[None, None, floats([0.5])]] * 2, [0.1, 2.0]),
    ],
    # 5.2 momentum
    "5.2::test_velocity": MOMENTUM,
    "5.2::test_parameter": MOMENTUM,
    # 5.3 Adam: parameters of two axes, long runs, shorter memories
    "5.3::test_state": [MATRIX_RUN, LONG_RUN],
    "5.3::test_parameter": [MATRIX_RUN, LONG_RUN],
    "5.3::test_small_gradients": [
        (rng.normal(2, 2), 0.01 * rng.normal(8, 2, 2), [0.1] * 8, (0.8, 0.95), 0.1),
        (floats([2.0, -2.0]), floats([[0.0, 0.0]] * 3), [0.1, 0.2, 0.3], (0.9, 0.999), 0.01),
    ],
    # 5.4 AdamW: without decay it is Adam; strong decay
    "5.4::test_steps": [
        (*LONG_RUN, 0.0),
        (rng.normal(2, 3) - 3, gradients(5, 2, 3), [0.5, 0.1, 0.0, 0.2, 1.0], (0.8, 0.99), 1e-6, 0.6),
    ],
    # 5.5 and 5.6 a training step: one example, more classes, more batches
    "5.5::test_one_step": [layer([1], 1, 2), layer([1], 3, 5), layer([40], 6, 9, lr=1.5)],
    "5.5::test_three_steps": [layer([3, 3], 2, 3), layer([1, 5, 2, 4, 3, 6], 4, 5, lr=0.7)],
    # 5.11 networks: deep and narrow ones, a single layer, one example; layers of one number
    "5.11::test_parameters": [([2, 3, 2, 4, 2, 3],), ([4, 2],), ([1, 1, 1],)],
    "5.11::test_outputs": [mlp([2, 3, 2, 4, 2, 3], 3), mlp([4, 2], 2), mlp([1, 1, 1], 1)],
    "5.11::test_save_and_load": [mlp([3, 2], 1), mlp([2, 4, 4, 1, 3], 2)],
    "5.11::test_other_files": [([4, 2], [4, 2]), ([2, 6, 1], [2, 6, 1, 1]), ([2, 3, 3, 1], [2, 3, 1])],
    "5.6::test_equal_sizes": [
        (*layer([5], 2, 3), 0.4),  # one micro-batch
        (*layer([1, 1, 1, 1], 2, 3), -2.0),
        (*layer([3] * 6, 5, 7), 50.0),
    ],
    "5.6::test_unequal_sizes": [(*layer([1, 20], 2, 3), 0.4), (*layer([6, 1, 2, 9, 1], 3, 5), -3.0)],
    # 5.12 epochs: of batches of one, many epochs, one output; an epoch of one batch
    "5.12::test_one_epoch": [
        (*regression([1, 1, 1, 1, 1], 2, 1), 0.05, 1),
        (*regression([6], 3, 2), 0.1, 1),
        (*regression([1, 7, 2, 9, 3], 4, 3), 0.02, 1),
    ],
    "5.12::test_three_epochs": [(*regression([5, 2], 2, 3), 0.03, 6), (*regression([3, 1, 3, 1], 1, 1), 0.05, 2)],
    # 5.7 clipping: parameters of three axes and of none, all gradients but one missing, many parameters
    "5.7::test_norm": CLIPPING,
    "5.7::test_gradients": CLIPPING,
    # 5.13 clipped epochs: batches of one, limits far below and above, many epochs
    "5.13::test_epochs": [
        (*regression([1, 1, 1, 1], 2, 1), 0.05, 0.1, 1, 1),
        (*regression([5, 2], 3, 4), 0.03, 1.0, 5, 2),
        (*regression([2, 6], 4, 2), 0.05, 1000.0, 2, 1),
    ],
    # 5.8 the learning rate: plans of the size of real ones, short ones, a smallest rate of 0
    "5.8::test_warm_up": [
        (1234, 6e-4, 6e-5, 2000, 9000),
        (0, 0.5, 0.1, 1, 2),
        (2, 0.3, 0.0, 3, 5),
        (1, 0.2, 0.2, 4, 9),
    ],
    "5.8::test_decay": [
        (3210, 6e-4, 6e-5, 2000, 9000),
        (1, 0.5, 0.1, 0, 3),
        (4, 0.3, 0.0, 3, 5),
        (5, 0.3, 0.0, 3, 5),
        (10**6, 0.5, 0.1, 10, 100),
    ],
    # 5.14 schedules: one step, many, a rate that falls; two groups
    "5.14::test_steps": [
        (*regression([3], 2, 3), [0.07, 0.1], 2),
        (*regression([2, 2, 2, 2, 2, 2], 3, 1), [0.0, 0.01, 0.03, 0.09, 0.05, 0.02, 0.01], 1),
        (*regression([1, 6, 3, 2], 4, 2), [0.1, 0.08, 0.04, 0.0, 0.0], 2),
    ],
    # 5.9 mini-batches: of one example, one for all, one example in all, many
    "5.9::test_one_epoch": [
        (*numbered(5), 1, 3),
        (*numbered(9), 9, 4),
        (*numbered(1, 4), 2, 5),
        (*numbered(50, 3), 7, 6),
    ],
    "5.9::test_order": [(*numbered(50, 3), 7, 8), (*numbered(24), 6, 9)],  # the second one without a rest
    # 5.10 evaluation: one batch, one example, many batches
    "5.10::test_mean_loss": [
        net_and_batches([6], 2, 3),
        net_and_batches([1], 1, 2),
        net_and_batches([8, 8, 8, 8, 1], 5, 7),
    ],
    "5.10::test_no_traces": [(*net_and_batches([6], 2, 3), False), (*net_and_batches([1, 9, 2, 4, 1], 4, 5), True)],
}
