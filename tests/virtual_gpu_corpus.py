# mypy: ignore-errors
"""Functions as students write them, labeled with what they would do on a GPU.

Each takes `x`, a float32 tensor of shape (4, 3) on the device; some take more, see `more`. The labels follow CUDA's
documented behavior, they were not obtained on a GPU:

clean        runs, and what comes back is on the GPU (or is no tensor)
mixed        raises: tensors of two devices meet, or NumPy is handed a tensor of the GPU
left         runs, but a result is on the CPU
unsupported  raises: CUDA has no such operation
unknown      the virtual GPU says that it cannot judge this
"""

import contextlib
import copy
import functools
import math
from collections import OrderedDict, namedtuple
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint
from torch.utils.data import DataLoader, TensorDataset


@dataclass(frozen=True)
class Case:
    """One labeled function. `more()` gives its further arguments."""

    name: str
    function: Callable[..., Any]
    label: str
    more: Callable[[], tuple[Any, ...]]


CASES: list[Case] = []


def labeled(label: str, more: Callable[[], tuple[Any, ...]] = tuple) -> Callable[[Any], Any]:
    def add(function: Any) -> Any:
        CASES.append(Case(function.__name__, function, label, more))
        return function

    return add


clean, mixed, left = labeled("clean"), labeled("mixed"), labeled("left")
unsupported, unknown = labeled("unsupported"), labeled("unknown")


# ---- tensors: shapes, kinds, indexing


@clean
def ranks_on_the_device(x):
    return tuple(torch.ones((2,) * rank, device=x.device) for rank in range(4)), x.new_zeros(2)


@clean
def column(x):
    return x.T.reshape(-1, 1)


@clean
def swap_axes_and_copy(x):
    return x.unsqueeze(0).transpose(-1, -2).contiguous().flatten()


@clean
def matmul_by_loops(x):
    other = x.T
    out = torch.zeros(x.shape[0], other.shape[1], dtype=x.dtype, device=x.device)
    for i in range(out.shape[0]):
        for j in range(out.shape[1]):
            for k in range(x.shape[1]):
                out[i, j] += x[i, k] * other[k, j]
    return out


@clean
def matmul_by_broadcasting(x):
    return (x[:, :, None] * x.T[None]).sum(1)


@clean
def heads_split_and_merged(x):
    heads = x.reshape(2, 2, 3, 1).transpose(1, 2)
    return heads.transpose(1, 2).reshape(4, 3)


@clean
def integer_sum_of_products(x):
    n = x.long()
    return (n[:, None] * n[None]).sum(-1)


@clean
def item_in_a_condition(x):
    return x / x.norm() if x.norm().item() > 1e-6 else torch.zeros_like(x)


@clean
def truth_of_a_tensor(x):
    while (x.abs() > 4).any():
        x = x / 2
    return x


@clean
def python_float_of_an_entry(x):
    return x * float(x[0, 0]) + math.tanh(x[1, 1])


@clean
def format_and_print(x):
    text = f"{x.mean():.3f} {x.tolist()} {x!r} {x.shape}"
    return x + 0 * len(text)


@clean
def only_a_number_comes_back(x):
    return x.sum().item(), x.tolist(), tuple(x.shape)


@clean
def iterate_over_rows(x):
    return torch.stack([row.softmax(0) for row in x])


@clean
def mask_by_comparison(x):
    y = x.clone()
    y[y < 0] = 0
    return y, x[x > 0], torch.where(x > 0, x, 0.0)


@clean
def cpu_indices(x):
    return x[torch.tensor([2, 0])], x[:, torch.arange(2)]


@clean
def cpu_and_gpu_indices(x):
    return x[torch.arange(x.shape[0]), x.argmax(dim=1)]


@clean
def assign_at_cpu_indices(x):
    y = x.clone()
    y[torch.tensor([0, 3])] = 7.0
    y[torch.tensor([1]), torch.tensor([2])] = torch.tensor(5.0)
    return y


@clean
def cpu_mask_indexes(x):
    return x[torch.tensor([True, False, True, False])]


