"""The picture at the end of assignment 06: the loss curve of your GPT, and a text that it wrote."""

import math
import runpy
from dataclasses import replace
from functools import partial
from pathlib import Path

import torch

from gradlings.runners.final_picture.picture import BLUE, MEDIUM, RED, SKY, SMALL, SOFT, FinalPicture, new_figure

HERE = Path(__file__).parent
CONFIG = {"vocab_size": 23, "context_length": 32, "emb_dim": 32, "n_heads": 4, "n_layers": 2, "drop_rate": 0.0}
CONFIG |= {"qkv_bias": False, "batch_size": 8, "learning_rate": 0.01}
STEPS = 300  # long enough for words
FEW = 6  # lines of the corpus: so few that a model learns them by heart
FEW_STEPS, EVERY = 200, 25  # long enough to see it; from one validation to the next
N_SAMPLE = 300


def picture(own):
    """Trains a model with `pretrain` and draws its losses.

    If `generate` works, the model writes a text; if `pretrain_with_validation` does, its two curves stand beside.
    """
    grammar = runpy.run_path(str(HERE / "corpus.py"))
    text = (HERE / "corpus.txt").read_text(encoding="utf-8")
    answer = own.pretrain(dict(CONFIG), text, STEPS, 0)
    losses = answer[1] if isinstance(answer, (tuple, list)) and len(answer) == 2 else None
    own.agreed("pretrain", [type(loss) for loss in losses or ()], [float] * STEPS)
    floor = grammar["entropy_per_character"]()
    marks = {"ln V: knows nothing": math.log(CONFIG["vocab_size"])}
    marks["sees one character"] = grammar["entropy_after"](text, 1)
    drawn = partial(drawn_from, losses, floor, marks)

    def with_text():
        sample = written(own, answer[0], text)
        return replace(drawn(sample, None), fuller=lambda: drawn(sample, watched(own, text)))

    return replace(drawn(None, None), fuller=with_text)


def drawn_from(losses, floor, marks, sample, curves):
    """Draws the losses, and beside them both curves of a model that learns by heart, where there are some."""
    figure = new_figure("Pre-training a tiny GPT: below the second line, attention must be looking back", height=4.8)
    axes = figure.add_subplot(1, 2 if curves else 1, 1)
    axes.plot(losses, color=SKY, linewidth=1, label="each batch")
    axes.plot(smoothed(losses), color=BLUE, linewidth=2, label="mean of ten")
    for name, height in marks.items():
        axes.axhline(height, color=SOFT, linestyle=":", linewidth=1)
        axes.text(0.99 * STEPS, height, f"{name}, {height:.2f}", va="bottom", ha="right", color=SOFT, fontsize=SMALL)
    axes.axhspan(0, floor, color=RED, alpha=0.25)
    told = {"va": "center", "ha": "right", "color": "black", "fontsize": SMALL}
    axes.text(0.99 * STEPS, floor / 2, f"below {floor:.2f}: too good to be true", **told)
    axes.set(xlabel="step", ylabel="loss (nats per character)", xlim=(0, STEPS), ylim=(0, None))
    axes.legend(loc="center right")
    if curves:
        by_heart = draw_by_heart(figure.add_subplot(1, 2, 2, sharey=axes), *curves)
    ends = sum(losses[-20:]) / 20
    missing = {"generate (6.12) works, your model writes a text": sample is None}
    missing |= {"pretrain_with_validation (6.14) works, the picture shows a model that learns by heart": not curves}
    return FinalPicture(
        figure,
        "loss.png",
        "how your model learned",
        f"The loss of each of {STEPS} steps, from {losses[0]:.2f} to about {ends:.2f}. Lines mark {marks['ln V: knows nothing']:.2f}, "
        f"where a model knows nothing, and {marks['sees one character']:.2f}, the best that a look at one character can do."
        + (by_heart if curves else ""),
        texts={"sample.txt": ("what it writes", sample + "\n")} if sample is not None else {},
        missing=" ".join(f"Once {what}, too." for what, is_missing in missing.items() if is_missing),
    )


def watched(own, text):
    """Both curves of `pretrain_with_validation` on a few lines, validated on the next ones."""
    lines = text.splitlines(keepends=True)
    train, valid = "".join(lines[:FEW]), "".join(lines[FEW : 2 * FEW])
    cfg = CONFIG | {"vocab_size": len(set(train + valid))}
    losses, validated = own.pretrain_with_validation(cfg, train, valid, FEW_STEPS + 1, EVERY, 0)
    own.agreed("pretrain_with_validation", [type(loss) for loss in losses], [float] * (FEW_STEPS + 1))
    own.agreed("pretrain_with_validation", [step for step, _ in validated], list(range(0, FEW_STEPS + 1, EVERY)))
    return losses, [(step, float(loss)) for step, loss in validated]


def draw_by_heart(axes, losses, validated):
    """Draws a training loss that falls and a validation loss that rises again; returns what there is to see."""
    lowest, least = min(validated, key=lambda pair: pair[1])
    axes.plot(smoothed(losses), color=BLUE, linewidth=2, label="training, mean of ten")
    axes.plot(*zip(*validated, strict=True), color=RED, linewidth=2, marker="o", markersize=4, label="validation")
    axes.annotate(
        f"lowest, {least:.2f} at step {lowest}",
        (lowest, least),
        (lowest, least + 0.7),
        arrowprops={"arrowstyle": "->", "color": SOFT},
        color=SOFT,
        fontsize=SMALL,
    )
    axes.set_title(f"{FEW} lines only: learned by heart", fontsize=MEDIUM)
    axes.set(xlabel="step", xlim=(0, FEW_STEPS))
    axes.legend(loc="upper right")
    return (
        f" Beside it, a model that trains on {FEW} lines: its training loss ends at {smoothed(losses)[-1]:.2f}; its loss on "
        f"other lines is lowest at step {lowest}, {least:.2f}, and ends at {validated[-1][1]:.2f}."
    )


def written(own, model, text):
    """What the model writes after "the "; None where the functions for that do not work yet."""
    try:
        tokenizer = own.CharTokenizer(text)
        start = tokenizer.encode("the ").unsqueeze(0)
        continued = own.generate(model, start, N_SAMPLE, CONFIG["context_length"], 3, torch.Generator().manual_seed(0))
        return str(tokenizer.decode(continued[0]))
    except Exception:  # no sample is no reason to have no picture
        return None


def smoothed(losses, width=10):
    """The mean of each loss and those just before it."""
    windows = [losses[max(0, i + 1 - width) : i + 1] for i in range(len(losses))]
    return [sum(window) / len(window) for window in windows]
