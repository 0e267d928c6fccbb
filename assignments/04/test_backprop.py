"""The checks of assignment 04: each backward step, and then the whole network, against what torch computes."""

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import vector_to_parameters

from gradlings import agree, exercise, floats, leave_picture


def slopes(f, upstream, *inputs):
    """torch's own gradients of f's inputs, for a given gradient of f's output."""
    inputs = tuple(t.detach().clone().requires_grad_() for t in inputs)
    return torch.autograd.grad(f(*inputs), inputs, upstream)


def labels_of_both_kinds(rng, n):
    return floats(rng.shuffled([0.0, 1.0, *rng.integers(0, 2, n - 2).tolist()]))


# 4.1 and 4.8: the network with one hidden layer


def chapter_net(p):
    """The chapter's network as torch layers, with the given parameters."""
    layers = OrderedDict(z1=nn.Linear(1, 1), h=nn.ReLU(), z2=nn.Linear(1, 1), a=nn.Sigmoid())
    for name, layer in (("1", layers["z1"]), ("2", layers["z2"])):
        layer.weight = nn.Parameter(p[f"W{name}"].detach().clone())
        layer.bias = nn.Parameter(p[f"b{name}"].detach().clone())
    return nn.Sequential(layers)


def values_in_torch_layers(X, p):
    values = {"X": X}
    out = X
    for name, layer in chapter_net(p).named_children():
        values[name] = out = layer(out)
    return values


def hidden_layer_in_torch(X, p):
    values = values_in_torch_layers(X, p)
    return {name: values[name] for name in ("X", "z1", "h")}


def small_net():
    """Four examples, three inputs, five hidden units: one is always off, one always on, the others now and then."""
    X = floats([[1.0, -0.5, 2.0], [-1.5, 0.8, 0.4], [0.3, 1.2, -0.7], [-0.6, -1.4, 0.9]])
    W1 = [[0.5, -1.0, 0.3], [-0.8, 0.2, 0.6], [1.1, 0.7, -0.4], [-0.3, -0.9, 0.8], [0.2, 0.4, 0.1]]
    p = {
        "W1": floats(W1),
        "b1": floats([0.1, -3.0, 0.3, -0.5, 2.5]),
        "W2": floats([[0.7, -1.2, 0.4, 0.9, -0.6]]),
        "b2": floats([0.25]),
    }
    return X, p


def smaller_net():
    """Two examples, four inputs, three hidden units: two are on for one of the examples, one for both."""
    X = floats([[1.0, -0.5, 2.0, 0.5], [-1.5, 0.8, 0.4, 1.0]])
    p = {
        "W1": floats([[-0.8, 0.2, 0.6, 0.4], [1.1, 0.7, -0.4, -0.6], [0.2, 0.4, 0.1, 0.3]]),
        "b1": floats([-0.6, 0.6, 2.5]),
        "W2": floats([[-1.6, 0.9, 0.6]]),
        "b2": floats([0.25]),
    }
    return X, p


def random_net(rng):
    n, d, k = rng.sizes(2, 5, 3)
    return rng.normal(n, d), {"W1": rng.normal(k, d), "b1": rng.normal(k), "W2": rng.normal(1, k), "b2": rng.normal(1)}


@exercise("4.1", "mlp_forward", points=8, minutes=15, difficulty=1, builds_on=("1.8", "1.10", "3.2"))
class TestMlpForward:
    def test_hidden_layer(self, student, probes):
        """the hidden layer before and after its ReLU"""
        X, p = small_net()
        ladder = probes([smaller_net(), (X, p)], random=random_net, n=3)
        agree(student.through("hidden_layer"), ladder, hidden_layer_in_torch, ordered=True, strided=True)

    def test_all_values(self, student, probes):
        """all values of the forward pass, up to the predictions"""
        X, p = small_net()
        ladder = probes([smaller_net(), (X, p), (X[1:2], p)], random=random_net, n=3)
        agree(student.mlp_forward, ladder, values_in_torch_layers, ordered=True)


# 4.2


def relu_slope(dout, z):
    return slopes(torch.relu, dout, z)[0]


def all_signs(rng):
    """A matrix with its upstream gradient, in which both signs of the one meet both signs of the other."""
    rows, columns = rng.sizes(2, 5, 2)
    z, dout = rng.uniform(0.1, 2.0, rows * columns), rng.uniform(0.2, 3.0, rows * columns)
    signs = rng.integers(0, 2, 2, rows * columns).double() * 2 - 1
    signs[0, :4], signs[1, :4] = floats([1.0, 1.0, -1.0, -1.0]), floats([1.0, -1.0, 1.0, -1.0])
    return (dout * signs[0]).reshape(rows, columns), (z * signs[1]).reshape(rows, columns)


