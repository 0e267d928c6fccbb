"""Renderings of a scorecard: pure functions, one module a format."""
