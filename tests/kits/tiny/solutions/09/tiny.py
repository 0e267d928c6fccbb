# %% [markdown] total_points="30"
# # 09 A tiny kit
# Three exercises that the tests of gradlings try everything on.

# %%
from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor

# %% [markdown] exercise="9.1"
# ## 9.1 The difference
# Take the second number from the first: $d = a - b$.


# %% solution="9.1"
def difference(a: Float[Tensor, "*n"], b: Float[Tensor, "*n"]) -> Float[Tensor, "*n"]:
    """What is left of a when b is taken away.

    Example:
        >>> difference(torch.tensor(5.0), torch.tensor(3.0))
        tensor(2.)
    """
    ### BEGIN SOLUTION
    leftover_after_subtraction = a - b
    return leftover_after_subtraction
    ### END SOLUTION


# %% [markdown] hints="9.1"
# 1. There are two orders. Only one of them leaves something positive when the first number is the larger one.
# 2. The formula is $d = a - b$.
# 3. Tensors know the minus sign; no loop is needed.

# %% [markdown] exercise="9.2"
# ## 9.2 Row by row
# The total of every row, and its largest entry.


# %% solution="9.2"
def row_totals(x: Float[Tensor, "n d"]) -> tuple[Float[Tensor, " n"], Float[Tensor, " n"]]:
    """The total and the largest entry of every row."""
    ### BEGIN SOLUTION
    totals_of_rows = torch.sum(x, dim=1)
    return totals_of_rows, x.amax(dim=1)
    ### END SOLUTION


# %% [markdown] hints="9.2"
# 1. Which axis has to disappear?
# 2. For n rows of d entries, both answers have n entries.
# 3. Reduce over the last axis, once adding and once taking the largest.

# %% [markdown] exercise="9.3"
# ## 9.3 Counting
# Plain Python: a list of numbers, and a function that counts.


# %% solution="9.3"
def count_up(n: int) -> list[int]:
    """The numbers 0, 1, ... n - 1.

    Raises:
        ValueError: n is negative.
    """
    ### BEGIN SOLUTION
    if n < 0:
        raise ValueError("how many numbers must not be negative")
    return list(range(n))
    ### END SOLUTION


# %% solution="9.3"
def make_counter(start: int) -> Callable[[], int]:
    """A function that gives start when it is called first, then start + 1, and so on."""
    ### BEGIN SOLUTION
    state = [start - 1]

    def following_number() -> int:
        state[0] += 1
        return state[0]

    return following_number
    ### END SOLUTION


# %% [markdown] hints="9.3"
# 1. A function inside a function remembers the variables around it.
# 2. The k-th call gives start + k - 1.
# 3. Keep the number in a list, and change the list's only entry at each call.

# %% [markdown] solved="9.3"
# **Why it works.** Every call of the outer function makes new variables, and the inner one keeps them alive.
#
# **In models.** A cache of keys and values counts on like this while a model writes.
#
# **In PyTorch.** `torch.arange` makes such numbers at once.
#
# **Next.** That was the last one.