@clean
def zero_dim_cpu_scalars(x):
    return (x * torch.tensor(0.5) + torch.tensor(1)) / torch.tensor(3.0, dtype=torch.float64)


@clean
def running_total_from_a_cpu_zero(x):
    total = torch.tensor(0.0)
    for row in x:
        total = total + row.sum()
    return total


@clean
def zero_dim_in_where_and_fill(x):
    y = torch.where(x > 0, x, torch.tensor(0.0))
    return y.masked_fill(y > 1, torch.tensor(1.0)).clamp(max=1.0)


@clean
def one_hot_of_gpu_labels(x):
    return F.one_hot(x.argmax(1), num_classes=3).to(x.dtype)


@clean
def one_hot_by_scatter(x):
    return torch.zeros_like(x).scatter_(1, x.argmax(1, keepdim=True), 1.0)


@clean
def one_hot_by_eye(x):
    return torch.eye(3, device=x.device)[x.argmax(1)]


@clean
def types_there_and_back(x):
    return x.double().float().to(torch.float16).type_as(x), x.to(dtype=torch.float64), x.int().bool()


@clean
def number_of_a_device(x):
    if not x.is_cuda:
        return x
    return x + torch.zeros(3).to(0) + torch.zeros(3).cuda() + torch.zeros(3, device="cuda:0")


@clean
def asks_where_it_is(x):
    if x.is_cuda and x.get_device() == 0 and x.device.type != "cpu" and not x.is_cpu:
        return x + torch.ones(3, device="cuda")
    return x + torch.ones(3)


@clean
def asks_cuda(x):
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    if device.type == "cuda":
        torch.cuda.synchronize()
    return x + torch.arange(3, device=device)


@clean
def numpy_round_trip(x):
    values = np.exp(x.detach().cpu().numpy())
    return torch.from_numpy(values).to(x.device), torch.as_tensor(values, device=x.device)


@clean
def numpy_by_force(x):
    return torch.tensor(x.numpy(force=True) * 2).to(x)


@clean
def tensor_of_a_tensor(x):
    return torch.as_tensor(x), torch.asarray(x), x.new_tensor([1.0, 2.0, 3.0]) * x


@clean
def to_in_every_form(x):
    ones = torch.ones(3)
    return (
        ones.to(x.device, torch.float64),
        ones.to(device=x.device, dtype=torch.float16),
        ones.to(x),
        ones.to(tensor=x),
        ones.to(str(x.device), non_blocking=True, copy=True),
        x.to(torch.float64, copy=True),
    )


@clean
def arange_as_positions(x):
    return x + torch.arange(x.shape[0], device=x.device)[:, None]


@clean
def sorting_and_counting(x):
    values, order = x.flatten().sort(descending=True)
    return values.cumsum(0), order, torch.unique(x.round()), torch.bincount(x.argmax(1), minlength=3), x.topk(2)


@clean
def deep_copies(x):
    layer = nn.Linear(3, 3).to(x.device)
    return copy.deepcopy(layer)(copy.deepcopy(x)), copy.copy(x)


@clean
def out_argument(x):
    out = torch.empty_like(x)
    torch.mul(x, 2.0, out=out)
    return out


@clean
def einsum_of_itself(x):
    return torch.einsum("id,jd->ij", x, x)


@mixed
def zeros_without_device(x):
    out = torch.zeros(x.shape)
    return x + out


@mixed
def positions_without_device(x):
    return x + torch.arange(x.shape[0])[:, None]


@mixed
def row_of_constants(x):
    return x * torch.tensor([1.0, 10.0, 100.0])


@mixed
def one_constant_in_a_list(x):
    return x * torch.tensor([2.0])


@mixed
def old_constructor(x):
    return x - torch.Tensor([1.0, 2.0, 3.0])


@mixed
def cat_with_a_bias_column(x):
    return torch.cat((x, torch.ones(x.shape[0], 1)), dim=1)


@mixed
def cat_onto_nothing(x):
    collected = torch.tensor([])
    for row in x:
        collected = torch.cat([collected, row])
    return collected


@mixed
def stack_with_a_cpu_scalar(x):
    return torch.stack([x.sum(), torch.tensor(1.0)])


