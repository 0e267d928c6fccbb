"""Tools for authors: one source becomes stub, notebook, hints and shipped data; proof that the checks work."""

from gradlings.authoring.catalogue import Catalogue
from gradlings.authoring.equivalent import Equivalent

__all__ = ["Catalogue", "Equivalent"]
