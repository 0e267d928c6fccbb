import os
import struct
import time


def double(x):
    os.write(3, struct.pack("<IQ", 1000, 0))
    for _ in range(1000):
        os.write(3, b" ")
        time.sleep(0.05)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
