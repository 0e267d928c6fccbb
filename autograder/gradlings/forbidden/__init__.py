"""What an exercise forbids: read from the source, recorded at run time."""
