"""The one exception for bad input from a person: its text names the file and the remedy, and no traceback is shown."""


class InputError(Exception):
    """Something given to us cannot be used; the message says what and what to do."""
