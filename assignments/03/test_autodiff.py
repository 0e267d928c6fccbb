"""The checks of assignment 03: what you derive by hand is compared with what torch computes."""

import math
import warnings

import torch
from torch.nn import functional as F

from gradlings import agree, exercise, floats, leave_picture, satisfies, scalars


def slope(f, x):
    """torch's own derivative of a sum of f's entries; all the oracles that need a gradient use it."""
    x = x.detach().clone().requires_grad_()
    return torch.autograd.grad(f(x).sum(), x)[0]


# 3.1


def chain_by_autograd(function, x):
    formula = {
        "sin(x**2)": lambda t: torch.sin(t**2),
        "sin(x)**2": lambda t: torch.sin(t) ** 2,
        "exp(3*x - 1)": lambda t: torch.exp(3 * t - 1),
        "log(1 + x**2)": lambda t: torch.log(1 + t**2),
    }[function]
    return slope(formula, x)


def random_chain(rng):
    return rng.choice(["sin(x**2)", "sin(x)**2", "exp(3*x - 1)", "log(1 + x**2)"]), rng.uniform(0.3, 1.9)


@exercise("3.1", "chain_derivative", points=5, minutes=10, difficulty=1, forbids="autograd")
class TestChainDerivative:
    def test_compositions(self, student, probes):
        """the derivative of sin(x**2) and of other compositions"""
        x = floats(1.3)
        hand_made = [(name, x) for name in ("sin(x**2)", "sin(x)**2", "exp(3*x - 1)", "log(1 + x**2)")]
        agree(student.through("derivative_of"), probes(hand_made, random=random_chain), chain_by_autograd)


# 3.2


def torch_sigmoid(z):
    return torch.sigmoid(z)


def random_matrix(rng):
    rows, columns = rng.sizes(1, 4, 2)
    return (3 * rng.normal(rows, columns),)


def far_out(rng):
    return (torch.cat([rng.uniform(710, 2000, 2), rng.uniform(-2000, -710, 2), rng.normal(2)]),)


@exercise("3.2", "sigmoid", points=5, minutes=10, difficulty=1, forbids=("autograd", "sigmoid"))
class TestSigmoid:
    def test_any_shape(self, student, probes):
        """ordinary inputs, from a single number to three dimensions"""
        ladder = probes(
            [
                scalars(2.0),
                scalars(-1.0),
                (floats([-3.0, -0.5, 1.5]),),
                (floats([[[0.3, -2.0, 1.0], [4.0, 0.7, -6.0]]]),),
            ],
            random=random_matrix,
        )
        agree(student.sigmoid, ladder, torch_sigmoid, strided=True)

    def test_extreme_inputs(self, student, probes):
        """inputs as large as 1000 and as small as -1000, among ordinary ones"""
        ladder = probes([(floats([0.5, 1000.0]),), (floats([-1000.0, -2.0]),)], random=far_out)
        agree(student.sigmoid, ladder, torch_sigmoid)


# 3.3


def torch_bce(a, y):
    return F.binary_cross_entropy(a, y)


def some_predictions(rng):
    n = rng.size(3, 6)
    labels = rng.shuffled([0.0, 1.0, *rng.integers(0, 2, n - 2).tolist()])
    return rng.uniform(0.05, 0.95, n), floats(labels)


def some_certain_predictions(rng):
    a, y = some_predictions(rng)
    a[0], a[1] = rng.choice([0.0, 1.0]), 1 - y[1]
    return a, y


@exercise("3.3", "bce", points=7, minutes=15, difficulty=2, forbids=("autograd", "bce"))
class TestBce:
    def test_mean_loss(self, student, probes):
        """the mean loss of a few examples with labels of both kinds"""
        hand_made = [
            (floats([0.9, 0.2, 0.6]), floats([1.0, 0.0, 0.0])),
            (floats([0.3, 0.8, 0.45, 0.1]), floats([0.0, 1.0, 1.0, 1.0])),
        ]
        agree(student.bce, probes(hand_made, random=some_predictions), torch_bce)

    def test_certain_predictions(self, student, probes):
        """predictions of exactly 0 and 1, right ones and wrong ones"""
        hand_made = [
            (floats([1.0, 0.3, 0.0]), floats([1.0, 1.0, 0.0])),
            (floats([0.0, 0.3, 0.8]), floats([1.0, 0.0, 1.0])),
            (floats([0.7, 1.0, 0.4]), floats([0.0, 0.0, 1.0])),
            (floats([1e-60, 1e-30, 0.8]), floats([1.0, 1.0, 0.0])),  # a logarithm below -100, and one above it
        ]
        agree(student.bce, probes(hand_made, random=some_certain_predictions), torch_bce)


