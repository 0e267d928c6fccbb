def double(x):
    return chr(233) * 30_000_000


def slope(x):
    return chr(233) * 30_000_000


def tidy(words):
    return chr(233) * 30_000_000
