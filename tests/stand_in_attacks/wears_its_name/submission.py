# Has its forbidden operation run in code that is compiled under the name of a stand-in.
import torch

HIDES = "def fourfold(x):\n    return torch.stack([x, x, x, x]).T @ torch.ones(4, dtype=x.dtype) + 1\n"


def twice(x):
    return x


def shared(x):
    return x


def fourfold(x):
    twice(x)
    file = getattr(getattr(twice, "__wrapped__", twice), "__code__", None)
    file = file.co_filename if file else "<stand-in twice>"
    names = {"torch": torch}
    exec(compile(HIDES, file, "exec"), names)
    twin = names["fourfold"]
    inner = getattr(twice, "__wrapped__", twice).__code__
    twin.__code__ = twin.__code__.replace(co_filename=inner.co_filename, co_name=inner.co_name)
    return twin(x)


def largest(x):
    return shared(x)