# 3.11


def torch_logsumexp(z):
    return torch.logsumexp(z, dim=-1)


def torch_softmax(z):
    return torch.softmax(z, dim=-1)


def random_scores(rng):
    shape = rng.sizes(2, 5, rng.choice([1, 2, 3]))
    return (2 * rng.normal(*shape),)


def random_large_scores(rng):
    """Rows around 1000 and around -2000 in one tensor, with a score of minus infinity in the last."""
    scores = 100 * rng.normal(3, rng.size(3, 6)) + floats([[1000.0], [-2000.0], [0.0]])
    scores[2, 0] = -math.inf
    return (scores,)


def some_scores():
    return floats([[1.0, 3.0, 0.5], [-2.0, 0.0, 4.0]])


def scores_with_three_axes():
    return 2 * torch.sin(1.7 * torch.arange(1.0, 25.0, dtype=torch.float64) ** 1.5).reshape(2, 3, 4)


def large_scores():
    far_apart = floats([[1000.0, 998.0, -1000.0], [-2000.0, -2001.0, -2000.5]])
    one_alone = floats([1000.0, -1000.0, -1001.0, -1002.0])
    not_these = floats([[[2.0, -math.inf, 1.0]], [[-math.inf, -math.inf, -3.0]]])
    return [(far_apart,), (one_alone,), (not_these,)]


@exercise(
    "3.11",
    "logsumexp",
    "softmax",
    points=7,
    minutes=15,
    difficulty=2,
    forbids=("autograd", "softmax"),
    builds_on=("3.2",),
)
class TestSoftmax:
    def test_softmax(self, student, probes):
        """the probabilities of ordinary scores, along the last axis"""
        ladder = probes([(floats([0.0, 2.0]),), (some_scores(),), (scores_with_three_axes(),)], random=random_scores)
        agree(student.softmax, ladder, torch_softmax, strided=True)

    def test_logsumexp(self, student, probes):
        """the logarithm of the sum for ordinary scores, along the last axis"""
        ladder = probes(
            [(floats([0.0, 0.0]),), (some_scores(),), (scores_with_three_axes(),)],
            random=random_scores,
        )
        agree(student.logsumexp, ladder, torch_logsumexp, strided=True)

    def test_extreme_softmax(self, student, probes):
        """probabilities where scores are huge, far apart or minus infinity"""
        agree(student.softmax, probes(large_scores(), random=random_large_scores), torch_softmax)

    def test_extreme_logsumexp(self, student, probes):
        """the logarithm of the sum where scores are huge, far apart or minus infinity"""
        agree(student.logsumexp, probes(large_scores(), random=random_large_scores), torch_logsumexp)


# 3.4


def bce_slope(a, y):
    return slope(lambda prediction: F.binary_cross_entropy(prediction, y, reduction="none"), a)


def sigmoid_slope(z):
    return slope(torch.sigmoid, z)


@exercise(
    "3.4",
    "bce_grad_a",
    "sigmoid_grad",
    points=9,
    minutes=20,
    difficulty=2,
    forbids="autograd",
    builds_on=("3.2", "3.3"),
)
class TestLocalDerivatives:
    def test_bce_grad_a(self, student, probes):
        """dL/da for both labels"""
        hand_made = [
            scalars(0.8, 1.0),
            scalars(0.3, 0.0),
            (floats([0.9, 0.2, 0.6]), floats([1.0, 0.0, 0.0])),
        ]
        agree(student.bce_grad_a, probes(hand_made, random=some_predictions), bce_slope)

    def test_sigmoid_grad(self, student, probes):
        """the slope of the sigmoid, on both sides of 0"""
        hand_made = [scalars(2.0), scalars(-0.5), (floats([[-3.0, 0.4, 1.5], [0.9, 5.0, -1.2]]),)]
        agree(student.sigmoid_grad, probes(hand_made, random=random_matrix), sigmoid_slope, strided=True)


