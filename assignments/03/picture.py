"""The picture at the end of assignment 03: a computation graph, with the numbers of your own engine in it."""

import torch
from matplotlib.patches import FancyBboxPatch

from gradlings.runners.final_picture.picture import BLUE, INK, MEDIUM, RED, SMALL, SOFT, FinalPicture, new_figure

INPUTS = {"x": 1.5, "w": 0.6, "b": -0.4}
FORMULAS = {"m": "w x", "h": "m + b", "e": "exp(h)", "p": "e h", "y": "p + h"}
PLACES = {"x": (0, 1.7), "w": (0, 0), "b": (2.3, -1.7), "m": (2.3, 0.85), "h": (4.6, 0)}
PLACES |= {"e": (6.9, 1.9), "p": (9.2, 1.9), "y": (11.5, 0)}
WIDTH, HEIGHT = 1.5, 1.16


def picture(own):
    """The graph of y = h exp(h) + h with h = w x + b, made and differentiated by the engine of assignment 03."""
    values, slopes = by_autograd()
    nodes = {name: own.Value(number) for name, number in INPUTS.items()}
    nodes["m"] = nodes["w"] * nodes["x"]
    nodes["h"] = nodes["m"] + nodes["b"]
    nodes["e"] = e = own.exp(nodes["h"])
    own.agreed("exp", (e.data, list(e.local_derivatives), len(e.parents)), (values["e"], [values["e"]], 1))
    nodes["p"] = nodes["e"] * nodes["h"]
    nodes["y"] = nodes["p"] + nodes["h"]
    order = own.topological_order(nodes["y"])
    place = {id(node): number for number, node in enumerate(order, 1)}
    numbers = {name: place.get(id(node)) for name, node in nodes.items()}
    users_first = all(numbers[n] < numbers[o] for n, o in EDGES if None not in (numbers[n], numbers[o]))
    own.agreed("topological_order", (sorted(place.values()), users_first), (list(range(1, len(nodes) + 1)), True))
    own.backprop(nodes["y"])
    own.agreed("backprop", {name: node.grad for name, node in nodes.items()}, slopes)

    shares = [f"{nodes[user].grad * slope:.2f}" for user, slope in shares_of(nodes, "h")]
    figure = new_figure(
        f"Three users hand a gradient back to h, and it is their sum: {' + '.join(shares)} = {nodes['h'].grad:.2f}",
        height=4.8,
    )
    axes = figure.add_subplot()
    axes.set(xlim=(-0.9, 12.4), ylim=(-3.5, 2.9), aspect="equal")
    axes.axis("off")
    for user, node in nodes.items():
        for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
            (name,) = [other for other, each in nodes.items() if each is parent]
            arrow(axes, name, user, f"{slope:.2f}")
    for name, node in nodes.items():
        box(axes, name, node, numbers[name])
    told = {"fontsize": SMALL, "va": "center"}
    axes.text(
        -0.75, -2.75, "upper number: the value, computed from left to right", color=BLUE, fontweight="bold", **told
    )
    back = "lower number: the gradient of y, handed back in the order of the small numbers, times that of the arrow"
    axes.text(-0.75, -3.2, back, color=RED, fontweight="bold", **told)
    return FinalPicture(
        figure,
        "graph.png",
        "a computation graph with the gradients of your own engine",
        "The graph of y = h exp(h) + h with h = w x + b. Each box has a value and the gradient of y with respect to it, each "
        f"arrow its local derivative. The gradient of h is the sum of three shares, {', '.join(shares)}; that of w is "
        f"{nodes['w'].grad:.2f}.",
    )


EDGES = [("y", "p"), ("y", "h"), ("p", "e"), ("p", "h"), ("e", "h"), ("h", "m"), ("h", "b"), ("m", "w"), ("m", "x")]


def by_autograd():
    """The value of every node, and the derivative of y with respect to it, by PyTorch's own engine."""
    nodes = {name: torch.tensor(value, dtype=torch.float64, requires_grad=True) for name, value in INPUTS.items()}
    nodes["m"] = nodes["w"] * nodes["x"]
    nodes["h"] = nodes["m"] + nodes["b"]
    nodes["e"] = torch.exp(nodes["h"])
    nodes["p"] = nodes["e"] * nodes["h"]
    nodes["y"] = nodes["p"] + nodes["h"]
    slopes = torch.autograd.grad(nodes["y"], tuple(nodes.values()))
    values = {name: node.item() for name, node in nodes.items()}
    return values, {name: slope.item() for name, slope in zip(nodes, slopes, strict=True)}


def shares_of(nodes, name):
    """The users of a node, each with its local derivative, the last user first."""
    for user, node in reversed(nodes.items()):
        for parent, slope in zip(node.parents, node.local_derivatives, strict=True):
            if parent is nodes[name]:
                yield user, slope


def box(axes, name, node, number):
    """A node with its name, its value, its gradient and its place in the order of the backward pass."""
    x, y = PLACES[name]
    corner = (x - WIDTH / 2, y - HEIGHT / 2)
    style = "round,pad=0,rounding_size=0.15"
    axes.add_patch(FancyBboxPatch(corner, WIDTH, HEIGHT, boxstyle=style, facecolor="#f4f4f4", edgecolor=SOFT))
    formula = f"{name} = {FORMULAS[name]}" if name in FORMULAS else name
    axes.text(x, y + 0.33, formula, ha="center", va="center", fontsize=MEDIUM, color=INK)
    axes.text(x, y + 0.01, f"{node.data:.2f}", ha="center", va="center", fontsize=MEDIUM, color=BLUE, fontweight="bold")
    axes.text(x, y - 0.33, f"{node.grad:.2f}", ha="center", va="center", fontsize=MEDIUM, color=RED, fontweight="bold")
    axes.text(x - WIDTH / 2 + 0.09, y + HEIGHT / 2 + 0.14, f"{number}", va="center", fontsize=SMALL, color=SOFT)


def arrow(axes, parent, user, slope):
    """An arrow from a parent to its user, with the local derivative."""
    (x0, y0), (x1, y1) = PLACES[parent], PLACES[user]
    start, end = (x0 + WIDTH / 2, y0 + 0.1 * (y1 - y0)), (x1 - WIDTH / 2, y1 - 0.1 * (y1 - y0))
    axes.annotate("", end, start, arrowprops={"arrowstyle": "-|>", "color": SOFT, "shrinkA": 0, "shrinkB": 0})
    middle = ((start[0] + end[0]) / 2, (start[1] + end[1]) / 2)
    ground = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    axes.text(*middle, slope, ha="center", va="center", fontsize=SMALL, color=INK, bbox=ground)
