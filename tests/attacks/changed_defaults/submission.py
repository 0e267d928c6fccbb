import random

import numpy as np
import torch

torch.set_num_threads(8)
torch.manual_seed(1)
np.random.seed(1)
random.seed(1)


def double(x):
    torch.set_default_dtype(torch.float16)
    torch.use_deterministic_algorithms(True)
    torch.set_grad_enabled(False)
    return 2 * x


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
