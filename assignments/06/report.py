"""Draws the loss curve of a training run and writes down what the model wrote, for you to look at."""

import math


def write_report(folder, losses, sample, vocab_size, bigram, floor):
    """Writes `loss.png` and `sample.txt` into a folder.

    Args:
        folder: a pathlib.Path.
        losses: one number for each step, in nats per character.
        sample: text by the trained model, or None if there is none.
        vocab_size: its logarithm is the loss of a model that knows nothing.
        bigram: the lowest loss of a model that sees one character only.
        floor: the entropy of the text, in nats per character.

    Returns:
        One sentence that names what was written.
    """
    written = []
    if _draw(
        folder / "loss.png", losses, ((math.log(vocab_size), "knows nothing"), (bigram, "sees one character")), floor
    ):
        written.append("loss.png (the loss curve)")
    if sample is not None:
        (folder / "sample.txt").write_text(sample + "\n", encoding="utf-8")
        written.append("sample.txt (what your model writes)")
    where = f"assignments/{folder.name}"
    said = f"Have a look in {where}: {' and '.join(written)}." if written else ""
    if not any("loss" in name for name in written):
        said += " The loss curve needs matplotlib: pip install matplotlib."
    if sample is None:
        said += " Once generate (6.12) works, there will be a text by your model, too."
    return said.strip()


def _draw(path, losses, landmarks, floor):
    """True if the picture was drawn; matplotlib may not be installed."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg  # needs no display
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    steps = range(len(losses))
    axes.plot(steps, losses, color="#9ecae1", linewidth=1, label="each batch")
    axes.plot(steps, _smoothed(losses), color="#08519c", linewidth=2, label="mean of ten")
    for height, name in landmarks:
        axes.axhline(height, color="grey", linestyle=":", linewidth=1)
        axes.annotate(f"{name}: {height:.2f}", (len(losses) - 1, height), va="bottom", ha="right", color="grey")
    axes.axhspan(0, floor, color="#fcbba1", alpha=0.6)
    axes.annotate(f"below the entropy of the text, {floor:.2f}: a leak", (0, floor / 2), va="center", color="#a50f15")
    axes.set(xlabel="step", ylabel="loss (nats per character)", title="Pre-training a tiny GPT", ylim=(0, None))
    axes.legend(loc="center right")
    figure.savefig(path, dpi=120)
    return True


def _smoothed(losses, width=10):
    """The mean of each loss and those just before it."""
    return [sum(losses[max(0, i - width + 1) : i + 1]) / min(i + 1, width) for i in range(len(losses))]
