import torch


def double(x):
    value = x
    for _ in range(60):
        value = [value] * 2 if _ < 12 else [value]
    return value


def slope(x):
    return torch.full((2_000_000,), float("nan")).as_strided((2000, 1000), (1, 3))


def tidy(words):
    return [{str(n): {str(n): n * 1.1} for n in range(n, n + 50)} for n in range(400)]