@mixed
def row_of_eye(x):
    return torch.eye(3)[x.argmax(1)]


@mixed
def numpy_without_cpu(x):
    return torch.from_numpy(x.detach().numpy() * 2).to(x.device)


@mixed
def numpy_function_on_a_tensor(x):
    return torch.as_tensor(np.tanh(x)).to(x.device)


@mixed
def numpy_array_of_rows(x):
    return torch.tensor(np.array([row.sum() for row in x])).to(x.device)


@mixed
def add_into_a_cpu_scalar(x):
    total = torch.tensor(0.0)
    for row in x:
        total += row.sum()
    return total


@mixed
def add_into_cpu_memory(x):
    out = torch.zeros(3)
    for row in x:
        out += row
    return out


@mixed
def gather_with_a_cpu_index(x):
    return x.gather(1, torch.tensor([[0], [1], [2], [0]]))


@mixed
def select_with_a_cpu_index(x):
    return x.index_select(0, torch.tensor([1, 2]))


@mixed
def cpu_values_into_a_slice_by_mask(x):
    y = x.clone()
    y[torch.tensor([0, 1])] = torch.zeros(2, 3)
    return y


@mixed
def cpu_device_by_name(x):
    return x + torch.ones(4, 3, device="cpu")


@mixed
def only_half_of_it_moved(x):
    return x.cpu() @ x.T


@mixed
def moved_but_not_kept(x):
    weights = torch.ones(3, 2)
    weights.to(x.device)
    return x @ weights


@mixed
def compare_with_the_cpu(x):
    return torch.equal(x, torch.zeros(4, 3))


@left
def filled_on_the_cpu(x):
    out = torch.zeros(x.shape[0])
    for i, row in enumerate(x):
        out[i] = row.sum()
    return out


@left
def from_items(x):
    return torch.tensor([row.max().item() for row in x])


@left
def from_a_list_of_tensors(x):
    return torch.tensor([row.max() for row in x])


@left
def stays_in_numpy(x):
    return torch.from_numpy(np.maximum(x.cpu().numpy(), 0))


@left
def one_of_two_results(x):
    return {"loss": x.mean(), "mask": [torch.tril(torch.ones(4, 4))]}


@left
def detached_to_the_cpu(x):
    return x.detach().to("cpu").exp()


@unsupported
def gram_of_integers(x):
    n = x.round().long()
    return n @ n.T


@unsupported
def integer_einsum(x):
    n = x.int()
    return torch.einsum("ik,jk->ij", n, n)


@unsupported
def apply_a_python_function(x):
    return x.clone().apply_(abs)


# ---- autodiff by hand


@clean
def sigmoid_in_two_branches(x):
    out = torch.empty_like(x)
    positive = x >= 0
    out[positive] = 1 / (1 + torch.exp(-x[positive]))
    small = torch.exp(x[~positive])
    out[~positive] = small / (1 + small)
    return out


@labeled("clean", more=lambda: (torch.tensor(2.0), torch.tensor(0.5), torch.tensor(1.0)))
def gradients_of_one_neuron(x, w, b, y):
    a = torch.sigmoid(x[0, 0] * w + b)
    return (a - y) * x[0, 0], a - y


@labeled("clean", more=lambda: (torch.zeros(3), torch.tensor(0.1), torch.tensor([0.0, 1.0, 1.0, 0.0])))
def gradients_of_a_batch(X, w, b, y):
    error = torch.sigmoid(X @ w + b) - y
    return X.T @ error / len(y), error.mean()


@clean
def numeric_gradient(x):
    def loss(v):
        return (v**3).sum() + v.prod()

    at = x.double()
    gradient = torch.zeros_like(at)
    flat = at.view(-1)
    for i in range(flat.numel()):
        kept = flat[i].item()
        flat[i] = kept + 1e-5
        above = loss(at)
        flat[i] = kept - 1e-5
        gradient.view(-1)[i] = (above - loss(at)) / 2e-5
        flat[i] = kept
    return gradient


