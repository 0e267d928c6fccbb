# %% [markdown]
# # 01 Tensors
#
# Everything a language model knows or computes sits in tensors: the numbers it reads, the *weights* (numbers) that it
# has learned, the scores it gives to each possible next word. The exercises follow a text about large language models
# (LLMs), which we call *the chapter*. It is retold in `docs/chapter.md` of the repository; you need not read it. This
# assignment covers its section on tensors. At the end you will be able to say, before you run a line of code, which
# shape and dtype will come out, and you will have written by hand the operations that models use most.
#
# You start by making tensors and reading off their shape and dtype (1.1 to 1.4). Then you rearrange them without mixing
# up their numbers, and look at how they lie in memory (1.5 to 1.7). At the end you multiply matrices, work out
# broadcasting, and cut a tensor into attention heads, which the last exercise explains (1.8 to 1.11).
#
# You need Python (functions, loops, lists, tuples, and how to raise an error) and nothing else. Four words come up
# everywhere:
#
# - the *rank* of a tensor is its number of dimensions (`t.dim()`), and not the rank of linear algebra,
# - its *shape* lists the size of each dimension (`t.shape`),
# - its *dtype* is the kind of number it holds (`t.dtype`),
# - its *device* is where it lives: the CPU or a GPU (`t.device`).
#
# What holds in all assignments, unless an exercise says something else: shapes, dtypes and whole numbers must be exact.
# Other numbers must be right to seven digits in `float64` (an error of at most $10^{-7}$ of the right number), and to
# four digits in `float32` ($10^{-4}$). So never round a constant such as $\pi$: take `math.pi`. An argument may be a
# transposed tensor, a slice of a larger one, or one with `requires_grad=True` (see assignment 03): your function must
# return the right numbers for it, nothing more. Every argument must stay as it is.

# %% [markdown]
# ## How to read a type line
#
# The first line of each function says which tensors go in and which come out. In
#
# ```python
# def weighted(x: Float[Tensor, "*batch n"], w: Float[Tensor, "n"]) -> Float[Tensor, "*batch"]:
# ```
#
# the word before the bracket is the dtype, and the text in quotes is the shape, one word per dimension:
#
# | written | means |
# |---|---|
# | `Float`, `Int`, `Bool` | any float dtype, any signed integer dtype, bool |
# | `Float32`, `Int64` | just this dtype |
# | `Num`, `Shaped` | any number (not bool), any dtype at all |
# | `"n d"` | two dimensions. A name stands for a size, and the same name is the same size in the whole line |
# | `"2 2"`, `"n-T T"` | a number is a fixed size; `n-T` is one dimension, of size n minus T |
# | `"*batch n"` | any number of dimensions, even none, and then one of size n |
# | `"... n"` | the same, without a name |
# | `""` | no dimension: a scalar tensor |
#
# So `weighted` takes, say, `x` of shape (4, 7, 3) and `w` of shape (3,), and returns shape (4, 7). The type line is not
# checked while your code runs: it says what your function will be given, and what it must return.

# %%
import numpy as np
import torch
from jaxtyping import Float, Float32, Int64, Num, Shaped
from torch import Tensor

# %% [markdown] exercise="1.1" objective="Tell rank, shape and dtype apart, and make a tensor of each rank"
# ## 1.1 Four ranks
#
# A *scalar* is one number and has no dimension. A *vector* is a row of numbers and has one dimension. A *matrix* has
# rows and columns, so it has two. If you stack matrices, you get a tensor of rank 3, here called a cube. A language
# model cuts a text into *tokens* (words, or pieces of words) and works with a vector of numbers for each token. So one
# token is a vector, a text is a matrix, and a batch of texts has rank 3: texts, tokens, numbers per token. The *loss*,
# the one number that says how bad the model's predictions are, is a scalar.
#
# Make one tensor of each rank, with the chapter's numbers. (For the scalar, the chapter has 5 in its text and 1 in its
# code: take 5.) `torch.tensor` turns nested lists into a tensor: every level of square brackets is one dimension. Count
# the brackets, and you know the rank.
#
# Two traps. First, `torch.tensor(...)` is not `torch.Tensor(...)`: the second is the class of all tensors. It always
# makes floats, and it takes a single number as a size: try `print(torch.Tensor(3))`. Second, a Python number, a vector
# of length 1 and a scalar tensor look much alike when printed, but behave differently.
#
# (If you copy the chapter's listing: in some copies its first line is `pythonCopy codeimport torch`, because the label
# and the button of a web page were copied along. Python answers with a `SyntaxError`; write `import torch`.)


# %% solution="1.1"
def make_ranks() -> tuple[Int64[Tensor, ""], Int64[Tensor, "3"], Int64[Tensor, "2 2"], Int64[Tensor, "2 2 2"]]:
    """The chapter's example of a tensor of rank 0, 1, 2 and 3.

    Returns:
        A tuple of four int64 tensors:
        scalar: the number 5, shape ().
        vector: the numbers 1, 2, 3, shape (3,).
        matrix: the rows 1, 2 and 3, 4, shape (2, 2).
        cube: a first matrix with the rows 1, 2 and 3, 4, a second one with the rows 5, 6 and 7, 8, shape (2, 2, 2).

    Example:
        >>> [tensor.dim() for tensor in make_ranks()]
        [0, 1, 2, 3]
    """
    ### BEGIN SOLUTION
    scalar = torch.tensor(5)
    vector = torch.tensor([1, 2, 3])
    matrix = torch.tensor([[1, 2], [3, 4]])
    cube = torch.tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    return scalar, vector, matrix, cube
    ### END SOLUTION


