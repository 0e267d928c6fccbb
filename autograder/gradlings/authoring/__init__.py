"""Tools for authors: one source becomes stub, notebook, hints and shipped data; proof that the checks work."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gradlings.authoring.catalogue import Catalogue
    from gradlings.authoring.equivalent import Equivalent

__all__ = ["Catalogue", "Equivalent"]


def __getattr__(name: str) -> object:
    """Load what files of authors import from here on first use: the commands of this room start without it."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from gradlings.authoring.catalogue import Catalogue
    from gradlings.authoring.equivalent import Equivalent

    return {"Catalogue": Catalogue, "Equivalent": Equivalent}[name]
