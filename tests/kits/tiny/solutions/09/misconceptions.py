"""What goes wrong in the tiny kit."""

# ruff: noqa: F811  every entry defines a function anew

from gradlings.authoring import Catalogue

catalogue = Catalogue()


@catalogue.misconception(
    "9.1",
    "opposite-sign",
    "Every entry is the right one with the opposite sign. Which of the two is taken away from the other?",
    hint="Try 5 and 3 by hand. Which sign has the answer, and which one has yours?",
)
def difference(a, b):
    return b - a


@catalogue.misconception(
    "9.1",
    "as-column",
    "The numbers are right, but they stand in a column. Where does the second axis come from?",
    hint="Print the shapes of a, of b and of your answer.",
)
def difference(a, b):
    return (a - b).reshape(-1, 1)


@catalogue.misconception(
    "9.1",
    "absolute-value",
    "No entry is ever negative. Is the distance asked for, or the difference?",
    hint="Try 3 and 5 by hand. Is anything left when 5 is taken away from 3?",
)
def difference(a, b):
    return abs(a - b)


@catalogue.misconception(
    "9.1",
    "single-precision",
    "The result is float32 whatever the inputs are. Where does the dtype change?",
    hint="Print the dtype after every line, for inputs of float64.",
)
def difference(a, b):
    return (a - b).float()


@catalogue.misconception(
    "9.1",
    "changes-its-input",
    "The answer is right, but the first input has become the answer. Who changed it?",
    hint="Print a before and after the call. Which operators work in place?",
)
def difference(a, b):
    a -= b
    return a


@catalogue.misconception(
    "9.1",
    "numbers-only",
    "It works for numbers and stops at vectors. Does the code ask for a tensor's only entry?",
    hint="Call it with two vectors of two entries: which line stops?",
)
def difference(a, b):
    return a.item() - b.item()


@catalogue.misconception(
    "9.2",
    "columns",
    "Both answers have one entry a column. Which axis is added up, and which one is left?",
    hint="Take 2 rows of 3 entries: two totals are asked for. How many do you get?",
)
def row_totals(x):
    return x.sum(0), x.amax(0)


@catalogue.misconception(
    "9.2",
    "swapped",
    "Each of the two is where the other belongs. In which order do they come back?",
    hint="Take one row, 1 and 2: the first answer is 3.",
)
def row_totals(x):
    return x.amax(1), x.sum(1)


@catalogue.misconception(
    "9.2",
    "mean",
    "The totals are too small by the number of entries in a row. Is it a mean?",
    hint="Take one row, 1 and 2: the total is 3, and yours is 1.5.",
)
def row_totals(x):
    return x.mean(1), x.amax(1)


@catalogue.misconception(
    "9.3",
    "starts-at-one",
    "The list begins with 1. Where do indices begin in Python?",
    hint="For n = 1 the list has one number in it, 0.",
)
def count_up(n):
    if n < 0:
        raise ValueError("negative")
    return list(range(1, n + 1))


@catalogue.misconception(
    "9.3",
    "negative-accepted",
    "A negative n gives an empty list. What is it to do instead?",
    hint="Read what the docstring says below Raises.",
)
def count_up(n):
    return list(range(n))


@catalogue.misconception(
    "9.3",
    "stands-still",
    "Every call gives the same number. What changes between two calls?",
    hint="Call it twice by hand and write down what it remembers in between.",
)
def make_counter(start):
    return lambda: start


@catalogue.misconception(
    "9.3",
    "begins-late",
    "The first call gives start + 1. When is the number raised?",
    hint="With start = 5 the first call gives 5, and yours gives 6.",
)
def make_counter(start):
    state = [start]

    def count():
        state[0] += 1
        return state[0]

    return count
