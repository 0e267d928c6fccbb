"""Correct answers to assignment 01 that look different from the solution. Every one must get full marks."""

import itertools
import math

import numpy as np
import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 1.1 Four ranks


@catalogue.variant("1.1", "arange and reshape")
def make_ranks():
    numbers = torch.arange(1, 9)
    return torch.tensor(5), numbers[:3], numbers[:4].reshape(2, 2), numbers.reshape(2, 2, 2)


@catalogue.variant("1.1", "a list, stacked step by step")
def make_ranks():
    rows = [torch.tensor([first, first + 1]) for first in (1, 3, 5, 7)]
    matrix = torch.stack(rows[:2])
    cube = torch.stack([matrix, torch.stack(rows[2:])])
    return [torch.tensor(5, dtype=torch.int64), torch.LongTensor([1, 2, 3]), matrix, cube]


@catalogue.variant("1.1", "through NumPy")
def make_ranks():
    cube = np.arange(1, 9, dtype=np.int64).reshape(2, 2, 2)
    scalar, vector = torch.full((), 5), torch.tensor(np.array([1, 2, 3], dtype=np.int64))
    return scalar, vector, torch.from_numpy(cube[0]), torch.from_numpy(cube)


# --- 1.2 The shape of nested lists


@catalogue.variant("1.2", "level by level")
def nested_shape(x):
    shape, level = [], [x]
    while any(isinstance(item, list) for item in level):
        lengths = {len(item) if isinstance(item, list) else None for item in level}
        if len(lengths) > 1:
            raise ValueError("ragged")
        shape.append(lengths.pop())
        level = [part for item in level for part in item]
    return tuple(shape)


@catalogue.variant("1.2", "every item against the first")
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    if len(x) == 0:
        return (0,)
    first = nested_shape(x[0])
    for item in x[1:]:
        if nested_shape(item) != first:
            raise ValueError("ragged")
    return (len(x), *first)


@catalogue.variant("1.2", "shape of the first items, then a check of every list")
def nested_shape(x):
    shape, item = [], x
    while isinstance(item, list):
        shape.append(len(item))
        item = item[0] if item else None

    def fits(item, sizes):
        if not isinstance(item, list):
            return not sizes
        return bool(sizes) and len(item) == sizes[0] and all(fits(part, sizes[1:]) for part in item)

    if not fits(x, shape):
        raise ValueError("ragged")
    return shape


# --- 1.3 Which dtype comes out


@catalogue.variant("1.3", "flatten, then ask any")
def predict_dtype(x):
    if hasattr(x, "dtype"):
        table = {
            "float64": torch.float64,
            "float32": torch.float32,
            "float16": torch.float16,
            "int64": torch.int64,
            "int32": torch.int32,
            "int16": torch.int16,
            "int8": torch.int8,
            "uint8": torch.uint8,
            "bool": torch.bool,
        }
        return table[str(x.dtype)]
    values = [x]
    while any(isinstance(value, list) for value in values):
        values = [part for value in values for part in (value if isinstance(value, list) else [value])]
    if not values or any(isinstance(value, float) for value in values):
        return torch.get_default_dtype()
    return torch.bool if all(isinstance(value, bool) for value in values) else torch.long


@catalogue.variant("1.3", "sets of types")
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return getattr(torch, str(x.dtype))

    def kinds(item):
        return set().union(*map(kinds, item)) if isinstance(item, list) else {type(item)}

    found = kinds(x)
    if found == {bool}:
        return torch.bool
    return torch.int64 if found and float not in found else torch.float32


@catalogue.variant("1.3", "the more general of two, again and again")
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return {np.dtype(name): getattr(torch, name) for name in ("float32", "float64", "bool", "uint8")}.get(
            x.dtype, getattr(torch, x.dtype.name)
        )
    if isinstance(x, list):
        dtype = None
        for item in x:
            other = predict_dtype(item)
            if dtype is None or torch.float32 in (dtype, other):
                dtype = other if dtype is None else torch.float32
            elif dtype != other:
                dtype = torch.int64
        return dtype or torch.float32
    return {bool: torch.bool, int: torch.int64, float: torch.float32}[type(x)]


