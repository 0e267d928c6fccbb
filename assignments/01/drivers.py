"""The driver of assignment 01: it calls `make_ranks` where the submission runs, so that its answer can be compared."""

import torch


def make_ranks(student):
    """What the submission's make_ranks returns, as a tuple, with stray memory blanked.

    torch.Tensor(5) is five float32 numbers that nobody has set: whatever the memory held before. They come back as
    zeros, so that the answer is the same in every run.
    """
    answer = student.make_ranks()
    if not isinstance(answer, tuple | list):
        return answer
    return tuple(torch.zeros_like(item) if _is_unset(item) else item for item in answer)


def _is_unset(item):
    return isinstance(item, torch.Tensor) and item.dtype == torch.float32 and item.shape == (5,)
