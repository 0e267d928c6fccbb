"""nbgrader's autograde, gradebook and course folder with our judge."""
