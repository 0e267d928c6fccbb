"""A failing call as Python that a student can run: a script in a terminal, a cell in a notebook."""
