"""The picture at the end of assignment 04: a boundary that moves, since your own gradients say where to."""

import torch
from matplotlib.colors import LinearSegmentedColormap
from torch import nn
from torch.nn import functional as F

from gradlings.runners.final_picture.picture import BLUE, INK, MEDIUM, ORANGE, SMALL, FinalPicture, new_figure

MOMENTS = (0, 20, 100, 400)
N_UNITS, RATE = 16, 1.0
ACROSS, UP = torch.linspace(-1.8, 2.8, 70).double(), torch.linspace(-1.5, 2.0, 60).double()
COLORS = LinearSegmentedColormap.from_list("blue to orange", [BLUE, "white", ORANGE])


def picture(own):
    """Four moments of a training run: gradients by the backward pass of assignment 04, steps of plain gradient descent."""
    X, y = two_arcs()
    p = fresh_parameters()
    figure = new_figure("Each step moves the line where the network says 50 %; your gradients say where to", height=6.8)
    panels = dict(zip(MOMENTS, figure.subplots(2, 2).flat, strict=True))
    losses = []
    for step in range(MOMENTS[-1] + 1):
        cache = own.mlp_forward(X, dict(p))
        if step in MOMENTS:
            expected = values_in_torch(X, p)
            own.agreed("mlp_forward", cache, expected)
            losses.append(F.binary_cross_entropy(expected["a"], y).item())
            shades = draw(panels[step], own, X, y, p)
            when = f"after {step} steps" if step else "before the first step"
            right = ((expected["a"] > 0.5) == (y > 0.5)).double().mean().item()
            panels[step].set_title(f"{when}: loss {losses[-1]:.2f}, {right:.0%} right", fontsize=MEDIUM)
        gradients = own.mlp_backward(cache, dict(p), y)
        if step in MOMENTS:
            own.agreed("mlp_backward", gradients, gradients_in_torch(X, y, p))
        p = {name: value - RATE * gradients[f"d{name}"] for name, value in p.items()}
    bar = figure.colorbar(shades, ax=list(panels.values()), shrink=0.85, ticks=[0, 0.5, 1])
    bar.set_label("probability of a triangle, by the network", fontsize=SMALL)
    return FinalPicture(
        figure,
        "boundary.png",
        "how your gradients move a decision boundary",
        "Two arcs of points, circles and triangles, that reach into each other, and the line between what a network takes "
        f"for the one or the other: before training and after {MOMENTS[1]}, {MOMENTS[2]} and {MOMENTS[3]} steps. It bends "
        f"around the arcs while the loss falls from {losses[0]:.2f} to {losses[-1]:.2f}.",
    )


def two_arcs():
    """100 points on each of two arcs that reach into each other, a little off, and their labels."""
    noise = torch.Generator().manual_seed(0)
    angle = torch.linspace(0, torch.pi, 100).double()
    circles = torch.stack([angle.cos(), angle.sin()], dim=1)
    triangles = torch.stack([1 - angle.cos(), 0.5 - angle.sin()], dim=1)
    X = torch.cat([circles, triangles])
    X = X + 0.12 * torch.randn(X.shape, generator=noise, dtype=torch.float64)
    return X, torch.cat([torch.zeros(100, 1), torch.ones(100, 1)]).double()


def fresh_parameters():
    """Those of a network with two inputs, one hidden layer and one output."""
    draw = torch.Generator().manual_seed(4)
    sizes = {"W1": (N_UNITS, 2), "b1": (N_UNITS,), "W2": (1, N_UNITS), "b2": (1,)}
    return {name: 0.7 * torch.randn(size, generator=draw, dtype=torch.float64) for name, size in sizes.items()}


def in_torch(X, p):
    """What `mlp_forward` must give, by PyTorch's own layers, and the parameters of these."""
    hidden, output = nn.Linear(2, N_UNITS).double(), nn.Linear(N_UNITS, 1).double()
    for layer, number in ((hidden, 1), (output, 2)):
        layer.load_state_dict({"weight": p[f"W{number}"], "bias": p[f"b{number}"]})
    leaves = {"W1": hidden.weight, "b1": hidden.bias, "W2": output.weight, "b2": output.bias}
    cache = {"X": X}
    for layer, name in ((hidden, "z1"), (nn.ReLU(), "h"), (output, "z2"), (nn.Sigmoid(), "a")):
        X = cache[name] = layer(X)
    return cache, leaves


def values_in_torch(X, p):
    """What `mlp_forward` must give."""
    return {name: value.detach() for name, value in in_torch(X, p)[0].items()}


def gradients_in_torch(X, y, p):
    """What `mlp_backward` must give, by autograd."""
    cache, leaves = in_torch(X, p)
    known = cache | leaves
    names = ("z2", "W2", "b2", "h", "z1", "W1", "b1")
    found = torch.autograd.grad(F.binary_cross_entropy(cache["a"], y), [known[name] for name in names])
    return {f"d{name}": gradient for name, gradient in zip(names, found, strict=True)}


def draw(axes, own, X, y, p):
    """The points, and what a network says of all places: its color, and a line where it says 50 %."""
    up, across = torch.meshgrid(UP, ACROSS, indexing="ij")
    places = torch.stack([across.flatten(), up.flatten()], dim=1)
    expected = values_in_torch(places, p)
    says = own.agreed("mlp_forward", own.mlp_forward(places, dict(p)), expected)["a"].reshape(up.shape)
    field = (ACROSS.tolist(), UP.tolist(), says.tolist())
    shades = axes.contourf(*field, levels=[i / 10 for i in range(11)], cmap=COLORS, alpha=0.8)
    axes.contour(*field, levels=[0.5], colors=INK, linewidths=2)
    for label, marker, color in ((0, "o", BLUE), (1, "^", ORANGE)):
        these = X[y[:, 0] == label]
        axes.scatter(*these.T.tolist(), marker=marker, color=color, edgecolor=INK, linewidth=0.6, s=24)
    axes.set_xticks([])
    axes.set_yticks([])
    return shades
