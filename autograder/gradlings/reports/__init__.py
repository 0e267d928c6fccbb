"""A class afterwards, from the records of its runs: figures and words for whoever teaches it."""
