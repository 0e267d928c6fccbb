def double(x):
    nested = []
    for _ in range(100_000):
        nested = [nested]
    return nested


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
