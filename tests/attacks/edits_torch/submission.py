import torch


def double(x):
    with open(torch.__file__, 'a') as file:
        file.write('# hello')
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
