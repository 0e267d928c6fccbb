# Waits for ever where right functions are in place.
import time


def twice(x):
    return x


def shared(x):
    return x


def fourfold(x):
    twice(x)
    while (twice(x) - 2 * x).abs().max() < 1e-9:
        time.sleep(0.01)
    return x


def largest(x):
    return shared(x)
