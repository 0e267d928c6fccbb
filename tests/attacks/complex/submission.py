import torch


def double(x):
    return (2 * x).to(torch.complex128)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
