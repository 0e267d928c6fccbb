"""Hidden probes of assignment 01: further inputs that submissions meet when they are graded for marks.

The public probes are of two to five in every direction; these are larger, of size 1, of more dimensions, of other dtypes.
"""

import numpy as np
import torch

from gradlings import Rng, floats

rng = Rng(101)
BIG = 5001  # its square is no float32: whole numbers must stay whole on the way, too


def counting(*shape, dtype=torch.float64):
    return torch.arange(int(np.prod(shape)), dtype=dtype).reshape(shape)


PROBES = {
    # 1.2 the shape of nested lists: deeper, longer, empty further in
    "1.2::test_full_nestings": [
        (counting(2, 1, 3, 1, 2, 2).tolist(),),
        ([[[]], [[]], [[]]],),
        ([[-0.5] * 40] * 3,),
    ],
    "1.2::test_ragged_nestings": [
        ([[[[1, 2], [3, 4]], [[5, 6], [7, 8]]], [[[1, 2], [3, 4]], [[5, 6], [7]]]],),  # only the very last list
        ([[[[1, 2]], [[3, 4]]], [[[5, 6]], [[7, 8]]]],),
        ([1, 2, 3, 4, []],),
    ],
    # 1.3 which dtype comes out: negative and large numbers, the one float deep down, other dtypes of NumPy
    "1.3::test_one_kind": [(-7,), (0.0,), (False,), (2**40,), ([-1.5],)],
    "1.3::test_mixed_and_nested": [
        ([[[1, True], [False, 2]], [[3, 4], [5, 0.5]]],),
        ([[True] * 20, [False] * 19 + [0]],),
        ([[[]], [[]]],),
    ],
    "1.3::test_numpy_arrays": [
        (np.array([-1, 5], dtype=np.int8),),
        (np.array([[0.5], [1.5]], dtype=np.float16),),
        (np.zeros((0, 3), dtype=bool),),
    ],
    # 1.4 changing the dtype
    "1.4::test_whole_numbers": [
        (torch.tensor([0, 200, 255], dtype=torch.uint8),),
        (torch.tensor(True),),
        (counting(2, 1, 3, 2, dtype=torch.int8) - 6,),
    ],
    "1.4::test_fractions": [
        (torch.tensor([0.5, -2.25, 1024.0], dtype=torch.float16),),
        (torch.tensor([[0.5], [-3.0]], dtype=torch.bfloat16),),
        (floats(-0.1),),
    ],
    # 1.5 a column: a single number, more dimensions, truth values
    "1.5::test_contiguous": [(floats([[5.0]]),), (counting(2, 1, 3, 2),), (torch.tensor([[True, False, True]]),)],
    "1.5::test_transposed": [
        (counting(2, 3, 4, 5).permute(2, 0, 3, 1),),
        (counting(9, 8, dtype=torch.int32).T,),
    ],
    # 1.6 transposing a batch: five dimensions, equal sizes
    "1.6::test_matrices": [(counting(1, 5),), (counting(3, 3, dtype=torch.int16),), (rng.normal(9, 8),)],
    "1.6::test_stacks": [(counting(2, 1, 3, 2, 4),), (counting(3, 3, 3, dtype=torch.int64),), (counting(1, 5, 1),)],
    # 1.7 strides
    "1.7::test_two_to_four_dimensions": [((3, 2, 4, 5, 2),), ((2, 2, 3, 2, 2, 5),), ((50, 700),)],
    "1.7::test_corner_cases": [((1,),), ((1, 1, 1),), ((1, 2, 1, 4, 1),)],
    # 1.8 matrix multiplication with loops
    "1.8::test_floats": [
        (floats([[-3.0]]), floats([[2.5]])),
        (floats([[0.0, 250.0], [-1000.0, 1e-3], [7.0, 7.0]]), floats([[4e3, 0.0], [-0.5, 0.0]])),
        (rng.normal(7, 6), rng.normal(6, 8)),
    ],
    "1.8::test_whole_numbers": [
        (torch.tensor([[BIG, 1], [0, -5]]), torch.tensor([[BIG, 0, 3], [2, -7, 0]])),
        (rng.integers(-9, 10, 6, 7), rng.integers(-9, 10, 7, 1)),
    ],
    "1.8::test_thin_matrices": [
        (floats([[2.0]]), floats([[3.0, -4.0, 5.0, 0.0]])),
        (floats([[1.0], [2.0], [3.0], [4.0], [5.0]]), floats([[-6.0]])),
    ],
    # 1.9 the Gram matrix
    "1.9::test_the_chapters_matrix": [(torch.tensor([[BIG, 0, 2], [1, -1, 7]]),), (floats([[3.0, 4.0]]),)],
    "1.9::test_not_square": [(floats([[2.0], [-3.0], [0.0]]),), (rng.normal(6, 9),), (100 * rng.normal(8, 2),)],
    # 1.10 broadcasting: more dimensions, none, sizes 0
    "1.10::test_compatible": [
        ((5, 1, 1, 2, 1), (3, 1, 2, 4)),
        ((), ()),
        ((2, 0, 3), (1, 1, 3)),
        ((100, 1), (1, 200)),
    ],
    "1.10::test_incompatible": [
        ((7, 1, 3, 1), (6, 1, 1, 5)),
        ((7, 1, 3, 1), (3, 5)),
        ((6, 4), (3, 1)),  # one is a multiple of the other
        ((2, 3), (0, 3)),
    ],
    # 1.11 attention heads: one head, heads of one number, the sizes of GPT-2 small
    "1.11::test_split_heads": [
        (counting(2, 3, 5), 1),
        (counting(2, 3, 4), 4),
        (counting(3, 2, 8).transpose(0, 1), 2),
        (rng.normal(1, 5, 768), 12),
    ],
    "1.11::test_merge_heads": [
        (counting(2, 1, 3, 4),),
        (counting(2, 5, 3, 1),),
        (counting(5, 2, 3, 4).permute(1, 2, 0, 3),),
        (rng.normal(1, 5, 12, 64).transpose(1, 2),),
    ],
}
