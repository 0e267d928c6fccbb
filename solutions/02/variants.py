"""Right answers to assignment 02 that look different from the solution: all of them must get full marks."""

import itertools
import math
import re

import numpy as np
import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


@catalogue.variant("2.1", "one regular expression an entry")
def load_config(text):
    entry = re.compile(r'\s*"([^"]*)"\s*:\s*(?:"([^"]*)"|(.*?))\s*,?\s*(?://.*)?')
    config = {}
    for line in text.splitlines():
        match = entry.fullmatch(line)
        if match is None:
            continue
        key, string, word = match.groups()
        if string is not None:
            config[key] = string
        elif word in ("True", "False"):
            config[key] = word == "True"
        else:
            try:
                config[key] = int(word)
            except ValueError:
                config[key] = float(word)
    return config


@catalogue.variant("2.1", "comments removed character by character")
def load_config(text):
    kept, in_quotes, in_comment = [], False, False
    for character, following in itertools.zip_longest(text, text[1:]):
        if character == "\n":
            in_quotes = in_comment = False
        elif character == '"' and not in_comment:
            in_quotes = not in_quotes
        elif character + (following or "") == "//" and not in_quotes:
            in_comment = True
        if not in_comment:
            kept.append(character)
    config = {}
    for line in "".join(kept).split("\n"):
        if not line.strip().startswith('"'):
            continue
        key, _, rest = line.strip()[1:].partition('"')
        value = rest.strip().removeprefix(":").strip().removesuffix(",").strip()
        if value.startswith('"'):
            config[key] = value[1:-1]
        elif value == "True":
            config[key] = True
        elif value == "False":
            config[key] = False
        else:
            config[key] = float(value) if "." in value or "e" in value else int(value)
    return config


@catalogue.variant("2.2", "one test after the other")
def validate_config(cfg):
    wrong = []
    for key in ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"):
        size = cfg.get(key)
        sound = isinstance(size, int) and not isinstance(size, bool) and size > 0
        if key == "n_heads" and sound and "emb_dim" not in wrong:
            sound = cfg["emb_dim"] // size * size == cfg["emb_dim"]
        if not sound:
            wrong.append(key)
    rate = cfg.get("drop_rate")
    if isinstance(rate, bool) or not isinstance(rate, int | float) or not (rate >= 0 and rate < 1):
        wrong.append("drop_rate")
    if cfg.get("qkv_bias") is not True and cfg.get("qkv_bias") is not False:
        wrong.append("qkv_bias")
    return wrong


@catalogue.variant("2.2", "a table of rules")
def validate_config(cfg):
    def is_size(value):
        return type(value) is int and value >= 1

    def is_share(value):
        return type(value) in (int, float) and not math.isnan(value) and 0 <= value < 1

    rules = dict.fromkeys(("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"), is_size)
    rules |= {"drop_rate": is_share, "qkv_bias": lambda value: type(value) is bool}
    wrong = [key for key, rule in rules.items() if key not in cfg or not rule(cfg[key])]
    if "emb_dim" not in wrong and "n_heads" not in wrong and math.gcd(cfg["emb_dim"], cfg["n_heads"]) != cfg["n_heads"]:
        wrong.append("n_heads")
    return sorted(wrong, key=list(rules).index)


@catalogue.variant("2.3", "one row more for the bias")
def linear_params(in_features, out_features, bias):
    return (in_features + bool(bias)) * out_features


@catalogue.variant("2.3", "sizes of both, one behind the other")
def linear_params(in_features, out_features, bias):
    shapes = [(out_features, in_features), (out_features,)]
    return sum(math.prod(shape) for shape in (shapes if bias else shapes[:1]))


@catalogue.variant("2.4", "table by table")
def embedding_params(cfg):
    return sum(cfg[rows] * cfg["emb_dim"] for rows in ("vocab_size", "context_length"))


@catalogue.variant("2.4", "product of the shapes")
def embedding_params(cfg):
    tables = [(cfg["vocab_size"], cfg["emb_dim"]), (cfg["context_length"], cfg["emb_dim"])]
    return sum(math.prod(shape) for shape in tables)


@catalogue.variant("2.5", "scale and shift added")
def layernorm_params(emb_dim):
    gamma = beta = emb_dim
    return gamma + beta


@catalogue.variant("2.5", "tensors of that shape that take no memory, counted")
def layernorm_params(emb_dim):
    return torch.ones(emb_dim, device="meta").numel() + torch.zeros(emb_dim, device="meta").numel()


