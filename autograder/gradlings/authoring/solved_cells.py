"""What a student is told of an exercise once it is solved: written in the source, checked here, shipped in `solved.md`.

    # %% [markdown] solved="3.5"
    # **Why it works.** In three lines at most.
    #
    # **In models.** Where GPT-2 or a model of today does this.
    #
    # **In PyTorch.** `torch.Tensor.backward` does the same. The first name gets the address of its documentation.
    #
    # **Next.** What the next exercise makes of it.

Pages and terminals show it as it is, so it has no formulas; nobody reads a long one.
"""

from __future__ import annotations

import re
from pathlib import Path

from gradlings.model.errors import InputError

MAX_WORDS = 90
_LABELS = ("Why it works.", "In models.", "In PyTorch.", "Next.")
_DOCS = "https://docs.pytorch.org/docs/stable"
_PAGES = {"torch.utils.data.": "data.html#"}
"""Names whose documentation shares a page; all others have one each, in `generated/`."""


def solved_text(text: str, path: Path, exercise: str) -> str:
    """Return the Markdown of a cell with the address of the documentation that it names.

    Raises:
        InputError: a paragraph is missing or another one is there, it has a formula, names nothing of PyTorch, or is
            too long; the message names the file and the remedy.
    """
    where = f"{path}: the text for the solved exercise {exercise}"
    paragraphs = [paragraph.strip() for paragraph in re.split(r"\n\s*\n", text.strip())]
    if [paragraph.partition("** ")[0] for paragraph in paragraphs] != [f"**{label}" for label in _LABELS]:
        wanted = ", ".join(f"**{label}**" for label in _LABELS)
        raise InputError(f"{where} needs four paragraphs, which begin with {wanted}")
    if "$" in text:
        raise InputError(f"{where} has a formula: pages show it as it is, so write it in words or in Unicode")
    words = len(text.replace("**", "").split())
    if words > MAX_WORDS:
        raise InputError(f"{where} has {words} words; {MAX_WORDS} are enough")
    why, models, torch, following = paragraphs
    named = re.search(r"`(torch\.[\w.]+)`", torch)
    if named is None:
        raise InputError(f"{where} names no function of PyTorch, such as `torch.sigmoid`, under **In PyTorch.**")
    return "\n\n".join([why, models, f"{torch}\n<{address(named[1])}>", following])


def address(name: str) -> str:
    """Return where PyTorch's documentation describes a name such as "torch.nn.functional.gelu"."""
    page = next((page for prefix, page in _PAGES.items() if name.startswith(prefix)), None)
    return f"{_DOCS}/{page}{name}" if page else f"{_DOCS}/generated/{name}.html"