@exercise("4.2", "relu_backward", points=5, minutes=10, difficulty=1, forbids="autograd")
class TestReluBackward:
    def test_gradient(self, student, probes):
        """dL/dz where the ReLU was on and where it was off"""
        ladder = probes(
            [
                (floats([3.0, -4.0, 5.0, -0.5]), floats([0.5, 2.0, -1.0, -1.5])),
                (floats([[2.0, -1.5, 0.4], [-0.7, 3.0, -2.5]]), floats([[-0.3, 1.2, 2.0], [-1.1, 0.6, 0.8]])),
            ],
            random=all_signs,
        )
        agree(student.relu_backward, ladder, relu_slope, strided=True)


# 4.3


def linear_slopes(dout, X, W):
    bias = torch.zeros_like(W[:, 0])
    return slopes(F.linear, dout, X, W, bias)


def random_layer(rng):
    n, inputs, outputs = rng.sizes(2, 5, 3)
    return rng.normal(n, outputs), rng.normal(n, inputs), rng.normal(outputs, inputs)


def random_layer_of_tokens(rng):
    batch, tokens, inputs, outputs = rng.sizes(2, 5, 4)
    return rng.normal(batch, tokens, outputs), rng.normal(batch, tokens, inputs), rng.normal(outputs, inputs)


@exercise("4.3", "linear_backward", points=14, minutes=30, difficulty=3, forbids="autograd", builds_on=("1.8", "3.6"))
class TestLinearBackward:
    def test_batch(self, student, probes):
        """dX, dW and db for a batch of examples"""
        dout = floats([[1.0, -0.5], [0.3, 2.0], [-1.2, 0.7], [0.4, 1.5]])
        X = floats([[0.5, -1.0, 2.0], [1.5, 0.2, -0.7], [-0.4, 0.9, 1.1], [2.2, -0.6, 0.8]])
        W = floats([[0.6, -0.2, 1.3], [-0.9, 0.5, 0.7]])
        ladder = probes([(dout[:2], X[:2], W), (dout, X, W)], random=random_layer)
        agree(student.linear_backward, ladder, linear_slopes, names=("dX", "dW", "db"), strided=True)

    def test_sequences(self, student, probes):
        """the same for a batch of sequences, as in a language model"""
        dout = floats([[[1.0], [-0.5], [0.8]], [[0.3], [2.0], [-1.1]]])
        X = floats([[[0.5, -1.0], [1.5, 0.2], [0.7, 0.4]], [[-0.4, 0.9], [2.2, -0.6], [-1.3, 1.6]]])
        W = floats([[0.6, -0.2]])
        wide = torch.cat([dout, 0.3 - 2 * dout, dout**2, X[..., :1] - dout], dim=-1)
        wide_W = floats([[0.6, -0.2], [-0.9, 0.5], [0.4, 1.3], [-1.5, 0.7]])
        more_axes = wide[:, None, :2], X[:, None, :2], wide_W  # two axes of sequences, and then the tokens
        ladder = probes([(dout, X, W), more_axes, (wide, X, wide_W)], random=random_layer_of_tokens, n=3)
        agree(student.linear_backward, ladder, linear_slopes, names=("dX", "dW", "db"), strided=True)


# 4.4


def bce_slope_along_z(a, y):
    # from z, not from a rounded prediction: torch is exact for very sure predictions this way
    return slopes(lambda z: F.binary_cross_entropy_with_logits(z.flatten(), y.flatten()), None, torch.logit(a))[0]


def random_column(rng):
    n = rng.size(3, 6)
    return rng.uniform(0.05, 0.95, n, 1), labels_of_both_kinds(rng, n)[:, None]


def random_row(rng):
    a, y = random_column(rng)
    return a, y.flatten()


def random_sure_column(rng):
    a, y = random_column(rng)
    a[0], a[1] = rng.choice([0.0, 1.0]), 1 - y[1]
    return a, y


