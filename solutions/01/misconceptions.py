"""Wrong answers that we expect of students in assignment 01, each with the sentence they then read."""

import numpy as np
import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()

_CUBE = [[[1, 2], [3, 4]], [[5, 6], [7, 8]]]


# --- 1.1 Four ranks


@catalogue.misconception(
    "1.1",
    "scalar-with-brackets",
    "The scalar has shape (1,), so it is a vector that holds one number. Is there a pair of square brackets around the 5?",
    hint="Print `dim()` of your scalar and of your vector: both give 1. Every pair of brackets around the numbers adds one dimension, and the scalar must come out with 0.",
)
def make_ranks():
    return torch.tensor([5]), torch.tensor([1, 2, 3]), torch.tensor(_CUBE[0]), torch.tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "capital-t-everywhere",
    "The scalar came back as five float32 numbers that nobody has set, and the other three are float32, too. Is tensor written with a capital T in your code?",
    hint="Call both on the number 5 in a Python session and print shape and dtype: one of them takes a number for a size.",
)
def make_ranks():
    return torch.Tensor(5), torch.Tensor([1, 2, 3]), torch.Tensor(_CUBE[0]), torch.Tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "capital-t-for-scalar-only",
    "The scalar came back as five float32 numbers that nobody has set: 5 was taken as a size. Is tensor written with a capital T there?",
    hint="Call both on the number 5 in a Python session and print shape and dtype: one of them takes a number for a size.",
)
def make_ranks():
    return torch.Tensor(5), torch.tensor([1, 2, 3]), torch.tensor(_CUBE[0]), torch.tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "capital-t-for-lists",
    "The scalar is right; the vector, the matrix and the cube are float32. Is tensor written with a capital T there, or is a decimal point among the numbers?",
    hint="Call both on [1, 2, 3] in a Python session and print the dtypes: one of them looks at the values, the other always makes floats.",
)
def make_ranks():
    return torch.tensor(5), torch.Tensor([1, 2, 3]), torch.Tensor(_CUBE[0]), torch.Tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "capital-t-and-brackets",
    "The scalar has shape (1,), and all four tensors are float32. Are there brackets around the 5, and is tensor written with a capital T?",
    hint="Two things: the scalar has no brackets at all, and torch.Tensor and torch.tensor are two functions. Print shape and dtype of each.",
)
def make_ranks():
    return torch.Tensor([5]), torch.Tensor([1, 2, 3]), torch.Tensor(_CUBE[0]), torch.Tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "floats",
    "All four shapes are right, and all four tensors are float32. Which kind of number do the values need to be for int64?",
    hint="Look at the literals: 1 is a whole number, 1. and 1.0 are not. A dtype that you name overrides both.",
)
def make_ranks():
    values = (5, [1, 2, 3], _CUBE[0], _CUBE)
    return tuple(torch.tensor(value, dtype=torch.float32) for value in values)


@catalogue.misconception(
    "1.1",
    "32-bit-integers",
    "All four shapes and values are right, but the dtype is int32. Which integer type does torch.tensor choose when nobody tells it?",
    hint="Leave the dtype out: with whole numbers and no dtype given, the function picks int64 by itself.",
)
def make_ranks():
    values = (5, [1, 2, 3], _CUBE[0], _CUBE)
    return tuple(torch.tensor(value, dtype=torch.int32) for value in values)


@catalogue.misconception(
    "1.1",
    "vector-as-row",
    "The vector has shape (1, 3), so it is a matrix with one row. How many levels of brackets does a vector need?",
    hint="Print `dim()` of your vector and of your matrix: both give 2. Count the brackets that open before the first number of each. The rank is just this count, and a vector has rank 1.",
)
def make_ranks():
    return torch.tensor(5), torch.tensor([[1, 2, 3]]), torch.tensor(_CUBE[0]), torch.tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "vector-as-column",
    "The vector has shape (3, 1), so it is a matrix with one column. How many levels of brackets does a vector need?",
    hint="Count the brackets that open before the 1: two, as in the matrix. In your column each number sits in a list of its own. Which brackets can go, so that three numbers stand side by side in one list?",
)
def make_ranks():
    return torch.tensor(5), torch.tensor([[1], [2], [3]]), torch.tensor(_CUBE[0]), torch.tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "cube-flattened-to-rows",
    "The cube has shape (4, 2): four rows below each other. Which brackets keep the first matrix together and apart from the second?",
    hint="Count the brackets that open before the 1: rank 3 needs three of them, and you have two. Write out both matrices, each complete with its own outer pair. What goes round the two of them together?",
)
def make_ranks():
    rows = [*_CUBE[0], *_CUBE[1]]
    return torch.tensor(5), torch.tensor([1, 2, 3]), torch.tensor(_CUBE[0]), torch.tensor(rows)


@catalogue.misconception(
    "1.1",
    "python-number",
    "The scalar is a Python number and the other three are tensors. Does a scalar become a tensor by itself?",
    hint="Print type() of each of the four results. The bare number takes the same way as the lists do.",
)
def make_ranks():
    return 5, torch.tensor([1, 2, 3]), torch.tensor(_CUBE[0]), torch.tensor(_CUBE)


@catalogue.misconception(
    "1.1",
    "plain-lists",
    "What came back are Python numbers and lists, not tensors. Which function turns nested lists into a tensor?",
    hint="Ask your results for `.shape`: an int and a list have none. The text under the heading names the function that makes tensors. All four values go through it, the bare number too.",
)
def make_ranks():
    return 5, [1, 2, 3], _CUBE[0], _CUBE


@catalogue.misconception(
    "1.1",
    "counting-from-0",
    "The vector, the matrix and the cube start at 0 instead of 1. Where does arange begin to count when it gets one number?",
    hint="Print the four results: each must begin with the number that stands in the text. Writing them out as nested lists is enough.",
)
def make_ranks():
    return torch.tensor(5), torch.arange(3), torch.arange(4).reshape(2, 2), torch.arange(8).reshape(2, 2, 2)


# --- 1.2 The shape of nested lists


def _same_items(shapes):
    if len(set(shapes)) > 1:
        raise ValueError("ragged")
    return shapes[0] if shapes else ()


@catalogue.misconception(
    "1.2",
    "inside-out",
    "The sizes are right and stand in the opposite order. Does the shape start with the outermost list or with the innermost?",
    hint="Take [[1, 2, 3], [4, 5, 6]]: the outermost list has 2 items, and the 2 comes first. In which place do you put a list's own length?",
)
def nested_shape(x):
    def inside_out(item):
        if not isinstance(item, list):
            return ()
        return (*_same_items([inside_out(part) for part in item]), len(item))

    return inside_out(x)


