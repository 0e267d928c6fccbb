"""The picture at the end of assignment 05: what your own optimizers do with weights of very different slopes."""

import torch
from torch.nn import functional as F

from gradlings.runners.final_picture.picture import (
    BLUE,
    INK,
    MEDIUM,
    ORANGE,
    PURPLE,
    SMALL,
    SOFT,
    FinalPicture,
    new_figure,
)

STEPS = 100
SCALES = torch.tensor([1.0, 0.3, 0.1, 0.03], dtype=torch.float64)
"""Of the inputs: a weight on a small input has a small slope, as the rows of rare tokens in a language model have."""
RATES = {"SGD": (0.3, 3.0, 10.0), "Adam": (0.01, 0.1, 1.0)}
LINES = ("dotted", "dashed", "solid")
MOMENTUM = {"SGD": 0.0, "momentum": 0.9}
COLORS = {"SGD": ORANGE, "momentum": PURPLE, "Adam": BLUE}
START, VALLEY_STEPS = (-1.0, 2.0), 25


def picture(own):
    """Loss curves of SGD and Adam, each with three learning rates, and the way of three optimizers through a valley."""
    figure = new_figure("SGD has one rate for all weights; Adam fits each step to the slopes of its weight", height=5.2)
    curves, valley = figure.subplots(1, 2, width_ratios=(1.15, 1))
    a, b = torch.meshgrid(torch.linspace(-1.3, 1.3, 60), torch.linspace(-0.6, 2.4, 60), indexing="xy")
    heights = [0.02, 0.2, 0.8, 2.0, 4.0, 8.0, 14.0]
    valley.contour(a.tolist(), b.tolist(), in_valley([a, b]).tolist(), levels=heights, colors="#bbbbbb", linewidths=1)
    for name, rate in (("SGD", 0.075), ("momentum", 0.01), ("Adam", 0.2)):
        way = run(own, name, rate, torch.tensor(START, dtype=torch.float64), in_valley, VALLEY_STEPS)[0]
        style = {"color": COLORS[name], "marker": "o", "markersize": 3, "linewidth": 1.5}
        valley.plot(*way.T.tolist(), label=f"{name}, rate {rate:g}", **style)
    valley.plot(0, 0, marker="*", markersize=13, color=INK, linestyle="none", label="lowest point")
    valley.set_title(f"{VALLEY_STEPS} steps in a narrow valley", loc="left", fontsize=MEDIUM, color=INK)
    valley.legend(ncols=2, **under(-0.02))
    valley.set_xticks([])
    valley.set_yticks([])
    valley.spines[:].set_color(SOFT)
    last = {}
    for name, rates in RATES.items():
        for rate, line in zip(rates, LINES, strict=True):
            losses = run(own, name, rate, torch.zeros(4, dtype=torch.float64), loss_of_examples, STEPS)[1]
            curves.plot(losses, color=COLORS[name], linestyle=line, linewidth=2, label=f"{name}, rate {rate:g}")
            last[name] = min(last.get(name, losses[-1]), losses[-1])
    curves.set(xlim=(0, STEPS), ylim=(0, 0.8))
    curves.set_xlabel("step", fontsize=SMALL)
    curves.set_ylabel("loss", fontsize=SMALL)
    curves.set_title("Four weights, slopes from large to tiny", loc="left", fontsize=MEDIUM, color=INK)
    curves.legend(ncols=2, **under(-0.12))
    curves.tick_params(labelsize=SMALL)
    return FinalPicture(
        figure,
        "losses.png",
        "your SGD against your Adam",
        f"Loss curves of SGD and Adam over {STEPS} steps, three learning rates each: the best of SGD ends at {last['SGD']:.2f}, "
        f"the best of Adam at {last['Adam']:.2f}. Beside it a narrow valley from above: SGD jumps from side to side, momentum "
        "swings out, Adam heads for the bottom in both directions at once.",
    )


def run(own, name, rate, start, loss_of, n_steps):
    """The places that an optimizer comes to, by the student's own steps, and the loss at each."""
    p, state = start.clone(), {"t": 0, "m": torch.zeros_like(start), "v": torch.zeros_like(start)}
    expected = start.clone().requires_grad_()
    optimizer = (
        torch.optim.Adam([expected], rate) if name == "Adam" else torch.optim.SGD([expected], rate, MOMENTUM[name])
    )
    way, losses, right = [], [], []
    for _ in range(n_steps):
        for place, found in ((p, way), (expected, right)):
            found.append(place.detach().clone())
        slope, loss = slope_of(loss_of, p)
        losses.append(loss)
        step(own, name, p, slope, state, rate)
        expected.grad, _ = slope_of(loss_of, expected)
        optimizer.step()
    own.agreed({"SGD": "sgd_step"}.get(name, f"{name.lower()}_step"), torch.stack(way), torch.stack(right))
    return torch.stack(way), losses


def slope_of(loss_of, place):
    """The gradient of a loss at a place, and the loss."""
    leaf = place.detach().clone().requires_grad_()
    loss = loss_of(leaf)
    return torch.autograd.grad(loss, leaf)[0], loss.item()


def under(bottom):
    """A legend below its axes."""
    return {"loc": "upper center", "bbox_to_anchor": (0.5, bottom), "fontsize": SMALL, "frameon": False}


def step(own, name, p, slope, state, rate):
    """One step of the student's own optimizer, which changes p."""
    if name == "SGD":
        p.requires_grad_()  # as a parameter of a model does
        own.sgd_step([p], [slope], rate)
        p.requires_grad_(False)
    elif name == "momentum":
        own.momentum_step(p, slope, state["v"], rate, MOMENTUM[name])
    else:
        own.adam_step(p, slope, state, rate)


def examples():
    """200 examples with four inputs of different scales, and whether their sum, each scaled to 1, is above 0."""
    draw = torch.Generator().manual_seed(0)
    standard = torch.randn(200, len(SCALES), generator=draw, dtype=torch.float64)
    noise = 0.7 * torch.randn(200, generator=draw, dtype=torch.float64)
    return standard * SCALES, (standard.sum(dim=1) + noise > 0).double()


INPUTS, LABELS = examples()


def loss_of_examples(weights):
    """The mean loss of a neuron without bias."""
    return F.binary_cross_entropy_with_logits(INPUTS @ weights, LABELS)


def in_valley(place):
    """A valley that is 25 times as steep across as it is along."""
    return (25 * place[0] ** 2 + place[1] ** 2) / 2
