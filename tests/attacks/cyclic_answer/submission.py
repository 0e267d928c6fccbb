def double(x):
    cyclic = []
    cyclic.append(cyclic)
    return cyclic


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
