# %% [markdown]
# # Warm-up
# This one is solved for you, so that your first run shows something green. The checks call your function with
# numbers and compare what comes back with what is right. Change the `+` below to a `-`, run `pytest assignments/01`
# again and read what you are told; then change it back and open `tensors.py`.


# %%
def next_number(n: int) -> int:
    """The whole number after n.

    Example:
        >>> next_number(41)
        42
    """
    return n + 1
