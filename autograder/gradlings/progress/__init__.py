"""What one student did so far: the log, what it says of each exercise, which hint is next."""