# --- 1.4 Changing the dtype


@catalogue.variant("1.4", "float()")
def to_float32(t):
    return t.float()


@catalogue.variant("1.4", "type()")
def to_float32(t):
    return t.type(torch.float32)


@catalogue.variant("1.4", "copied into an empty tensor")
def to_float32(t):
    result = torch.empty_like(t, dtype=torch.float32)
    result[...] = t
    return result


@catalogue.variant("1.4", "own copy, converted")
def to_float32(t):
    return t.clone().to(dtype=torch.float)


# --- 1.5 A column


@catalogue.variant("1.5", "contiguous, then view")
def as_column(t):
    return t.contiguous().view(-1, 1)


@catalogue.variant("1.5", "flatten, then a new dimension")
def as_column(t):
    return t.flatten()[:, None]


@catalogue.variant("1.5", "counted")
def as_column(t):
    return torch.reshape(t, (t.numel(), 1))


@catalogue.variant("1.5", "number by number")
def as_column(t):
    if t.dim() == 0:
        return t.unsqueeze(0).unsqueeze(0)
    return torch.stack([t[index] for index in itertools.product(*map(range, t.shape))]).unsqueeze(-1)


# --- 1.6 Transposing a batch


@catalogue.variant("1.6", "mT")
def swap_last_two(t):
    return t.mT


@catalogue.variant("1.6", "permute")
def swap_last_two(t):
    return t.permute(*range(t.dim() - 2), t.dim() - 1, t.dim() - 2)


@catalogue.variant("1.6", "einsum")
def swap_last_two(t):
    return torch.einsum("...ij->...ji", t)


@catalogue.variant("1.6", "copied, transposed in place")
def swap_last_two(t):
    copy = t.clone()
    return copy.transpose_(-1, -2).contiguous()


@catalogue.variant("1.6", "column by column")
def swap_last_two(t):
    return torch.stack([t[..., j] for j in range(t.shape[-1])], dim=-2)


# --- 1.7 Strides


@catalogue.variant("1.7", "product of the sizes behind")
def row_major_strides(shape):
    return tuple(math.prod(shape[i + 1 :]) for i in range(len(shape)))


@catalogue.variant("1.7", "recursion")
def row_major_strides(shape):
    if len(shape) < 2:
        return (1,) * len(shape)
    rest = row_major_strides(shape[1:])
    return (rest[0] * shape[1], *rest)


@catalogue.variant("1.7", "accumulate, as a list")
def row_major_strides(shape):
    if not shape:
        return []
    return list(itertools.accumulate(shape[:0:-1], lambda step, size: step * size, initial=1))[::-1]


@catalogue.variant("1.7", "whole divided from the left")
def row_major_strides(shape):
    rest, strides = math.prod(shape), []
    for size in shape:
        rest //= size
        strides.append(rest)
    return tuple(strides)


# --- 1.8 Matrix multiplication with loops


@catalogue.variant("1.8", "running sum of numbers")
def matmul_loops(a, b):
    rows = []
    for i in range(a.shape[0]):
        row = []
        for j in range(b.shape[1]):
            total = 0
            for l in range(a.shape[1]):
                total = total + a[i, l] * b[l, j]
            row.append(total)
        rows.append(torch.stack(row))
    return torch.stack(rows)


@catalogue.variant("1.8", "rows times columns")
def matmul_loops(a, b):
    c = torch.empty(a.shape[0], b.shape[1], dtype=a.dtype, device=a.device)
    for i, row in enumerate(a):
        for j, column in enumerate(b.T):
            c[i, j] = (row * column).sum()
    return c