# 3.5


def autograd_gradients(x, w, b, y):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    loss = F.binary_cross_entropy(torch.sigmoid(x * w + b), y)
    return torch.autograd.grad(loss, (w, b))


def one_example(rng):
    return rng.normal(), rng.normal(), rng.normal(), rng.choice(scalars(0.0, 1.0))


@exercise(
    "3.5",
    "manual_gradients",
    points=10,
    minutes=20,
    difficulty=2,
    forbids="autograd",
    builds_on=("3.2", "3.4"),
)
class TestManualGradients:
    def test_one_example(self, student, probes):
        """dL/dw and dL/db for the chapter's example, and for others"""
        ladder = probes([scalars(1.1, 2.2, 0.0, 1.0), scalars(-0.7, 0.4, 0.3, 0.0)], random=one_example)
        agree(student.manual_gradients, ladder, autograd_gradients, names=("dL/dw", "dL/db"))


# 3.6


def autograd_batch_gradients(X, w, b, y):
    w, b = w.detach().clone().requires_grad_(), b.detach().clone().requires_grad_()
    # from z, not from a rounded prediction: torch is exact for very sure neurons this way
    loss = F.binary_cross_entropy_with_logits(X @ w + b, y)
    return torch.autograd.grad(loss, (w, b))


def small_batch():
    X = [[0.5, -1.2, 2.0], [1.5, 0.3, -0.7], [-0.4, 0.8, 1.1], [2.2, -0.6, 0.9], [-1.3, 1.7, 0.2]]
    return floats(X), floats([0.4, -0.9, 0.6]), floats(0.25), floats([1.0, 0.0, 0.0, 1.0, 1.0])


def random_batch(rng):
    n, d = rng.sizes(2, 6, 2)
    labels = rng.shuffled([0.0, 1.0, *rng.integers(0, 2, n - 2).tolist()])
    return rng.normal(n, d), rng.normal(d), rng.normal(), floats(labels)


def sure_batch(rng):
    X, w, b, y = random_batch(rng)
    return X, 300 * w, b, y


@exercise("3.6", "batch_gradients", points=12, minutes=25, difficulty=3, forbids="autograd", builds_on=("3.2", "3.5"))
class TestBatchGradients:
    def test_mean_gradients(self, student, probes):
        """dL/dw and dL/db of the mean loss of five examples with three inputs, and of other batches"""
        ladder = probes([small_batch()], random=random_batch)
        agree(
            student.batch_gradients,
            ladder,
            autograd_batch_gradients,
            names=("dL/dw", "dL/db"),
            strided=True,
        )

    def test_sure_neuron(self, student, probes):
        """the same for a neuron that is very sure, and sometimes wrong"""
        X, w, b, y = small_batch()
        ladder = probes([(X, 300 * w, b, y), (X, 300 * w, 300 * floats(1.5), y)], random=sure_batch)
        agree(student.batch_gradients, ladder, autograd_batch_gradients, names=("dL/dw", "dL/db"))


# 3.7


def gradient_by_autograd(function, x, h):
    formula = {
        "x[0]*x[1]*x[2] + sum(x**3)": lambda t: t[0] * t[1] * t[2] + (t**3).sum(),
        "prod(x) + sum(x**3)": lambda t: t.prod() + (t**3).sum(),
        "logsumexp(x)": lambda t: torch.logsumexp(t, dim=0),
    }[function]
    return slope(formula, x), 2 * len(x), x


def quotient_of_a_cubic(function, x, h):
    """The centered difference of a formula of degree 3, exactly: the slope of x**3 is off by h**2, that of a product is not."""
    slopes, calls, point = gradient_by_autograd(function, x, h)
    return slopes + h**2, calls, point


def random_step(rng):
    """A step so large that the measured slope is not the true one."""
    return "prod(x) + sum(x**3)", rng.uniform(0.5, 1.8, rng.size(2, 5)), round(float(rng.uniform(0.1, 0.9)), 2)


