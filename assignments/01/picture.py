"""The picture at the end of assignment 01: twelve numbers, and what shape and strides make of them."""

import torch
from matplotlib.patches import FancyArrowPatch, Rectangle

from gradlings.runners.final_picture.picture import BLUE, INK, MEDIUM, ORANGE, SMALL, SOFT, FinalPicture, new_figure

T, D, H = 3, 4, 2
COLORS = ((BLUE, "white"), (ORANGE, "black"))


def picture(own):
    """Twelve numbers in memory, and five ways of reading them, as the functions of assignment 01 give them."""
    x = torch.arange(12.0).reshape(1, T, D)
    strides = own.agreed("row_major_strides", own.row_major_strides((1, T, D)), x.stride())
    in_memory = own.agreed("as_column", own.as_column(x.clone()), in_a_column(range(12)))
    source = x.clone()
    turned = own.agreed(
        "swap_last_two", own.swap_last_two(source), numbers([[[0, 4, 8], [1, 5, 9], [2, 6, 10], [3, 7, 11]]])
    )
    moved = "nothing moved" if turned.data_ptr() == source.data_ptr() else "a copy"
    turned_in_line = own.agreed("as_column", own.as_column(turned), in_a_column((0, 4, 8, 1, 5, 9, 2, 6, 10, 3, 7, 11)))
    right = numbers([[[[0, 1], [4, 5], [8, 9]], [[2, 3], [6, 7], [10, 11]]]])
    heads = own.agreed("split_heads", own.split_heads(x.clone(), H), right)
    merged = own.agreed("merge_heads", own.merge_heads(heads), x)

    figure = new_figure("Twelve numbers in memory: shape and strides say how they are read", height=7.2)
    axes = figure.add_subplot()
    axes.set(xlim=(-0.3, 20.3), ylim=(-14.2, 2.9), aspect="equal")
    axes.axis("off")

    write(axes, 0, 1.2, "in memory\nas_column of x")
    draw(axes, 4, 1.5, in_memory.T)
    step(axes, 4.5, 4.5 + strides[2], f"stride {strides[2]}: next number")
    step(axes, 9.5, 9.5 + strides[1], f"stride {strides[1]}: next token")

    write(axes, 0, -0.5, f"x: shape (1, {T}, {D})\nstrides {strides}, a row for each token")
    draw(axes, 0, -1.85, x[0])
    write(axes, 7.5, -0.5, f"swap_last_two: shape (1, {D}, {T})\nstrides {turned.stride()}: {moved}")
    draw(axes, 7.5, -1.85, turned[0])
    write(axes, 14.5, -0.5, "merge_heads of the heads below:\nx again")
    draw(axes, 14.5, -1.85, merged[0])

    write(axes, 0, -7.3, "swapped, in line\nas_column copies")
    draw(axes, 4, -7.0, turned_in_line.T)

    write(axes, 0, -8.9, f"split_heads: shape (1, {H}, {T}, {D // H})\nstrides {heads.stride()}: a color for each head")
    mixed = x.reshape(1, H, T, D // H)
    write(axes, 10.5, -8.9, "x.reshape(1, 2, 3, 2): the same shape,\nbut both heads hold numbers of both colors")
    for left, whole in ((0, heads), (10.5, mixed)):
        for head in range(H):
            draw(axes, left + 3.5 * head, -10.3, whole[0, head])
            axes.text(left + 3.5 * head + 1, -13.8, f"head {head}", ha="center", fontsize=SMALL, color=SOFT)
    return FinalPicture(
        figure,
        "heads.png",
        "what shape and strides make of twelve numbers",
        "Twelve numbers in a line of memory, colored by the attention head that they belong to, and below it a matrix, its "
        "transpose and two attention heads made of them. Splitting by view and transpose keeps the colors apart; "
        "a reshape to the same shape mixes them.",
    )


def numbers(values):
    """A float tensor."""
    return torch.tensor(values, dtype=torch.float32)


def in_a_column(values):
    """A float tensor of one column."""
    return numbers([[value] for value in values])


def draw(axes, left, top, matrix):
    """A matrix of the numbers 0 to 11, each in the color of its head."""
    for i, row in enumerate(matrix.tolist()):
        for j, number in enumerate(row):
            fill, ink = COLORS[int(number) % D // (D // H)]
            axes.add_patch(Rectangle((left + j, top - i - 1), 1, 1, facecolor=fill, edgecolor="white", linewidth=1.5))
            axes.text(left + j + 0.5, top - i - 0.5, f"{number:g}", ha="center", va="center", fontsize=SMALL, color=ink)


def write(axes, left, bottom, text):
    """Lines above a matrix or before a line of numbers."""
    first, _, rest = text.partition("\n")
    axes.text(left, bottom - 0.1, first, va="center", fontsize=MEDIUM, color=INK)
    axes.text(left, bottom - 0.85, rest, va="center", fontsize=SMALL, color=SOFT)


def step(axes, start, end, text):
    """An arc from one number in memory to another."""
    arc = FancyArrowPatch(
        (start, 1.6), (end, 1.6), connectionstyle="arc3,rad=-0.35", arrowstyle="-|>", mutation_scale=10, color=INK
    )
    axes.add_patch(arc)
    axes.text((start + end) / 2, 2.45, text, ha="center", va="center", fontsize=SMALL, color=INK)