@catalogue.variant("1.8", "one inner index at a time")
def matmul_loops(a, b):
    c = torch.zeros((a.shape[0], b.shape[1]), dtype=a.dtype, device=a.device)
    for l in range(a.shape[1]):
        c += a[:, l : l + 1] * b[l]
    return c


@catalogue.variant("1.8", "broadcast, then sum")
def matmul_loops(a, b):
    return (a.unsqueeze(2) * b.unsqueeze(0)).sum(dim=1)


@catalogue.variant("1.8", "Python numbers, dtype given")
def matmul_loops(a, b):
    columns = list(zip(*b.tolist(), strict=True))
    rows = [[sum(x * y for x, y in zip(row, column, strict=True)) for column in columns] for row in a.tolist()]
    return torch.tensor(rows, dtype=a.dtype, device=a.device)


# --- 1.9 The Gram matrix


@catalogue.variant("1.9", "einsum")
def gram(t):
    return torch.einsum("id,jd->ij", t, t)


@catalogue.variant("1.9", "mm")
def gram(t):
    return torch.mm(t, t.transpose(0, 1))


@catalogue.variant("1.9", "broadcast, then sum")
def gram(t):
    return (t[:, None, :] * t[None, :, :]).sum(dim=-1)


@catalogue.variant("1.9", "own loops")
def gram(t):
    result = t.new_empty(len(t), len(t))
    for i, one in enumerate(t):
        for j, other in enumerate(t):
            result[i, j] = (one * other).sum()
    return result


# --- 1.10 Broadcasting


@catalogue.variant("1.10", "zip_longest from the right")
def broadcast_shape(a, b):
    common = []
    for p, q in itertools.zip_longest(reversed(a), reversed(b), fillvalue=1):
        if p == q or q == 1:
            common.append(p)
        elif p == 1:
            common.append(q)
        else:
            raise ValueError("incompatible")
    return tuple(common[::-1])


@catalogue.variant("1.10", "negative indices, as a list")
def broadcast_shape(a, b):
    if len(a) < len(b):
        a, b = b, a
    common = list(a)
    for i in range(1, len(b) + 1):
        if common[-i] == 1:
            common[-i] = b[-i]
        elif b[-i] not in (1, common[-i]):
            raise ValueError(f"{a} and {b}")
    return common


@catalogue.variant("1.10", "recursion on the last size")
def broadcast_shape(a, b):
    if not a or not b:
        return a or b
    sizes = {a[-1], b[-1]} - {1}
    if len(sizes) > 1:
        raise ValueError("incompatible")
    return (*broadcast_shape(a[:-1], b[:-1]), sizes.pop() if sizes else 1)


# --- 1.11 Splitting into attention heads


@catalogue.variant("1.11", "split: chunks, stacked")
def split_heads(x, heads):
    return torch.stack(torch.chunk(x, heads, dim=-1), dim=1)


@catalogue.variant("1.11", "split: unflatten and permute")
def split_heads(x, heads):
    return x.unflatten(-1, (heads, -1)).permute(0, 2, 1, 3).contiguous()


@catalogue.variant("1.11", "split: head by head")
def split_heads(x, heads):
    size = x.shape[2] // heads
    result = x.new_zeros(x.shape[0], heads, x.shape[1], size)
    for h in range(heads):
        result[:, h] = x[:, :, h * size : (h + 1) * size]
    return result


@catalogue.variant("1.11", "merge: permute and flatten")
def merge_heads(o):
    return o.permute(0, 2, 1, 3).flatten(2)


@catalogue.variant("1.11", "merge: contiguous, then view")
def merge_heads(o):
    batch, heads, tokens, size = o.shape
    return o.transpose(1, 2).contiguous().view(batch, tokens, heads * size)


@catalogue.variant("1.11", "merge: concatenated")
def merge_heads(o):
    return torch.cat([o[:, h] for h in range(o.shape[1])], dim=-1)
