"""Paths: which exercises are to be done, and the code of the others, which is given."""
