import torch


def double(x):
    return torch.nextafter(2 * x, torch.full_like(x, float("inf")))


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
