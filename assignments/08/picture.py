"""What assignment 08 ends with: texts by a trained GPT, and how fast a larger one writes with and without a cache."""

import runpy
import time
from pathlib import Path

import numpy as np
import torch
from torch.nn import functional as F

from gradlings.runners.final_picture.picture import BLUE, MEDIUM, RED, SOFT, FinalPicture, new_figure

HERE = Path(__file__).parent
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
CHARACTERS = "\n .abcdeghiklmnoprstuwy"
LARGER = CONFIG | {"context_length": 256, "emb_dim": 64, "n_layers": 4}  # at 64 tokens a cache saves next to nothing
PROMPTS = ("the ", "the red owl ", "the shy pig grunts at the big ")
TEMPERATURE, P = 0.7, 0.9
MAX_SECONDS = 4  # a slow computer stops there: the curve shows as much by then


def picture(own):
    """Writes with `gpt_step`, `with_temperature` and `keep_top_p`, and times `generate_cached`."""
    making = runpy.run_path(str(HERE / "weights.py"))
    with np.load(HERE / "weights.npz", allow_pickle=False) as arrays:
        trained = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    p = with_blocks(trained, CONFIG["n_layers"])
    logits = agreed_in_pieces(own, p, making["logits_of"](encoded(PROMPTS[2]), trained, CONFIG))
    own.agreed("with_temperature", own.with_temperature(logits, TEMPERATURE), (logits / TEMPERATURE).softmax(dim=-1))
    likeliest = own.keep_top_p(torch.tensor([0.1875, 0.5, 0.0625, 0.25]), 0.7)
    own.agreed("keep_top_p", likeliest, torch.tensor([0.0, 2 / 3, 0.0, 1 / 3]))

    def step(new_ids, cache):
        return own.gpt_step(new_ids, cache, p, CONFIG)

    written = [f"Temperature {TEMPERATURE}, top-p {P}:", ""]
    generator = torch.Generator().manual_seed(0)
    written += [text for prompt in PROMPTS for text in (drawn(own, step, prompt, generator), "")]
    greedy = own.generate_cached(step, encoded(PROMPTS[0]), CONFIG["context_length"] - len(PROMPTS[0]))
    written += ["The likeliest character each time:", "", decoded(greedy)]

    larger = making["initial_parameters"](LARGER, torch.Generator().manual_seed(0))
    larger = with_blocks({name: value.detach() for name, value in larger.items()}, LARGER["n_layers"])
    start, n = torch.zeros(1, 1, dtype=torch.int64), LARGER["context_length"] - 1
    cached, again = (seconds_after_each(run, own, larger, start, n) for run in (with_cache, without_cache))
    own.agreed("generate_cached", len(cached), n)
    return FinalPicture(
        drawing(cached, again),
        "speed.png",
        "how fast your functions write",
        f"Two curves of tokens written over seconds: with the cache a straight line to {n} tokens after {cached[-1]:.2f} s, "
        f"without it a curve that flattens, to {len(again)} tokens after {again[-1]:.2f} s. Beside them, as two bars, "
        f"{n / cached[-1]:,.0f} and {len(again) / again[-1]:,.0f} tokens a second.",
        texts={"writing.txt": ("what a trained model writes", "\n".join(written) + "\n")},
    )


def with_blocks(flat, n_layers):
    """The parameters by name, those of each block in a dict of its own under "blocks"."""
    p = {name: value for name, value in flat.items() if "." not in name}
    blocks = [{name: value for name, value in flat.items() if name.startswith(f"blocks.{i}.")} for i in range(n_layers)]
    return p | {"blocks": [{name.split(".")[2]: value for name, value in block.items()} for block in blocks]}


def encoded(text):
    return torch.tensor([[CHARACTERS.index(character) for character in text]])


def decoded(ids):
    return "".join(CHARACTERS[i] for i in ids[0].tolist())


def agreed_in_pieces(own, p, expected):
    """Compares the logits of `gpt_step`, for a text in two pieces, with what is right."""
    first, second = encoded(PROMPTS[2]).split([20, len(PROMPTS[2]) - 20], dim=1)
    logits, cache = own.gpt_step(first, None, p, CONFIG)
    more, _ = own.gpt_step(second, cache, p, CONFIG)
    return own.agreed("gpt_step", torch.cat([logits, more], dim=1), expected)


def drawn(own, step, prompt, generator):
    """A text that fills the context, each character drawn at random from the likely ones.

    `generate_cached` takes the token with the largest logit, so that of the one that was drawn is made the largest.
    """

    def sampled(new_ids, cache):
        logits, longer = step(new_ids, cache)
        probs = own.keep_top_p(own.with_temperature(logits[:, -1], TEMPERATURE), P)
        token = torch.multinomial(probs, 1, generator=generator)
        return F.one_hot(token, CONFIG["vocab_size"]).to(logits.dtype), longer

    return decoded(own.generate_cached(sampled, encoded(prompt), CONFIG["context_length"] - len(prompt)))


def with_cache(own, p, ids, n, note):
    def step(new_ids, cache):
        answer = own.gpt_step(new_ids, cache, p, LARGER)
        note()
        return answer

    own.generate_cached(step, ids, n)


def without_cache(own, p, ids, n, note):
    for _ in range(n):
        logits, _ = own.gpt_step(ids, None, p, LARGER)
        ids = torch.cat([ids, logits[:, -1].argmax(dim=-1, keepdim=True)], dim=1)
        if note() > MAX_SECONDS:
            break


def seconds_after_each(run, own, p, ids, n):
    """The seconds from the start to each of the n tokens, or to as many as there were time for."""
    run(own, p, ids, 2, lambda: 0)  # what happens at the first call only is not counted
    moments = []
    began = time.perf_counter()

    def note():
        moments.append(time.perf_counter() - began)
        return moments[-1]

    run(own, p, ids, n, note)
    return moments


def drawing(cached, again):
    context, D, L = (LARGER[name] for name in ("context_length", "emb_dim", "n_layers"))
    figure = new_figure("With a cache, the last token costs hardly more than the first", height=4.6)
    curves, bars = figure.subplots(1, 2, width_ratios=[2, 1])
    for seconds, color, name in ((cached, BLUE, "with the cache"), (again, RED, "without")):
        curves.plot([0, *seconds], range(len(seconds) + 1), color=color, linewidth=2, label=name)
    curves.set_title(f"a context of {context}, {L} layers of width {D}, random weights", fontsize=MEDIUM, color=SOFT)
    curves.set(xlabel="seconds", ylabel="tokens written", xlim=(0, None), ylim=(0, context))
    curves.legend(loc="lower right")
    rates = [len(seconds) / seconds[-1] for seconds in (cached, again)]
    drawn_bars = bars.bar(["with the cache", "without"], rates, color=[BLUE, RED], width=0.6)
    bars.bar_label(drawn_bars, [f"{rate:,.0f}" for rate in rates], padding=3, fontsize=MEDIUM)
    bars.set(ylabel="tokens a second", ylim=(0, 1.15 * max(rates)))
    return figure
