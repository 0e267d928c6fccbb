"""Hidden probes of assignment 03: further inputs that submissions meet when they are graded for marks."""

import math

from gradlings import Rng, floats, scalars

rng = Rng(103)


def predictions(n):
    return rng.uniform(0.05, 0.95, n), rng.integers(0, 2, n).double()


# graphs: every node holds the same number as another one; twelve doublings; a long chain with a late user of its start
EQUAL_NUMBERS = "x = 1; a = 1; h = x * a; g = a * x; q = h * g; y = q * h"
DOUBLINGS = "x0 = 0.5; " + "; ".join(f"x{i} = x{i - 1} + x{i - 1}" for i in range(1, 13))
CHAIN = "a = 0.9; h0 = a * a; " + "; ".join(f"h{i} = h{i - 1} + a" for i in range(1, 40)) + "; y = h39 * h0"
NEGATIVE_AND_ZERO = "x = 0; a = -2; b = -3.5; h = a * x; g = h + b; y = g * a"

PROBES = {
    # 3.1 the chain rule: left of 0, where signs show, and at 0
    "3.1::test_compositions": [
        ("sin(x**2)", floats(-0.8)),
        ("sin(x)**2", floats(-2.6)),
        ("exp(3*x - 1)", floats(-1.5)),
        ("log(1 + x**2)", floats(0.0)),
    ],
    # 3.2 sigmoid
    "3.2::test_any_shape": [(floats([[0.0]]),), (3 * rng.normal(2, 1, 3, 2),), (rng.uniform(-30, 30, 100),)],
    "3.2::test_extreme_inputs": [scalars(-1000.0), (floats([[1e6, -1e6, 0.5], [-750.0, -3.0, 720.0]]),)],
    # 3.3 binary cross-entropy: one example, labels of one kind, many examples
    "3.3::test_mean_loss": [
        (floats([0.3]), floats([1.0])),
        (floats([0.3, 0.9, 0.2]), floats([0.0, 0.0, 0.0])),
        predictions(60),
    ],
    "3.3::test_certain_predictions": [
        (floats([0.0]), floats([1.0])),
        (floats([1.0, 0.0, 1.0]), floats([1.0, 0.0, 1.0])),
        (floats([1e-30, 1e-60, 0.5]), floats([1.0, 1.0, 0.0])),  # a logarithm above -100, and one below it
    ],
    # 3.11 softmax: a single row, many scores, one score alone, equal ones, four axes
    "3.11::test_softmax": [
        (floats([0.3, -1.2, 2.0, 0.7]),),
        (floats([[2.5], [-1.0]]),),
        (3 * rng.normal(4, 60),),
        (rng.normal(2, 1, 3, 5),),
    ],
    "3.11::test_logsumexp": [
        (floats([[-4.0, -4.0, -4.0, -4.0]]),),
        (floats([[2.5], [-1.0]]),),
        (3 * rng.normal(4, 60),),
        (rng.normal(2, 1, 3, 5),),
    ],
    "3.11::test_extreme_softmax": [
        (floats([-2000.0, -1999.0]),),
        (floats([[[-math.inf, 1000.0, 1000.0]], [[-800.0, -math.inf, -800.0]]]),),
        (300 * rng.normal(20, 8),),
    ],
    "3.11::test_extreme_logsumexp": [
        (floats([-2000.0, -1999.0]),),
        (floats([[[-math.inf, 1000.0, 1000.0]], [[-800.0, -math.inf, -800.0]]]),),
        (300 * rng.normal(20, 8),),
    ],
    # 3.4 local derivatives
    "3.4::test_bce_grad_a": [
        (floats([0.001, 0.999, 0.001]), floats([1.0, 0.0, 0.0])),
        (floats([[0.5], [0.2]]), floats([[0.0], [1.0]])),
        predictions(40),
    ],
    "3.4::test_sigmoid_grad": [scalars(0.0), (floats([-12.0, 15.0]),), (3 * rng.normal(2, 3, 4),)],
    # 3.5 one neuron, one example: an input of 0, negative weights, sure and wrong
    "3.5::test_one_example": [
        scalars(-4.0, 0.5, 1.0, 0.0),
        scalars(0.0, 1.5, 0.7, 1.0),
        scalars(3.0, -2.5, -1.0, 1.0),
    ],
    # 3.6 the same for a batch: one example, one input, as many examples as inputs, a larger batch
    "3.6::test_mean_gradients": [
        (floats([[1.5]]), floats([-0.4]), floats(0.2), floats([1.0])),
        (floats([[1.5, -1.0, 0.2]]), floats([0.4, 0.3, -2.0]), floats(-0.2), floats([0.0])),
        (rng.normal(3, 3), rng.normal(3), rng.normal(), floats([1.0, 1.0, 1.0])),
        (rng.normal(50, 12), 0.3 * rng.normal(12), rng.normal(), rng.integers(0, 2, 50).double()),
    ],
    "3.6::test_sure_neuron": [
        (floats([[2.0, -1.0]]), floats([300.0, -200.0]), floats(-1.0), floats([0.0])),
        (floats([[2.0], [-3.0], [3.0]]), floats([-300.0]), floats(0.0), floats([0.0, 1.0, 1.0])),
    ],
    # 3.7 measured slopes: one entry, many, negative ones
    "3.7::test_float64": [
        ("logsumexp(x)", floats([0.3]), 1e-4),
        ("prod(x) + sum(x**3)", floats([-0.8, 1.1, -1.4, 0.6, 1.2, -0.9, 0.5]), 1e-4),
        ("logsumexp(x)", rng.normal(12), 1e-5),
    ],
    "3.7::test_float32": [
        ("logsumexp(x)", floats([0.3, -0.2, 0.1, 0.4, -0.6, 0.0, 0.2]).float(), 1e-2),
        ("prod(x) + sum(x**3)", floats([-0.8]).float(), 1e-2),
    ],
    # 3.8 comparing gradients: single numbers, opposite signs, equal gradients, tiny ones
    "3.8::test_worst_entry": [
        scalars(3.0, 2.5),
        (floats([1.0, -2.0]), floats([-1.0, 2.0])),
        (floats([[1.0, -2.0, 0.5]]), floats([[1.0, -2.0, 0.5]])),
        (1e-12 * rng.normal(6, 7), 1e-12 * rng.normal(6, 7)),
    ],
    "3.8::test_zeros_and_nan": [
        (floats([[0.0, 3.0], [0.0, 0.0]]), floats([[0.0, 3.0], [0.5, 0.0]])),
        (floats([[1.0, 2.0], [0.0, math.nan]]), floats([[1.0, 2.0], [0.0, 4.0]])),
        scalars(0.0, math.nan),
    ],
    # 3.9 and 3.10 graphs
    "3.9::test_users_before_parents": [("x = 3",), (EQUAL_NUMBERS,), (DOUBLINGS,), (CHAIN,)],
    "3.10::test_gradients": [("x = 3", 1), (EQUAL_NUMBERS, 1), (NEGATIVE_AND_ZERO, 1), (DOUBLINGS, 1), (CHAIN, 1)],
    "3.10::test_calling_twice": [(EQUAL_NUMBERS, 3), (NEGATIVE_AND_ZERO, 2), (CHAIN, 2)],
    "3.10::test_exp": [(0.0,), (-4.5,), (7.0,)],
    # 3.12 the same programs with other numbers
    "3.12::test_what_is_added": [("leaf", -7.25), ("twice", 0.3), ("cleared", 11.0), ("two terms", -0.5)],
    "3.12::test_what_is_cut_off": [("detached", -7.25), ("no_grad", 0.3), ("no_grad", -4.0)],
    "3.12::test_who_keeps_a_gradient": [("between", 0.3), ("retained", -4.0), ("constant", 11.0), ("before", -0.5)],
}
