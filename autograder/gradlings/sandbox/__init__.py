"""Grades for marks: student code runs in locked-down workers, which send values and never verdicts.

The rest of the package uses `judge.Judge`. Only `inside`, `wire` and the modules listed in `worker_bundle` are loaded
where student code runs: no check, no oracle, no expected value.
"""
