"""The picture at the end of assignment 02: where the parameters of GPT-2 sit, by your own counts."""

from matplotlib.patches import Rectangle

from gradlings.runners.final_picture.picture import (
    BLUE,
    GREEN,
    INK,
    MEDIUM,
    ORANGE,
    SKY,
    SMALL,
    SOFT,
    FinalPicture,
    new_figure,
)

SIZES = {"small": (768, 12, 12), "medium": (1024, 24, 16), "large": (1280, 36, 20), "XL": (1600, 48, 25)}
"""emb_dim, n_layers and n_heads of each size."""
TOTALS = {"small": 124_439_808, "medium": 354_823_168, "large": 774_030_080, "XL": 1_557_611_200}
RIGHT = {
    "small": {"linear": 38_597_376, "embedding": 39_383_808, "attention": 2_362_368, "feedforward": 4_722_432},
    "medium": {"linear": 51_463_168, "embedding": 52_511_744, "attention": 4_198_400, "feedforward": 8_393_728},
    "large": {"linear": 64_328_960, "embedding": 65_639_680, "attention": 6_558_720, "feedforward": 13_113_600},
    "XL": {"linear": 80_411_200, "embedding": 82_049_600, "attention": 10_246_400, "feedforward": 20_488_000},
}
"""What the student's functions must give: a token table, both tables, and the two parts of a block."""
COLORS = {"token table": (BLUE, "white"), "position table": (SKY, "black")}
COLORS |= {"attention": (ORANGE, "black"), "feed-forward": (GREEN, "white")}
LEAST_SHARE_WITH_TEXT = 0.03


def picture(own):
    """GPT-2 small from input to output, drawn to scale, and below it all four sizes of GPT-2."""
    parts = {name: counted(own, name) for name in SIZES}
    figure = new_figure("The larger a GPT-2, the more of it is feed-forward: two thirds of every block", height=5.6)
    above, below = figure.subplots(2, 1, height_ratios=(2.1, 4))

    width, depth, _ = SIZES["small"]
    small, total = parts["small"], TOTALS["small"]
    at = 0.0
    blocks = [(name, small[name] / depth) for _ in range(depth) for name in ("attention", "feed-forward")]
    for name, count in [(name, small[name]) for name in ("token table", "position table")] + blocks:
        above.add_patch(
            Rectangle((at, 0), count / total, 1, facecolor=COLORS[name][0], edgecolor="white", linewidth=0.7)
        )
        at += count / total
    middle = small["token table"] / total / 2
    above.text(middle, 0.5, f"token table, 50,257 × {width}\n(the head shares it)", **inside("white"))
    start = (small["token table"] + small["position table"]) / total
    for block in range(depth):
        above.text(start + (1 - start) * (block + 0.5) / depth, -0.2, f"{block + 1}", **inside(SOFT))
    above.text(
        start, -0.58, f"the {depth} blocks: attention and feed-forward in turn", va="center", fontsize=SMALL, color=SOFT
    )
    above.set(xlim=(0, 1), ylim=(-0.8, 1.05))
    above.set_title(f"GPT-2 small to scale, from input to output: {total:,} parameters", **left())
    above.axis("off")

    for row, (name, counts) in enumerate(parts.items()):
        at = 0.0
        for part, (fill, ink) in COLORS.items():
            share = counts[part] / TOTALS[name]
            below.barh(row, share, left=at, color=fill, edgecolor="white", label=part if row == 0 else None)
            if share > LEAST_SHARE_WITH_TEXT:
                below.text(at + share / 2, row, f"{share:.0%}", **inside(ink))
            at += share
    labels = [f"{name}\n{total / 1e6:,.0f} million" for name, total in TOTALS.items()]
    below.set_yticks(range(len(parts)), labels, fontsize=SMALL)
    below.set(xlim=(0, 1), ylim=(len(parts) - 0.5, -0.5))
    below.set_xticks([])
    below.tick_params(length=0)
    below.spines[:].set_visible(False)
    norms = 1 - sum(small.values()) / total
    below.set_title(f"All four sizes (layer norms are {norms:.2%} of the small one, too thin to be seen)", **left())
    below.legend(loc="upper center", bbox_to_anchor=(0.5, -0.01), ncols=4, frameon=False, fontsize=SMALL)
    return FinalPicture(
        figure,
        "parameters.png",
        "where the parameters of GPT-2 sit",
        "Bars divided into token table, position table, attention and feed-forward. In GPT-2 small the token table is "
        f"{small['token table'] / total:.0%} of all parameters and feed-forward {small['feed-forward'] / total:.0%}, in "
        f"GPT-2 XL {parts['XL']['token table'] / TOTALS['XL']:.0%} and {parts['XL']['feed-forward'] / TOTALS['XL']:.0%}.",
    )


def counted(own, name):
    """The parameters of each part of a GPT-2 as OpenAI trained it, with biases and with a tied head."""
    D, depth, heads = SIZES[name]
    cfg = {"vocab_size": 50257, "context_length": 1024, "emb_dim": D, "n_heads": heads, "n_layers": depth}
    cfg |= {"drop_rate": 0.1, "qkv_bias": True}
    calls = {"linear": (D, 50257, False), "embedding": (cfg,), "attention": (cfg,), "feedforward": (cfg,)}
    found = {}
    for part, arguments in calls.items():
        function = f"{part}_params"
        found[part] = own.agreed(function, getattr(own, function)(*arguments), RIGHT[name][part])
    own.agreed("gpt_params", own.gpt_params(cfg, True), TOTALS[name])
    return {
        "token table": found["linear"],
        "position table": found["embedding"] - found["linear"],
        "attention": depth * found["attention"],
        "feed-forward": depth * found["feedforward"],
    }


def inside(color):
    """How text in the middle of something looks."""
    return {"ha": "center", "va": "center", "fontsize": SMALL, "color": color}


def left():
    """How the heading of a part looks."""
    return {"loc": "left", "fontsize": MEDIUM, "color": INK}