# %% [markdown] hints="1.1"
# 1. Write each of the four as nested Python lists first. How many levels of brackets does each need, and which one
#    needs none?
# 2. Rank = levels of brackets: 0, 1, 2, 3. Whole numbers without a decimal point become int64 by themselves.
# 3. Give each nested list (and the bare number) to the function that infers the dtype from the values, then return the
#    four results as a tuple, in the order scalar, vector, matrix, cube.

# %% [markdown] solved="1.1"
# **Why it works.** Every level of brackets is one dimension; a bare number has none, hence the shape (). Whole numbers
# become int64, since nothing in them asks for a fraction.
#
# **In models.** A loss is a scalar, a bias a vector and a weight a matrix. GPT-2's activations have rank 3 (batch,
# tokens, 768), its attention scores rank 4.
#
# **In PyTorch.** `torch.tensor` copies nested lists into a new tensor and infers the dtype.
#
# **Next.** 1.2 finds a shape without making a tensor.

# %% [markdown] exercise="1.2" objective="Read the shape of nested lists, and say why ragged ones have none"
# ## 1.2 The shape of nested lists
#
# The shape of a tensor lists its sizes from the outside in: how many items the outermost list has, then how many each
# of those has, and so on. `[[1, 3], [5, 2], [4, 4]]` has three rows of two numbers: $(3, 2)$. A bare number has no
# dimension: $()$.
#
# The chapter writes its example of a vector as `[5, 1]`. It is easy to read this as a shape: five rows of one column.
# It is a vector that holds the two numbers 5 and 1, and its shape is $(2,)$. (With its comma, `(2,)` is a tuple of one
# size. In the line below, `tuple[int, ...]` means a tuple of any number of whole numbers.)
#
# Write the function that finds the shape of nested lists. (`torch.tensor` begins with this step, too.) A tensor is a
# full box: on every level all lists have the same length, and a list and a number never stand side by side. Otherwise
# the nesting is *ragged* and has no shape; then your function must raise `ValueError`. Real texts differ in length, so
# batches of tokens are ragged until the short texts are filled up. Code that looks only at the first row does not
# notice. PyTorch itself is not perfect here: `torch.tensor([[], [1]])` has the shape $(2, 0)$ in version 2.13, and the
# 1 is lost without an error. Your function must be stricter: it raises.
#
# Write it in plain Python, since you should be able to read a shape off the brackets yourself. PyTorch and NumPy (an
# older Python library, whose arrays are much like tensors) would not help anyway: one test input has 130 levels of
# brackets, and no tensor or array can have so many dimensions.


# %% solution="1.2"
def nested_shape(x: int | float | list) -> tuple[int, ...]:
    """The shape that nested lists of numbers have as a tensor.

    Args:
        x: a number, or a list of numbers, or a list of lists, to any depth. Lists may be empty.

    Returns:
        The sizes from the outermost list to the innermost; () for a bare number, (0,) for [].

    Raises:
        ValueError: the nesting is ragged: lists of different shapes, or a list and a number, stand side by side
            anywhere in x.

    Example:
        >>> nested_shape([[1, 3], [5, 2], [4, 4]])
        (3, 2)
        >>> nested_shape([[], []])
        (2, 0)
    """
    ### BEGIN SOLUTION
    if not isinstance(x, list):
        return ()
    inner = {nested_shape(item) for item in x}
    if len(inner) > 1:
        raise ValueError(f"items of different shapes stand side by side: {sorted(inner)}")
    return (len(x), *(inner.pop() if inner else ()))
    ### END SOLUTION


# %% [markdown] hints="1.2"
# 1. Suppose somebody tells you the shape of every item of a list. What is then the shape of the list?
# 2. $\text{shape}(\text{number}) = ()$, and
#    $\text{shape}(\text{list}) = (\text{length}, \text{shape of its items}\ldots)$, which makes sense only if all items
#    have one shape.
# 3. Handle a bare number first. For a list, find the shapes of all items with the same function, compare them all (not
#    only with the first level, and not only their lengths), complain if two differ, and put the length in front of the
#    common shape. Think of a list without items.

# %% [markdown] solved="1.2"
# **Why it works.** The shape of a list is its length, followed by the one shape that all of its items share; the shape
# of a number is empty. Comparing whole shapes, not only lengths, finds a ragged place at any depth.
#
# **In models.** Texts differ in length, so a batch of token ids is ragged until the short ones are filled up
# (*padded*).
#
# **In PyTorch.** `torch.Tensor.size` reads the shape of a finished tensor.
#
# **Next.** 1.3 predicts the dtype in much the same way.

