import ctypes


def double(x):
    return ctypes.string_at(0)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
