"""The checks of assignment 01. PyTorch itself decides what is right; NumPy helps where PyTorch overlooks something."""

import numpy as np
import torch

from gradlings import agree, exercise, floats, leave_picture


def counting(*shape, dtype=torch.float64):
    """The numbers 0, 1, 2, ... in the given shape: each one shows where it was moved."""
    return torch.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)


# --- 1.1 Four ranks


def ranks():
    one_to_eight = torch.arange(1, 9)
    return torch.tensor(5), one_to_eight[:3], one_to_eight[:4].reshape(2, 2), one_to_eight.reshape(2, 2, 2)


@exercise("1.1", "make_ranks", points=3, minutes=5, difficulty=1)
class TestMakeRanks:
    def test_four_ranks(self, student, probes):
        """A scalar, a vector, a matrix and a cube of whole numbers"""
        names = ("scalar", "vector", "matrix", "cube")
        agree(student.through("make_ranks"), probes([()]), ranks, names=names, exact_types=True)


# --- 1.2 The shape of nested lists


DEEP = 5
for _ in range(130):  # brackets around one number: more than a tensor or an array can have dimensions
    DEEP = [DEEP]


def shape_as_tensor(x):
    """PyTorch's shape; NumPy is asked as well, because torch.tensor([[], [1]]) drops the 1 without an error."""
    if x == DEEP:
        return (1,) * 130
    try:
        np.array(x)
        return tuple(torch.tensor(x).shape)
    except (TypeError, ValueError):
        raise ValueError("the nesting is ragged") from None


def full_nesting(rng):
    return (rng.integers(0, 10, *rng.sizes(2, 5, 3)).tolist(),)


def ragged_nesting(rng):
    nested = rng.integers(0, 10, *rng.sizes(2, 5, 3)).tolist()
    row = rng.size(0, len(nested) - 1)
    column = rng.size(0, len(nested[0]) - 1)
    nested[row][column] = rng.choice([nested[row][column][1:], 7, [*nested[row][column], 7]])
    return (nested,)


@exercise("1.2", "nested_shape", points=13, minutes=20, difficulty=2, builds_on=("1.1",))
class TestNestedShape:
    def test_full_nestings(self, student, probes):
        """Numbers, vectors, matrices and deeper than any tensor, empty lists among them"""
        hand_made = [
            (5,),
            ([5, 1],),
            ([[1, 3], [5, 2], [4, 4]],),
            ([],),
            ([[], []],),
            (counting(2, 3, 4, dtype=torch.int64).tolist(),),
            (counting(1, 3, 1, 2).tolist(),),
            (DEEP,),
        ]
        agree(student.nested_shape, probes(hand_made, random=full_nesting), shape_as_tensor)

    def test_ragged_nestings(self, student, probes):
        """Ragged lists raise ValueError, and their full neighbors do not"""
        hand_made = [
            ([[1, 2], [3]],),
            ([[1, 2], [3, 4]],),
            ([[1], [2, 3]],),
            ([[1, 2], 3],),
            ([1, [2]],),
            ([[[1], [2]], [[3], [4]]],),
            ([[[1], [2]], [[3], [4, 5]]],),
            ([[[1], [2]], [3, 4]],),
            ([[], [1]],),
            ([[[]], []],),
            ([[[]], [[]]],),
            (DEEP,),
        ]
        agree(student.nested_shape, probes(hand_made, random=ragged_nesting), shape_as_tensor)


# --- 1.3 Which dtype comes out


def dtype_of_tensor(x):
    return torch.tensor(x).dtype


def mixed_nesting(rng):
    """Two to four rows of Python values of at most three kinds; a kind may be absent."""
    kinds = rng.choice([(True, False), (True, 3), (4, 2.5), (False, 1.5), (False, 7, 0.5)])
    width = rng.size(len(kinds), 4)
    values = [rng.shuffled([*kinds, *(rng.choice(kinds) for _ in range(width - len(kinds)))]) for _ in range(3)]
    return (values,)


def an_array(rng):
    dtype = rng.choice([np.float64, np.float32, np.int64, np.int32, np.int16, np.uint8, np.bool_])
    return (np.array(rng.integers(0, 2, *rng.sizes(1, 4, 2)).tolist(), dtype=dtype),)


