import os


def double(x):
    os.abort()


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