@catalogue.misconception(
    "1.2",
    "inside-out-first-items-only",
    "The sizes stand in the opposite order, and ragged lists get a shape, too. Does the shape start with the outermost list, and does your code look at more than the first items?",
    hint="Take [[1, 2, 3], [4, 5, 6]]: the outermost list has 2 items, and the 2 comes first. Then try [[1, 2], [3]].",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    return (*nested_shape(x[0]), len(x)) if x else (0,)


@catalogue.misconception("1.2", "inside-out-first-items-only-no-empty", same_as="inside-out-first-items-only")
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    return (*nested_shape(x[0]), len(x))


@catalogue.misconception(
    "1.2",
    "number-of-elements",
    "One size came back: how many numbers there are in all, ragged or not. How are they divided into lists, level by level?",
    hint="Try [[1, 2, 3], [4, 5, 6]] and [1, 2, 3, 4, 5, 6]: you give (6,) for both, and a shape has to tell them apart. Which two numbers with the product 6 describe the first one?",
)
def nested_shape(x):
    def count(item):
        return sum(count(part) for part in item) if isinstance(item, list) else 1

    return (count(x),)


@catalogue.misconception(
    "1.2",
    "outermost-length-only",
    "The shape holds the length of the outermost list and no other size, and ragged lists get one, too. What stands inside each of its items?",
    hint="Try [[1, 2, 3], [4, 5, 6]]: you give (2,). Suppose somebody tells you that both items have the shape (3,). What is then the shape of the whole? And who could tell you the shape of an item?",
)
def nested_shape(x):
    return (len(x),) if isinstance(x, list) else ()


@catalogue.misconception(
    "1.2",
    "first-items-only",
    "Full nestings are right, and ragged ones get the shape of their first items. Does anything in your code look at the other items?",
    hint="Try [[1, 2], [3]] by hand. You need the shape of both items before you can say anything about the list.",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    return (len(x), *nested_shape(x[0])) if x else (0,)


@catalogue.misconception(
    "1.2",
    "first-items-only-empty-list-fails",
    "An empty list ends in IndexError, and ragged lists get the shape of their first items. What if there is no first item, and does anything in your code look at the others?",
    hint="Try [] and [[1, 2], [3]] by hand. Collect the shapes of all items before you look at any of them.",
)
def nested_shape(x):
    if isinstance(x, list):
        return (len(x), *nested_shape(x[0]))
    return ()


@catalogue.misconception(
    "1.2",
    "longest-row",
    "Full nestings are right, and ragged ones get the size of their longest list instead of an error. Can a tensor have rows of different length?",
    hint="Try [[1, 2], [3]]: you give (2, 2), a box of four numbers, and there are three. Before you choose one of the inner shapes: what do you have to know about all of them?",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    shapes = sorted((nested_shape(item) for item in x), key=lambda shape: (len(shape), shape))
    return (len(x), *(shapes[-1] if shapes else ()))


@catalogue.misconception(
    "1.2",
    "lengths-of-neighboring-rows-only",
    "Rows of different length are noticed, but not every case of lists of different shape or of a list beside a number. What does your code do when the first item is fine and something further in is not?",
    hint="Try [[[1], [2]], [[3], 4]] and [1, [2]]. Compare whole shapes, of all items, not only how long they are.",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    if x and isinstance(x[0], list):
        if any(len(row) != len(x[0]) for row in x):
            raise ValueError("ragged")
        return (len(x), *nested_shape(x[0]))
    return (len(x),)


@catalogue.misconception("1.2", "neighboring-rows-only-numbers-passed", same_as="lengths-of-neighboring-rows-only")
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    if not x:
        return (0,)
    if len({len(row) for row in x if isinstance(row, list)}) > 1:
        raise ValueError("ragged")
    return (len(x), *nested_shape(x[0]))


@catalogue.misconception(
    "1.2",
    "empty-list-fails",
    "Your code stops with IndexError where a list is empty. What is the shape of a list that has no first item?",
    hint="[] has no first item to ask. What can you say of its shape without one? Its length is 0.",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    shapes = [nested_shape(item) for item in x]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("ragged")
    return (len(x), *shapes[0])


@catalogue.misconception(
    "1.2",
    "empty-list-like-number",
    "An empty list is treated like a bare number, so its 0 is missing from the shape. How many dimensions does [] have, and of what size?",
    hint='[] is a list whose length is 0, and it has no items to ask. So its shape has one size. Test for "is a list", not for "has items".',
)
def nested_shape(x):
    if not isinstance(x, list) or not x:
        return ()
    return (len(x), *_same_items([nested_shape(item) for item in x]))


@catalogue.misconception(
    "1.2",
    "number-as-list-of-one",
    "Every shape has one 1 too many at its end. What is the shape of a bare number?",
    hint="A bare number has no brackets at all, so its shape has no sizes. What does your function give for 7?",
)
def nested_shape(x):
    if not isinstance(x, list):
        return (1,)
    return (len(x), *_same_items([nested_shape(item) for item in x]))


@catalogue.misconception(
    "1.2",
    "assert",
    "Ragged lists are noticed, but AssertionError is raised. Which error does the docstring promise?",
    hint="The docstring names the error under Raises. An assert always raises one of its own kind.",
)
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    shapes = [nested_shape(item) for item in x]
    assert len(set(shapes)) <= 1
    return (len(x), *(shapes[0] if shapes else ()))


# --- 1.3 Which dtype comes out


def _named_like(x):
    return getattr(torch, x.dtype.name)


def _values(x):
    return [value for item in x for value in _values(item)] if isinstance(x, list) else [x]


@catalogue.misconception(
    "1.3",
    "integers-are-int32",
    "Whole numbers are said to be int32. How many bits does PyTorch give to an integer from Python?",
    hint="Ask torch.tensor(1).dtype in a Python session, and write the answer down beside that of NumPy on your machine.",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if float in kinds or not kinds:
        return torch.float32
    return torch.int32 if int in kinds else torch.bool


@catalogue.misconception(
    "1.3",
    "floats-are-float64",
    "Python floats are said to be float64, as in NumPy. What is PyTorch's default?",
    hint="Ask torch.tensor(1.5).dtype in a Python session: PyTorch halves the bits that Python and NumPy use.",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if float in kinds or not kinds:
        return torch.float64
    return torch.int64 if int in kinds else torch.bool


@catalogue.misconception("1.3", "floats-are-float64-but-for-empty-lists", same_as="floats-are-float64")
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if not kinds:
        return torch.float32
    if float in kinds:
        return torch.float64
    return torch.int64 if int in kinds else torch.bool


@catalogue.misconception(
    "1.3",
    "mixed-is-float64",
    "Floats alone are right, but floats mixed with other numbers are said to be float64. Does the mixture need more bits than the floats in it?",
    hint="In a list, the most general of the items' own dtypes wins, and no new one comes up. Which two does [1, 2.5] offer?",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if float in kinds and len(kinds) > 1:
        return torch.float64
    if float in kinds or not kinds:
        return torch.float32
    return torch.int64 if int in kinds else torch.bool


@catalogue.misconception(
    "1.3",
    "float-only-if-all-are",
    "A list is said to be float32 only when every number in it is a float. Could an integer tensor hold the 2.5 in [1, 2.5]?",
    hint="Ask `torch.tensor([1, 2.5]).dtype` and `torch.tensor([2.5, 1]).dtype` in a Python session. How many floats does a list need to become float32: all of its numbers, or one?",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if kinds <= {float}:
        return torch.float32
    return torch.bool if kinds == {bool} else torch.int64


@catalogue.misconception(
    "1.3",
    "first-value-decides",
    "The first value of a list decides, whatever follows. What is [1, 2.5] if its first number alone is asked?",
    hint="Try [1, 2.5] and [2.5, 1]: both must give the same. You need the dtypes of all items before you can choose.",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    values = _values(x)
    if not values or type(values[0]) is float:
        return torch.float32
    return torch.bool if type(values[0]) is bool else torch.int64


@catalogue.misconception(
    "1.3",
    "booleans-are-integers",
    "Booleans are said to be int64. In which order does your code ask, if isinstance(True, int) is true?",
    hint="Ask `isinstance(True, int)` and `isinstance(1, bool)` in a Python session: True and False. So only one order of the two questions lets a boolean reach an answer of its own.",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    values = _values(x)
    if values and all(isinstance(value, int) for value in values):
        return torch.int64
    return torch.float32


@catalogue.misconception(
    "1.3",
    "always-float32",
    "All Python values are said to be float32. This is what torch.Tensor makes of them; does torch.tensor look at the values?",
    hint="Ask `torch.tensor([1, 2]).dtype` and `torch.tensor([True]).dtype` in a Python session: neither is float32. The text lists four cases for Python values; your code has one answer for all of them.",
)
def predict_dtype(x):
    return _named_like(x) if isinstance(x, np.ndarray) else torch.float32


@catalogue.misconception(
    "1.3",
    "numpy-dtype-ignored",
    "Python values are right, and a NumPy array is treated like the Python numbers in it. Where does an array keep the answer?",
    hint="Print the dtype of `np.array([1, 2], dtype=np.int16)` beside your answer, int64. An array knows its kind of number already, so nobody has to look at its values.",
)
def predict_dtype(x):
    kinds = {type(value) for value in _values(x.tolist() if isinstance(x, np.ndarray) else x)}
    if float in kinds or not kinds:
        return torch.float32
    return torch.int64 if int in kinds else torch.bool


@catalogue.misconception(
    "1.3",
    "numpy-is-always-float64",
    "Python values are right, and every NumPy array is said to be float64. Which dtypes can an array have besides NumPy's default?",
    hint="Print the dtype of `np.array([1, 2])` and of `np.array([0.5], dtype=np.float32)`: neither is float64. Let each array say what it holds, and find PyTorch's type of the same name.",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return torch.float64
    kinds = {type(value) for value in _values(x)}
    if float in kinds or not kinds:
        return torch.float32
    return torch.int64 if int in kinds else torch.bool


@catalogue.misconception(
    "1.3",
    "numpy-is-always-float32",
    "Python values are right, and every NumPy array is said to be float32. Which branch of your code does an array reach, and does it ask for the array's own dtype?",
    hint="Follow `np.array([1, 2])` through your code: it is no list and no Python number, so it falls through to the answer that is left over. It needs a question of its own, before all others.",
)
def predict_dtype(x):
    kinds = {type(value) for value in _values(x)}
    if kinds == {bool}:
        return torch.bool
    return torch.int64 if kinds and kinds <= {bool, int} else torch.float32


@catalogue.misconception(
    "1.3",
    "empty-list-is-int64",
    "An empty list is said to be int64. Which dtype does PyTorch fall back on when there is no value to look at?",
    hint="Print `torch.tensor([]).dtype`. In your code [] has no float and no boolean in it, so it ends where the whole numbers go. Where could you catch it before that?",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in _values(x)}
    if float in kinds:
        return torch.float32
    return torch.bool if kinds == {bool} else torch.int64


@catalogue.misconception(
    "1.3",
    "one-level-deep",
    "Flat lists are right, and lists that hold lists are all said to be float32. How does your code reach the numbers further in?",
    hint="Print `type()` of the items of [[1, 2], [3, 4]]: they are lists, and not bool, int or float. Which function do you have that gives the answer for an item such as [1, 2]?",
)
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return _named_like(x)
    kinds = {type(value) for value in (x if isinstance(x, list) else [x])}
    if kinds == {bool}:
        return torch.bool
    return torch.int64 if kinds and kinds <= {bool, int} else torch.float32


# --- 1.4 Changing the dtype


@catalogue.misconception(
    "1.4",
    "result-thrown-away",
    "The tensor came back with the dtype it had before. Where does the result of a conversion go, if the tensor itself does not change?",
    hint="A line that only calls the conversion changes nothing. Give its result a name, or return it.",
)
def to_float32(t):
    t.to(torch.float32)
    return t


@catalogue.misconception(
    "1.4",
    "bits-re-read",
    "The stored bits were read as float32 numbers and not converted, so 1 becomes 1.4e-45, and types of another width change shape or fail. Which operation keeps the values instead of the bits?",
    hint="Try `torch.tensor([1, 2], dtype=torch.int32)` and print the values that come out: 1.4e-45 and 2.8e-45. Only the label on the bits has changed. Look for the method in the text that keeps each number's value.",
)
def to_float32(t):
    return t.view(torch.float32)


@catalogue.misconception(
    "1.4",
    "float64",
    "The result is float64. How many bits do double and Python's own float have, and how many are asked for?",
    hint="The number in a dtype's name is its bits: `float64` is also called `double`, and it is what Python means by `float`. Print the dtype of your result and find the place where 64 bits were asked for.",
)
def to_float32(t):
    return t.double()


@catalogue.misconception(
    "1.4",
    "times-one",
    "Integers become float32, but a float64 tensor stays float64. Does multiplying by a Python float change the type of a tensor that is a float already?",
    hint="Try a float64 tensor: times 1.0 it stays what it is. Multiplying is no conversion.",
)
def to_float32(t):
    return t * 1.0


@catalogue.misconception(
    "1.4",
    "through-python-list",
    "Floats come out as float32, but integers and booleans keep an integer or boolean type. Which dtype does torch.tensor choose for a list of whole numbers?",
    hint="Try a tensor of whole numbers: as a Python list they are ints, and torch.tensor picks an integer type for them.",
)
def to_float32(t):
    return torch.tensor(t.tolist())


@catalogue.misconception(
    "1.4",
    "input-converted-too",
    "The result is right, but the tensor that was handed over is now float32 as well. Does your code change it, instead of returning a new one?",
    hint="Print the dtype of the input before and after the call. A conversion gives you a new tensor; hand that over and leave the input alone, its .data included.",
)
def to_float32(t):
    t.data = t.data.to(torch.float32)
    return t


@catalogue.misconception(
    "1.4",
    "half-precision",
    "The result is float16. How many bits are asked for?",
    hint="The name has its number of bits in it: float16 and half are one type, float32 and float another.",
)
def to_float32(t):
    return t.half()


@catalogue.misconception(
    "1.4",
    "digits-lost-on-way",
    "The dtype is right, but numbers lost digits or became inf on the way. Is there a step through a type with fewer bits?",
    hint="Try 0.1 and 100000.0: half precision makes them 0.09998 and inf, and converting back does not bring the digits back. How many conversions does the way to float32 need?",
)
def to_float32(t):
    return t.half().to(torch.float32)


# --- 1.5 A column


@catalogue.misconception(
    "1.5",
    "view",
    "Contiguous tensors are right, and transposed ones end in a RuntimeError about views. Which of the two methods copies when the memory does not fit?",
    hint="Print `t.is_contiguous()` where your code fails: it is False. Then read the error to its end: it names a method that takes the same sizes and copes with such memory.",
)
def as_column(t):
    return t.view(-1, 1)


@catalogue.misconception(
    "1.5",
    "row",
    "The result has shape (1, n), which is one row. Which of the two sizes must be the 1?",
    hint="Write [[0, 1, 2]] and [[0], [1], [2]] on paper. Which one is the column, and how many items has its outermost list? This number comes first in the shape.",
)
def as_column(t):
    return t.reshape(1, -1)


@catalogue.misconception(
    "1.5",
    "flat",
    "The numbers are in the right order, but the result has one dimension only. What is the shape of a column, written with two sizes?",
    hint="(6,) and (6, 1) print differently. A column has two sizes, and you give only one.",
)
def as_column(t):
    return t.reshape(-1)


@catalogue.misconception(
    "1.5",
    "column-of-the-chapter",
    "The result is right for four elements and an error for any other number of them. Where does the 4 in your code come from?",
    hint="Try six elements: (4, 1) cannot hold them. The first size follows from the number of elements; PyTorch can work it out.",
)
def as_column(t):
    return t.reshape(4, 1)


@catalogue.misconception(
    "1.5",
    "rows-kept",
    "The shape asked for has as many rows as the tensor's first dimension, which is an error as soon as there is a second dimension. How many rows does a column of all elements have?",
    hint="For the shape (2, 3) you ask for (2, 1), which has room for 2 numbers, and there are 6. How many rows does the column need for the shapes (2, 3), (4,) and (2, 3, 4)?",
)
def as_column(t):
    return t.reshape(t.shape[0], 1)


@catalogue.misconception(
    "1.5",
    "one-dimension-more",
    "A dimension of size 1 was added at the end and the other dimensions are still there. How do several dimensions become a single one?",
    hint="Print the shapes for an input of shape (2, 3): you have (2, 3, 1) and want (6, 1). So the first size has to hold all elements.",
)
def as_column(t):
    return t.unsqueeze(-1)


@catalogue.misconception(
    "1.5",
    "memory-order",
    "Contiguous tensors are right; of a transposed one the numbers come in the order in which they lie in memory. Which order do you get when you read it line by line?",
    hint=r"Take $A^\top$ of the text: read line by line it gives 0, 3, 1, 4, 2, 5, and you give 0, 1, 2, 3, 4, 5. Code that goes straight to the memory ignores the tensor's own strides. Which method goes by them?",
)
def as_column(t):
    return torch.as_strided(t, (t.numel(), 1), (1, 1))


@catalogue.misconception(
    "1.5",
    "column-by-column",
    "The numbers are read with the first index running fastest, which is column by column in a matrix. Which index runs fastest in reading order?",
    hint="Of [[0, 1, 2], [3, 4, 5]] you make 0, 3, 1, 4, 2, 5: after the 0 you went down, and reading goes to the right. Which step of your code turns rows into columns before the numbers are lined up?",
)
def as_column(t):
    return t.permute(tuple(range(t.dim() - 1, -1, -1))).reshape(-1, 1)


# --- 1.6 Transposing a batch


@catalogue.misconception(
    "1.6",
    "all-dimensions-reversed",
    "A matrix is right, and a stack has all of its dimensions in reversed order. Which ones should have stayed where they were?",
    hint="Try a shape (2, 3, 4): wanted is (2, 4, 3), and you get (4, 3, 2). Name the two that change places instead of turning the whole list round.",
)
def swap_last_two(t):
    return t.permute(*range(t.dim() - 1, -1, -1))


@catalogue.misconception(
    "1.6",
    "reshape",
    "The shape is right and the numbers are in the order they had before. Does reshaping ever exchange rows and columns?",
    hint="Write a (2, 3) matrix on paper, then its transpose, and read both line by line. The order of the numbers differs; after a reshape it never does.",
)
def swap_last_two(t):
    return t.reshape(*t.shape[:-2], t.shape[-1], t.shape[-2])


@catalogue.misconception(
    "1.6",
    "view",
    "The numbers are in the order they had before, and tensors that are not contiguous end in a RuntimeError about views. Does a new shape alone ever exchange rows and columns?",
    hint="Try `torch.arange(6).reshape(2, 3)`: read line by line your result still says 0, 1, 2, 3, 4, 5, and the transpose says 0, 3, 1, 4, 2, 5. You need a method that moves dimensions, not one that sets sizes.",
)
def swap_last_two(t):
    return t.view(*t.shape[:-2], t.shape[-1], t.shape[-2])


@catalogue.misconception(
    "1.6",
    "first-two-dimensions",
    "A matrix is right, and in a stack the first two dimensions are swapped. From which end are the rows and columns to be counted?",
    hint="Call it on `torch.zeros(2, 3, 4)`: you give (3, 2, 4), and (2, 4, 3) is asked for. In a matrix 0 and 1 happen to be the last two. Which two numbers name the last two in any rank?",
)
def swap_last_two(t):
    return t.transpose(0, 1)


@catalogue.misconception(
    "1.6",
    "dimensions-1-and-2",
    "Three dimensions are right, and other ranks are wrong or end in an error: dimensions 1 and 2 were swapped. What are the last two of a matrix, and of four dimensions?",
    hint="Write down the numbers of the last two dimensions for rank 2, 3 and 4: 0 and 1, 1 and 2, 2 and 3. Now count them from the other end: they become the same two numbers for every rank.",
)
def swap_last_two(t):
    return t.transpose(1, 2)


@catalogue.misconception(
    "1.6",
    "exactly-three-dimensions",
    "Three dimensions are right, and any other rank ends in an error. Is there a way to name the last two without listing all of them?",
    hint="Try shapes (2, 3) and (2, 3, 4, 5). A negative number counts dimensions from the end, whatever their number is.",
)
def swap_last_two(t):
    return t.permute(0, 2, 1)


@catalogue.misconception(
    "1.6",
    "two-or-three-dimensions",
    "Two and three dimensions are right, and more of them end in an error. Is there a way to name the last two without listing all of them?",
    hint="Try the shape (2, 3, 4, 5). A negative number counts dimensions from the end, whatever their number is, and then a matrix is no case of its own, either.",
)
def swap_last_two(t):
    return t.permute(1, 0) if t.dim() == 2 else t.permute(0, 2, 1)


@catalogue.misconception(
    "1.6",
    "in-place",
    "The result is right, but the tensor that was handed over is transposed as well. Does the method you call change the tensor it is called on?",
    hint="Print the tensor you handed over before and after the call. A method whose name ends in an underscore changes it; the one without an underscore does not.",
)
def swap_last_two(t):
    return t.transpose_(-1, -2)


@catalogue.misconception(
    "1.6",
    "rotated",
    "Each matrix was turned by a quarter: the shape is right, and the rows or columns come in reversed order. Does the first number of a matrix stay in its corner when you transpose?",
    hint="Write a (2, 3) matrix and its transpose on paper. The number in the first corner stays there. A flip is one step too many.",
)
def swap_last_two(t):
    return torch.rot90(t, 1, (-2, -1))


# --- 1.7 Strides


@catalogue.misconception(
    "1.7",
    "column-major",
    "These are the strides if the first index runs fastest. Which index does PyTorch let run fastest?",
    hint="For (2, 3) the answer is (3, 1), not (1, 2): the neighbor to the right lies next in memory. At which end of the shape do you begin?",
)
def row_major_strides(shape):
    strides, step = [], 1
    for size in shape:
        strides.append(step)
        step *= size
    return tuple(strides)


@catalogue.misconception(
    "1.7",
    "bytes-of-float32",
    "Every stride is 4 times too large. Are these steps counted in elements, or in bytes of a float32?",
    hint="For (2, 3) the answer is (3, 1): one step to the right is 1 element, however many bytes that has.",
)
def row_major_strides(shape):
    strides, step = [], 4
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


@catalogue.misconception(
    "1.7",
    "bytes-of-float64",
    "Every stride is 8 times too large. Are these steps counted in elements, or in bytes of a 64-bit number?",
    hint="For (2, 3) the answer is (3, 1): one step to the right is 1 element, however many bytes that has.",
)
def row_major_strides(shape):
    strides, step = [], 8
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))


@catalogue.misconception(
    "1.7",
    "in-reversed-order",
    "The right strides came back in reversed order. Which dimension does the first number of your result belong to?",
    hint="For (2, 3) you give (1, 3), and (3, 1) is right. To walk from the last size to the first is fine, but then the stride that you note first belongs to the last dimension. What is left to do with your notes?",
)
def row_major_strides(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(strides)


@catalogue.misconception(
    "1.7",
    "products-from-left",
    "Each number is the product of all sizes up to this dimension. Which sizes lie between two neighbors: those in front of a dimension or those behind it?",
    hint="For (2, 3) you give (2, 6). Number the elements of a (2, 3) matrix 0 to 5: one step down goes from 0 to 3, one to the right from 0 to 1. Which of the two sizes makes the 3: that of the dimension itself, or the one behind it?",
)
def row_major_strides(shape):
    strides, step = [], 1
    for size in shape:
        step *= size
        strides.append(step)
    return tuple(strides)


@catalogue.misconception(
    "1.7",
    "own-size-included",
    "Each stride has the dimension's own size as a factor too many. How far is the next element along the last dimension?",
    hint="For (2, 3) you give (6, 3). Six is the whole matrix, and one step down skips a single row of it. At the moment when you note a stride, has this dimension's size already been multiplied in?",
)
def row_major_strides(shape):
    strides, step = [], 1
    for size in reversed(shape):
        step *= size
        strides.append(step)
    return tuple(reversed(strides))


@catalogue.misconception(
    "1.7",
    "size-behind-only",
    "Each stride is the size of the next dimension alone. How many elements does one step in the first of three dimensions skip?",
    hint="For (2, 3, 4) you give (3, 4, 1). Number the elements of the first (3, 4) matrix: 0 to 11. At which number does the second matrix begin, and which two sizes make it?",
)
def row_major_strides(shape):
    return (*shape[1:], 1) if shape else ()


@catalogue.misconception("1.7", "size-behind-only-scalars-too", same_as="size-behind-only")
def row_major_strides(shape):
    return (*shape[1:], 1)


@catalogue.misconception(
    "1.7",
    "products-from-wrong-end",
    "Two dimensions are right, and with more of them the sizes were multiplied up from the wrong end. Which size is the first that a stride of more than 1 skips?",
    hint="For (2, 3, 4) you give (12, 3, 1), and (12, 4, 1) is right. One step in the second dimension skips a row of 4. From which end of the shape do you multiply, and from which end do you note?",
)
def row_major_strides(shape):
    strides = [1]
    for size in shape[1:]:
        strides.append(strides[-1] * size)
    return tuple(reversed(strides))


@catalogue.misconception(
    "1.7",
    "scalar-with-one-stride",
    "All shapes are right but the empty one, which gives one stride. How many dimensions does a scalar have?",
    hint="Three sizes have three strides, two have two, one has one. Go on to `()`. Does your code note a 1 before it has met any size?",
)
def row_major_strides(shape):
    strides = [1]
    for size in reversed(shape[1:]):
        strides.insert(0, strides[0] * size)
    return tuple(strides)


@catalogue.misconception(
    "1.7",
    "size-1-skipped",
    "All shapes are right but those with a dimension of size 1, which gets stride 0. By what rule would its stride follow from the sizes behind it?",
    hint="For (2, 1, 3) you give (3, 0, 1), and (3, 3, 1) is right. Work out the strides of (2, 5, 3) by hand and compare the middle one: a dimension's own size does not count.",
)
def row_major_strides(shape):
    strides, step = [], 1
    for size in reversed(shape):
        strides.append(0 if size == 1 else step)
        step *= size
    return tuple(reversed(strides))


# --- 1.8 Matrix multiplication with loops


@catalogue.misconception(
    "1.8",
    "entry-by-entry",
    "The entries in the same place were multiplied, which needs shapes that broadcast. Which row and which column make one entry of a matrix product?",
    hint="Take the two matrices of the text: your first entry is 5, and 19 is right. Find the four numbers that make the 19 there. From which row of `a` and which column of `b` do they come?",
)
def matmul_loops(a, b):
    return a * b


@catalogue.misconception(
    "1.8",
    "rows-of-second",
    "Rows of a meet rows of b, which is the product of a and b transposed. Which index of b stays fixed while the sum runs?",
    hint=r"Take the two matrices of the text: your first entry is $1 \cdot 5 + 2 \cdot 6 = 17$, and $1 \cdot 5 + 2 \cdot 7 = 19$ is right. On the way from the 5 to the 7 in `b`, which of the two indices grows?",
)
def matmul_loops(a, b):
    c = a.new_zeros(a.shape[0], b.shape[0])
    for i in range(a.shape[0]):
        for j in range(b.shape[0]):
            for l in range(a.shape[1]):
                c[i, j] += a[i, l] * b[j, l]
    return c


@catalogue.misconception("1.8", "rows-of-b-in-right-shape", same_as="rows-of-second")
def matmul_loops(a, b):
    c = a.new_zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                c[i, j] += a[i, l] * b[j, l]
    return c


@catalogue.misconception(
    "1.8",
    "sum-over-rows-of-first",
    "The result has shape (k, m): the sum runs over the rows of a, and the inner size is still there. Which of the three indices must vanish?",
    hint=r"A (2, 3) times a (3, 4) matrix needs $2 \cdot 3 \cdot 4$ single products. You add up over the 2, and (3, 4) is left. The result must be (2, 4), so look which size stands in both shapes.",
)
def matmul_loops(a, b):
    return (a[:, :, None] * b[None, :, :]).sum(dim=0)


@catalogue.misconception(
    "1.8",
    "last-product-left-out",
    "In every entry the last of the k products is missing. Where does range stop?",
    hint="Multiply the row 1, 2, 3 by the column 4, 5, 6: you get 14, and 32 is right. Print the index of the innermost loop: which value never comes up? `range(3)` gives three numbers, and 3 is not one of them.",
)
def matmul_loops(a, b):
    c = a.new_zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1] - 1):
                c[i, j] += a[i, l] * b[l, j]
    return c


@catalogue.misconception(
    "1.8",
    "last-product-only",
    "Every entry holds the last of its k products and nothing of the others. Is each new product added to what is there, or put in its place?",
    hint="Multiply the row 1, 2, 3 by the column 4, 5, 6 and print the entry after each round of the innermost loop. It should read 4, 14, 32; yours reads 4, 10, 18.",
)
def matmul_loops(a, b):
    c = a.new_zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                c[i, j] = a[i, l] * b[l, j]
    return c


@catalogue.misconception(
    "1.8",
    "running-sum-not-reset",
    "Each entry also contains the sum of all entries before it. Where in your loops does the sum start again at zero?",
    hint="Print the sum at the start of each entry: it must be 0 there.",
)
def matmul_loops(a, b):
    c = a.new_zeros(a.shape[0], b.shape[1])
    total = 0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                total = total + a[i, l] * b[l, j]
            c[i, j] = total
    return c


@catalogue.misconception(
    "1.8",
    "transposed-result",
    "The result is the right one transposed, with shape (m, n). Which loop runs over the rows of the result?",
    hint="Multiply a (2, 3) by a (3, 4): the result is (2, 4). Which of your two loop variables stands first when you write an entry?",
)
def matmul_loops(a, b):
    c = a.new_zeros(b.shape[1], a.shape[0])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                c[j, i] += a[i, l] * b[l, j]
    return c


@catalogue.misconception(
    "1.8",
    "zeros-in-default-dtype",
    "The result is float32, whatever came in. Which dtype does torch.zeros choose when it is not told?",
    hint="Print `torch.zeros(2, 2).dtype`, then `a.dtype` for whole numbers: the zeros know nothing of `a`. Tell them which kind of number they are to hold, and on which device.",
)
def matmul_loops(a, b):
    c = torch.zeros(a.shape[0], b.shape[1])
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                c[i, j] += a[i, l] * b[l, j]
    return c


@catalogue.misconception(
    "1.8",
    "always-float64",
    "float64 is right, and whole numbers and float32 come out as float64. Should the dtype of the result be fixed, or follow from the input?",
    hint="Print the dtype of the tensor of zeros you begin with, for whole numbers and for float32. It does not follow the input by itself.",
)
def matmul_loops(a, b):
    c = torch.zeros(a.shape[0], b.shape[1], dtype=torch.float64)
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            for l in range(a.shape[1]):
                c[i, j] += a[i, l] * b[l, j]
    return c


@catalogue.misconception(
    "1.8",
    "through-python-numbers",
    "Whole numbers are right, but a float64 product comes back as float32. Which dtype does torch.tensor give to Python floats?",
    hint="The numbers lose their dtype when they become Python numbers. Make the result a tensor with the dtype of the first matrix before the loops begin.",
)
def matmul_loops(a, b):
    rows = [[sum((x * y).item() for x, y in zip(row, column, strict=True)) for column in b.T] for row in a]
    return torch.tensor(rows)


@catalogue.misconception(
    "1.8",
    "square-matrices-assumed",
    "All three loops run to the number of rows of a, which is right only where all sizes are equal. Which size belongs to which loop?",
    hint="Take a (2, 3) times a (3, 4) matrix: the result has 2 rows and 4 columns, and each entry adds up 3 products. All of your loops end at 2. In which shape, and at which place, do you find the 4 and the 3?",
)
def matmul_loops(a, b):
    n = a.shape[0]
    c = a.new_zeros(n, n)
    for i in range(n):
        for j in range(n):
            for l in range(n):
                c[i, j] += a[i, l] * b[l, j]
    return c


# --- 1.9 The Gram matrix


@catalogue.misconception(
    "1.9",
    "columns-compared",
    "These are the dot products of the columns. Which of the two factors must be transposed to compare rows?",
    hint=r"For the text's matrix the entry beside the diagonal is $1 \cdot 3 + 2 \cdot 4 = 11$, and yours is $1 \cdot 2 + 3 \cdot 4 = 14$. Then try a (3, 2) matrix: three rows are to be compared, and you give (2, 2).",
)
def gram(t):
    return t.T @ t


@catalogue.misconception(
    "1.9",
    "entry-by-entry",
    "Each entry was multiplied by itself. Which operator is the matrix product?",
    hint=r"A (3, 2) matrix comes back as (3, 2), but three rows compared with each other fill (3, 3). Look at $5 = 1 \cdot 1 + 2 \cdot 2$ in the text: it is a sum, and your operator adds nothing up.",
)
def gram(t):
    return t * t


@catalogue.misconception(
    "1.9",
    "entry-by-entry-with-transpose",
    "Each entry was multiplied by its mirror image, which fails unless the matrix is square. Which operator is the matrix product?",
    hint="For the text's matrix you give 1, 6, 6, 16, which are single products; 5, 11, 11, 25 are sums of two. The two factors are the right ones. What stands between them?",
)
def gram(t):
    return t * t.T


@catalogue.misconception(
    "1.9",
    "not-transposed",
    "The matrix was multiplied by itself, which fails unless it is square. What must happen to the second factor so that rows meet rows?",
    hint=r"For the text's matrix you begin with $1 \cdot 1 + 2 \cdot 3 = 7$: row 1 met column 1. It has to meet itself, $1 \cdot 1 + 2 \cdot 2 = 5$. Which shape must the second factor have, so that (3, 2) times it gives (3, 3)?",
)
def gram(t):
    return t @ t


@catalogue.misconception(
    "1.9",
    "squared-lengths-only",
    "One number per row came back: its dot product with itself. What about each row with the others?",
    hint="With 3 rows there are 9 pairs, so the result is (3, 3); you have only its diagonal.",
)
def gram(t):
    return (t * t).sum(dim=1)


@catalogue.misconception(
    "1.9",
    "converted-to-float32",
    "The numbers are right, but the result is float32 whatever came in. Is there a conversion in your code that nobody asked for?",
    hint="Print the dtype after each step. For a float64 matrix no step may change it.",
)
def gram(t):
    return t.float() @ t.float().T


@catalogue.misconception(
    "1.9",
    "cosines",
    "The dot products were divided by the lengths of the rows, so the diagonal is 1. Does the Gram matrix ask for the angle between two rows, or for their dot product?",
    hint="For the row (3, 4) the diagonal must hold 25, its squared length, and not 1. Which step made it 1?",
)
def gram(t):
    unit = t / t.pow(2).sum(dim=1, keepdim=True).sqrt()
    return unit @ unit.T


# --- 1.10 Broadcasting


def _paired(a, b):
    length = max(len(a), len(b))
    return list(zip((1,) * (length - len(a)) + a, (1,) * (length - len(b)) + b, strict=True))


@catalogue.misconception(
    "1.10",
    "aligned-at-left",
    "The shapes were aligned at the left, and the ones were put behind the shorter one. On which side do two shapes meet?",
    hint="Try (3,) and (2, 3): you compare the 3 with the 2 and refuse, but the answer is (2, 3). Write them below each other so that the last sizes meet. On which side is the gap that the 1 fills?",
)
def broadcast_shape(a, b):
    length = max(len(a), len(b))
    common = []
    for p, q in zip(a + (1,) * (length - len(a)), b + (1,) * (length - len(b)), strict=True):
        if p != q and 1 not in (p, q):
            raise ValueError("incompatible")
        common.append(q if p == 1 else p)
    return tuple(common)


@catalogue.misconception(
    "1.10",
    "greater-size-without-check",
    "The greater of two sizes is taken, and no pair is ever refused. What happens where a 2 meets a 3, and where a 1 meets a 0?",
    hint="Ask PyTorch for `torch.zeros(2) + torch.zeros(3)` and for `torch.zeros(1) + torch.zeros(0)`: an error, and a tensor without elements. Go through step 2 of the rule for both pairs. Does it say anything about the greater one?",
)
def broadcast_shape(a, b):
    return tuple(max(pair) for pair in _paired(a, b))


@catalogue.misconception(
    "1.10",
    "greater-size",
    "All is right except where a 1 meets a 0: the result is 1. Which of the two is stretched there?",
    hint="Print the shape of `torch.zeros(1) + torch.zeros(0)`: no elements are left. The rule says that the 1 takes the other size, whatever this is. Where in your code is the greater one asked for?",
)
def broadcast_shape(a, b):
    for p, q in _paired(a, b):
        if p != q and 1 not in (p, q):
            raise ValueError("incompatible")
    return tuple(max(pair) for pair in _paired(a, b))


@catalogue.misconception(
    "1.10",
    "missing-dimensions-dropped",
    "The result is only as long as the shorter shape. What stands above a dimension that one of the shapes does not have?",
    hint="Try (4, 2, 3) and (3,): you give (3,), since only the last sizes find a partner. Make both shapes equally long before you pair them; step 1 of the rule says with what, and on which side.",
)
def broadcast_shape(a, b):
    common = []
    for p, q in zip(reversed(a), reversed(b), strict=False):
        if p != q and 1 not in (p, q):
            raise ValueError("incompatible")
        common.append(q if p == 1 else p)
    return tuple(reversed(common))


@catalogue.misconception(
    "1.10",
    "greater-size-fewer-dimensions",
    "The result is only as long as the shorter shape, and no pair of sizes is ever refused. Where does zip stop, on which side do the shapes meet, and what happens where a 2 meets a 3?",
    hint="Try (4, 2) and (2,): you pair the 4 with the 2 and give (4,), and (4, 2) is right. Make both shapes equally long first, as step 1 of the rule says. Then try (2,) and (3,): which line of yours says no?",
)
def broadcast_shape(a, b):
    return tuple(max(p, q) for p, q in zip(a, b, strict=False))


@catalogue.misconception(
    "1.10",
    "equal-lengths-required",
    "Shapes of different length are refused. What does the rule put in the place of a dimension that is missing?",
    hint="Take (3,) and (2, 3): PyTorch makes (2, 3) of them. Put a 1 in front of the shorter one before you compare.",
)
def broadcast_shape(a, b):
    if len(a) != len(b):
        raise ValueError("incompatible")
    common = []
    for p, q in zip(a, b, strict=True):
        if p != q and 1 not in (p, q):
            raise ValueError("incompatible")
        common.append(q if p == 1 else p)
    return tuple(common)


@catalogue.misconception(
    "1.10",
    "one-is-not-stretched",
    "A 1 that meets another size is refused. Which pairs of different sizes does the rule allow?",
    hint='Take the pair (1, 5): it gives 5, and so does (5, 1). Is your test for "equal" the first and only one?',
)
def broadcast_shape(a, b):
    length = max(len(a), len(b))
    padded_a, padded_b = a[::-1] + b[::-1][len(a) :], b[::-1] + a[::-1][len(b) :]
    if padded_a != padded_b:
        raise ValueError("incompatible")
    return padded_a[:length][::-1]


@catalogue.misconception(
    "1.10",
    "only-second-is-stretched",
    "A 1 in the second shape is stretched, a 1 in the first is refused. Does x + y have another shape than y + x?",
    hint="Exchange the two shapes and call again: the result must be the same. So each case needs its mirror image.",
)
def broadcast_shape(a, b):
    common = []
    for p, q in _paired(a, b):
        if q not in (p, 1):
            raise ValueError("incompatible")
        common.append(p)
    return tuple(common)


@catalogue.misconception(
    "1.10",
    "multiples-stretched",
    "A size is accepted when it divides the other one, such as 2 and 4. Which is the only size that can be stretched?",
    hint='Try (2,) and (4,) in PyTorch: it refuses. Only one size is ever stretched, and it is not "any divisor".',
)
def broadcast_shape(a, b):
    common = []
    for p, q in _paired(a, b):
        if p != q and 1 not in (p, q) and (0 in (p, q) or max(p, q) % min(p, q)):
            raise ValueError("incompatible")
        common.append(q if p == 1 else p if q == 1 else max(p, q))
    return tuple(common)


@catalogue.misconception(
    "1.10",
    "another-error",
    "Shapes that do not fit are noticed, but RuntimeError is raised, as PyTorch does. Which error does the docstring promise?",
    hint="The docstring names the error under Raises. Raise that one yourself, before PyTorch gets a chance to.",
)
def broadcast_shape(a, b):
    common = []
    for p, q in _paired(a, b):
        if p != q and 1 not in (p, q):
            raise RuntimeError("incompatible")
        common.append(q if p == 1 else p)
    return tuple(common)


@catalogue.misconception(
    "1.10",
    "last-dimension-first",
    "The sizes are right and come in reversed order. If your loop starts at the last dimension, which end of the result does it build first?",
    hint="Print your list before it becomes a tuple, for (2, 3) and (2, 3). If the loop runs from the right, the list must be turned round once.",
)
def broadcast_shape(a, b):
    common = []
    for p, q in reversed(_paired(a, b)):
        if p != q and 1 not in (p, q):
            raise ValueError("incompatible")
        common.append(q if p == 1 else p)
    return tuple(common)


# --- 1.11 Splitting into attention heads


@catalogue.misconception(
    "1.11",
    "split-by-reshaping-only",
    "The numbers are still in their old reading order, so each head mixes numbers of different tokens. Which dimension must change its place after the cut?",
    hint="Split one text of the two tokens 0, 1, 2, 3 and 4, 5, 6, 7 into two heads. Head 0 must hold 0, 1 and 4, 5, and yours holds 0, 1 and 2, 3. Cut the last dimension alone first, and print that shape.",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, heads, tokens, width // heads)


@catalogue.misconception("1.11", "split-by-view-only", same_as="split-by-reshaping-only")
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.view(batch, heads, tokens, width // heads)


@catalogue.misconception(
    "1.11",
    "interleaved-heads",
    "Head h got every H-th number of a token, beginning with number h. Should a head's numbers lie side by side in the token or be spread over it?",
    hint="Split one token with the numbers 0 to 5 into two heads: you give 0, 2, 4 and 1, 3, 5 instead of 0, 1, 2 and 3, 4, 5. When D is cut in two, the later of the new dimensions runs faster. Which is yours: the head, or the number within a head?",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, width // heads, heads).permute(0, 3, 1, 2)


@catalogue.misconception(
    "1.11",
    "split-without-swap",
    "The heads came back in shape (B, T, H, d), with the numbers well cut. Which two dimensions are still to change places?",
    hint="With 2 texts, 5 tokens and 3 heads of 4 numbers you have (2, 5, 3, 4), and (2, 3, 5, 4) is asked for. Another reshape would mix the tokens. Which method of 1.6 exchanges two dimensions with their numbers?",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, heads, width // heads)


@catalogue.misconception(
    "1.11",
    "number-and-size-exchanged",
    "There are d heads of size H instead of H heads of size d. Which of the two does the parameter heads give you?",
    hint="Split tokens with D = 6 into 2 heads and print the shape: its second size is 3. How many numbers does each of the two heads get, and which of the two sizes did you write first when you cut?",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, width // heads, heads).transpose(1, 2)


@catalogue.misconception(
    "1.11",
    "heads-in-front-of-batch",
    "The heads came back in shape (H, B, T, d). Which dimension must stay in front?",
    hint="With 2 texts, 5 tokens and 3 heads of 4 numbers you give (3, 2, 5, 4), and (2, 3, 5, 4) is asked for. Right after the cut it was (2, 5, 3, 4): how many of the four have to move?",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, heads, width // heads).permute(2, 0, 1, 3)


@catalogue.misconception(
    "1.11",
    "size-before-tokens",
    "The heads came back in shape (B, H, d, T), so each head's matrix is transposed. Which of its two dimensions counts the tokens?",
    hint="With 2 texts, 5 tokens and 3 heads of 4 numbers you give (2, 3, 4, 5), and (2, 3, 5, 4) is asked for. Right after the cut it was (2, 5, 3, 4): only two of the four have to change places.",
)
def split_heads(x, heads):
    batch, tokens, width = x.shape
    return x.reshape(batch, tokens, heads, width // heads).permute(0, 2, 3, 1)


@catalogue.misconception(
    "1.11",
    "merged-by-reshaping-only",
    "The merged shape is right, and the numbers are still in the order of the heads, so each row mixes numbers of different tokens. What has to be side by side before two dimensions can be joined?",
    hint="Merging is splitting backwards: after the cut you swapped two dimensions, so the swap comes back first. Print the shape right before you join.",
)
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.reshape(batch, tokens, heads * size)


@catalogue.misconception(
    "1.11",
    "merged-by-view-only",
    "The numbers are still in the order of the heads, and heads that are not contiguous end in a RuntimeError about views. What has to be side by side before two dimensions can be joined?",
    hint="Merging is splitting backwards: after the cut you swapped two dimensions, so the swap comes back first. Print the shape right before you join.",
)
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.view(batch, tokens, heads * size)


@catalogue.misconception(
    "1.11",
    "merged-with-view",
    "Some heads merge well, and others end in a RuntimeError about views, depending on how they lie in memory. Which method copies where a view is impossible?",
    hint="This is 1.5 once more: print `is_contiguous()` right after the swap. It depends on how the heads lay in memory, and the method that you join with needs it.",
)
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.transpose(1, 2).view(batch, tokens, heads * size)


@catalogue.misconception(
    "1.11",
    "merged-interleaved",
    "The merged token has number 0 of every head first, then number 1 of every head. Should the numbers of one head stay together?",
    hint="Split and merge one token with the numbers 0 to 5 and two heads: 0, 1, 2, 3, 4, 5 must come back in order. Which of the last two dimensions is the head?",
)
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.permute(0, 2, 3, 1).reshape(batch, tokens, heads * size)


@catalogue.misconception(
    "1.11",
    "heads-added-up",
    "The merged shape is (B, T, d): the heads were added up. Do the numbers of different heads stand side by side, or are they summed?",
    hint="Nothing is computed here: every number that goes in comes out once. Print numel() before and after.",
)
def merge_heads(o):
    return o.sum(dim=1)


@catalogue.misconception(
    "1.11",
    "heads-stacked-below-each-other",
    "The merged shape is (B, H*T, d): the heads were put one below the other, as if they were further tokens. Which dimension should become longer?",
    hint="With 2 texts, 5 tokens and 3 heads of 4 numbers you give (2, 15, 4), and (2, 5, 12) is asked for: there are still 5 tokens. Which dimension has to stand beside the 4 before two of them are joined?",
)
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.reshape(batch, heads * tokens, size)


@catalogue.misconception(
    "1.11",
    "merged-without-joining",
    "The merged result has four dimensions, (B, T, H, d). Tokens and heads have changed places; what is left to do with the last two dimensions?",
    hint="With 2 texts, 5 tokens and 3 heads of 4 numbers you give (2, 5, 3, 4), and (2, 5, 12) is asked for. The swap leaves the memory out of order: which of the two methods of 1.5 can still make the 12?",
)
def merge_heads(o):
    return o.transpose(1, 2)
