"""One student alone: the kit, and what is next."""
