"""What a rule of an exercise forbids, and what a breach of it looks like. Imports no torch.

`forbidden.static_check` looks for a rule's names in the source, `forbidden.runtime_recorder` for the same functions
while they run. The rules themselves are in `model.rule_table`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
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

TENSOR_TYPES = frozenset({"Tensor", "TensorBase", "_TensorBase", "ndarray", "Variable"})


@dataclass(frozen=True, eq=False)
class Rule:
    """What one rule forbids. `words` and `paths` may hold the wildcards of fnmatch.

    A name that starts with a capital letter is a class: it may be mentioned (annotations, isinstance), not called.
    """

    name: str
    label: str
    """A short noun phrase for prose: "PyTorch's autograd (...)"."""
    words: frozenset[str] = frozenset()
    """Names anywhere under a tensor library: "sigmoid" stands for torch.sigmoid, torch.ops.aten.sigmoid, ..."""
    paths: frozenset[str] = frozenset()
    """Whole dotted names, in any module: "builtins.eval"."""
    allowed: frozenset[str] = frozenset()
    """Dotted names that `paths` would catch wrongly."""
    methods: frozenset[str] = frozenset()
    """Methods of tensors and arrays; "__matmul__" stands for the operator, too."""
    attributes: frozenset[str] = frozenset()
    """Attributes of tensors and arrays that may not even be read."""
    aten: frozenset[str] = frozenset()
    """Operations of the dispatcher, for calls that hide from PyTorch's Python layer."""
    backward_pass: bool = False
    """Whether a running backward pass is a breach, even if only allowed operations run in it."""
    wrapped: Mapping[str, str] = field(default_factory=dict)
    """Python functions of the library to wrap while student code runs, and how to call them in prose."""
    wrapper_files: tuple[str, ...] = ()
    """Files of torch (prefixes below its folder) that only wrap an operation, so that calling them is calling it;
    anywhere else inside torch an operation is the library's own business. "" stands for all of torch."""

    @property
    def at_run_time(self) -> bool:
        """Whether there is anything to watch for while code runs."""
        return bool(self.methods or self.aten or self.backward_pass or self.wrapped)

    def covers_word(self, name: str) -> bool:
        """Return whether a function or class of this name, somewhere in a tensor library, is forbidden."""
        return _pattern(self.words).match(name) is not None

    def covers(self, path: str, called: bool) -> bool:
        """Return whether using a full dotted name is a breach; if it is not `called`, classes are allowed."""
        parts = path.split(".")
        return any(self._covers_part(parts, i) and (called or not is_class(parts[i])) for i in range(len(parts)))

    def _covers_part(self, parts: list[str], i: int) -> bool:
        start = ".".join(parts[: i + 1])
        if _pattern(self.paths).match(start) and start not in self.allowed:
            return True
        if i == 0 or parts[0] not in LIBRARIES or parts[i - 1] == "modules":  # torch.nn.modules.linear is a file
            return False
        if parts[i] in TENSOR_TYPES and i + 1 < len(parts):  # torch.Tensor.sum(x) builds no tensor
            return False
        if parts[i - 1] in TENSOR_TYPES:
            return parts[i] in self.methods or parts[i] in self.attributes
        return self.covers_word(parts[i]) or ("aten" in parts[:i] and parts[i] in self.aten)


def is_class(name: str) -> bool:
    """Return whether a name looks like that of a class, by Python's convention."""
    return name.lstrip("_")[:1].isupper()


@cache
def _pattern(names: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(map(translate, sorted(names))) or r"(?!)")


def short_name(path: str) -> str:
    """Return a full dotted name as students write it: "F.silu" for "torch.nn.functional.silu"."""
    for long, short in (("torch.nn.functional.", "F."), ("torch.nn.", "nn."), ("numpy.", "np."), ("builtins.", "")):
        if path.startswith(long):
            return short + path.removeprefix(long)
    return path
