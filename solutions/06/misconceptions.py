"""Wrong answers that students really give in assignment 06, each with the sentence they then read."""

from autograder.authoring import Catalogue

catalogue = Catalogue()
