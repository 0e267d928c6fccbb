"""The picture at the end of an assignment, which the student's own functions draw: at home only, for no points."""
