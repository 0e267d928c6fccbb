"""Beginnings for authors: a kit of one's own, an assignment, an exercise."""
