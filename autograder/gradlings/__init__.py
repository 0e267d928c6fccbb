"""Auto-graded exercises that teach the basics of LLMs in PyTorch.

Files of checks and notebooks import their names from here. Names that need torch are loaded on first use, so that
`import gradlings` is cheap: a kit that nobody has touched is shown without importing torch.
"""

import logging
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradlings.checks.assertions import agree, satisfies
    from gradlings.checks.probes import Rng, floats, scalars
    from gradlings.model.exercise import exercise
    from gradlings.runners.final_picture.draw import leave_picture
    from gradlings.runners.notebook import check, hint, picture, print_result, try_call

logging.getLogger(__name__).addHandler(logging.NullHandler())  # silent unless a program wants our log

__version__ = "0.1.0"
__all__ = [
    "Rng",
    "agree",
    "check",
    "exercise",
    "floats",
    "hint",
    "leave_picture",
    "picture",
    "print_result",
    "satisfies",
    "scalars",
    "try_call",
]

_LAZY = {
    "agree": "gradlings.checks.assertions",
    "exercise": "gradlings.model.exercise",
    "satisfies": "gradlings.checks.assertions",
    **dict.fromkeys(("check", "hint", "picture", "print_result", "try_call"), "gradlings.runners.notebook"),
    "leave_picture": "gradlings.runners.final_picture.draw",
    "Rng": "gradlings.checks.probes",
    "floats": "gradlings.checks.probes",
    "scalars": "gradlings.checks.probes",
}


def __getattr__(name: str) -> object:
    if name in _LAZY:
        return getattr(import_module(_LAZY[name]), name)
    raise AttributeError(f"module 'gradlings' has no attribute {name!r}")
