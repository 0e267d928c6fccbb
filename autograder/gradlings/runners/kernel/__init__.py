"""What `check`, `hint` and `try_call` do in a notebook, on what its kernel holds."""
