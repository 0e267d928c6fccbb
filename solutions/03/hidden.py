"""Hidden probes of assignment 03: further inputs that submissions meet when they are graded for marks."""

from autograder import scalars

PROBES = {
    "3.5::test_one_example": [scalars(-4.0, 0.5, 1.0, 0.0)],
}
