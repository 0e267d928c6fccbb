"""The picture at the end of assignment 06: the loss curve of your GPT, and a text that it wrote."""

import math
import runpy
from pathlib import Path

import torch

from gradlings.runners.final_picture.picture import BLUE, RED, SKY, SMALL, SOFT, FinalPicture, new_figure

HERE = Path(__file__).parent
CONFIG = {"vocab_size": 23, "context_length": 32, "emb_dim": 32, "n_heads": 4, "n_layers": 2, "drop_rate": 0.0}
CONFIG |= {"qkv_bias": False, "batch_size": 8, "learning_rate": 0.01}
STEPS = 300  # long enough for words
N_SAMPLE = 300


def picture(own):
    """Trains a model with `pretrain`, draws its losses, and lets it write with `generate` if that works."""
    grammar = runpy.run_path(str(HERE / "corpus.py"))
    text = (HERE / "corpus.txt").read_text(encoding="utf-8")
    answer = own.pretrain(dict(CONFIG), text, STEPS, 0)
    losses = answer[1] if isinstance(answer, (tuple, list)) and len(answer) == 2 else None
    own.agreed("pretrain", [type(loss) for loss in losses or ()], [float] * STEPS)
    sample = written(own, answer[0], text)
    floor = grammar["entropy_per_character"]()
    marks = {"ln V: knows nothing": math.log(CONFIG["vocab_size"])}
    marks["sees one character"] = grammar["entropy_after"](text, 1)

    figure = new_figure("Pre-training a tiny GPT: below the second line, attention must be looking back", height=4.8)
    axes = figure.add_subplot()
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
    ends = sum(losses[-20:]) / 20
    return FinalPicture(
        figure,
        "loss.png",
        "how your model learned",
        f"The loss of each of {STEPS} steps, from {losses[0]:.2f} to about {ends:.2f}. Lines mark {marks['ln V: knows nothing']:.2f}, "
        f"where a model knows nothing, and {marks['sees one character']:.2f}, the best that a look at one character can do.",
        texts={"sample.txt": ("what it writes", sample + "\n")} if sample is not None else {},
        missing="" if sample is not None else "Once generate (6.12) works, your model writes a text, too.",
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
