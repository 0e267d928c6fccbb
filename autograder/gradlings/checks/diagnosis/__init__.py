"""A wrong answer into a sentence: the catalogue of misconceptions first, general signatures second, silence third."""
