import torch


def double(x):
    doubled = torch.stack([2 * x, x], dim=-1).requires_grad_()
    return doubled[..., 0]


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
