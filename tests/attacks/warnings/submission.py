import sys
import warnings


def double(x):
    warnings.warn('careful')
    print('note', file=sys.stderr)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
