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


# %% [markdown]
# ## 1.1 Four ranks
#
# *3 points · about 5 minutes · difficulty 1 of 3*
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

# %%
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
    raise NotImplementedError("Exercise 1.1: make_ranks")


# %% [markdown]
# ## 1.2 The shape of nested lists
#
# *13 points · about 20 minutes · difficulty 2 of 3 · builds on 1.1*
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

# %%
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
    raise NotImplementedError("Exercise 1.2: nested_shape")


# %% [markdown]
# ## 1.3 Which dtype comes out
#
# *10 points · about 15 minutes · difficulty 2 of 3 · builds on 1.2*
#
# *Not allowed here: making a tensor or an array to read its dtype (torch.tensor, np.array ...), and result_type, which
# tells it.*
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

# %%
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
    raise NotImplementedError("Exercise 1.3: predict_dtype")


# %% [markdown]
# ## 1.4 Changing the dtype
#
# *3 points · about 5 minutes · difficulty 1 of 3 · builds on 1.3*
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

# %%
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
    raise NotImplementedError("Exercise 1.4: to_float32")


# %% [markdown]
# ## 1.5 A column
#
# *6 points · about 10 minutes · difficulty 1 of 3 · builds on 1.2*
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

# %%
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
    raise NotImplementedError("Exercise 1.5: as_column")


# %% [markdown]
# ## 1.6 Transposing a batch
#
# *7 points · about 10 minutes · difficulty 2 of 3 · builds on 1.5*
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

# %%
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
    raise NotImplementedError("Exercise 1.6: swap_last_two")


# %% [markdown]
# ## 1.7 Strides
#
# *10 points · about 15 minutes · difficulty 2 of 3 · builds on 1.5, 1.6*
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

# %%
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
    raise NotImplementedError("Exercise 1.7: row_major_strides")


# %% [markdown]
# ## 1.8 Matrix multiplication with loops
#
# *13 points · about 20 minutes · difficulty 2 of 3 · builds on 1.2*
#
# *Not allowed here: ready-made matrix and dot products (the @ operator, matmul, einsum, nn.Linear and their
# relatives).*
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

# %%
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
    raise NotImplementedError("Exercise 1.8: matmul_loops")


# %% [markdown]
# ## 1.9 The Gram matrix
#
# *6 points · about 10 minutes · difficulty 1 of 3 · builds on 1.6, 1.8*
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

# %%
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
    raise NotImplementedError("Exercise 1.9: gram")


# %% [markdown]
# ## 1.10 Broadcasting
#
# *13 points · about 20 minutes · difficulty 3 of 3 · builds on 1.2*
#
# *Not allowed here: ready-made broadcasting rules (torch.broadcast_shapes, expand, np.broadcast and their relatives).*
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

# %%
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
    raise NotImplementedError("Exercise 1.10: broadcast_shape")


# %% [markdown]
# ## 1.11 Splitting into attention heads
#
# *16 points · about 25 minutes · difficulty 3 of 3 · builds on 1.5, 1.6, 1.7*
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

# %%
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
    raise NotImplementedError("Exercise 1.11: split_heads")


# %%
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
    raise NotImplementedError("Exercise 1.11: merge_heads")

# %% [markdown]
# ## What your functions draw
#
# The picture shows twelve numbers, and what your own `row_major_strides`, `as_column`, `swap_last_two`, `split_heads`
# and `merge_heads` make of them. Which functions move numbers in memory, and which only read the same numbers in
# another order? And what does a reshape alone do to the colors?
#
# In the notebook, run the next cell to draw it (this file has no such cell). In a terminal, `pytest` and
# `gradlings watch` (which tests your file whenever you save it) write it as `heads.png` beside this file when 1.11 is
# right. There are no points for it. If one of the functions is not right yet, a sentence names it.
