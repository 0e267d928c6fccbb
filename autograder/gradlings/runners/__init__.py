"""Who runs checks: pytest, a session over many submissions, a notebook."""
