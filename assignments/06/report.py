"""Draws the loss curve of a training run and writes down what the model wrote, for you to look at."""


def write_report(folder, losses, sample, marks, floor):
    """Writes `loss.png` and `sample.txt` into a folder.

    Args:
        folder: a pathlib.Path.
        losses: one number for each step, in nats per character.
        sample: text by the trained model, or None if there is none.
        marks: name and height of losses to compare with.
        floor: the entropy of the text, in nats per character.

    Returns:
        What was written, and what is missing for the rest, in one or two sentences.
    """
    drawn = _draw(folder / "loss.png", losses, marks, floor)
    if sample is not None:
        (folder / "sample.txt").write_text(sample + "\n", encoding="utf-8")
    written = ["loss.png (how your model learned)"] * drawn + ["sample.txt (what it writes)"] * (sample is not None)
    sentences = [f"Have a look at {' and '.join(written)} in assignments/{folder.name}."] if written else []
    if not drawn:
        sentences.append("For a picture of the loss curve, install matplotlib and run this again.")
    if sample is None:
        sentences.append("Once generate (6.12) works, your model writes a text, too.")
    return " ".join(sentences)


def _draw(path, losses, marks, floor):
    """True if the picture was drawn; matplotlib may not be installed. Needs no display."""
    try:
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure
    except ImportError:
        return False
    figure = Figure(figsize=(8, 4.5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    last = len(losses) - 1
    axes.plot(losses, color="#9ecae1", linewidth=1, label="each batch")
    axes.plot(_smoothed(losses), color="#08519c", linewidth=2, label="mean of ten")
    for name, height in marks.items():
        axes.axhline(height, color="gray", linestyle=":", linewidth=1)
        axes.text(0.99 * last, height, f"{name}, {height:.2f}", va="bottom", ha="right", color="gray")
    axes.axhspan(0, floor, color="#fcbba1", alpha=0.6)
    axes.text(
        0.99 * last, floor / 2, f"below {floor:.2f}: too good to be true", va="center", ha="right", color="#a50f15"
    )
    axes.set(xlabel="step", ylabel="loss (nats per character)", title="Pre-training a tiny GPT")
    axes.set(xlim=(0, last), ylim=(0, None))
    axes.legend(loc="center right")
    figure.savefig(path, dpi=120)
    return True


def _smoothed(losses, width=10):
    """The mean of each loss and those just before it."""
    windows = [losses[max(0, i + 1 - width) : i + 1] for i in range(len(losses))]
    return [sum(window) / len(window) for window in windows]
