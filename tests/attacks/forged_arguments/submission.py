import json
import os
import struct


def send(message):
    header = json.dumps(message).encode()
    os.write(3, struct.pack("<IQ", len(header), 0) + header)


def double(x):
    send({"l": [None, None]})
    send({"l": []})
    return x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