@clean
def relative_error(x):
    difference = (x - x.flip(0)).abs()
    largest = torch.maximum(x.abs(), x.flip(0).abs())
    ratio = torch.where(largest > 0, difference / largest, torch.zeros_like(x))
    return float("inf") if torch.isnan(ratio).any() else ratio.max()


@clean
def autograd_of_a_loss(x):
    w = torch.full((3,), 0.5, device=x.device, requires_grad=True)
    y = torch.tensor([0.0, 1.0, 0.0, 1.0], device=x.device)
    F.binary_cross_entropy_with_logits(x @ w, y).backward()
    return w.grad


@clean
def autograd_of_a_scalar_on_the_cpu(x):
    scale = torch.tensor(2.0, requires_grad=True)
    weights = torch.ones(3, requires_grad=True)
    loss = (x * scale * weights.exp().sum()).sum()
    loss.backward()
    return scale.grad.to(x.device), weights.grad.to(x.device)


@clean
def second_derivative(x):
    v = x.clone().requires_grad_()
    (first,) = torch.autograd.grad((v**3).sum(), v, create_graph=True)
    return torch.autograd.grad(first.sum(), v)[0]


@clean
def gradient_through_a_move(x):
    w = torch.ones(3, requires_grad=True)
    loss = ((x @ w.to(x.device)).cpu() ** 2).sum()
    loss.backward()
    return w.grad.to(x.device)


@clean
def functional_gradient(x):
    return torch.func.grad(lambda w: (x @ w).square().mean())(torch.ones(3, device=x.device))


@clean
def per_sample_gradients(x):
    w = torch.ones(3, device=x.device)
    return torch.func.vmap(torch.func.grad(lambda v, row: (row @ v).tanh()), in_dims=(None, 0))(w, x)


@clean
def jacobians(x):
    return torch.func.jacrev(torch.sigmoid)(x[0]), torch.func.jacfwd(torch.sin)(x[0])


@clean
def hooks(x):
    v = x.clone().requires_grad_()
    seen = []
    v.register_hook(lambda g: seen.append(g + torch.ones(3, device=g.device)))
    v.exp().sum().backward()
    return v.grad, seen


class Square(torch.autograd.Function):
    @staticmethod
    def forward(ctx, a):
        ctx.save_for_backward(a)
        return a * a

    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        return grad * a * torch.full_like(a, 2.0) * torch.ones(a.shape, device=grad.device)


class SquareWithAConstant(Square):
    @staticmethod
    def backward(ctx, grad):
        (a,) = ctx.saved_tensors
        return grad * a * torch.full(a.shape, 2.0)


@clean
def custom_backward(x):
    v = x.clone().requires_grad_()
    Square.apply(v).sum().backward()
    return v.grad


@clean
def checkpointed(x):
    v = x.clone().requires_grad_()
    checkpoint(lambda t: (t.exp() + torch.ones(3, device=t.device)).log(), v, use_reentrant=False).sum().backward()
    return v.grad


@clean
def no_grad_step(x):
    w = torch.ones(3, device=x.device, requires_grad=True)
    for _ in range(3):
        ((x @ w) ** 2).mean().backward()
        with torch.no_grad():
            w -= 0.1 * w.grad
            w.grad.zero_()
    return w


@mixed
def weights_without_device(x):
    w = torch.randn(3, requires_grad=True)
    (x @ w).sum().backward()
    return w.grad


@mixed
def labels_without_device(x):
    return F.binary_cross_entropy(x.sigmoid(), torch.ones(4, 3))


@mixed
def custom_backward_with_a_constant(x):
    v = x.clone().requires_grad_()
    SquareWithAConstant.apply(v).sum().backward()
    return v.grad


@mixed
def seed_of_backward_on_the_cpu(x):
    v = x.clone().requires_grad_()
    return torch.autograd.grad(v.exp(), v, grad_outputs=torch.ones(4, 3))


@mixed
def hook_with_a_cpu_mask(x):
    v = x.clone().requires_grad_()
    v.register_hook(lambda g: g * torch.ones(3))
    v.exp().sum().backward()
    return v.grad


