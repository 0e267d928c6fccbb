"""Files that a submission imports: which of them go with it, what is in them, and how they are imported."""
