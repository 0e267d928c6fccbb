"""Grading where submissions are made: Gradescope and GitHub hand over one student's files at a time."""