@exercise("1.3", "predict_dtype", points=10, minutes=15, difficulty=2, forbids="tensor", builds_on=("1.2",))
class TestPredictDtype:
    def test_one_kind(self, student, probes):
        """Single numbers, and lists of one kind of number"""
        hand_made = [(7,), (2.5,), (True,), ([1, 2, 3],), ([0.5, 1.0],), ([True, False],)]
        agree(student.predict_dtype, probes(hand_made), dtype_of_tensor)

    def test_mixed_and_nested(self, student, probes):
        """Lists of several kinds, nested lists, empty lists"""
        hand_made = [
            ([1, 2.0],),
            ([2.0, 1],),
            ([True, 2],),
            ([2, True],),
            ([False, 1.5],),
            ([],),
            ([[1, 2], [3, 4]],),
            ([[1, 2], [3, 4.5]],),
            ([[[True]], [[False]]],),
            ([[], []],),
        ]
        agree(student.predict_dtype, probes(hand_made, random=mixed_nesting), dtype_of_tensor)

    def test_numpy_arrays(self, student, probes):
        """NumPy arrays bring a dtype of their own"""
        hand_made = [
            (np.array([0.5, 1.5], dtype=np.float64),),
            (np.array([1, 2], dtype=np.int32),),
            (np.array([[1, 2]], dtype=np.int64),),
            (np.array([0.5, 1.5], dtype=np.float32),),
            (np.array([True, False]),),
            (np.array(3, dtype=np.uint8),),
            (np.zeros((0,), dtype=np.float64),),
            *((np.array([[1], [0]], dtype=dtype),) for dtype in (np.int8, np.int16, np.float16)),
        ]
        agree(student.predict_dtype, probes(hand_made, random=an_array), dtype_of_tensor)


# --- 1.4 Changing the dtype


def converted(t):
    return t.float()


def whole_numbers(rng):
    dtype = rng.choice([torch.int64, torch.int32, torch.int16])
    return (rng.integers(2, 100, *rng.sizes(2, 4, 2)).to(dtype),)


def fractions(rng):
    return (rng.normal(*rng.sizes(2, 4, 2)),)


@exercise("1.4", "to_float32", points=3, minutes=5, difficulty=1, builds_on=("1.3",))
class TestToFloat32:
    def test_whole_numbers(self, student, probes):
        """Integers and booleans become float32"""
        hand_made = [
            (torch.tensor([1, 2, 3], dtype=torch.int32),),
            (torch.tensor(7),),
            (torch.tensor([[True, False], [True, True]]),),
            (torch.tensor([[1, 2, 300], [-4, 5, 2**24 + 1]]),),
        ]
        agree(student.to_float32, probes(hand_made, random=whole_numbers), converted, strided=True)

    def test_fractions(self, student, probes):
        """float64, as NumPy brings it, becomes float32; float32 stays"""
        hand_made = [
            (torch.from_numpy(np.array([0.1, 2.5, -3.75])),),
            (floats([[1 / 3, 2.0, 1e10], [1e-10, 0.7, -5.0]]),),
        ]
        agree(student.to_float32, probes(hand_made, random=fractions), converted, strided=True)


# --- 1.5 A column


def column(t):
    return torch.flatten(t).unsqueeze(1)


def contiguous_tensor(rng):
    return (rng.normal(*rng.sizes(2, 5, rng.size(1, 3))),)


def transposed_tensor(rng):
    return (rng.normal(*rng.sizes(2, 5, 2)).T,)


@exercise("1.5", "as_column", points=6, minutes=10, difficulty=1, builds_on=("1.2",))
class TestAsColumn:
    def test_contiguous(self, student, probes):
        """Contiguous tensors of rank 0 to 3"""
        hand_made = [
            (torch.tensor([[1, 2], [3, 4]]),),
            (floats([0.5, 1.5, 2.5]),),
            (torch.tensor(7),),
            (counting(2, 3, 4),),
        ]
        agree(student.as_column, probes(hand_made, random=contiguous_tensor), column)

    def test_transposed(self, student, probes):
        """Transposed tensors, whose memory is in another order"""
        hand_made = [(counting(2, 3, dtype=torch.int64).T,), (counting(2, 3, 4).transpose(0, 2),)]
        agree(student.as_column, probes(hand_made, random=transposed_tensor), column)


# --- 1.6 Transposing a batch


def last_two_swapped(t):
    return t.mT


def any_matrix(rng):
    return (rng.normal(*rng.sizes(2, 5, 2)),)


def any_stack(rng):
    return (rng.normal(*rng.sizes(2, 6, rng.choice([3, 4]))),)


