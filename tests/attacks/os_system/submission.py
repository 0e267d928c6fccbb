import os


def double(x):
    if os.system('true') == 0:
        return 2 * x
    raise PermissionError('refused')


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
