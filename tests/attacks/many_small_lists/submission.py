def double(x):
    return [[1]] * 49_000


def slope(x):
    return [[1]] * 49_000


def tidy(words):
    return [[1]] * 49_000
