"""The names of plain code: what nearly all submissions are made of, and what each rule says of it.

What is not listed is not thereby wrong; `forbidden_plain` only has nothing to say of code that uses it.
"""

from __future__ import annotations

import collections
import dataclasses
import functools
import itertools
import math
import typing
from functools import lru_cache

import jaxtyping
import torch
from torch.nn import functional

from gradlings.model.rules import RULES, Rule, names_in

MODULES = names_in(
    """__future__ gradlings collections collections.abc dataclasses functools itertools jaxtyping math torch
    torch.nn torch.nn.functional typing"""
)
MODULES_ELSEWHERE = names_in("torch.autograd torch.autograd.functional torch.func torch.optim")
BUILTINS = names_in(
    """Ellipsis None NotImplemented __name__ abs all any bin bool bytearray bytes callable chr complex dict divmod
    enumerate filter float format frozenset hex id int isinstance issubclass iter len list map max min next object
    ord pow print property range repr reversed round set slice sorted staticmethod str sum super tuple zip
    ArithmeticError AssertionError Exception IndexError KeyError LookupError NotImplementedError OverflowError
    RuntimeError StopIteration TypeError ValueError ZeroDivisionError"""
)
_OF_PYTHON = names_in(  # members of Python's own types, of math and of the other small modules
    """append appendleft extend insert pop popleft popitem remove clear copy index count sort reverse keys values items
    get setdefault update add discard union intersection difference issubset issuperset split rsplit splitlines join
    strip lstrip rstrip replace lower upper startswith endswith find partition rpartition isdigit isalpha isspace
    encode decode is_integer bit_length most_common elements pi e inf nan tau exp expm1 log log2 log10 log1p sin cos
    tan sinh cosh atan atan2 asin acos trunc fsum fabs hypot isqrt gcd lcm comb factorial erf fmod ldexp __init__
    annotations deque defaultdict Counter OrderedDict Callable Iterable Iterator Sequence Mapping Collection
    Generator Hashable dataclass field partial reduce lru_cache cache wraps chain product cycle repeat accumulate
    zip_longest islice takewhile permutations combinations pairwise Any Optional Union TypedDict NamedTuple Literal
    TypeVar Final cast check Float Int Bool Integer Num Shaped Real Complex Float32 Float64 Int32 Int64"""
)
_OF_TORCH = names_in(  # members of torch, torch.nn, torch.nn.functional and of tensors
    """Tensor Size Module ModuleList ModuleDict Parameter ParameterList ParameterDict Sequential Linear Embedding
    LayerNorm Dropout ReLU GELU Tanh Sigmoid Softmax CrossEntropyLoss MSELoss BCELoss nn functional float16 bfloat16
    float32 float64 int8 int16 int32 int64 uint8 bool double float half int long short shape dtype device ndim dim
    numel size nelement element_size stride is_contiguous storage_offset data_ptr is_floating_point requires_grad
    is_leaf T mT real strides itemsize nbytes layout abs absolute add addcmul addcdiv all allclose amax amin any
    aminmax argmax argmin argsort arange as_tensor atleast_1d atleast_2d bincount bmm broadcast_tensors broadcast_to
    broadcast_shapes bucketize cat ceil chunk clamp clamp_max clamp_min clone concat concatenate contiguous copysign
    count_nonzero cpu cummax cumprod cumsum detach diag diag_embed diagonal diff div divide dot einsum empty
    empty_like eq equal exp2 expand expand_as eye flatten flip floor floor_divide full full_like gather ge greater
    gt index_add index_select inner isclose isfinite isin isinf isnan item le lerp less linear linspace log_softmax
    logaddexp logical_and logical_not logical_or logical_xor logspace logsumexp lt masked_fill masked_select matmul
    maximum mean median meshgrid minimum mm movedim mul multinomial multiply mv narrow ne neg negative new_empty
    new_full new_ones new_tensor new_zeros no_grad nonzero norm normalize numpy one_hot ones ones_like outer pad
    permute positive pow prod rand rand_like randint randint_like randn randn_like randperm reciprocal relu
    remainder repeat_interleave reshape reshape_as roll round rsqrt scatter scatter_add select sigmoid sign softmax
    sqrt square squeeze stack std std_mean sub subtract sum swapaxes swapdims t take tanh tensor tensor_split
    tensordot tile to tolist topk trace transpose tril triu true_divide type_as unbind unflatten unfold unique
    unsqueeze max min linalg vector_norm var var_mean vdot view view_as where zeros zeros_like manual_seed
    cross_entropy nll_loss binary_cross_entropy binary_cross_entropy_with_logits mse_loss gelu silu softplus
    layer_norm dropout embedding finfo iinfo eps tiny add_ clamp_ copy_ div_ exp_ fill_ floor_ masked_fill_ mul_
    neg_ pow_ scatter_add_ sqrt_ sub_ t_ transpose_ unsqueeze_ squeeze_ zero_ backward requires_grad_ detach_ parameters
    named_parameters train eval training optim Adam AdamW SGD zero_grad step"""
)
LISTED = _OF_PYTHON | _OF_TORCH
FIELDS = names_in("grad data")
"""Members of a tensor that only hold something; the functions of that name are behind others that are not listed."""
ELSEWHERE = names_in(
    "autograd func special grad_fn retain_grad retain_graph create_graph Optimizer state_dict load_state_dict"
)
"""What other parts of the file may use, with all that rules are about: it changes nothing for the code in question."""
UNWATCHED = names_in("tensor")
"""Rules about what Python's own syntax does, too: an index makes a tensor."""
AT_ANY_TIME = names_in(
    """__call__ __len__ __iter__ __next__ __getitem__ __setitem__ __contains__ __bool__ __add__ __radd__ __iadd__
    __sub__ __rsub__ __mul__ __rmul__ __truediv__ __rtruediv__ __neg__ __pow__ __rpow__ __eq__ __ne__ __lt__ __le__
    __gt__ __ge__ __hash__ __abs__ __float__ __int__ __repr__ __str__"""
)
"""Methods that run without being named."""
METHODS = AT_ANY_TIME | {"__init__"}
_OWNERS = {
    module.__name__: frozenset(dir(module))
    for module in (
        *(collections, dataclasses, functools, itertools, jaxtyping, math, typing),
        *(torch, torch.nn, functional, torch.linalg, torch.optim),
    )
}
_OWNERS["torch.Tensor"] = frozenset(name for name in dir(torch.Tensor) if callable(getattr(torch.Tensor, name, None)))
NOT_OURS = frozenset().union(*_OWNERS.values())
"""Names that mean something in the library, even where a submission has members of that name."""


@lru_cache(maxsize=64)
def forbidden_by(rule: Rule) -> frozenset[str]:
    """The names a rule is about, of members of the library that plain code can get at, and of all it names itself."""
    known = LISTED | NOT_OURS
    found = rule.methods | rule.attributes | rule.aten | {path.rpartition(".")[2] for path in rule.entries}
    found |= set(filter(rule.covers_word, known))
    if rule.paths:
        found |= {
            name for owner, names in _OWNERS.items() for name in names & known if rule.covers_path(f"{owner}.{name}")
        }
    return found - FIELDS


@lru_cache(maxsize=1)
def forbidden_by_any() -> frozenset[str]:
    return frozenset().union(*map(forbidden_by, RULES.values()))
