"""Tools for authors: one source becomes stub, notebook, hints and shipped data; proof that the checks work."""

from gradlings.authoring.catalogue import Catalogue

__all__ = ["Catalogue"]