@exercise(
    "4.4",
    "sigmoid_bce_backward",
    points=7,
    minutes=15,
    difficulty=2,
    forbids="autograd",
    builds_on=("3.4", "3.5", "3.6"),
)
class TestSigmoidBceBackward:
    def test_column_of_labels(self, student, probes):
        """dL/dz for labels in a column, of shape (N, 1)"""
        five = floats([[0.9], [0.2], [0.6], [0.35], [0.75]]), floats([[1.0], [0.0], [0.0], [1.0], [1.0]])
        two = floats([[0.75], [0.4]]), floats([[1.0], [0.0]])
        ladder = probes([two, five], random=random_column)
        agree(student.sigmoid_bce_backward, ladder, bce_slope_along_z)

    def test_row_of_labels(self, student, probes):
        """dL/dz for labels in a vector, of shape (N,)"""
        ladder = probes(
            [
                (floats([[0.75], [0.4]]), floats([1.0, 0.0])),
                (floats([[0.9], [0.2], [0.6], [0.35], [0.75]]), floats([1.0, 0.0, 0.0, 1.0, 1.0])),
                (floats([[0.75]]), floats([1.0])),
            ],
            random=random_row,
        )
        agree(student.sigmoid_bce_backward, ladder, bce_slope_along_z)

    def test_sure_predictions(self, student, probes):
        """dL/dz where predictions are exactly 0 or 1, right ones and wrong ones"""
        ladder = probes(
            [
                (floats([[1.0], [0.3], [0.0]]), floats([[1.0], [1.0], [0.0]])),
                (floats([[0.0], [0.8], [1.0], [0.6]]), floats([[1.0], [1.0], [0.0], [0.0]])),
            ],
            random=random_sure_column,
        )
        agree(student.sigmoid_bce_backward, ladder, bce_slope_along_z)


# 4.5


def expand_slope(g, shape):
    before = torch.zeros(shape, dtype=g.dtype, device=g.device)
    return slopes(lambda t: t.expand(g.shape), g, before)[0]


def more_axes(rng):
    """A gradient with one or two axes more than the shape before, none of which was stretched."""
    sizes = rng.sizes(2, 5, rng.size(2, 4))
    return rng.normal(*sizes), sizes[min(rng.size(1, 2), len(sizes) - 1) :]


def stretched_axes(rng):
    """A gradient of three axes; before, one or two of them had the size 1, and the first may have been missing."""
    sizes = rng.sizes(2, 5, 3)
    ones = rng.shuffled(range(3))[: rng.size(1, 2)]
    shape = tuple(1 if axis in ones else size for axis, size in enumerate(sizes))
    return rng.normal(*sizes), shape[1:] if shape[0] == 1 and 1 in shape[1:] else shape


@exercise(
    "4.5",
    "unbroadcast",
    points=12,
    minutes=25,
    difficulty=3,
    forbids=("autograd", "sum_to_size"),
    builds_on=("1.10",),
)
class TestUnbroadcast:
    def test_new_axes(self, student, probes):
        """axes that broadcasting put in front"""
        matrix = floats([[1.0, 2.0, 4.0], [-0.5, 0.3, 0.9]])
        cube = torch.stack([matrix, 3 * matrix + 1, matrix**2, 0.7 - matrix])
        new_ones = [
            (matrix, (3,)),
            (matrix, ()),
            (cube, (2, 3)),
            (cube, (3,)),
            (cube[:, :1], (1, 3)),
            (matrix[:1], (3,)),
        ]
        ladder = probes(new_ones, random=more_axes)
        agree(student.unbroadcast, ladder, expand_slope, strided=True)

    def test_stretched_axes(self, student, probes):
        """axes of size 1 that broadcasting stretched, also together with new ones, and none at all"""
        matrix = floats([[1.0, 2.0, 4.0], [-0.5, 0.3, 0.9]])
        cube = torch.stack([matrix, 3 * matrix + 1, matrix**2, 0.7 - matrix])
        ladder = probes(
            [
                (matrix, (2, 1)),
                (matrix, (1, 3)),
                (cube, (4, 1, 3)),
                (cube, (2, 1)),
                (cube, (1, 2, 1)),
                (matrix, (2, 3)),
            ],
            random=stretched_axes,
        )
        agree(student.unbroadcast, ladder, expand_slope)


# 4.6


def cross_entropy_slope(logits, targets):
    return slopes(lambda z: F.cross_entropy(z, targets), None, logits)[0]


def random_logits(rng):
    """A few examples, in which one class is right twice and the last class never is."""
    n, classes = rng.sizes(3, 6, 2)
    targets = torch.cat([rng.integers(0, classes - 1, 1).repeat(2), rng.integers(0, classes - 1, n - 2)])
    return 2 * rng.normal(n, classes), targets[torch.tensor(rng.shuffled(range(n)))]


