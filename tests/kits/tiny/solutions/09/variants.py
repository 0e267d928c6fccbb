"""Correct code that looks different."""

# ruff: noqa: F811  every entry defines a function anew

import itertools

import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


@catalogue.variant("9.1", "by a function")
def difference(a, b):
    return torch.sub(a, b)


@catalogue.variant("9.1", "on a copy")
def difference(a, b):
    result = a.clone()
    result -= b
    return result


@catalogue.variant("9.2", "row by row")
def row_totals(x):
    return torch.stack([row.sum() for row in x]), torch.stack([row.max() for row in x])


@catalogue.variant("9.2", "as a list")
def row_totals(x):
    return [x.sum(-1), x.max(dim=-1).values]


@catalogue.variant("9.3", "a loop")
def count_up(n):
    if n < 0:
        raise ValueError
    numbers = []
    while len(numbers) < n:
        numbers.append(len(numbers))
    return numbers


@catalogue.variant("9.3", "from the library")
def make_counter(start):
    return itertools.count(start).__next__
