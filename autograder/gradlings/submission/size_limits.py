"""How large a submission may be. What is larger is refused in words, on a student's own machine as in grading.

The largest assignment has some fifty functions in 50,000 characters. The limits are far from that; but Python's own
compiler takes a time that is quadratic in some files, so they must not be much farther.
"""

from __future__ import annotations

MAX_CODE_CHARS = 300_000
"""Of a module, or of the code cells of a notebook together. What else a notebook holds (pictures) is not counted."""
MAX_CELLS = 2_000
"""Cells that hold code."""
MAX_FUNCTIONS = 5_000
"""Names that the source binds at top level."""
MAX_FUNCTION_CHARS = 4_000
"""Of the text of one function that is put on record."""
MAX_SYNTAX_PROBLEMS = 200
"""Cells that Python cannot read."""
MAX_LINE_CHARS = 200
"""Of a line or a message of Python's that is quoted; the rest is cut."""


def require_at_most(limit: int, count: int, what: str) -> None:
    """Raise `ValueError` if a submission has more of something than is read."""
    if count > limit:
        raise ValueError(f"it has {count:,} {what}; at most {limit:,} are read")
