def double(x):
    return 2 * x.reshape(-1)[:1]


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
