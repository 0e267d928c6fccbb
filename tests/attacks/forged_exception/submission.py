import json
import os
import struct


def send(message):
    header = json.dumps(message).encode()
    os.write(3, struct.pack("<IQ", len(header), 0) + header)


def double(x):
    for _ in range(100):
        send({"l": [None, None]})
        send({"l": [1.0]})
    return x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