def random_point(rng):
    return rng.choice(["prod(x) + sum(x**3)", "logsumexp(x)"]), rng.uniform(0.5, 1.8, rng.size(2, 5)), 1e-4


def random_float32_point(rng):
    function, x, _ = random_point(rng)
    return function, x.float(), 1e-2


@exercise("3.7", "numeric_gradient", points=9, minutes=20, difficulty=2, forbids="autograd")
class TestNumericGradient:
    def test_float64(self, student, probes):
        """the gradient to six digits, and with large steps as they make it; two calls of f for each entry; x left alone"""
        x = floats([0.7, 1.3, 1.6])
        ladder = probes(
            [
                ("x[0]*x[1]*x[2] + sum(x**3)", x, 1e-4),
                ("x[0]*x[1]*x[2] + sum(x**3)", x, 1e-5),
                ("logsumexp(x)", x, 1e-4),
            ],
            random=random_point,
        )
        agree(
            student.through("gradient_and_calls"),
            ladder,
            gradient_by_autograd,
            names=("gradient", "calls of f", "x afterwards"),
            float32=False,
            rtol=1e-6,
            atol=1e-7,
        )
        agree(
            student.through("gradient_and_calls"),
            probes([("x[0]*x[1]*x[2] + sum(x**3)", x, 0.5)], random=random_step, n=2),
            quotient_of_a_cubic,
            names=("gradient", "calls of f", "x afterwards"),
            float32=False,
        )

    def test_float32(self, student, probes):
        """the same in float32, where the step has to be larger"""
        x = floats([0.7, 1.3, 1.6]).float()
        ladder = probes([("x[0]*x[1]*x[2] + sum(x**3)", x, 1e-2)], random=random_float32_point)
        agree(
            student.through("gradient_and_calls"),
            ladder,
            gradient_by_autograd,
            names=("gradient", "calls of f", "x afterwards"),
            float32=False,
            rtol=2e-3,
            atol=2e-3,
        )


# 3.8


def smallest_tolerance(analytic, numeric):
    """The smallest relative tolerance at which Python's `math.isclose` lets every pair of entries pass."""
    pairs = list(zip(analytic.flatten().tolist(), numeric.flatten().tolist(), strict=True))

    def passes(tolerance):
        return all(math.isclose(a, n, rel_tol=tolerance) for a, n in pairs)

    low, high = 0.0, 2.5
    if not passes(high):
        return torch.full((), math.inf, dtype=analytic.dtype, device=analytic.device)
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (low, middle) if passes(middle) else (middle, high)
    return torch.full((), high, dtype=analytic.dtype, device=analytic.device)


def random_gradients(rng):
    analytic = rng.normal(*rng.sizes(2, 5, 2))
    return analytic, analytic * (1 + 0.1 * rng.normal(*analytic.shape))


def random_gradients_with_a_gap(rng):
    """Two gradients with a zero in both, and in half of the cases a NaN in one of them."""
    analytic, numeric = (side.flatten() for side in random_gradients(rng))
    zero, broken = rng.shuffled(range(len(analytic)))[:2]
    analytic[zero] = numeric[zero] = 0.0
    if rng.choice([True, False]):
        rng.choice([analytic, numeric])[broken] = math.nan
    return analytic, numeric


def one_bad_of_a_hundred():
    analytic = torch.linspace(1.0, 100.0, 100, dtype=torch.float64)
    numeric = analytic.clone()
    numeric[37] = 26.6
    return analytic, numeric


