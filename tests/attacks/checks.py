"""The checks that every attack is run against; copied into an assignment's folder by tests/test_judging.py."""

import torch

from gradlings import agree, exercise, floats


def oracle_of_double(x):
    return 2 * x


def numbers(rng):
    return (rng.normal(rng.size(2, 5)),)


@exercise("9.1", "double", points=10, seconds=1)
class TestDouble:
    def test_double(self, student, probes):
        """every number twice as large"""
        agree(student.double, probes([(floats([1.0, -2.0, 3.0]),)], random=numbers), oracle_of_double, float32=False)


@exercise("9.2", "slope", points=10, forbids="autograd")
class TestSlope:
    def test_slope(self, student, probes):
        """the slope of x**3"""

        def oracle(x):
            leaf = x.detach().clone().requires_grad_()
            (leaf**3).sum().backward()
            return leaf.grad

        agree(student.slope, probes([(torch.tensor([0.5, -1.0], dtype=torch.float64),)], random=numbers), oracle)


@exercise("9.3", "tidy", points=10)
class TestTidy:
    def test_tidy(self, student, probes):
        """words in order, and the list left alone"""
        words = [(["pear", "apple", "fig"],), (["b"],)]
        agree(student.tidy, probes(words, random=lambda rng: (rng.shuffled(["d", "a", "c", "b"]),)), sorted)
