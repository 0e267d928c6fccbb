"""Draw the pictures of docs/chapter.md, with every number in them computed here.

python docs/draw_chapter.py docs/pictures
"""

from __future__ import annotations

import sys
from html import escape
from pathlib import Path

import torch
import torch.nn.functional as F

INK, FAINT, FORWARD, BACKWARD, GROUND = "#24292f", "#8c959f", "#0b62a8", "#b3470b", "#ffffff"
FONT = "font-family='DejaVu Sans, Arial, sans-serif'"


class Drawing:
    """Shapes on a white ground, so that it reads on light and on dark pages alike."""

    def __init__(self, width: int, height: int, title: str) -> None:
        self._lines = [
            f"<svg xmlns='http://www.w3.org/2000/svg' viewBox='0 0 {width} {height}' width='{width}' role='img'>",
            f"<title>{escape(title)}</title>",
            "<defs>",
            *(
                f"<marker id='{name}' viewBox='0 0 8 8' refX='7' refY='4' markerWidth='7' markerHeight='7' "
                f"orient='auto'><path d='M0 0 L8 4 L0 8 z' fill='{color}'/></marker>"
                for name, color in (("to", FORWARD), ("back", BACKWARD), ("plain", FAINT))
            ),
            "</defs>",
            f"<rect width='{width}' height='{height}' rx='8' fill='{GROUND}'/>",
        ]

    def text(self, x: float, y: float, text: str, *, size: int = 13, color: str = INK, anchor: str = "middle") -> None:
        self._lines.append(
            f"<text x='{x:g}' y='{y:g}' {FONT} font-size='{size}' fill='{color}' text-anchor='{anchor}'>"
            f"{escape(text)}</text>"
        )

    def box(self, x: float, y: float, width: float, height: float, *texts: str, color: str = INK) -> None:
        self._lines.append(
            f"<rect x='{x:g}' y='{y:g}' width='{width:g}' height='{height:g}' rx='5' fill='none' stroke='{color}' "
            "stroke-width='1.4'/>"
        )
        first = y + height / 2 + 5 - 8.5 * (len(texts) - 1)
        for number, text in enumerate(texts):
            self.text(x + width / 2, first + 17 * number, text, size=13 if number == 0 else 12, color=color)

    def arrow(self, x: float, y: float, to_x: float, to_y: float, kind: str = "to") -> None:
        color = {"to": FORWARD, "back": BACKWARD, "plain": FAINT}[kind]
        self._lines.append(
            f"<line x1='{x:g}' y1='{y:g}' x2='{to_x:g}' y2='{to_y:g}' stroke='{color}' stroke-width='1.6' "
            f"marker-end='url(#{kind})'/>"
        )

    def save(self, path: Path) -> None:
        path.write_text("\n".join([*self._lines, "</svg>\n"]), encoding="utf-8")


def draw_model(path: Path) -> None:
    """Draw GPT-2 small, from token ids to logits, with the number of parameters of each part."""
    vocab, context, emb, layers = 50_257, 1_024, 768, 12
    attention = 3 * emb * emb + emb * emb + emb
    feedforward = 2 * 4 * emb * emb + 4 * emb + emb
    norms = 2 * 2 * emb
    block = attention + feedforward + norms
    total = vocab * emb + context * emb + layers * block + 2 * emb + emb * vocab
    drawing = Drawing(760, 500, "The parts of GPT-2 small and how many parameters each has")
    parts = (
        ("token ids", "", "(B, T) int64"),
        ("token embedding", f"{vocab * emb:,}", "(B, T, D)"),
        ("+ position embedding", f"{context * emb:,}", "(B, T, D)"),
        (f"{layers} blocks", f"{layers} × {block:,}", "(B, T, D)"),
        ("final layer norm", f"{2 * emb:,}", "(B, T, D)"),
        ("output head", f"{emb * vocab:,}", "(B, T, V) logits"),
    )
    for number, (name, count, shape) in enumerate(parts):
        y = 30 + 74 * number
        drawing.box(30, y, 200, 46, name, *([count] if count else []))
        drawing.text(244, y + 16, shape, size=12, color=FAINT, anchor="start")
        if number:
            drawing.arrow(130, y - 28, 130, y)
    drawing.text(30, 486, f"all together {total:,} parameters", anchor="start")
    drawing.text(570, 44, "one block", color=FAINT)
    inside = (
        ("layer norm", f"{2 * emb:,}"),
        ("attention, 12 heads", f"{attention:,}"),
        ("+ (the residual)", ""),
        ("layer norm", f"{2 * emb:,}"),
        ("feed-forward, 4·D wide", f"{feedforward:,}"),
        ("+ (the residual)", ""),
    )
    for number, (name, count) in enumerate(inside):
        y = 60 + 68 * number
        if count:
            drawing.box(470, y, 200, 44, name, count)
        else:
            drawing.text(570, y + 27, name)
            drawing.arrow(690, y - 130, 690, y + 22, "plain")
            drawing.arrow(690, y + 22, 636, y + 22, "plain")
        if number:
            drawing.arrow(570, y - 24, 570, y + (0 if count else 12))
    drawing.arrow(230, 275, 462, 275, "plain")
    drawing.save(path)


