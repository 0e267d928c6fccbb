"""How the weights of the tiny GPT in `weights.npz` were made: assignment 06 with a context of 64, and torch's own layers.

    python weights.py

makes the file again. It reads `corpus.txt` of assignment 06 and takes a few seconds; on another computer the last digits
may differ. `weights.npz` holds 28,800 numbers in float16, each array under the name of its parameter; those of block 0
are "blocks.0.Wqkv" and so on.
"""

from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

HERE = Path(__file__).parent
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
STEPS, BATCH_SIZE, LEARNING_RATE, SEED = 300, 8, 0.01, 0


def initial_parameters(cfg, generator):
    """Fresh parameters by name, as in 06: small random matrices, biases of 0, and norms that change nothing."""
    V, D = cfg["vocab_size"], cfg["emb_dim"]
    shapes = {"tokens": (V, D), "positions": (cfg["context_length"], D)}
    for i in range(cfg["n_layers"]):
        block = {"norm1_gamma": (D,), "norm1_beta": (D,), "Wqkv": (3 * D, D), "Wo": (D, D), "bo": (D,)}
        block |= {"norm2_gamma": (D,), "norm2_beta": (D,)}
        block |= {"W1": (4 * D, D), "b1": (4 * D,), "W2": (D, 4 * D), "b2": (D,)}
        shapes |= {f"blocks.{i}.{name}": shape for name, shape in block.items()}
    shapes |= {"norm_gamma": (D,), "norm_beta": (D,), "head": (V, D)}

    def draw(name, shape):
        if len(shape) == 1:
            return torch.full(shape, float(name.endswith("gamma")))
        return (0.02 if name == "head" else 0.1) * torch.randn(shape, generator=generator)

    return {name: draw(name, shape).requires_grad_() for name, shape in shapes.items()}


def gelu(x):
    return F.gelu(x, approximate="tanh")


def logits_of(ids, p, cfg):
    """The logits at each position, by torch's transformer layer with these parameters in its places."""
    D, T = cfg["emb_dim"], ids.shape[1]
    with torch.device("meta"):  # it brings no numbers of its own
        layer = nn.TransformerEncoderLayer(D, cfg["n_heads"], 4 * D, 0.0, gelu, batch_first=True, norm_first=True)
    mask = nn.Transformer.generate_square_subsequent_mask(T)
    x = F.embedding(ids, p["tokens"]) + p["positions"][:T]
    for i in range(cfg["n_layers"]):
        own = {name.removeprefix(f"blocks.{i}."): value for name, value in p.items() if name.startswith(f"blocks.{i}.")}
        named = {
            "self_attn.in_proj_weight": own["Wqkv"],
            "self_attn.in_proj_bias": torch.zeros(3 * D),
            "self_attn.out_proj.weight": own["Wo"],
            "self_attn.out_proj.bias": own["bo"],
            "linear1.weight": own["W1"],
            "linear1.bias": own["b1"],
            "linear2.weight": own["W2"],
            "linear2.bias": own["b2"],
        }
        for number in (1, 2):
            named[f"norm{number}.weight"] = own[f"norm{number}_gamma"]
            named[f"norm{number}.bias"] = own[f"norm{number}_beta"]
        x = torch.func.functional_call(layer, named, (x,), {"src_mask": mask, "is_causal": True})
    return F.linear(F.layer_norm(x, (D,), p["norm_gamma"], p["norm_beta"]), p["head"])


def encoded(text):
    """The ids of the characters of a text: their places among all of its characters, sorted."""
    id_of = {character: i for i, character in enumerate(sorted(set(text)))}
    return torch.tensor([id_of[character] for character in text])


def loss_on(p, cfg, data, starts):
    """The mean cross-entropy in nats of the windows of `data` that begin at `starts`."""
    T = cfg["context_length"]
    x, y = (data[starts.unsqueeze(1) + torch.arange(T) + shift] for shift in (0, 1))
    return F.cross_entropy(logits_of(x, p, cfg).flatten(0, 1), y.flatten())


def trained(text):
    """Parameters after STEPS steps of Adam on random windows of a text of 23 different characters."""
    generator = torch.Generator().manual_seed(SEED)
    data = encoded(text)
    p = initial_parameters(CONFIG, generator)
    optimizer = torch.optim.Adam(p.values(), lr=LEARNING_RATE)
    for _ in range(STEPS):
        starts = torch.randint(len(data) - CONFIG["context_length"], (BATCH_SIZE,), generator=generator)
        loss = loss_on(p, CONFIG, data, starts)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return {name: value.detach() for name, value in p.items()}


if __name__ == "__main__":
    corpus = (HERE.parent / "06" / "corpus.txt").read_text(encoding="utf-8")
    arrays = {name: value.numpy().astype(np.float16) for name, value in trained(corpus).items()}
    np.savez_compressed(HERE / "weights.npz", **arrays)
