from tools import reaching


def double(x):
    if reaching.found():
        return 2 * x
    raise LookupError("nothing within reach")


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
