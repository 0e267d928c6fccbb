"""How much of a submission is compared, and what the process that reads it may use."""

from __future__ import annotations

CPU_SECONDS = 10.0
"""Of one submission: what takes longer is ended, and said."""
MEMORY_BYTES = 1_000_000_000
"""Of the address space of a reading process; it uses a tenth of that."""
MAX_FUNCTIONS = 300
"""Functions, classes and statements outside of them, of one submission, that are compared."""
MAX_FUNCTION_CHARS = 20_000
"""Of the text of a function that is shown; its parts are compared all the same."""
MAX_REPLY_BYTES = 32_000_000
"""Of what a reading process may answer to one submission."""
