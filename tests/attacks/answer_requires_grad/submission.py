import torch


def double(x):
    wide = torch.zeros(len(x), 3, dtype=x.dtype)
    wide[:, 1] = 2 * x
    return wide.requires_grad_()[:, 1]


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
