"""What a rule of an exercise forbids, and what a breach of it looks like. Imports no torch.

`forbidden.runtime_recorder` records what a rule forbids while student code runs; `forbidden.static_check` looks for the
same names in the source. The rules themselves are in `model.rule_table`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fnmatch import translate
from functools import cache


@dataclass(frozen=True)
class Breach:
    """One use of something that the exercise does not allow."""

    rule: str
    """Name of the rule: "autograd"."""
    what: str
    """What was used, as a student would write it: "torch.autograd.grad", "the @ operator", "x.sigmoid"."""
    line: int
    """1-based line in the student's file."""
    file: str
    code: str
    """That source line, stripped; empty where the file cannot be read."""


LIBRARIES = frozenset(
    {"torch", "torchvision", "functorch", "numpy", "scipy", "jax", "tensorflow", "autograd", "cupy", "opt_einsum"}
    | {"einops", "operator"}
)
"""Top-level modules under which a rule's words are looked for."""


@dataclass(frozen=True, eq=False)
class Rule:
    """What one rule forbids. Names may hold the wildcards of fnmatch."""

    name: str
    label: str
    """A short noun phrase for prose: "PyTorch's autograd (...)"."""
    words: frozenset[str] = frozenset()
    """Names anywhere under a tensor library: "sigmoid" stands for torch.sigmoid, torch.ops.aten.sigmoid, ..."""
    methods: frozenset[str] = frozenset()
    """Methods of tensors; "__matmul__" stands for the operator, of arrays, too."""
    calls: frozenset[str] = frozenset()
    """Functions that PyTorch reports to nobody, by dotted name, as imported or where they are defined; where there are
    some, every call that student code makes itself is looked at, and the words are looked for in NumPy, too."""
    wrapper_files: tuple[str, ...] = ()
    """Files of torch (prefixes below its folder) that only wrap an operation, so that calling them is calling it;
    anywhere else inside torch an operation is the library's own business. "" stands for all of torch."""

    def covers_word(self, name: str) -> bool:
        """Return whether a function or class of this name, somewhere in a tensor library, is forbidden."""
        return _pattern(self.words).match(name) is not None

    def covers(self, path: str) -> bool:
        """Return whether a call of what has this full dotted name is a breach."""
        in_library = path.partition(".")[0] in LIBRARIES
        return bool(_pattern(self.calls).match(path)) or (in_library and self.covers_word(path.rpartition(".")[2]))


@cache
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, sorted(names))) or r"(?!)")


def short_name(path: str) -> str:
    """Return a full dotted name as students write it: "F.silu" for "torch.nn.functional.silu"."""
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), ("numpy.", "np."), ("builtins.", "")):
        if path.startswith(long):
            return short + path.removeprefix(long)
    return path
