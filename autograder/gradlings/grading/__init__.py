"""A class: collect, judge in parallel, store, resume."""