@exercise("1.6", "swap_last_two", points=7, minutes=10, difficulty=2, builds_on=("1.5",))
class TestSwapLastTwo:
    def test_matrices(self, student, probes):
        """A single matrix"""
        hand_made = [(counting(2, 3, dtype=torch.int64),), (counting(4, 3).T,)]
        agree(student.swap_last_two, probes(hand_made, random=any_matrix), last_two_swapped, requires_grad=True)

    def test_stacks(self, student, probes):
        """Stacks of matrices: three and four dimensions of different sizes"""
        hand_made = [(counting(2, 3, 4),), (counting(4, 3, 2).transpose(0, 1),), (counting(2, 3, 4, 5),)]
        agree(student.swap_last_two, probes(hand_made, random=any_stack), last_two_swapped, strided=True)


# --- 1.7 Strides


LARGE = {  # more elements than a tensor can have, on whatever device
    (3, 2**31, 2**31): (2**62, 2**31, 1),
    (2**40, 2**30): (2**30, 1),
}


def strides_of_tensor(shape):
    return LARGE.get(shape) or torch.empty(shape).stride()


def any_shape(rng):
    return (rng.sizes(2, 7, rng.size(2, 4)),)


@exercise("1.7", "row_major_strides", points=10, minutes=15, difficulty=2, builds_on=("1.5", "1.6"))
class TestRowMajorStrides:
    def test_two_to_four_dimensions(self, student, probes):
        """Two to four dimensions of different sizes, one of them larger than any memory"""
        ladder = probes([((2, 3),), ((2, 3, 4),), ((4, 2, 5, 3),), ((3, 2**31, 2**31),)], random=any_shape)
        agree(student.row_major_strides, ladder, strides_of_tensor)

    def test_corner_cases(self, student, probes):
        """A scalar, a vector, dimensions of size 1, and of a size that no memory has"""
        hand_made = [((),), ((7,),), ((2, 1, 3),), ((1, 5),), ((3, 1),), ((2**40, 2**30),)]
        agree(student.row_major_strides, probes(hand_made), strides_of_tensor)


# --- 1.8 Matrix multiplication with loops


def product(a, b):
    return a @ b


def two_matrices(rng):
    n, k, m = rng.sizes(2, 5, 3)
    return rng.normal(n, k), rng.normal(k, m)


def two_whole_matrices(rng):
    n, k, m = rng.sizes(2, 5, 3)
    return rng.integers(-9, 10, n, k), rng.integers(1, 10, k, m)


@exercise("1.8", "matmul_loops", points=13, minutes=20, difficulty=2, forbids="matmul", builds_on=("1.2",))
class TestMatmulLoops:
    def test_floats(self, student, probes):
        """Matrices of floats, contiguous or not"""
        hand_made = [
            (floats([[1, 2], [3, 4]]), floats([[5, 6], [7, 8]])),
            (floats([[1, -2, 0.5], [3, 4, -1]]), floats([[2, 1, 0, 5], [1, -3, 2, 1], [4, 0.5, 1, 2]])),
        ]
        agree(student.matmul_loops, probes(hand_made, random=two_matrices), product, strided=True)

    def test_whole_numbers(self, student, probes):
        """Whole numbers stay whole numbers, and exact however large"""
        hand_made = [
            (torch.tensor([[1, 2], [3, 4]]), torch.tensor([[1, 2], [3, 4]])),
            (torch.tensor([[1, 2, 3], [4, 5, 6]]), torch.tensor([[1, 0, 2, 7], [3, 1, 4, 8], [5, 9, 2, 6]])),
            (torch.tensor([[2**53 + 1, 1]]), torch.tensor([[1, 3], [0, -1]])),  # no float is exact here
        ]
        agree(student.matmul_loops, probes(hand_made, random=two_whole_matrices), product)

    def test_thin_matrices(self, student, probes):
        """A row times a column, a column times a row, a matrix times a column"""
        hand_made = [
            (floats([[1, 2, 3]]), floats([[4], [5], [6]])),
            (floats([[1], [2]]), floats([[3, 4, 5]])),
            (floats([[1, 2, 3], [4, 5, 6]]), floats([[1], [0.5], [2]])),
        ]
        agree(student.matmul_loops, probes(hand_made), product)


# --- 1.9 The Gram matrix


def rows_with_rows(t):
    return torch.inner(t, t)


@exercise("1.9", "gram", points=6, minutes=10, difficulty=1, builds_on=("1.6", "1.8"))
class TestGram:
    def test_the_chapters_matrix(self, student, probes):
        """The chapter's matrix of whole numbers, and a square matrix of floats"""
        large = torch.tensor([[5003, 1], [2, 5005]])  # its squares are no float32
        ladder = probes([(torch.tensor([[1, 2], [3, 4]]),), (large,), (floats([[2, 0], [1, 3]]),)])
        agree(student.gram, ladder, rows_with_rows)

    def test_not_square(self, student, probes):
        """Matrices with more rows than columns, or fewer"""
        hand_made = [(floats([[1, 2], [3, 4], [0.5, -1]]),), (floats([[1, 2, 0], [0, 3, 1]]),)]
        agree(student.gram, probes(hand_made, random=any_matrix), rows_with_rows, strided=True)


