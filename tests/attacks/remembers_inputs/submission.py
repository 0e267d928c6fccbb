seen = []


def double(x):
    seen.append(x.clone())
    return 2 * seen[0]


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
