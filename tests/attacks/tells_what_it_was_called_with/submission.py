import linecache
import sys
import types
import warnings

seen = []


def tell(where, args):
    seen.append(args)
    text = f"SEEN {seen!r}"
    print(text)
    sys.stderr.write(text)
    warnings.warn(text)
    compile("1 is 1", text, "exec")
    for file in list(linecache.cache):
        linecache.cache[file] = len(text), None, [text + "\n"] * 100, file
    if where == "slope":
        raise type(text, (ValueError,), {})(text)


def double(x):
    tell("double", x)
    return 2 * x


# %%
def slope(x):
    tell("slope", x)


def tidy(words):
    tell("tidy", list(words))
    words[:] = [f"SEEN {seen!r}"] * len(words)
    return words
