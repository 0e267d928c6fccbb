"""The proof by mutants: every solution with one small fault in it, which the checks must catch."""