def random_large_logits(rng):
    logits, targets = random_logits(rng)
    logits[0, 0], logits[1, -1] = rng.uniform(800, 1000), rng.uniform(800, 1000)
    return logits, targets


@exercise(
    "4.6", "softmax_ce_backward", points=12, minutes=25, difficulty=2, forbids="autograd", builds_on=("3.11", "4.4")
)
class TestSoftmaxCeBackward:
    def test_gradient(self, student, probes):
        """dL/dlogits, with classes that occur twice or not at all"""
        logits = floats([[0.5, -1.0, 2.0], [1.5, 0.3, -0.7], [-0.4, 0.8, 1.1], [0.2, -0.6, 0.9]])
        ladder = probes(
            [(logits[:2], torch.tensor([0, 1])), (logits, torch.tensor([1, 0, 1, 0]))],
            random=random_logits,
        )
        agree(student.softmax_ce_backward, ladder, cross_entropy_slope, strided=True)

    def test_large_logits(self, student, probes):
        """the same where some logits are as large as 1000"""
        ladder = probes(
            [
                (floats([[1000.0, 2.0, 0.5], [0.3, -1.0, 0.4]]), torch.tensor([1, 0])),
                (
                    floats([[-1000.0, 0.5, 1.0], [998.0, 1000.0, 999.0], [0.3, 0.1, -0.5], [0.2, 0.0, 0.9]]),
                    torch.tensor([1, 0, 1, 1]),
                ),
            ],
            random=random_large_logits,
        )
        agree(student.softmax_ce_backward, ladder, cross_entropy_slope)


# 4.7


def embedding_slope(dout, idx, V):
    table = torch.zeros(V, dout.shape[-1], dtype=dout.dtype, device=dout.device)
    return slopes(lambda rows: F.embedding(idx, rows), dout, table)[0]


def ids_with_repeats(rng, count):
    """Ids of which one occurs three times and id 0 at least once; the last row of the table never is looked up."""
    V = rng.size(count, count + 3)
    often = rng.size(1, V - 2)
    ids = [0, often, often, often, *rng.integers(0, V - 1, count - 4).tolist()]
    return torch.tensor(rng.shuffled(ids)), V


def random_sequence(rng):
    ids, V = ids_with_repeats(rng, rng.size(5, 7))
    return rng.normal(len(ids), rng.size(2, 4)), ids, V


def random_batch_of_sequences(rng):
    batch, tokens, D = rng.sizes(2, 4, 3)
    ids, V = ids_with_repeats(rng, batch * tokens)
    return rng.normal(batch, tokens, D), ids.reshape(batch, tokens), V


@exercise("4.7", "embedding_backward", points=10, minutes=20, difficulty=2, forbids="autograd", builds_on=("4.5",))
class TestEmbeddingBackward:
    def test_sequence(self, student, probes):
        """dL/dE for one sequence in which tokens occur more than once"""
        dout = floats([[1.0, 2.0], [10.0, 20.0], [5.0, -3.0], [0.5, 0.25], [-4.0, 7.0]])
        ladder = probes(
            [(dout[:3], torch.tensor([2, 0, 2]), 4), (dout, torch.tensor([1, 3, 0, 3, 3]), 6)],
            random=random_sequence,
        )
        agree(student.embedding_backward, ladder, embedding_slope, strided=True)

    def test_batch_of_sequences(self, student, probes):
        """the same for a batch of sequences, with token ids of shape (batch, tokens)"""
        dout = floats([[[1.0, 2.0], [10.0, 20.0], [5.0, -3.0]], [[0.5, 0.25], [-4.0, 7.0], [0.8, -0.6]]])
        idx = torch.tensor([[2, 0, 1], [1, 3, 2]])
        ladder = probes([(dout[None], idx[None], 7), (dout, idx, 7)], random=random_batch_of_sequences)
        agree(student.embedding_backward, ladder, embedding_slope, strided=True)


# 4.8


def gradients_by_autograd(cache, p, y):
    net = chapter_net(p)
    values, out = {}, cache["X"]
    for name, layer in net.named_children():
        values[name] = out = layer(out)
    # from z2, not from a rounded prediction: torch is exact for very sure networks this way
    loss = F.binary_cross_entropy_with_logits(values["z2"], y)
    wanted = {
        "dz2": values["z2"],
        "dW2": net.z2.weight,
        "db2": net.z2.bias,
        "dh": values["h"],
        "dz1": values["z1"],
        "dW1": net.z1.weight,
        "db1": net.z1.bias,
    }
    return dict(zip(wanted, torch.autograd.grad(loss, tuple(wanted.values())), strict=True))


