import os


def double(x):
    os.kill(os.getpid(), 9)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