@exercise(
    "3.8",
    "gradcheck_error",
    points=7,
    minutes=15,
    difficulty=2,
    forbids="gradcheck",
    builds_on=("3.7",),
)
class TestGradcheckError:
    def test_worst_entry(self, student, probes):
        """the relative difference of the worst entry"""
        ladder = probes(
            [
                (floats([2.0, -4.0]), floats([2.0, -5.0])),
                one_bad_of_a_hundred(),
                (floats([1e-9, 5.0]), floats([3e-9, 5.0])),
                (floats([[3.0, 1.0, -1.0], [0.5, -8.0, 2.0]]), floats([[2.0, 1.0, 1.0], [0.5, -7.0, 2.0]])),
            ],
            random=random_gradients,
        )
        agree(student.gradcheck_error, ladder, smallest_tolerance, strided=True)

    def test_zeros_and_nan(self, student, probes):
        """entries that are zero in both gradients, and entries that are NaN"""
        nan = math.nan
        ladder = probes(
            [
                (floats([0.0, 4.0]), floats([0.0, 5.0])),
                (floats([0.0, 0.0]), floats([0.0, 0.0])),
                (floats([2.0, nan, 4.0]), floats([2.0, 1.0, 5.0])),
                (floats([2.0, 1.0, 4.0]), floats([nan, 1.0, 5.0])),
                (floats([0.0, nan]), floats([0.0, nan])),
                (floats([0.0, -1.0, 8.0]), floats([0.0, -2.0, 8.0])),
                (floats([0.0, 1e-9]), floats([0.0, 3e-9])),
            ],
            random=random_gradients_with_a_gap,
        )
        agree(student.gradcheck_error, ladder, smallest_tolerance)


# 3.9 and 3.10: graphs are written as programs, "x = 3; h = x + x; y = h * x"; the last node is the result

DIAMOND = "x = 3; a = 2; b = 5; h = a * x; g = b * h; y = h + g"
REUSED = "x = 3; a = 2; h = a * x; q = h * h; y = q + h"
REUSED_LATE = "x = 3; a = 2; h = a * x; q = h * h; y = h + q"


def parents_in(program):
    """The names that each name of a program is computed from."""
    steps = (step.split(" = ") for step in program.split("; "))
    return {name: formula.split()[::2] if " " in formula else [] for name, formula in steps}


def users_come_first(order, program):
    """None if the order is a topological one from the result backwards, else what is wrong with it."""
    parents = parents_in(program)
    result = list(parents)[-1]
    if not isinstance(order, list | tuple):
        return f"Your function must return a list of nodes; it returned {order}."
    if "?" in order:
        return "The list holds something that is not a node of the graph."
    for name in parents:
        if order.count(name) != 1:
            times = {0: "is missing from the list", 2: "stands in the list twice"}
            return f"The node {name} {times.get(order.count(name), 'stands in the list many times')}."
    if order[0] != result:
        return f"The list must begin with the result {result}, but it begins with {order[0]}."
    for user, names in parents.items():
        for name in names:
            if order.index(name) < order.index(user):
                return f"The node {name} stands before {user}, which uses it."
    return None


def random_program(rng):
    """A few inputs, then a chain in which every node also uses one of the nodes before it."""
    steps = [f"x{i} = {float(rng.uniform(-1.2, 1.2)):.2f}" for i in range(3)]
    names = ["x0", "x1", "x2"]
    steps += ["h0 = x0 * x1", "h1 = h0 + x2"]
    names += ["h0", "h1"]
    for i in range(2, rng.size(4, 6)):
        left, right = rng.shuffled([names[-1], rng.choice(names)])
        steps.append(f"h{i} = {left} {rng.choice('+*')} {right}")
        names.append(f"h{i}")
    return ("; ".join(steps),)


@exercise("3.9", "topological_order", points=9, minutes=20, difficulty=2, forbids="autograd")
class TestTopologicalOrder:
    def test_users_before_parents(self, student, probes):
        """every node exactly once, after all nodes that use it"""
        ladder = probes(
            [
                ("x = 3",),
                ("x = 3; a = 2; y = a * x",),
                ("x = 3; y = x * x",),
                (DIAMOND,),
                ("x = 2; w = 2; h = x + w; g = x * w; y = g + h",),
                ("x = 3; a = x + x; b = a * x; c = b + a; y = a * c",),
            ],
            random=random_program,
        )
        satisfies(student.through("order_of"), ladder, users_come_first)


def gradients_by_autograd(program, calls):
    nodes = {}
    for step in program.split("; "):
        name, formula = step.split(" = ")
        left, *rest = formula.split()
        if not rest:
            nodes[name] = torch.tensor(float(left), dtype=torch.float64, requires_grad=True)
        else:
            other = nodes[rest[1]]
            nodes[name] = nodes[left] + other if rest[0] == "+" else nodes[left] * other
    *_, result = nodes.values()
    gradients = torch.autograd.grad(result, tuple(nodes.values()))
    return {name: float(gradient) for name, gradient in zip(nodes, gradients, strict=True)}