def output_layer_by_autograd(cache, p, y):
    gradients = gradients_by_autograd(cache, p, y)
    return {name: gradients[name] for name in ("dz2", "dW2", "db2")}


def after_forward(X, p, y):
    """The arguments of mlp_backward: what the forward pass leaves, parameters, labels."""
    with torch.no_grad():
        return values_in_torch_layers(X, p), p, y


def random_forward(rng):
    X, p = random_net(rng)
    return after_forward(X, p, labels_of_both_kinds(rng, len(X))[:, None])


@exercise(
    "4.8",
    "mlp_backward",
    points=14,
    minutes=30,
    difficulty=3,
    forbids="autograd",
    builds_on=("4.1", "4.2", "4.3", "4.4"),
)
class TestMlpBackward:
    def test_output_layer(self, student, probes):
        """dz2, and the gradients of the output layer's parameters"""
        ladder = probes(
            [
                after_forward(*smaller_net(), floats([[0.0], [1.0]])),
                after_forward(*small_net(), floats([[0.0], [1.0], [1.0], [0.0]])),
            ],
            random=random_forward,
            n=3,
        )
        agree(student.through("output_layer_gradients"), ladder, output_layer_by_autograd, ordered=True)

    def test_all_gradients(self, student, probes):
        """all seven gradients, in the order of the backward pass"""
        ladder = probes(
            [
                after_forward(*smaller_net(), floats([[0.0], [1.0]])),
                after_forward(*small_net(), floats([[0.0], [1.0], [1.0], [0.0]])),
            ],
            random=random_forward,
            n=3,
        )
        agree(student.mlp_backward, ladder, gradients_by_autograd, ordered=True, strided=True)


# 4.11


def slope_before_the_relu(dout, z, W2):
    return slopes(lambda z: F.linear(torch.relu(z), W2), dout, z)[0]


def one_output():
    """Two examples, three units: on and off meet both signs of the gradient."""
    z = floats([[0.5, -1.0, 2.0], [-0.5, 3.0, 1.0]])
    return floats([[1.0], [-2.0]]), z, floats([[1.0, 2.0, -3.0]])


def two_outputs():
    z = floats([[0.9, -0.4, -1.3, 0.2], [-0.7, 1.6, 0.8, -2.1], [1.1, -0.3, 0.5, -0.6]])
    W2 = floats([[0.7, -1.2, 0.4, 0.9], [-0.5, 0.3, 1.5, -0.8]])
    return floats([[0.6, -1.1], [-0.4, 0.9], [1.3, 0.2]]), z, W2


def random_hidden_layer(rng):
    n, m, k = rng.sizes(2, 5, 3)
    return rng.normal(n, m), rng.normal(n, k), rng.normal(m, k)


@exercise(
    "4.11",
    "repaired_hidden_gradient",
    points=7,
    minutes=15,
    difficulty=2,
    forbids="autograd",
    builds_on=("3.8", "4.2", "4.3", "4.8"),
)
class TestRepairedHiddenGradient:
    def test_gradient(self, student, probes):
        """dL/dz of the hidden layer, for units that were on and off, and gradients of both signs"""
        ladder = probes([one_output(), two_outputs()], random=random_hidden_layer)
        agree(student.repaired_hidden_gradient, ladder, slope_before_the_relu, strided=True)


# 4.9 and 4.10


def chapter_parameters():
    """The 61 parameters of the chapter's network; no two are equal, and there is no pattern in their signs."""
    return torch.sin(1.7 * torch.arange(1.0, 62.0, dtype=torch.float64) ** 1.5)


def some_inputs(n):
    return torch.cos(2.3 * torch.arange(1.0, 10 * n + 1, dtype=torch.float64) ** 1.3).reshape(n, 10)


def loss_of_examples(parameters, inputs, labels):
    """The mean of the losses of the examples, each on its own, and the network in torch's layers."""
    if len(parameters) == 61:
        layers = OrderedDict(fc1=nn.Linear(10, 5), relu=nn.ReLU(), fc2=nn.Linear(5, 1), sigmoid=nn.Sigmoid())
        net = nn.Sequential(layers).to(inputs)
    else:
        net = nn.Sequential(nn.Linear(inputs.shape[1], 1), nn.Sigmoid()).to(inputs)
    vector_to_parameters(parameters, net.parameters())
    pairs = zip(inputs, labels.reshape(-1, 1), strict=True)
    return torch.stack([F.binary_cross_entropy(net(row), label) for row, label in pairs]).mean(), net


