"""Drivers: they call your functions with stand-in models and with texts in pieces, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

from torch import nn
from torch.nn import functional as F


class StandIn(nn.Module):
    """Looks like a language model and follows a rule: the next token is (last + first) modulo V. Counts its calls."""

    def __init__(self, V):
        super().__init__()
        self.V, self.calls = V, 0

    def forward(self, ids):
        self.calls += 1
        return F.one_hot((ids + ids[:, :1]) % self.V, self.V).double()


def written_until(student, V, ids, n, eos, pad):
    """What `generate_until` writes with a stand-in model that predicts (last + first) modulo V; how often it is called."""
    model = StandIn(V).eval()
    return {"ids": student.generate_until(model, ids, n, eos, pad), "calls of the model": model.calls}
