"""Hidden probes of assignment 04: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(104)


def net(n, d, k):
    """A batch of n examples with d inputs, and the parameters of a network with k hidden units."""
    p = {"W1": rng.normal(k, d), "b1": rng.normal(k), "W2": rng.normal(1, k), "b2": rng.normal(1)}
    return rng.normal(n, d), p


def after_forward(X, p, y):
    """The arguments of mlp_backward."""
    z1 = X @ p["W1"].T + p["b1"]
    h = z1.relu()
    z2 = h @ p["W2"].T + p["b2"]
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": z2.sigmoid()}, p, y


def labels(*shape):
    return rng.integers(0, 2, *shape).double()


def simple_net(n, calls=None):
    """Parameters of the chapter's network, smaller than the public ones, with a batch of n examples."""
    batch = 0.3 * rng.normal(61), rng.normal(n, 10), labels(n)
    return batch if calls is None else (*batch, calls)


def in_a_column(parameters, X, y):
    return parameters, X, y[:, None]


PROBES = {
    # 4.1 the forward pass: one example, one hidden unit, one input, and larger than the public ones
    "4.1::test_hidden_layer": [net(1, 3, 2), net(3, 1, 1), net(7, 9, 8)],
    "4.1::test_all_values": [net(1, 1, 1), net(4, 4, 4), net(7, 9, 8)],
    # 4.2 ReLU: more axes, a single number, nothing that comes from above, other magnitudes
    "4.2::test_gradient": [
        (floats(2.0), floats(-1.0)),
        (rng.normal(2, 3, 4), rng.normal(2, 3, 4)),
        (floats([0.0, 1e6, -1e-6, 1e6]), floats([1.0, 1e-6, 1e6, -1e-6])),
    ],
    # 4.3 a linear layer: one example, one input and output, square, and two axes of sequences
    "4.3::test_batch": [
        (floats([[2.0]]), floats([[-3.0]]), floats([[0.5]])),
        (rng.normal(1, 4), rng.normal(1, 2), rng.normal(4, 2)),
        (rng.normal(3, 3), rng.normal(3, 3), rng.normal(3, 3)),
        (rng.normal(9, 7), rng.normal(9, 8), rng.normal(7, 8)),
    ],
    "4.3::test_sequences": [
        (rng.normal(2, 3, 4, 5), rng.normal(2, 3, 4, 6), rng.normal(5, 6)),
        (rng.normal(1, 3, 2), rng.normal(1, 3, 2), rng.normal(2, 2)),
    ],
    # 4.4 sigmoid and loss together: one example, labels of one kind, many examples
    "4.4::test_column_of_labels": [
        (floats([[0.3]]), floats([[1.0]])),
        (floats([[0.3], [0.9], [0.2]]), floats([[0.0], [0.0], [0.0]])),
        (rng.uniform(0.05, 0.95, 40, 1), labels(40, 1)),
    ],
    "4.4::test_row_of_labels": [(floats([[0.3]]), floats([0.0])), (rng.uniform(0.05, 0.95, 40, 1), labels(40))],
    "4.4::test_sure_predictions": [
        (floats([[0.0]]), floats([[1.0]])),
        (floats([[1.0], [0.0], [1.0], [0.0]]), floats([[1.0], [0.0], [1.0], [0.0]])),
    ],
    # 4.5 undoing a broadcast: more axes, new axes of size 1, everything stretched
    "4.5::test_new_axes": [
        (rng.normal(2, 1, 3, 2, 4), (2, 4)),
        (rng.normal(1, 3), (3,)),
        (rng.normal(7, 1, 3), (1, 3)),
        (rng.normal(5), ()),
    ],
    "4.5::test_stretched_axes": [
        (rng.normal(2, 4, 3, 5), (2, 1, 3, 1)),
        (rng.normal(4, 2, 3), (1, 1)),
        (rng.normal(2, 3, 4), (1, 1, 1)),
        (rng.normal(6), (1,)),
        (rng.normal(1, 3), (1, 3)),  # an axis of size 1 that stayed one
    ],
    # 4.6 softmax and loss together: the last class, one example, two classes, many of both, equal logits
    "4.6::test_gradient": [
        (floats([[0.5, -1.0, 2.0, 0.1]]), torch.tensor([3])),
        (floats([[1.0, 1.0], [-2.0, -2.0], [0.0, 0.0]]), torch.tensor([1, 1, 1])),
        (2 * rng.normal(30, 50), rng.integers(0, 50, 30)),
    ],
    "4.6::test_large_logits": [
        (floats([[1000.0, 1000.0, 1000.0]]), torch.tensor([2])),
        (floats([[-1000.0, -999.0], [-800.0, 900.0]]), torch.tensor([0, 1])),
    ],
    # 4.7 an embedding: a table of one row, the last row, one id only, ids of three axes, a larger vocabulary
    "4.7::test_sequence": [
        (floats([[1.0, -2.0], [3.0, 0.5]]), torch.tensor([0, 0]), 1),
        (rng.normal(4, 3), torch.tensor([5, 5, 5, 5]), 6),
        (rng.normal(60, 1), rng.integers(0, 20, 60), 100),
    ],
    "4.7::test_batch_of_sequences": [
        (rng.normal(2, 3, 4, 5), rng.integers(0, 6, 2, 3, 4), 6),
        (rng.normal(1, 1, 2), torch.tensor([[3]]), 4),
    ],
    # 4.8 the backward pass
    "4.8::test_output_layer": [
        after_forward(*net(1, 3, 2), floats([[1.0]])),
        after_forward(*net(3, 2, 1), floats([[0.0], [0.0], [0.0]])),
        after_forward(*net(8, 6, 7), labels(8, 1)),
    ],
    "4.8::test_all_gradients": [
        after_forward(*net(1, 1, 1), floats([[0.0]])),
        after_forward(*net(4, 4, 4), floats([[1.0], [1.0], [1.0], [1.0]])),
        after_forward(*net(8, 6, 7), labels(8, 1)),
    ],
    # 4.11 the hidden layer: one example and one unit, many outputs, larger than the public ones, other magnitudes
    "4.11::test_gradient": [
        (floats([[2.0]]), floats([[0.3]]), floats([[-1.5]])),
        (rng.normal(1, 6), rng.normal(1, 2), rng.normal(6, 2)),
        (rng.normal(9, 3), rng.normal(9, 8), rng.normal(3, 8)),
        (1e-4 * rng.normal(4, 2), 1e3 * rng.normal(4, 5), rng.normal(2, 5)),
    ],
    # 4.9 and 4.10 the chapter's network: more calls, more examples, batches of one, several frozen parameters
    "4.9::test_one_example": [simple_net(1, 3), simple_net(1, 1)],
    "4.9::test_four_examples": [simple_net(12, 3), simple_net(10, 1)],
    "4.10::test_one_batch": [
        (*in_a_column(*simple_net(1)), ["fc1.weight", "fc1.bias"]),
        (*in_a_column(*simple_net(12)), ["fc1.weight", "fc1.bias", "fc2.weight"]),
    ],
    "4.10::test_two_batches": [(*in_a_column(*simple_net(1)), *in_a_column(*simple_net(9))[1:])],
}