# %% [markdown] exercise="1.3" objective="Predict the dtype that PyTorch gives to numbers, lists and arrays"
# ## 1.3 Which dtype comes out
#
# A tensor holds numbers of a single kind, its dtype. `torch.tensor` chooses one by looking at all the values it is
# given:
#
# - only booleans: `torch.bool`
# - whole numbers, perhaps with booleans among them: `torch.int64`
# - at least one float, anywhere: `torch.float32` (PyTorch's default, and nobody changes it here)
# - no values at all: `torch.float32`, too.
#
# All values get the same kind, and the most general kind wins, wherever it is. Write this rule as a function. It
# matters in practice: token ids (the whole numbers that stand for tokens) must be integers, weights must be floats, and
# a single `.0` in a list changes the type of all its values.
#
# The chapter says that floats become `float32`. That is true of Python floats. A NumPy array has a dtype of its own and
# keeps it, and NumPy's default is `float64`. So `torch.tensor(np.array([0.5]))` is `float64`, and its matrix product
# with `float32` weights stops with an error. `torch.from_numpy` keeps the dtype, too. Moreover, its tensor *shares the
# memory* of the array, so a change in one shows in the other; `torch.tensor` makes a copy.
#
# Python has a trap here: `True` counts as a whole number, so `isinstance(True, int)` is true.
#
# You may not make a tensor or an array here, and functions such as `torch.result_type` or `np.result_type` are off
# limits, since they would tell you the answer that you are asked to predict.


# %% solution="1.3"
def predict_dtype(x: bool | int | float | list | np.ndarray) -> torch.dtype:
    """The dtype that torch.tensor(x) has, without making a tensor.

    Args:
        x: a Python bool, int or float; or lists of those, nested to any depth and perhaps empty; or a NumPy array of
            bool, uint8, int8, int16, int32, int64, float16, float32 or float64.

    Returns:
        torch.bool, torch.int64 or torch.float32 for Python values; for an array, the torch dtype of the same name.

    Example:
        >>> predict_dtype([1, 2.5])
        torch.float32
        >>> predict_dtype(np.array([1, 2], dtype=np.int16))
        torch.int16
    """
    ### BEGIN SOLUTION
    if isinstance(x, np.ndarray):
        return getattr(torch, x.dtype.name)
    if isinstance(x, list):
        from_special_to_general = [torch.bool, torch.int64, torch.float32]
        dtypes = (predict_dtype(item) for item in x)
        return max(dtypes, key=from_special_to_general.index, default=torch.float32)
    if isinstance(x, bool):  # before int, which bool is a kind of
        return torch.bool
    return torch.int64 if isinstance(x, int) else torch.float32
    ### END SOLUTION


# %% [markdown] hints="1.3"
# 1. Treat the three kinds of input apart: a NumPy array, a list, a single Python number. Which of the three already
#    knows its answer?
# 2. For Python values the order is $\text{bool} < \text{int64} < \text{float32}$, and a list has the greatest dtype of
#    its items. An empty list has float32.
# 3. For an array, find the torch dtype with the same name as the array's. For a list, predict each item with the same
#    function and take the most general result. For a number, ask for bool before you ask for int.

# %% [markdown] solved="1.3"
# **Why it works.** The kinds are ordered: bool below int64 below float32. A tensor has one dtype, so the most general
# kind among the values wins. An array needs no guess, since it brings its dtype along.
#
# **In models.** Token ids are int64, because an embedding can only look up whole numbers. Weights are floats: float32
# in the published GPT-2, mostly bfloat16 today.
#
# **In PyTorch.** `torch.result_type` applies the same order to tensors and numbers that meet in a calculation.
#
# **Next.** 1.4 changes a dtype on purpose.

# %% [markdown] exercise="1.4" objective="Convert a dtype, and leave the tensor that came in as it was"
# ## 1.4 Changing the dtype
#
# Token counts are integers, but averages need floats, and a NumPy array brings `float64` where the model wants
# `float32`. `.to()` converts: each number keeps its value as exactly as the new type allows. Write a function that
# converts any tensor to `float32`.
#
# The trap: `.to()` does not change the tensor it is called on. It *returns* the result. This holds for dtypes and for
# devices alike: after the line `t.to("cuda")` alone (`cuda` is the name for a GPU), `t` is still where it was. (If
# nothing has to change, you get the very same tensor back, not a copy.) A model (in PyTorch a *module*) is different:
# `model.to("cuda")` moves the weights of the model itself.
#
# Converting a number is not the same as re-reading its bits. As `int32`, the number 1 is stored as 31 zero bits and a
# one. Read as a `float32`, the same 32 bits mean $1.4\cdot 10^{-45}$. PyTorch can do both: `.to(dtype)` converts,
# `.view(dtype)` re-reads the bits.
#
# And `float32` is not exact: it holds all whole numbers up to $2^{24} = 16\,777\,216$; the next one, $16\,777\,217$,
# becomes $16\,777\,216$. A decimal such as 0.1 keeps about 7 digits.


# %% solution="1.4"
def to_float32(t: Shaped[Tensor, "..."]) -> Float32[Tensor, "..."]:
    """The same numbers as a float32 tensor.

    Args:
        t: a tensor of any shape, of a bool, integer or float dtype, on any device. It is not changed.

    Returns:
        A float32 tensor with the shape, the values and the device of t. True is 1.0, False is 0.0.

    Example:
        >>> to_float32(torch.tensor([1, 2, 3], dtype=torch.int32))
        tensor([1., 2., 3.])
    """
    ### BEGIN SOLUTION
    return t.to(torch.float32)
    ### END SOLUTION


