def double(x):
    return x * float('nan')


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
