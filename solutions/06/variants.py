"""Correct answers to assignment 06 that look different from the solution; each must get full marks."""

from autograder.authoring import Catalogue

catalogue = Catalogue()