# %% [markdown] hints="1.4"
# 1. The chapter has one method for this. What does it give back, and what happens to the tensor it is called on?
# 2. Result: dtype float32, and each value equal to the old one (rounded to about 7 digits). Python's own word `float`
#    means 64 bits, PyTorch's float32 means 32.
# 3. Call the converting method with PyTorch's name for 32-bit floats, and return what it returns.

# %% [markdown] solved="1.4"
# **Why it works.** A conversion takes each number to the nearest one that the new dtype can hold, and writes it to a
# new tensor. No bits are re-read, and the old tensor stays as it is.
#
# **In models.** Mixed-precision training does this in every step: matrix products run in bfloat16, while the optimizer
# updates float32 copies of the weights.
#
# **In PyTorch.** `torch.Tensor.to` converts dtype and device alike, and returns the result.
#
# **Next.** 1.5 changes the shape and keeps the numbers.

# %% [markdown] exercise="1.5" objective="Reshape a tensor by the reading order of its elements"
# ## 1.5 A column
#
# Reshaping keeps the numbers and their order and changes only how they are divided into rows. "Order" means reading
# order: the last index runs fastest, as in reading a page line by line. Arrange the numbers of any tensor as a single
# column, of shape $(n, 1)$, in reading order. A model's predictions, one for each input, often have this shape.
#
# The chapter offers `.reshape()` and `.view()` as if they were the same. (With a shape instead of a dtype, `.view`
# changes the shape.) They agree on a tensor whose memory is in reading order (such a tensor is *contiguous*). But
# transposing moves nothing in memory; it only changes the way the memory is read. Take
#
# $$ A = \begin{pmatrix} 0 & 1 & 2 \\ 3 & 4 & 5 \end{pmatrix}, \qquad A^\top =
# \begin{pmatrix} 0 & 3 \\ 1 & 4 \\ 2 & 5 \end{pmatrix} $$
#
# Both share one piece of memory that holds 0, 1, 2, 3, 4, 5. The reading order of $A^\top$ is 0, 3, 1, 4, 2, 5. Without
# copying, PyTorch can read a column only if the next number is always the same distance away in memory. For $A^\top$
# the distances are not equal: from 0 to 3 it is 3 places forward, from 3 to 1 it is 2 places back, and so on. So one of
# the two methods refuses (`RuntimeError`), and the other copies. Find out which, and return the column for contiguous
# tensors and all others.
#
# You need not compute $n$: if you give -1 as one of the sizes, PyTorch works it out.


# %% solution="1.5"
def as_column(t: Shaped[Tensor, "..."]) -> Shaped[Tensor, "n 1"]:
    """All numbers of a tensor as one column, in reading order (last index fastest).

    Args:
        t: a tensor of any rank (0 included) and dtype, contiguous or not, with n elements in all. It is not changed.

    Returns:
        A tensor of shape (n, 1) and of t's dtype.

    Example:
        >>> as_column(torch.tensor([[1, 2], [3, 4]]).T)
        tensor([[1],
                [3],
                [2],
                [4]])
    """
    ### BEGIN SOLUTION
    return t.reshape(-1, 1)
    ### END SOLUTION


# %% [markdown] hints="1.5"
# 1. Try both methods of the chapter on a transposed matrix and read the error message of the one that fails.
# 2. The new shape has two sizes. The second is 1, and the first follows from the number of elements: $n \cdot 1 = n$.
# 3. Use the method that copies when the memory does not fit. Leave the first size to PyTorch and set the second
#    yourself.

# %% [markdown] solved="1.5"
# **Why it works.** A shape is only a way of cutting the reading order into rows. If memory already is in reading order,
# new sizes are enough; after a transpose it is not, and the numbers must first be copied.
#
# **In models.** Before the loss, GPT code flattens logits of shape (batch, tokens, 50257) to two dimensions in the same
# way.
#
# **In PyTorch.** `torch.Tensor.reshape` copies only if it must; a view never copies.
#
# **Next.** 1.6 swaps dimensions, which no reshape can do.

# %% [markdown] exercise="1.6" objective="Tell a transpose from a reshape, for stacks of matrices, too"
# ## 1.6 Transposing a batch
#
# The transpose of a matrix swaps rows and columns: $(A^\top)_{ij} = A_{ji}$. In a language model matrices come in
# stacks, say $(B, T, D)$: $B$ texts of $T$ tokens with $D$ numbers each. Attention (1.11) needs the transpose of *each*
# matrix of the stack, so the last two dimensions are swapped and all dimensions in front of them stay:
#
# $$ (\ldots, n, m) \to (\ldots, m, n), \qquad \text{result}_{\ldots ij} = t_{\ldots ji} $$
#
# Write this for tensors of any rank from 2 up.
#
# The chapter transposes with `.T`, which is right for a matrix. On three dimensions `.T` reverses *all* of them,
# $(B, T, D) \to (D, T, B)$, and a warning says that this will become an error.
#
# The trap is a right shape with wrong contents. `reshape` can give the shape $(\ldots, m, n)$ as well, but it keeps the
# reading order, so most numbers are then in the wrong place, and you get no error. Look at a small tensor of different
# sizes, such as `torch.arange(24).reshape(2, 3, 4)`, and follow a single number: where must the 1 go?
#
# Dimensions can be counted from the end: -1 is the last, -2 the one before.


