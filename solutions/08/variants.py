"""Correct answers to assignment 08 that look different from the solution; each must get full marks."""

import math

import torch
from torch.nn import functional as F

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 8.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("8.1", "the largest logit subtracted")
def with_temperature(logits, t):
    if not t >= 0:
        raise ValueError("below 0")
    if not t:
        chosen = torch.zeros_like(logits)
        return chosen.scatter(-1, logits.argmax(-1, keepdim=True), 1.0)
    z = (logits - logits.amax(-1, keepdim=True)) / t
    return z.exp() / z.exp().sum(-1, keepdim=True)


@catalogue.variant("8.1", "powers of the probabilities")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t == 0:
        places = torch.arange(logits.shape[-1], device=logits.device)
        return (places == logits.argmax(-1, keepdim=True)).to(logits)
    weights = (logits.log_softmax(-1) / t).exp()
    return weights / weights.sum(-1, keepdim=True)


@catalogue.variant("8.1", "row by row, with max")
def with_temperature(logits, t):
    if t < 0:
        raise ValueError("below 0")
    if t > 0:
        return torch.log_softmax(logits / t, dim=-1).exp()
    rows = logits.reshape(-1, logits.shape[-1])
    answer = torch.zeros_like(rows)
    for number, row in enumerate(rows):
        answer[number, row.max(dim=0).indices] = 1
    return answer.reshape(logits.shape)
