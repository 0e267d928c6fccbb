"""The checks of the tiny kit."""

from gradlings import agree, exercise, floats, scalars


def minus(a, b):
    return a - b


def two_vectors(rng):
    n = rng.size(2, 5)
    return rng.normal(n), rng.normal(n)


@exercise("9.1", "difference", points=10, minutes=5)
class TestDifference:
    def test_numbers(self, student, probes):
        """the difference of two numbers"""
        agree(student.difference, probes([scalars(5.0, 3.0), scalars(1.5, -4.0)]), minus)

    def test_vectors(self, student, probes):
        """the difference of two vectors, entry by entry"""
        hand_made = [(floats([1.0, 2.5, -3.0]), floats([4.0, 0.5, 1.0]))]
        agree(student.difference, probes(hand_made, random=two_vectors), minus)


def torch_rows(x):
    return x.sum(1), x.amax(1)


def some_rows(rng):
    n, d = rng.sizes(2, 5, 2)
    return (rng.normal(n, d),)


@exercise("9.2", "row_totals", points=15, minutes=10, difficulty=2, forbids="matmul", builds_on=("9.1",))
class TestRowTotals:
    def test_rows(self, student, probes):
        """the total and the largest entry of every row"""
        ladder = probes([(floats([[1.0, 2.0, 4.0], [0.5, -1.0, 0.25]]),)], random=some_rows)
        agree(student.row_totals, ladder, torch_rows, names=("total", "largest"), strided=True)


def numbers_below(n):
    if n < 0:
        raise ValueError("n is negative")
    return list(range(n))


def three_in_a_row(start):
    return [start, start + 1, start + 2]


@exercise("9.3", "count_up", "make_counter", points=5, minutes=10, difficulty=3, builds_on=("9.2",), seconds=1)
class TestCounting:
    def test_list(self, student, probes):
        """the first n numbers, and ValueError for a negative n"""
        agree(student.count_up, probes([(3,), (0,), (-2,)]), numbers_below)

    def test_counter(self, student, probes):
        """what a counter gives when it is called three times"""
        agree(student.through("first_three"), probes([(4,), (-1,)]), three_in_a_row)