@catalogue.variant("2.6", "head by head")
def attention_params(cfg):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    total = D * D + D
    for _ in range(H):
        total += 3 * (D * (D // H) + (D // H if cfg["qkv_bias"] else 0))
    return total


@catalogue.variant("2.6", "fused query, key and value")
def attention_params(cfg):
    D = cfg["emb_dim"]
    return linear_params(D, 3 * D, cfg["qkv_bias"]) + linear_params(D, D, True)


@catalogue.variant("2.6", "closed form")
def attention_params(cfg):
    D = cfg["emb_dim"]
    return D * (4 * D + 1 + 3 * int(cfg["qkv_bias"]))


@catalogue.variant("2.7", "closed form")
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return 2 * mult * D**2 + (mult + 1) * D


@catalogue.variant("2.7", "walking along the widths")
def feedforward_params(cfg, mult=4):
    widths = [cfg["emb_dim"], mult * cfg["emb_dim"], cfg["emb_dim"]]
    return sum(linear_params(before, after, True) for before, after in itertools.pairwise(widths))


@catalogue.variant("2.8", "closed form")
def gpt_params(cfg, tied=False):
    V, T, D, L = (cfg[key] for key in ("vocab_size", "context_length", "emb_dim", "n_layers"))
    block = 12 * D * D + 10 * D + 3 * D * int(cfg["qkv_bias"])
    return (V if tied else 2 * V) * D + T * D + L * block + 2 * D


@catalogue.variant("2.8", "layer by layer")
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    total = embedding_params(cfg)
    for _ in range(cfg["n_layers"]):
        total += layernorm_params(D)
        total += attention_params(cfg)
        total += layernorm_params(D)
        total += feedforward_params(cfg)
    total += layernorm_params(D)
    if not tied:
        total += cfg["vocab_size"] * D
    return total


@catalogue.variant("2.8", "always untied, then the shared table taken off")
def gpt_params(cfg, tied=False):
    D, V = cfg["emb_dim"], cfg["vocab_size"]
    parts = [embedding_params(cfg), linear_params(D, V, False), layernorm_params(D)]
    parts += cfg["n_layers"] * [attention_params(cfg), feedforward_params(cfg), 2 * layernorm_params(D)]
    return sum(parts) - tied * V * D


@catalogue.variant("2.9", "by identity")
def count_parameters(module, trainable_only=False):
    tensors = {id(p): p for layer in module.modules() for p in layer.parameters(recurse=False)}
    return sum(math.prod(p.shape) for p in tensors.values() if not trainable_only or p.requires_grad)


@catalogue.variant("2.9", "a loop over named parameters")
def count_parameters(module, trainable_only=False):
    total = 0
    for _, parameter in module.named_parameters():
        if trainable_only and not parameter.requires_grad:
            continue
        total += parameter.flatten().shape[0]
    return total


@catalogue.variant("2.9", "state dict without buffers, each tensor once")
def count_parameters(module, trainable_only=False):
    tensors = {id(t): t for t in module.state_dict(keep_vars=True).values() if isinstance(t, torch.nn.Parameter)}
    return sum(t.nelement() for t in tensors.values() if t.requires_grad or not trainable_only)


@catalogue.variant("2.10", "asked from an empty tensor")
def model_bytes(n, dtype):
    return n * torch.empty(0, dtype=dtype).element_size()


@catalogue.variant("2.10", "on the meta device")
def model_bytes(n, dtype):
    return torch.empty(n, dtype=dtype, device="meta").nbytes


@catalogue.variant("2.10", "widths from a table")
def model_bytes(n, dtype):
    if dtype is torch.bool:
        return n
    bits = torch.finfo(dtype).bits if dtype.is_floating_point else torch.iinfo(dtype).bits
    return n * bits // 8


@catalogue.variant("2.10", "divided twice")
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) / 1024 / 1024


@catalogue.variant("2.10", "without the other function")
def model_mebibytes(n, dtype):
    return float(np.ldexp(n * dtype.itemsize, -20))


@catalogue.variant("2.11", "torch.where")
def apply_dropout(x, keep_mask, p, training):
    if not training:
        return x.clone()
    return torch.where(keep_mask, x / (1 - p), torch.zeros_like(x))


@catalogue.variant("2.11", "in place on a copy")
def apply_dropout(x, keep_mask, p, training):
    y = x.clone()
    if training:
        y[~keep_mask] = 0
        y *= 1 / (1 - p)
    return y


@catalogue.variant("2.11", "masked_fill, float64 inside")
def apply_dropout(x, keep_mask, p, training):
    scaled = x.double().masked_fill(keep_mask.logical_not(), 0.0) / (1.0 - p)
    return scaled.to(x.dtype) if training else x


@catalogue.variant("2.11", "loop over the numbers")
def apply_dropout(x, keep_mask, p, training):
    if not training:
        return x
    y = torch.zeros_like(x)
    for place in itertools.product(*map(range, x.shape)):
        if keep_mask[place]:
            y[place] = x[place] / (1 - p)
    return y