# %% solution="1.6"
def swap_last_two(t: Shaped[Tensor, "... n m"]) -> Shaped[Tensor, "... m n"]:
    """The transpose of every matrix in a stack of matrices.

    Args:
        t: a tensor of rank 2 or more and any dtype. It is not changed.

    Returns:
        A tensor of t's dtype whose last two dimensions are swapped; all other dimensions stay where they are.

    Example:
        >>> swap_last_two(torch.tensor([[[1, 2, 3], [4, 5, 6]]]))
        tensor([[[1, 4],
                 [2, 5],
                 [3, 6]]])
    """
    ### BEGIN SOLUTION
    return t.transpose(-1, -2)
    ### END SOLUTION


# %% [markdown] hints="1.6"
# 1. You want to swap two named dimensions and leave the others alone, whatever their number. How can you name the last
#    two without knowing the rank?
# 2. $\text{result}_{\ldots ij} = t_{\ldots ji}$: the last two indices change places. The numbers move; this is more
#    than a new shape.
# 3. Look for the tensor method that swaps two given dimensions and returns the result, and give it the last two,
#    counted from the end.

# %% [markdown] solved="1.6"
# **Why it works.** Transposing exchanges two sizes and two strides; no number moves in memory. Counted from the end,
# the last two dimensions have the same names whatever comes before them.
#
# **In models.** Attention multiplies queries by transposed keys, for each text and each head: in GPT-2 these are stacks
# of shape (batch, 12, tokens, 64).
#
# **In PyTorch.** `torch.transpose` swaps any two dimensions.
#
# **Next.** 1.7 looks at the strides behind this.

# %% [markdown] exercise="1.7" objective="Derive strides from a shape"
# ## 1.7 Strides
#
# Memory has no rows and columns. A tensor is one long line of numbers, plus a rule for finding its elements:
# the *strides*. The stride of a dimension says how many elements to skip in memory when its index grows by one:
#
# $$ \text{position} = \sum_i \text{index}_i \cdot \text{stride}_i $$
#
# In row-major order, which PyTorch uses for new tensors, the last index runs fastest, so its stride is 1. One step in
# the dimension before the last skips one full row. For the shape $(2, 3)$ the strides are $(3, 1)$: the element in row
# 1 and column 2 is at position $1\cdot 3 + 2\cdot 1 = 5$.
#
# Write the function that finds the strides of a new tensor from its shape. Strides explain what you met in the last two
# exercises: `transpose` only swaps two sizes and two strides and never touches the numbers, and `view` fails where no
# strides can describe the result.
#
# There are three traps. Which dimension has stride 1, the first or the last? (Fortran and MATLAB have it the other way
# round.) Strides in PyTorch count elements; in NumPy they count bytes. And a scalar has no dimension, so how many
# strides does it have?
#
# Compute the strides from the shape alone, and make no tensor: PyTorch would tell you the numbers but not the rule, and
# some test inputs are shapes of tensors that no memory could hold.


# %% solution="1.7"
def row_major_strides(shape: tuple[int, ...]) -> tuple[int, ...]:
    """The strides of a contiguous tensor, in elements.

    Args:
        shape: the sizes of the dimensions, each at least 1; () for a scalar.

    Returns:
        One stride per dimension: an int, the distance in elements between two neighbors along that dimension.

    Example:
        >>> row_major_strides((5, 3, 2))
        (6, 2, 1)
    """
    ### BEGIN SOLUTION
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(reversed(strides))
    ### END SOLUTION


# %% [markdown] hints="1.7"
# 1. Number the elements of a (2, 3) matrix 0 to 5 in reading order. How far apart are two neighbors in a row, and two
#    in a column?
# 2. $\text{stride}_i = \prod_{j > i} \text{size}_j$: the product of all sizes behind this dimension, its own not
#    included. A product of nothing is 1.
# 3. Walk through the sizes from the last to the first with a running product that starts at 1. At each size note the
#    product first, then multiply it. Put the notes in the order of the dimensions at the end.

# %% [markdown] solved="1.7"
# **Why it works.** One step along a dimension skips everything behind it. So its stride is the product of the later
# sizes, and the last one is the empty product, 1.
#
# **In models.** Thanks to strides, cutting GPT-2's 768 numbers per token into 12 heads of 64, or transposing its keys,
# moves no data at all.
#
# **In PyTorch.** `torch.Tensor.stride` reads them; `torch.as_strided` makes a view with any that you choose.
#
# **Next.** 1.8 multiplies rows by columns.

