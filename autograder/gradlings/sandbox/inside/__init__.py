"""All that is ever loaded where student code runs."""
