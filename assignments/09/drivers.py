"""Drivers: they call your functions with models and generators, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""