# --- 1.10 Broadcasting


LARGE_PAIRS = {  # more elements than a tensor can have
    ((2**62, 1), (3,)): (2**62, 3),
    ((2**31,), (2**32, 1)): (2**32, 2**31),
}


def common_shape(a, b):
    if (a, b) in LARGE_PAIRS:
        return LARGE_PAIRS[a, b]
    try:
        return tuple((torch.empty(a) + torch.empty(b)).shape)  # torch.broadcast_shapes would import sympy first
    except RuntimeError:
        raise ValueError("the shapes are incompatible") from None


def compatible_shapes(rng):
    """Two shapes made from a common one: some sizes replaced by 1, leading ones left out of the second."""
    common = rng.sizes(2, 7, rng.size(2, 4))
    one, other = ([rng.choice([size, size, 1]) for size in common] for _ in range(2))
    pair = tuple(one), tuple(other[rng.size(0, len(common) - 1) :])
    return tuple(rng.shuffled(pair))


def incompatible_shapes(rng):
    """As above, but in one place two different sizes greater than 1 meet."""
    common = rng.sizes(2, 7, rng.size(2, 4))
    start = rng.size(0, len(common) - 1)
    other = list(common[start:])
    other[rng.size(0, len(other) - 1)] += rng.size(1, 3)
    return tuple(rng.shuffled((common, tuple(other))))


@exercise(
    "1.10",
    "broadcast_shape",
    points=13,
    minutes=20,
    difficulty=3,
    forbids="broadcast",
    builds_on=("1.2",),
)
class TestBroadcastShape:
    def test_compatible(self, student, probes):
        """Shapes that fit: equal, stretched, of different length, larger than any memory"""
        hand_made = [
            ((2, 3), (2, 3)),
            ((2, 3), (2, 1)),
            ((3,), (2, 3)),
            ((5,), (5, 1)),
            ((4, 1, 3), (2, 3)),
            ((8, 1, 6, 1), (7, 1, 5)),
            ((), (3,)),
            ((1,), (0,)),
            ((2**31,), (2**32, 1)),
        ]
        agree(student.broadcast_shape, probes(hand_made, random=compatible_shapes), common_shape)

    def test_incompatible(self, student, probes):
        """Shapes that do not fit raise ValueError, and their fitting neighbors do not"""
        hand_made = [
            ((3,), (2,)),
            ((1, 3), (2, 1)),
            ((2, 3), (3, 2)),
            ((2, 3), (2,)),
            ((4,), (2,)),
            ((2, 1), (2,)),
            ((0,), (3,)),
            ((2**62, 1), (3,)),
        ]
        agree(student.broadcast_shape, probes(hand_made, random=incompatible_shapes), common_shape)


# --- 1.11 Splitting into attention heads


def heads_of(x, heads):
    return torch.stack(x.split(x.shape[2] // heads, dim=2), dim=1)


def joined(o):
    return torch.cat(o.unbind(dim=1), dim=2)


def activations(rng):
    batch, tokens, heads, size = rng.sizes(2, 6, 4)
    return rng.normal(batch, tokens, heads * size), heads


def heads_in_either_order(rng):
    batch, tokens, heads, size = rng.sizes(2, 6, 4)
    one_way = rng.normal(batch, heads, tokens, size)
    return (rng.choice([one_way, rng.normal(batch, tokens, heads, size).transpose(1, 2)]),)


@exercise("1.11", "split_heads", "merge_heads", points=16, minutes=25, difficulty=3, builds_on=("1.5", "1.6", "1.7"))
class TestSplitAndMergeHeads:
    def test_split_heads(self, student, probes):
        """split_heads: each head gets its share of every token"""
        hand_made = [(counting(1, 3, 4), 2), (counting(2, 5, 12), 3)]
        ladder = probes(hand_made, random=activations)
        agree(student.split_heads, ladder, heads_of, strided=True, requires_grad=True)

    def test_merge_heads(self, student, probes):
        """merge_heads: the heads of each token, side by side, however they lie in memory"""
        hand_made = [
            (counting(1, 2, 3, 2),),
            (counting(1, 3, 2, 2).transpose(1, 2),),
            (counting(2, 3, 5, 4),),
        ]
        ladder = probes(hand_made, random=heads_in_either_order)
        agree(student.merge_heads, ladder, joined, strided=True, requires_grad=True)
        leave_picture(student)
