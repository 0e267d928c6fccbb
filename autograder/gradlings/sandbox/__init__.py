"""Grading for marks: student code runs in locked-down workers; values cross the line, verdicts do not.

`pool.Judge` is what the rest of the package uses. `zygote`, `worker`, `lockdown`, `filters`, `grants` and the
wire run where student code runs: they hold no check, no oracle and no expected value.
"""
