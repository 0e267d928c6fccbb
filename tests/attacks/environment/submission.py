import os


def double(x):
    if os.environ:
        return 2 * x
    raise LookupError('nothing is set')


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