@left
def gradient_of_a_cpu_scalar(x):
    w = torch.tensor(2.0, requires_grad=True)
    (x * w).sum().backward()
    return w.grad


# ---- layers, attention, training


@clean
def layers_by_hand(x):
    generator = torch.Generator(device=x.device).manual_seed(0)
    weight = torch.randn(5, 3, generator=generator, device=x.device)
    hidden = torch.relu(x @ weight.T)
    return hidden.mul(hidden > 0), torch.rand(2, generator=torch.Generator().manual_seed(1)).to(x.device)


@clean
def layer_norm_by_hand(x):
    centered = x - x.mean(-1, keepdim=True)
    return centered * torch.rsqrt(x.var(-1, keepdim=True, unbiased=False) + 1e-5)


@clean
def module_moved(x):
    model = nn.Sequential(nn.Linear(3, 8), nn.ReLU(), nn.LayerNorm(8), nn.Dropout(0.1), nn.Linear(8, 2)).to(x.device)
    model(x).sum().backward()
    return [p.grad for p in model.parameters()]


@clean
def module_moved_by_keyword(x):
    net = nn.Linear(3, 2)
    net.to(device=x.device, dtype=x.dtype)
    return net(x)


@clean
def module_in_another_dtype(x):
    return nn.Linear(3, 2).to(torch.float64).to(x.device)(x.double())


@clean
def module_moved_to_a_tensor(x):
    return nn.Linear(3, 2).to(x)(x), nn.Linear(3, 2).double().to(x)(x)


@clean
def module_moved_with_cuda(x):
    layer = nn.Linear(3, 2)
    return layer.cuda()(x) if x.is_cuda else layer(x)


@clean
def module_made_on_the_device(x):
    return nn.Linear(3, 2, device=x.device, dtype=x.dtype)(x)


@clean
def module_under_a_device_context(x):
    with torch.device(x.device):
        layer, shift = nn.Linear(3, 2), torch.zeros(2)
    return layer(x) + shift


@clean
def default_device_set(x):
    torch.set_default_device(x.device)
    return x + torch.ones(3) * torch.tensor([1.0, 2.0, 3.0])


class Head(nn.Module):
    def __init__(self, buffer=True):
        super().__init__()
        self.qkv = nn.Linear(3, 9, bias=False)
        mask = torch.triu(torch.ones(4, 4), diagonal=1).bool()
        if buffer:
            self.register_buffer("mask", mask)
        else:
            self.mask = mask

    def forward(self, x):
        q, k, v = self.qkv(x).chunk(3, dim=-1)
        scores = (q @ k.T / 3**0.5).masked_fill(self.mask, float("-inf"))
        return scores.softmax(-1) @ v


@clean
def attention_with_a_buffer(x):
    return Head().to(x.device)(x)


@clean
def attention_with_a_mask_from_x(x):
    t = x.shape[0]
    allowed = torch.ones(t, t, dtype=torch.bool, device=x.device).tril()
    return F.scaled_dot_product_attention(x[None], x[None], x[None], attn_mask=allowed)


@clean
def causal_attention(x):
    q = x[None, None].clone().requires_grad_()
    F.scaled_dot_product_attention(q, q, q, is_causal=True).sum().backward()
    return q.grad


@clean
def multi_head_module(x):
    layer = nn.MultiheadAttention(3, 3, batch_first=True).to(x.device)
    with torch.no_grad():
        return layer(x[None], x[None], x[None])[0], layer.eval()(x[None], x[None], x[None], need_weights=False)[0]


@clean
def encoder_layer(x):
    return nn.TransformerEncoderLayer(3, 1, 8, batch_first=True).to(x.device)(x[None])


@clean
def embeddings(x):
    tokens = x.argmax(1)
    table, positions = nn.Embedding(3, 6).to(x.device), nn.Embedding(4, 6).to(x.device)
    return table(tokens) + positions(torch.arange(4, device=x.device))


@clean
def next_token_loss(x):
    logits = x.clone().requires_grad_()
    F.cross_entropy(logits[:-1], x.argmax(1)[1:]).backward()
    return logits.grad


