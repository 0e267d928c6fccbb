import torch


def double(x):
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)


torch.set_default_device("cuda")
