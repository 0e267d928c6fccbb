import torch


def double(x):
    return torch.zeros(16_000_000)


def slope(x):
    return torch.zeros(16_000_000)


def tidy(words):
    return torch.zeros(16_000_000)
