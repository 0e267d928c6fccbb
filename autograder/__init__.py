"""gradlings: auto-graded exercises that teach the basics of LLMs in PyTorch.

What a file of checks imports is here. Names that need torch are loaded on first use, so that `import autograder`
stays cheap: a kit that nobody has touched is shown without importing torch.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from autograder.exercise import exercise

if TYPE_CHECKING:
    from autograder.checking import agree, satisfies
    from autograder.notebook import check
    from autograder.probes import Rng, floats, scalars

__version__ = "0.1.0"
__all__ = ["Rng", "agree", "check", "exercise", "floats", "satisfies", "scalars"]

_LAZY = {
    "agree": "autograder.checking",
    "satisfies": "autograder.checking",
    "check": "autograder.notebook",
    "Rng": "autograder.probes",
    "floats": "autograder.probes",
    "scalars": "autograder.probes",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'autograder' has no attribute {name!r}")