# %% [markdown] exercise="1.8" objective="Write out a matrix product as sums of products"
# ## 1.8 Matrix multiplication with loops
#
# Most of the work of a language model is matrix products. A matrix $a$ of shape $(n, k)$ times a matrix $b$ of shape
# $(k, m)$ gives a matrix of shape $(n, m)$:
#
# $$ c_{ij} = \sum_{l=1}^{k} a_{il}\, b_{lj} $$
#
# In words: take row $i$ of $a$ and column $j$ of $b$, multiply number by number, and add up. The inner sizes $k$ must
# agree, and they do not appear in the result. For example
#
# $$ \begin{pmatrix} 1 & 2 \\ 3 & 4 \end{pmatrix} \begin{pmatrix} 5 & 6 \\ 7 & 8 \end{pmatrix} =
# \begin{pmatrix} 1\cdot5 + 2\cdot7 & 1\cdot6 + 2\cdot8 \\
# 3\cdot5 + 4\cdot7 & 3\cdot6 + 4\cdot8 \end{pmatrix} = \begin{pmatrix} 19 & 22 \\ 43 & 50 \end{pmatrix} $$
#
# Write the product from multiplications and additions: number by number in loops, or with `*` and `.sum()` on whole
# rows. It takes $n \cdot m \cdot k$ multiplications and as many additions, which is why big models need big machines.
#
# Two traps. With square matrices almost any mix-up of indices still gives some square matrix, so test yours with three
# different sizes. And watch the dtype: `float64` matrices give `float64`, and `int64` matrices give an `int64` result,
# which must be exact even above $2^{53}$, where even `float64` cannot hold every whole number. Where does the dtype of
# your result come from? And its device?
#
# You write it by hand to learn the formula and the shape rule. PyTorch's own product `@` is off limits, and so are its
# relatives (`torch.dot`, `einsum`, `F.linear` and so on).


# %% solution="1.8"
def matmul_loops(a: Num[Tensor, "n k"], b: Num[Tensor, "k m"]) -> Num[Tensor, "n m"]:
    """The matrix product of a and b, from multiplications and additions.

    Args:
        a: shape (n, k), float or int64.
        b: shape (k, m), of the same dtype and on the same device as a.

    Returns:
        The product, shape (n, m), of the dtype of a and on its device.

    Example:
        >>> matmul_loops(torch.tensor([[1, 2, 3]]), torch.tensor([[4], [5], [6]]))
        tensor([[32]])
    """
    ### BEGIN SOLUTION
    (n, k), m = a.shape, b.shape[1]
    c = a.new_zeros(n, m)
    for i in range(n):
        for j in range(m):
            for l in range(k):
                c[i, j] += a[i, l] * b[l, j]
    return c
    ### END SOLUTION


# %% [markdown] hints="1.8"
# 1. Work out one single entry of the result on paper. Which row and which column did you use, and how many products did
#    you add?
# 2. $c_{ij} = \sum_l a_{il} b_{lj}$: the sum runs over the second index of $a$ and the first index of $b$; $i$ and $j$
#    stay fixed meanwhile.
# 3. Make a result full of zeros with the right shape, and with the dtype and the device of $a$. Loop over its rows and
#    columns; inside, loop over the inner size and add one product at a time to the entry. Make sure the inner loop sees
#    all of it.

# %% [markdown] solved="1.8"
# **Why it works.** Each entry of the result is the dot product of one row and one column; the inner size is summed
# away. Making the result like the first matrix gives it the right dtype and device.
#
# **In models.** Nearly all of a GPT's work is this. One token on its way through GPT-2 small takes about 124 million
# multiplications in linear layers.
#
# **In PyTorch.** `torch.matmul` does it for whole stacks of matrices.
#
# **Next.** 1.9 multiplies a matrix by its own transpose.

# %% [markdown] exercise="1.9" objective="Explain a matrix times its transpose as the dot products of its rows"
# ## 1.9 The Gram matrix
#
# The chapter's last example is `tensor2d @ tensor2d.T`. This product has a name and a meaning. Write $t_i$ for row $i$
# of a matrix $t$ of shape $(n, d)$. Then
#
# $$ G = t\, t^\top, \qquad G_{ij} = t_i \cdot t_j = \sum_l t_{il}\, t_{jl} $$
#
# is the *Gram matrix*: all dot products of the rows with each other, of shape $(n, n)$. A dot product measures how well
# two vectors agree, so if the rows are tokens, $G$ says how similar any two tokens are. *Attention*, the part of a
# model in which tokens exchange information, starts from such a table. $G$ is symmetric, and its diagonal holds the
# squared lengths of the rows. For the chapter's matrix with the rows 1, 2 and 3, 4 it is
#
# $$ \begin{pmatrix} 1\cdot1 + 2\cdot2 & 1\cdot3 + 2\cdot4 \\
# 3\cdot1 + 4\cdot2 & 3\cdot3 + 4\cdot4 \end{pmatrix} = \begin{pmatrix} 5 & 11 \\ 11 & 25 \end{pmatrix} $$
#
# You may use PyTorch's own product here. The trap: `@` is the matrix product, while `*` multiplies entry by entry. And
# $t\,t^\top$ compares rows, while $t^\top t$ compares columns: for a square $t$ both have the same shape, so the shape
# cannot show you a mix-up.
#
# The chapter multiplies a matrix of whole numbers. This works on the CPU; on an NVIDIA GPU, PyTorch has no matrix
# product for `int64` (reported as number 44428 on its GitHub page). Your function gets whole numbers on the CPU only,
# so convert nothing: from whole numbers you must return exact whole numbers.


