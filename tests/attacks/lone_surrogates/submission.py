def double(x):
    return '\ud800' * 500


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