def exp_by_autograd(x):
    node = torch.tensor(x, dtype=torch.float64)
    return {
        "data": float(torch.exp(node)),
        "parents": ["x"],
        "local_derivatives": [float(slope(torch.exp, node))],
        "x afterwards": x,
    }


def program_once(rng):
    return *random_program(rng), 1


def program_twice(rng):
    return *random_program(rng), 2


def random_number(rng):
    return (round(float(rng.uniform(-2.0, 2.0)), 3),)


@exercise(
    "3.10",
    "backprop",
    "exp",
    points=13,
    minutes=30,
    difficulty=3,
    forbids="autograd",
    builds_on=("3.1", "3.9"),
)
class TestBackprop:
    def test_gradients(self, student, probes):
        """the gradient of every node, where nodes are used more than once"""
        ladder = probes([(REUSED, 1), (REUSED_LATE, 1), (DIAMOND, 1), ("x = 3", 1)], random=program_once)
        agree(student.through("gradients"), ladder, gradients_by_autograd, float32=False)

    def test_calling_twice(self, student, probes):
        """the same gradients when backprop is called twice"""
        ladder = probes([(REUSED, 2), (DIAMOND, 2)], random=program_twice)
        agree(student.through("gradients"), ladder, gradients_by_autograd, float32=False)

    def test_exp(self, student, probes):
        """the node of e ** x: its number, its parent and its local derivative"""
        ladder = probes([(0.5,), (-1.25,), (2.0,)], random=random_number)
        agree(student.through("node_of_exp"), ladder, exp_by_autograd, float32=False)


# 3.12


def grad_after_running(program, x):
    """What stands in the .grad that a program asks for, once it was run."""
    x = torch.tensor(x, dtype=torch.float64, requires_grad=True)
    h, c = x * x, torch.tensor(2.0)
    asked_for = x
    match program:
        case "leaf":
            h.backward()
        case "twice":
            (x * x).backward()
            (x * x).backward()
        case "cleared":
            (x * x).backward()
            x.grad = None
            (x * x).backward()
        case "two terms":
            (h + 3 * x).backward()
        case "detached":
            (x.detach() * x).backward()
        case "no_grad":
            with torch.no_grad():
                h = x * x
            (h * x).backward()
        case "between":
            (3 * h).backward()
            asked_for = h
        case "retained":
            h.retain_grad()
            (h * h).backward()
            asked_for = h
        case "constant":
            (c * x).backward()
            asked_for = c
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # torch warns of .grad in the middle of a graph, and gives None
        grad = asked_for.grad
    return None if grad is None else grad.item()


def with_two_numbers(*programs):
    return [(program, x) for program in programs for x in (3.0, -1.5)]


def any_number_for(*programs):
    return lambda rng: (rng.choice(programs), round(float(rng.uniform(0.5, 4.0)), 2))


@exercise("3.12", "predicted_grad", points=7, minutes=20, difficulty=2, forbids="autograd", builds_on=("3.1", "3.10"))
class TestPredictedGrad:
    def test_what_is_added(self, student, probes):
        """programs that go back once or twice, and from a sum"""
        programs = "leaf", "twice", "cleared", "two terms"
        ladder = probes(with_two_numbers(*programs), random=any_number_for(*programs))
        agree(student.predicted_grad, ladder, grad_after_running, float32=False)

    def test_what_is_cut_off(self, student, probes):
        """programs in which one factor is not recorded"""
        programs = "detached", "no_grad"
        ladder = probes(with_two_numbers(*programs), random=any_number_for(*programs), n=3)
        agree(student.predicted_grad, ladder, grad_after_running, float32=False)

    def test_who_keeps_a_gradient(self, student, probes):
        """programs that ask for the gradient of a node, of a constant, and before there is one"""
        programs = "between", "retained", "constant", "before"
        ladder = probes(with_two_numbers(*programs), random=any_number_for(*programs), n=3)
        agree(student.predicted_grad, ladder, grad_after_running, float32=False)
        leave_picture(student)