def draw_strides(path: Path) -> None:
    """Draw one storage that is read as two tensors: a matrix, and its transpose."""
    matrix = torch.arange(6).reshape(2, 3)
    drawing = Drawing(760, 250, "A matrix and its transpose read the same storage with different strides")
    drawing.text(380, 30, "the storage: six numbers in a row", color=FAINT)
    for number in range(6):
        drawing.box(260 + 40 * number, 42, 40, 34, str(number))
    for left, name, tensor in ((110, "t", matrix), (500, "t.T", matrix.T)):
        rows, columns = tensor.shape
        drawing.text(left + 20 * columns, 118, f"{name}   shape {tuple(tensor.shape)}   stride {tensor.stride()}")
        for row in range(rows):
            for column in range(columns):
                drawing.box(left + 40 * column, 130 + 36 * row, 40, 36, str(int(tensor[row, column])))
    drawing.arrow(300, 80, 230, 102, "plain")
    drawing.arrow(460, 80, 530, 102, "plain")
    drawing.save(path)


def draw_graph(path: Path) -> None:
    """Draw the computation graph of sigmoid and binary cross-entropy, with values and gradients."""
    x, y = torch.tensor([1.1, 1.0], dtype=torch.float64)
    w, b = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in (2.2, 0.0))
    product = w * x
    z = product + b
    a = torch.sigmoid(z)
    loss = F.binary_cross_entropy(a, y)
    for middle in (product, z, a):
        middle.retain_grad()
    loss.backward()  # type: ignore[no-untyped-call]
    drawing = Drawing(760, 300, "The computation graph of one neuron: values run forward, gradients run back")
    at = {
        "w": (60, 60),
        "x": (60, 160),
        "b": (215, 230),
        "w·x": (215, 110),
        "z": (370, 110),
        "a": (525, 110),
        "L": (680, 110),
    }
    values = {"w": w, "x": x, "b": b, "w·x": product, "z": z, "a": a, "L": loss}
    gradients = {"w": w.grad, "b": b.grad, "w·x": product.grad, "z": z.grad, "a": a.grad, "L": torch.ones(())}
    for source, to in (("w", "w·x"), ("x", "w·x"), ("w·x", "z"), ("b", "z"), ("z", "a"), ("a", "L")):
        (from_x, from_y), (to_x, to_y) = at[source], at[to]
        drawing.arrow(from_x + 44, from_y, to_x - 46, to_y + (0 if from_y == to_y else (12 if from_y > to_y else -12)))
    names = {"z": "z = w·x + b", "a": "a = σ(z)", "L": "loss"}
    for name, (center_x, center_y) in at.items():
        drawing.box(center_x - 44, center_y - 26, 88, 52, names.get(name, name))
        drawing.text(center_x, center_y + 42, f"{float(values[name].detach()):.4f}", size=12, color=FORWARD)
        if name in gradients:
            drawing.text(center_x, center_y + 58, f"{float(gradients[name]):.4f}", size=12, color=BACKWARD)
    drawing.text(250, 24, "blue: the value, computed from left to right", size=12, color=FORWARD, anchor="start")
    drawing.text(250, 42, "orange: dL/d(this), computed from right to left", size=12, color=BACKWARD, anchor="start")
    drawing.text(300, 262, "x is data: nobody asks for its gradient", size=12, color=FAINT, anchor="start")
    drawing.save(path)


def draw_layers(path: Path) -> None:
    """Draw what a network of two layers keeps on the way forward and needs on the way back."""
    drawing = Drawing(760, 200, "Two layers: the forward pass keeps what the backward pass needs")
    drawing.text(20, 34, "forward: each step computes a value, and keeps it", color=FORWARD, anchor="start")
    steps = ("X", "z1 = X W1ᵀ + b1", "h = relu(z1)", "z2 = h W2ᵀ + b2", "a = σ(z2)", "loss")
    needs = ("", "needs X", "needs z1", "needs h and W2", "needs a and y", "")
    left = 20.0
    for number, (name, need, width) in enumerate(zip(steps, needs, (50, 140, 110, 140, 90, 60), strict=True)):
        drawing.box(left, 60, width, 44, name)
        drawing.text(left + width / 2, 134, need, size=12, color=BACKWARD)
        if number:
            drawing.arrow(left - 26, 74, left - 1, 74)
            drawing.arrow(left - 1, 94, left - 26, 94, "back")
        left += width + 26
    drawing.text(
        20, 174, "backward: each step multiplies by one factor of the chain rule", color=BACKWARD, anchor="start"
    )
    drawing.save(path)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    draw_model(folder / "model.svg")
    draw_strides(folder / "strides.svg")
    draw_graph(folder / "graph.svg")
    draw_layers(folder / "layers.svg")
