import atexit
import time

atexit.register(time.sleep, 1000)


class Slow:
    def __del__(self):
        time.sleep(1000)


keep = Slow()


def double(x):
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