def torch_gradients(parameters, inputs, labels):
    loss, net = loss_of_examples(parameters, inputs, labels)
    names, values = zip(*net.named_parameters(), strict=True)
    return loss, dict(zip(names, torch.autograd.grad(loss, values), strict=True))


def loss_and_torch_gradients(parameters, inputs, labels, calls):
    loss, gradients = torch_gradients(parameters, inputs, labels)
    return {"parameters": 61, "shape of net(inputs)": (len(inputs), 1), "loss": loss, **gradients}


def random_single_example(rng):
    return rng.normal(61), rng.normal(1, 10), floats([rng.choice([0.0, 1.0])]), rng.size(1, 2)


def random_examples(rng):
    n = rng.size(2, 6)
    return rng.normal(61), rng.normal(n, 10), labels_of_both_kinds(rng, n), rng.size(1, 2)


@exercise("4.9", "fix_simple_net", points=6, minutes=15, difficulty=2, builds_on=("4.4", "4.8"), seconds=10)
class TestFixSimpleNet:
    def test_one_example(self, student, probes):
        """the loss and the gradients for a single example, as in the chapter"""
        parameters, x = chapter_parameters(), some_inputs(1)
        hand_made = [(parameters, x, floats([1.0]), 1), (parameters, x, floats([0.0]), 2)]
        ladder = probes(hand_made, random=random_single_example, n=2)
        agree(student.through("loss_and_gradients"), ladder, loss_and_torch_gradients)

    def test_four_examples(self, student, probes):
        """the same for four examples, and for other batches"""
        parameters, x = chapter_parameters(), some_inputs(4)
        hand_made = [
            (parameters, x, floats([1.0, 0.0, 0.0, 1.0]), 1),
            (parameters, x, floats([0.0, 0.0, 1.0, 0.0]), 2),
        ]
        ladder = probes(hand_made, random=random_examples, n=2)
        agree(student.through("loss_and_gradients"), ladder, loss_and_torch_gradients)


def gradients_but_frozen(parameters, X, y, frozen):
    _, gradients = torch_gradients(parameters, X, y)
    return {name: gradient for name, gradient in gradients.items() if name not in frozen}


def gradients_of_each(parameters, X1, y1, X2, y2):
    return {
        "first batch": torch_gradients(parameters, X1, y1)[1],
        "second batch": torch_gradients(parameters, X2, y2)[1],
    }


def random_batch(rng):
    parameters, X, y, _ = random_examples(rng)
    return parameters, X, y[:, None], [rng.choice(["fc1.weight", "fc1.bias", "fc2.weight", "fc2.bias"])]


def random_two_batches(rng):
    parameters, X1, y1, _ = random_examples(rng)
    _, X2, y2, _ = random_examples(rng)
    return parameters, X1, y1[:, None], X2, y2[:, None]


@exercise("4.10", "named_gradients", points=5, minutes=10, difficulty=1, builds_on=("3.10", "4.9"), seconds=10)
class TestNamedGradients:
    def test_one_batch(self, student, probes):
        """the gradients of one batch by name, with and without frozen parameters, also of another network"""
        parameters, X = chapter_parameters(), some_inputs(3)
        y = floats([[1.0], [0.0], [0.0]])
        hand_made = [(parameters, X, y, []), (parameters, X, y, ["fc1.bias"]), (parameters, X, y, ["fc2.weight"])]
        hand_made.append((floats([0.5, -1.0, 0.8, 0.2]), X[:, :3], y, []))  # another network
        ladder = probes(hand_made, random=random_batch, n=2)
        agree(student.through("gradients_of_one_batch"), ladder, gradients_but_frozen)

    def test_two_batches(self, student, probes):
        """the gradients of two batches, each its own, and still there when .grad is cleared"""
        X, y = some_inputs(5), floats([[1.0], [0.0], [0.0], [1.0], [0.0]])
        hand_made = [(chapter_parameters(), X[:2], y[:2], X[2:], y[2:])]
        ladder = probes(hand_made, random=random_two_batches, n=2)
        agree(student.through("gradients_of_two_batches"), ladder, gradients_of_each)
        leave_picture(student)
