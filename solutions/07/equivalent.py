"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

EQUIVALENT: tuple[Equivalent, ...] = ()
