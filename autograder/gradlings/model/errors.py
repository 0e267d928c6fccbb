"""The exception for input that a person can correct: its text is shown without a traceback."""


class InputError(Exception):
    """A file or an option cannot be used; the message names it and the remedy."""
