"""From scores to marks: what a person set by hand, what being late costs, and whose score changed."""
