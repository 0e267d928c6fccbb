"""The picture at the end of assignment 09: what a model gains when it learns to answer, and what it forgets."""

from pathlib import Path

import torch
from torch.nn import functional as F

from gradlings.runners.final_picture.picture import BLUE, MEDIUM, RED, FinalPicture, new_figure

HERE = Path(__file__).parent
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
ADJECTIVES = ("big", "old", "red", "shy")
SOUNDS = {"bee": "hums", "cat": "purrs", "dog": "barks", "hen": "clucks", "owl": "hoots", "pig": "grunts"}
LENGTHS = [0, 1, 2, 3, 5, 8, 12, 20, 30, 40]  # steps of the runs that the curves are made of
LEARNING_RATE = 0.003
N_SHOWN, N_WRITTEN = 3, 70  # questions in the text file; characters that the model writes when nobody asks


def picture(own):
    """Runs `fine_tune` for more and more steps, and measures answers and sentences after each run."""
    learned, held_out = questions()
    ids, labels = batch_of(own, learned)
    start = own.pretrained((HERE / "weights.npz").read_bytes())
    models, answer_losses, sentence_losses = [], [], []
    for steps in LENGTHS:
        p = copied(start)
        losses = own.fine_tune(p, dict(CONFIG), ids.clone(), labels.clone(), steps, LEARNING_RATE) if steps else []
        own.agreed("fine_tune", [type(loss) for loss in losses], [float] * steps)
        models.append(p)
        answer_losses.append(loss_on_labels(own, p, ids, labels))
        sentence_losses.append(loss_on_sentences(own, p))
    before, after = models[0], models[-1]
    right = {n: sum(own.answer(q, p, CONFIG) == a for q, a in held_out.items()) for n, p in ((0, before), (1, after))}

    figure = new_figure("Learning to answer, and what it costs", height=4.8)
    axes = figure.add_subplot()
    for name, losses, color in (
        (f"the {len(learned)} answers", answer_losses, BLUE),
        ("sentences as in the corpus", sentence_losses, RED),
    ):
        axes.plot(LENGTHS, losses, "o-", color=color, linewidth=2, markersize=4)
        axes.annotate(
            f"{name}, {losses[-1]:.2f}",
            (LENGTHS[-1], losses[-1]),
            (-4, 8),
            textcoords="offset points",
            ha="right",
            color=color,
        )
    axes.set_title(f"of {len(held_out)} other questions, {right[0]} right before and {right[1]} after", fontsize=MEDIUM)
    axes.set(xlabel="steps of fine_tune", ylabel="loss (nats per character)", ylim=(0, None))
    numbers = [answer_losses[0], answer_losses[-1], sentence_losses[0], sentence_losses[-1]]
    return FinalPicture(
        figure,
        "tuning.png",
        "what your model learned and forgot",
        "The loss on the answers falls from {:.2f} to {:.2f}; that on sentences of the corpus rises from {:.2f} to {:.2f}.".format(
            *numbers
        ),
        texts={"tuning.txt": ("its answers, before and after", told(own, before, after, held_out, right, numbers))},
    )


def questions():
    """Questions with their answers: those to learn, and those held out, among which is every animal."""
    learned, held_out = {}, {}
    for i, adjective in enumerate(ADJECTIVES):
        for j, (animal, sound) in enumerate(SOUNDS.items()):
            (learned if (i + j) % 3 else held_out)[f"{adjective} {animal}."] = f" {sound}\n"
    return learned, held_out


def batch_of(own, learned):
    """The questions and answers as padded ids, and the labels of the answers."""
    rows = [own.encode(question + answer) for question, answer in learned.items()]
    T = max(map(len, rows))
    ids = torch.stack([F.pad(row, (0, T - len(row))) for row in rows])
    starts, lengths = torch.tensor([[len(question), len(row)] for question, row in zip(learned, rows, strict=True)]).T
    place = torch.arange(T)
    return ids, torch.where((place >= starts[:, None]) & (place < lengths[:, None]), ids, -100)


def copied(p):
    return {
        name: [{key: value.clone() for key, value in block.items()} for block in part]
        if name == "blocks"
        else part.clone()
        for name, part in p.items()
    }


@torch.no_grad()
def loss_on_labels(own, p, ids, labels):
    logits = own.gpt_forward(ids, p, CONFIG)
    return F.cross_entropy(logits[:, :-1].mT, labels[:, 1:], ignore_index=-100).item()


def loss_on_sentences(own, p):
    """On two sentences a row, as the grammar of the corpus writes them; cut to the context."""
    animals = list(SOUNDS)
    lines = [
        f"the {adjective} {animal} {SOUNDS[animal]} at the {ADJECTIVES[(i + j) % 4]} {animals[(i + 2 * j) % 6]}.\n"
        for i, adjective in enumerate(ADJECTIVES)
        for j, animal in enumerate(animals)
    ]
    rows = [
        (line + follows)[: CONFIG["context_length"]] for line, follows in zip(lines, lines[7:] + lines[:7], strict=True)
    ]
    ids = torch.stack([own.encode(row) for row in rows])
    return loss_on_labels(own, p, ids, ids)


def continued(own, p):
    """What the model writes after "the ", the likeliest character each time."""
    ids = own.encode("the ")[None]
    with torch.no_grad():
        while ids.shape[1] < N_WRITTEN:
            logits = own.gpt_forward(ids[:, -CONFIG["context_length"] :], p, CONFIG)
            ids = torch.cat([ids, logits[:, -1:].argmax(-1)], dim=1)
    return own.decode(ids[0])


def told(own, before, after, held_out, right, numbers):
    """The text file: figures, answers, and sentences."""
    shown = list(held_out)[-N_SHOWN:]
    lines = [
        f"{'':34}{'before':>10}{'after':>10}",
        f"{'loss on the answers it learned':34}{numbers[0]:10.2f}{numbers[1]:10.2f}",
        f"{f'right of {len(held_out)} other questions':34}{right[0]:10}{right[1]:10}",
        f"{'loss on sentences of the corpus':34}{numbers[2]:10.2f}{numbers[3]:10.2f}",
        "",
    ]
    lines += [
        f"{question:34}{own.answer(question, before, CONFIG).strip() or '(a new line)'!s:>10}"
        f"{own.answer(question, after, CONFIG).strip():>10}"
        for question in shown
    ]
    for when, p in (("Before, it writes:", before), ("Afterwards:", after)):
        lines += ["", when, "", *(f"    {line}".rstrip() for line in continued(own, p).splitlines())]
    return "\n".join(lines) + "\n"