@clean
def sampling(x):
    tokens = torch.empty(0, dtype=torch.long, device=x.device)
    for row in x:
        tokens = torch.cat([tokens, torch.multinomial(row.softmax(-1), 1)])
    return tokens


@clean
def dropout_by_hand(x):
    keep = torch.rand_like(x) > 0.1
    return x * keep / 0.9, F.dropout(x, 0.1), torch.bernoulli(torch.full_like(x, 0.9))


@clean
def adam_steps(x):
    model = nn.Linear(3, 1).to(x.device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1)
    for _ in range(2):
        optimizer.zero_grad()
        model(x).square().mean().backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.weight.detach()


@clean
def sgd_with_a_schedule(x):
    w = nn.Parameter(torch.zeros(3, device=x.device))
    optimizer = torch.optim.SGD([w], lr=0.1, momentum=0.9, weight_decay=0.01)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1 / (step + 1))
    (x @ w).sum().backward()
    optimizer.step()
    schedule.step()
    return w.data


@clean
def saved_and_loaded_state(x):
    model = nn.Linear(3, 2)
    state = OrderedDict((name, value.cpu().clone()) for name, value in model.state_dict().items())
    model.to(x.device).load_state_dict(state)
    return model(x)


@clean
def batches_from_a_loader(x):
    loader = DataLoader(TensorDataset(torch.randn(6, 3)), batch_size=2, shuffle=True)
    return sum((batch.to(x.device) @ x.T).sum() for (batch,) in loader)


@clean
def mixed_precision(x):
    return (x.bfloat16() @ x.T.bfloat16()).float()


@clean
def yields_tensors(x):
    for row in x:
        yield row + 1


@labeled("clean", more=lambda: (nn.Linear(3, 2), {"scale": [torch.ones(2)]}))
def model_and_nested_arguments(x, model, settings):
    return model(x) * settings["scale"][0]


@clean
def handles_both_devices(x):
    try:
        values = x.numpy()
    except TypeError:
        values = x.cpu().numpy()
    return torch.from_numpy(values).to(x.device)


@mixed
def module_not_moved(x):
    return nn.Linear(3, 2)(x)


@mixed
def attention_with_a_plain_attribute(x):
    return Head(buffer=False).to(x.device)(x)


@mixed
def mask_without_device(x):
    scores = x @ x.T
    return scores.masked_fill(torch.tril(torch.ones(4, 4)) == 0, float("-inf")).softmax(-1)


@mixed
def additive_mask_for_attention(x):
    mask = torch.full((4, 4), float("-inf")).triu(1)
    return F.scaled_dot_product_attention(x[None], x[None], x[None], attn_mask=mask)


@mixed
def positions_for_an_embedding(x):
    return nn.Embedding(4, 3).to(x.device)(torch.arange(4))


@mixed
def targets_without_device(x):
    return F.cross_entropy(x, torch.tensor([0, 1, 2, 0]))


@mixed
def one_hot_targets_without_device(x):
    return (F.one_hot(torch.tensor([0, 1, 2, 0]), 3) * x.log_softmax(-1)).sum()


@mixed
def generator_of_the_cpu(x):
    return x + torch.randn(3, generator=torch.Generator().manual_seed(0), device=x.device)


@mixed
def dropout_mask_without_device(x):
    return x * (torch.rand(x.shape) > 0.1) / 0.9


@functools.cache
def ones_made_before() -> torch.Tensor:
    return torch.ones(3)


@mixed
def tensor_kept_from_an_earlier_call(x):
    return x + ones_made_before()


# ---- what cannot be judged, and exceptions that are none of ours


@unknown
def second_gpu(x):
    return x.to("cuda:1") if torch.cuda.is_available() else x


@unknown
def streams(x):
    if x.is_cuda:
        with torch.cuda.stream(torch.cuda.Stream()):
            return x + 1
    return x + 1


@clean
def raises_as_on_the_cpu(x):
    raise ValueError(f"shape {tuple(x.shape)} is not wanted")


@clean
def expects_an_error(x):
    with contextlib.suppress(RuntimeError):
        return x @ x
    return namedtuple("Pair", "first second")(x, x.T)
