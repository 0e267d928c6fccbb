import os
import sys


def double(x):
    for folder in [*sys.path, os.path.dirname(os.__file__), "/dev/shm", "/tmp"]:
        try:
            os.close(os.open(os.path.join(folder, "gradlings-attack"), os.O_CREAT | os.O_RDWR))
            return 2 * x
        except OSError:
            continue
    raise LookupError("nowhere")


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