# %% solution="1.9"
def gram(t: Num[Tensor, "n d"]) -> Num[Tensor, "n n"]:
    """All dot products of the rows of a matrix with each other.

    Args:
        t: shape (n, d), float or int64.

    Returns:
        Shape (n, n), of t's dtype; entry (i, j) is the dot product of row i and row j.

    Example:
        >>> gram(torch.tensor([[1, 2, 0], [0, 3, 1]]))
        tensor([[ 5,  6],
                [ 6, 10]])
    """
    ### BEGIN SOLUTION
    return t @ t.T
    ### END SOLUTION


# %% [markdown] hints="1.9"
# 1. Which shape must come out of a (3, 2) matrix: (3, 3) or (2, 2)? This decides where the transpose goes.
# 2. $G = t\,t^\top$, so the shapes are $(n, d)(d, n) \to (n, n)$.
# 3. Take the matrix product (not the product entry by entry) of the matrix and its transpose, in this order, and
#    convert nothing.

# %% [markdown] solved="1.9"
# **Why it works.** Column j of the transpose is row j of the matrix. So entry (i, j) is the dot product of two rows,
# and swapping i and j changes nothing.
#
# **In models.** Attention scores are such a table, with queries on one side and keys on the other. Search with
# embeddings ranks documents by one row of it.
#
# **In PyTorch.** `torch.mm` multiplies two matrices; `@` does that and more.
#
# **Next.** 1.10 says what happens when shapes differ.

# %% [markdown] exercise="1.10" objective="Apply the rules of broadcasting to any two shapes"
# ## 1.10 Broadcasting
#
# A vector of shape $(D,)$ can be added to a tensor of shape $(B, T, D)$ without a loop. PyTorch *broadcasts*: it
# behaves as if the smaller tensor were repeated until both have one shape. The rule needs only the two shapes:
#
# 1. Write the shapes below each other, aligned at the *right*. Where the shorter one has nothing, put a 1.
# 2. In each column the two sizes must be equal, or one of them must be 1. A 1 is then stretched to the other size.
# 3. If any column breaks this rule, the shapes are incompatible.
#
# For example, tensors of shapes $(4, 1, 3)$ and $(2, 3)$ give
#
# $$ \begin{array}{ccc} 4 & 1 & 3 \\ & 2 & 3 \\ \hline 4 & 2 & 3 \end{array} $$
#
# Only a 1 can be stretched: a 2 cannot become a 4. And a dimension of size 0, which holds no elements, follows the same
# rule: together with a 1 it gives 0.
#
# Write the rule as a function. It matters because broadcasting hides mistakes. If somebody subtracts labels (the right
# answers) of shape $(5,)$ from predictions of shape $(5, 1)$, an error would be best. But the rule gives $(5, 5)$, so
# PyTorch computes 25 differences instead of 5, and the loss is wrong without any warning.
#
# Write it without `torch.broadcast_shapes`, `expand` and the like: you will apply this rule in your head at every line
# of model code that adds or multiplies. Some test inputs are shapes of tensors that no memory could hold.


# %% solution="1.10"
def broadcast_shape(a: tuple[int, ...], b: tuple[int, ...]) -> tuple[int, ...]:
    """The shape of x + y for a tensor x of shape a and a tensor y of shape b.

    Args:
        a, b: shapes of any length, () included; sizes are 0 or greater.

    Returns:
        The common shape, as long as the longer of the two.

    Raises:
        ValueError: the shapes cannot be broadcast together.

    Example:
        >>> broadcast_shape((3, 1), (4,))
        (3, 4)
    """
    ### BEGIN SOLUTION
    length = max(len(a), len(b))
    padded_a = (1,) * (length - len(a)) + a
    padded_b = (1,) * (length - len(b)) + b
    common = []
    for p, q in zip(padded_a, padded_b, strict=True):
        if p != q and p != 1 and q != 1:
            raise ValueError(f"{a} and {b} do not broadcast: {p} meets {q}")
        common.append(q if p == 1 else p)
    return tuple(common)
    ### END SOLUTION


# %% [markdown] hints="1.10"
# 1. Make both shapes equally long before you compare anything. On which side do the missing sizes go?
# 2. For a pair of sizes $(p, q)$: if $p = q$ the result is $p$; if $p = 1$ it is $q$; if $q = 1$ it is $p$; in every
#    other case there is none. The greater of the two is a different rule: try the pairs (0, 1) and (2, 3).
# 3. Put ones in front of the shorter shape. Go through the pairs of sizes and decide each by the rule, raising the
#    error where no case applies. Collect the results in order and return them as a tuple.

# %% [markdown] solved="1.10"
# **Why it works.** Aligned at the right, each pair of sizes decides on its own: equal ones stay, a 1 takes on the other
# size, everything else is an error. A missing dimension counts as 1.
#
# **In models.** A bias of shape (768,) meets GPT-2's activations (batch, tokens, 768) by this rule, and one causal mask
# serves all heads of all texts.
#
# **In PyTorch.** `torch.broadcast_shapes` does it for any number of shapes.
#
# **Next.** 1.11 cuts and swaps. In 4.5 you go backward through broadcasting.

