"""Drivers: they call your functions with functions and graphs, and return plain values that can be compared.

The first argument is your module; the others are what a failing check shows you.
"""

import torch


def derivative_of(student, function, x):
    """`chain_derivative` for a function written as text; "sin(x**2)" has the outer function sin, the inner x**2."""
    df, g, dg = {
        "sin(x**2)": (torch.cos, lambda t: t**2, lambda t: 2 * t),
        "sin(x)**2": (lambda u: 2 * u, torch.sin, torch.cos),
        "exp(3*x - 1)": (torch.exp, lambda t: 3 * t - 1, lambda t: torch.full_like(t, 3.0)),
        "log(1 + x**2)": (torch.reciprocal, lambda t: 1 + t**2, lambda t: 2 * t),
    }[function]
    return student.chain_derivative(df, g, dg, x)


def gradient_and_calls(student, function, x, h):
    """`numeric_gradient` of a function written as text, how often it was called, and its point afterwards."""
    formula = {
        "x[0]*x[1]*x[2] + sum(x**3)": lambda t: t[0] * t[1] * t[2] + (t**3).sum(),
        "prod(x) + sum(x**3)": lambda t: t.prod() + (t**3).sum(),
        "logsumexp(x)": lambda t: torch.logsumexp(t, dim=0),
    }[function]
    point = x.clone()
    calls = 0

    def f(t):
        nonlocal calls
        calls += 1
        return formula(t)

    gradient = student.numeric_gradient(f, point, h)
    return gradient, calls, point


def graph(student, program):
    """Every node of a program such as "x = 3; h = x + x; y = h * x", by name, in the order of the program."""
    nodes = {}
    for step in program.split("; "):
        name, formula = step.split(" = ")
        words = formula.split()
        if len(words) == 1:
            nodes[name] = student.Value(float(formula))
        elif words[1] == "+":
            nodes[name] = nodes[words[0]] + nodes[words[2]]
        else:
            nodes[name] = nodes[words[0]] * nodes[words[2]]
    return nodes


def order_of(student, program):
    """The names of the nodes in the order that `topological_order` gives for the program's last node."""
    nodes = graph(student, program)
    order = student.topological_order(list(nodes.values())[-1])
    if not isinstance(order, (list, tuple)):
        return order if order is None else type(order).__name__
    names = {id(node): name for name, node in nodes.items()}
    return [names.get(id(item), "?") for item in order]


def gradients(student, program, calls):
    """The gradient of every node after `backprop` was called on the program's last node, so many times."""
    nodes = graph(student, program)
    before = {name: _but_grad(node) for name, node in nodes.items()}
    for _ in range(calls):
        student.backprop(list(nodes.values())[-1])
    changed = [name for name, node in nodes.items() if _but_grad(node) != before[name]]
    gradients = {name: node.grad for name, node in nodes.items()}
    return gradients | {"nodes with other data, parents or local derivatives": changed} if changed else gradients


def _but_grad(node):
    return node.data, tuple(map(id, node.parents)), tuple(node.local_derivatives)


def node_of_exp(student, x):
    """What `exp` of a node with the data x looks like, and the data of that node afterwards."""
    node = student.Value(x)
    result = student.exp(node)
    if result is None:
        return None
    parents = ["x" if parent is node else "?" for parent in result.parents]
    derivatives = list(result.local_derivatives)
    return {"data": result.data, "parents": parents, "local_derivatives": derivatives, "x afterwards": node.data}
