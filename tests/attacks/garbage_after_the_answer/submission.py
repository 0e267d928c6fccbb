import msgspec

original = msgspec.json.encode
answers = []


def encode(value):
    answers.append(value)
    return original(value) if len(answers) == 1 else b"{"


def double(x):
    msgspec.json.encode = encode
    return x * 2


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
