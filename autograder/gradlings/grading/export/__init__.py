"""Marks and feedback on their way back: into the file that an LMS exported, or as CSV, JSON and JUnit."""