# %% [markdown] exercise="1.11" objective="Split a tensor into attention heads by reshape and transpose, and merge them"
# ## 1.11 Splitting into attention heads
#
# A transformer (the network inside every GPT) lets several *attention heads* look at the text side by side, each with
# its own share of a token's numbers. For $B$ texts of $T$ tokens with $D$ numbers each and $H$ heads, a head gets
# $d = D / H$ of them: head 0 the first $d$, head 1 the next $d$, and so on. The formula of attention (6.6) then works
# on the last two dimensions, so each head needs a $(T, d)$ matrix of its own:
#
# $$ (B, T, D) \;\to\; (B, H, T, d), \qquad
# \text{result}_{b,h,t,i} = x_{b,\,t,\,h \cdot d + i}, \quad i = 0, \dots, d - 1 $$
#
# Write `split_heads`, which does this, and `merge_heads`, which puts the heads of each token side by side again,
# $(B, H, T, d) \to (B, T, D)$. GPT-2 small does it with $D = 768$ and $H = 12$, so $d = 64$, in each of its 12 layers
# (parts of the model, one after the other).
#
# Published code has had this mistake: reshaping $x$ directly to $(B, H, T, d)$ gives the right shape, but mixes the
# numbers of different tokens. Reshaping keeps the reading order of $x$, in which all $D$ numbers of the first token,
# for all heads, come before those of the second token. Which shape can you reshape to, and what must follow? It proves
# nothing if merging gives back what you have split: for two functions that only reshape, this is true, too. Follow a
# single number instead: to which head does the last number of the first token belong?
#
# There is a second trap in `merge_heads`, which you know from 1.5: a tensor whose dimensions were swapped is not
# contiguous. Your function will be given heads of both kinds, contiguous and not.


# %% solution="1.11"
def split_heads(x: Float[Tensor, "B T D"], heads: int) -> Float[Tensor, "B H T d"]:
    """Gives each attention head its share of every token.

    Args:
        x: shape (B, T, D), contiguous or not. It is not changed.
        heads: the number of heads H, which divides D.

    Returns:
        Shape (B, H, T, d) with d = D / H, of x's dtype; head h holds the numbers h*d to (h+1)*d - 1 of each token.

    Example:
        >>> split_heads(torch.tensor([[[1.0, 2, 3, 4], [5, 6, 7, 8], [9, 10, 11, 12]]]), 2).tolist()
        [[[[1.0, 2.0], [5.0, 6.0], [9.0, 10.0]], [[3.0, 4.0], [7.0, 8.0], [11.0, 12.0]]]]
    """
    ### BEGIN SOLUTION
    batch, tokens, width = x.shape
    return x.view(batch, tokens, heads, width // heads).transpose(1, 2)
    ### END SOLUTION


# %% solution="1.11"
def merge_heads(o: Float[Tensor, "B H T d"]) -> Float[Tensor, "B T D"]:
    """Puts the heads of each token side by side again; undoes split_heads.

    Args:
        o: shape (B, H, T, d), contiguous or not. It is not changed.

    Returns:
        Shape (B, T, D) with D = H * d, of o's dtype; each token has the numbers of head 0 first, then of head 1, ...

    Example:
        >>> merge_heads(torch.tensor([[[[1.0, 2], [5, 6], [9, 10]], [[3, 4], [7, 8], [11, 12]]]]))
        tensor([[[ 1.,  2.,  3.,  4.],
                 [ 5.,  6.,  7.,  8.],
                 [ 9., 10., 11., 12.]]])
    """
    ### BEGIN SOLUTION
    batch, heads, tokens, size = o.shape
    return o.transpose(1, 2).reshape(batch, tokens, heads * size)
    ### END SOLUTION


# %% [markdown] hints="1.11"
# 1. Do it in two steps, with a shape of rank 4 in between. Cutting the last dimension in two is harmless; which order
#    do the four dimensions have right after the cut, and which order do you need?
# 2. Splitting: $(B, T, D) \to (B, T, H, d) \to (B, H, T, d)$. The first arrow keeps the reading order, the second swaps
#    two dimensions. Merging walks the same way back.
# 3. To split, cut the last dimension into heads and size of a head (in this order), then swap the dimensions of tokens
#    and heads. To merge, swap these two back first, then join the last two into one, with the method that copies where
#    the memory does not fit.

# %% [markdown] solved="1.11"
# **Why it works.** Cutting the last dimension keeps the reading order, so a token's numbers for one head stay together;
# then the swap puts heads before tokens. Merging undoes both, last step first.
#
# **In models.** GPT-2 small makes 12 heads of 64 numbers in each of its 12 layers, and merges them before the output
# projection.
#
# **In PyTorch.** `torch.nn.MultiheadAttention` splits and merges inside.
#
# **Next.** Assignment 02 counts a GPT's parameters; 6.7 puts your own attention between these two.

# %% [markdown] picture="below"
# ## What your functions draw
#
# The picture shows twelve numbers, and what your own `row_major_strides`, `as_column`, `swap_last_two`, `split_heads`
# and `merge_heads` make of them. Which functions move numbers in memory, and which only read the same numbers in
# another order? And what does a reshape alone do to the colors?
#
# In the notebook, run the next cell to draw it (this file has no such cell). In a terminal, `pytest` and
# `gradlings watch` (which tests your file whenever you save it) write it as `heads.png` beside this file when 1.11 is
# right. There are no points for it. If one of the functions is not right yet, a sentence names it.
