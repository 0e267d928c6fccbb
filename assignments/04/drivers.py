"""Drivers: they call your functions and hand over plain values that can be compared.

The first argument is your module; the others are what a failing check shows you.
"""

import torch
from torch import nn
from torch.nn.utils import vector_to_parameters


def hidden_layer(student, X, p):
    """What `mlp_forward` computes up to the hidden layer."""
    return _only(student.mlp_forward(X, p), ("X", "z1", "h"))


def output_layer_gradients(student, cache, p, y):
    """What `mlp_backward` computes up to the parameters of the output layer."""
    return _only(student.mlp_backward(cache, p, y), ("dz2", "dW2", "db2"))


def loss_and_gradients(student, parameters, inputs, labels, calls):
    """The loss and the gradients that `fix_simple_net` leaves in a SimpleNet, after so many calls with one batch.

    `parameters` are the numbers of the network in one row: weights and biases of fc1, then those of fc2.
    """
    net = _simple_net(student, parameters)
    for _ in range(calls):
        loss = student.fix_simple_net(net, inputs, labels)
    count = sum(parameter.numel() for parameter in net.parameters())
    with torch.no_grad():
        shape = tuple(net(inputs).shape)
    gradients = {name: p.grad for name, p in net.named_parameters()}
    return {"parameters": count, "shape of net(inputs)": shape, "loss": loss, **gradients}


def gradients_of_one_batch(student, parameters, X, y, frozen):
    """`named_gradients` of a SimpleNet in which the parameters named in `frozen` do not require grad.

    With fewer parameters than a SimpleNet has, the network is a linear layer and a sigmoid in an `nn.Sequential`.
    """
    net = _simple_net(student, parameters) if len(parameters) == 61 else _smaller_net(parameters, X.shape[1])
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(name not in frozen)
    return student.named_gradients(net, X, y)


def gradients_of_two_batches(student, parameters, X1, y1, X2, y2):
    """`named_gradients` of two batches, one after the other; then what is left in `.grad` is filled with zeros."""
    net = _simple_net(student, parameters)
    first = student.named_gradients(net, X1, y1)
    second = student.named_gradients(net, X2, y2)
    net.zero_grad(set_to_none=False)
    return {"first batch": first, "second batch": second}


def _only(answer, names):
    """The named members of a dict, those that it has; anything else as it is."""
    if not isinstance(answer, dict):
        return answer
    return {name: answer[name] for name in names if name in answer}


def _simple_net(student, parameters):
    """A SimpleNet that uses the given numbers as its parameters."""
    net = student.SimpleNet()
    vector_to_parameters(parameters, net.parameters())
    return net


def _smaller_net(parameters, inputs):
    """A linear layer with one output and a sigmoid, with the given numbers as weights and bias."""
    net = nn.Sequential(nn.Linear(inputs, 1), nn.Sigmoid())
    vector_to_parameters(parameters, net.parameters())
    return net
