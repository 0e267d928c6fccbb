# mypy: ignore-errors
"""More labeled functions, as in `virtual_gpu_corpus`: written after the virtual GPU, by its author, and run once.

At first contact 52 of the 54 of the first set and 26 of the 27 of the second got the verdict of their label. The other
three were said to be not simulated and are labeled `unknown` now; none got a wrong verdict.
"""

import io
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn
from torch.utils.checkpoint import checkpoint

from virtual_gpu_corpus import CASES, clean, left, mixed, unknown, unsupported

EYE = torch.eye(3)
LABELS = torch.tensor([0, 1, 2, 0])


# ---- first set


@clean
def rotary_positions(x):
    t, d = 4, 4
    q = F.pad(x, (0, 1))
    freqs = 1.0 / (10000 ** (torch.arange(0, d, 2, device=x.device).float() / d))
    angles = torch.outer(torch.arange(t, device=x.device).float(), freqs)
    turned = torch.view_as_complex(q.float().reshape(t, -1, 2)) * torch.polar(torch.ones_like(angles), angles)
    return torch.view_as_real(turned).flatten(1)


@clean
def sinusoidal_table_moved_as_a_whole(x):
    table = torch.zeros(4, 4)
    position = torch.arange(4).unsqueeze(1)
    scale = torch.exp(torch.arange(0, 4, 2) * (-math.log(10000.0) / 4))
    table[:, 0::2] = torch.sin(position * scale)
    table[:, 1::2] = torch.cos(position * scale)
    return x + table.to(x.device)[:, :3]


@clean
def key_value_cache(x):
    cache = []
    out = []
    for row in x:
        cache.append(row)
        keys = torch.stack(cache)
        out.append(torch.softmax(keys @ row, 0) @ keys)
    return torch.stack(out)


@clean
def greedy_decoding_with_lists(x):
    tokens = [0]
    while len(tokens) < 4:
        logits = x[torch.tensor(tokens[-1])]
        tokens.append(int(logits.argmax()))
    return torch.tensor(tokens, device=x.device)


@clean
def beam_search(x):
    logp = x.log_softmax(-1)
    beams = [([], 0.0)]
    for row in logp:
        grown = [([*t, i], s + v.item()) for t, s in beams for i, v in enumerate(row)]
        beams = sorted(grown, key=lambda b: -b[1])[:2]
    return torch.tensor([s for _, s in beams]).to(x.device)


@clean
def top_p_sampling(x):
    values, order = x.softmax(-1).sort(-1, descending=True)
    drop = values.cumsum(-1) - values > 0.9
    kept = values.masked_fill(drop, 0.0)
    choice = torch.multinomial(kept / kept.sum(-1, keepdim=True), 1)
    return order.gather(-1, choice).squeeze(-1)


@clean
def inference_mode_and_eval(x):
    model = nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3), nn.Dropout(0.5)).to(x.device).eval()
    with torch.inference_mode():
        return model(x).cpu().to(x.device)


@clean
def autocast_block(x):
    layer = nn.Linear(3, 2).to(x.device)
    with torch.autocast(device_type=x.device.type, dtype=torch.bfloat16):
        out = layer(x)
    return out.float()


@clean
def gradient_scaler(x):
    model = nn.Linear(3, 1).to(x.device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    scaler = torch.amp.GradScaler(x.device.type)
    scaler.scale(model(x).mean()).backward()
    scaler.unscale_(optimizer)
    scaler.step(optimizer)
    scaler.update()
    return model.weight.detach()


@clean
def model_by_functional_call(x):
    model = nn.Linear(3, 2).to(x.device)
    params = {k: v.detach() for k, v in model.named_parameters()}

    def loss(p, row):
        return torch.func.functional_call(model, p, (row,)).square().sum()

    return torch.func.vmap(torch.func.grad(loss), in_dims=(None, 0))(params, x)


@clean
def hessian_of_a_loss(x):
    return torch.func.hessian(lambda w: (x @ w).exp().sum())(torch.zeros(3, device=x.device))


@clean
def jacobian_the_old_way(x):
    return torch.autograd.functional.jacobian(lambda v: v.exp().sum(0), x)


@clean
def forward_mode(x):
    return torch.func.jvp(torch.tanh, (x,), (torch.ones_like(x),))


@clean
def gradcheck_with_doubles(x):
    v = x.double().requires_grad_()
    assert torch.autograd.gradcheck(torch.sigmoid, (v,))
    return torch.sigmoid(v)


class Exponential(torch.autograd.Function):
    @staticmethod
    def forward(a):
        return a.exp()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(output)

    @staticmethod
    def backward(ctx, grad):
        (result,) = ctx.saved_tensors
        return grad * result


@clean
def custom_function_of_the_new_kind(x):
    return torch.func.grad(lambda v: Exponential.apply(v).sum())(x)


@clean
def saved_on_the_cpu(x):
    v = x.clone().requires_grad_()
    with torch.autograd.graph.save_on_cpu():
        loss = (v.exp() * v).sum()
    loss.backward()
    return v.grad


@clean
def checkpoint_of_the_old_kind(x):
    v = x.clone().requires_grad_()
    checkpoint(lambda t: F.dropout(t.exp(), 0.1), v, use_reentrant=True).sum().backward()
    return v.grad


@unknown
def saved_through_memory(x):
    model, other = nn.Linear(3, 2).to(x.device), nn.Linear(3, 2).to(x.device)
    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    buffer.seek(0)
    other.load_state_dict(torch.load(buffer, map_location=x.device))
    return other(x)


@clean
def meta_model_is_counted(x):
    with torch.device("meta"):
        model = nn.Linear(3, 5)
    return x * sum(p.numel() for p in model.parameters())


@clean
def meta_model_made_real(x):
    with torch.device("meta"):
        model = nn.Linear(3, 5)
    model = model.to_empty(device=x.device)
    nn.init.zeros_(model.weight)
    nn.init.zeros_(model.bias)
    return model(x)


@clean
def tied_weights(x):
    class Tied(nn.Module):
        def __init__(self):
            super().__init__()
            self.embed = nn.Embedding(5, 3)
            self.head = nn.Linear(3, 5, bias=False)
            self.head.weight = self.embed.weight

        def forward(self, tokens):
            return self.head(self.embed(tokens))

    model = Tied().to(x.device)
    F.cross_entropy(model(x.argmax(1)), x.argmin(1)).backward()
    assert model.head.weight is model.embed.weight
    return model.embed.weight.grad


@clean
def averaged_model(x):
    model = nn.Linear(3, 2).to(x.device)
    shadow = torch.optim.swa_utils.AveragedModel(model)
    shadow.update_parameters(model)
    return shadow(x)


@clean
def recurrent_layer(x):
    out, state = nn.GRU(3, 4, batch_first=True).to(x.device)(x[None], torch.zeros(1, 1, 4, device=x.device))
    return out, state


@unknown
def packed_sequences(x):
    batch = torch.stack([x, x])
    packed = nn.utils.rnn.pack_padded_sequence(batch, torch.tensor([4, 2]), batch_first=True)
    return nn.utils.rnn.pad_packed_sequence(packed, batch_first=True)[0]


@clean
def padded_sequences(x):
    return nn.utils.rnn.pad_sequence([x[:2], x], batch_first=True)


@clean
def linear_algebra(x):
    gram = x.T @ x + torch.eye(3).to(x)
    u, s, v = torch.linalg.svd(gram)
    return torch.linalg.solve(gram, x.T), u @ torch.diag(s) @ v, torch.linalg.inv(gram), torch.linalg.norm(x, dim=1)


@clean
def scatter_segments(x):
    groups = torch.tensor([0, 1, 0, 1], device=x.device)
    return torch.zeros(2, 3, device=x.device).index_add_(0, groups, x), x.new_zeros(2).scatter_add(0, groups, x[:, 0])


@clean
def comparisons_against_the_cpu_are_moved(x):
    assert torch.allclose((x @ x.T).cpu(), x.cpu() @ x.cpu().T, atol=1e-5)
    torch.testing.assert_close(x, x.clone())
    return x


@clean
def scalar_tensor_exponent(x):
    return x.abs() ** torch.tensor(0.5), torch.maximum(x, torch.tensor(0.0)), torch.lerp(x, -x, 0.5)


@clean
def learning_rate_as_a_tensor(x):
    w = torch.ones(3, device=x.device)
    lr = torch.tensor(0.1)
    w -= lr * x.mean(0)
    w.add_(x[0], alpha=0.5).mul_(torch.tensor(0.9))
    return w


@clean
def parameter_list_and_init(x):
    weights = nn.ParameterList([nn.Parameter(torch.empty(3, 3, device=x.device)) for _ in range(2)])
    for w in weights:
        nn.init.xavier_uniform_(w)
        x = torch.tanh(x @ w)
    return x


@clean
def accelerator_api(x):
    device = torch.accelerator.current_accelerator() if torch.accelerator.is_available() else torch.device("cpu")
    return x + torch.zeros(3, device=device)


@clean
def histogram_of_tokens(x):
    tokens = (x * 3).round().long().clamp(0, 5).flatten()
    return torch.bincount(tokens, minlength=6).float() / tokens.numel(), torch.unique(tokens, return_counts=True)


@clean
def unfold_windows(x):
    stream = torch.arange(10, device=x.device)
    windows = stream.unfold(0, 4, 2)
    return windows[:, :-1], windows[:, 1:], torch.combinations(stream[:3]), torch.cartesian_prod(stream[:2], stream[:2])


@mixed
def sinusoidal_table_forgotten(x):
    position = torch.arange(4).unsqueeze(1)
    scale = torch.exp(torch.arange(0, 4, 2) * (-math.log(10000.0) / 4))
    return x[:, :2] + torch.sin(position * scale)


@mixed
def rotary_frequencies_on_the_cpu(x):
    freqs = 1.0 / (10000 ** (torch.arange(0, 4, 2).float() / 4))
    return torch.outer(torch.arange(4, device=x.device).float(), freqs)


@mixed
def decoding_appends_cpu_tokens(x):
    tokens = x.argmax(1)
    return torch.cat([tokens, torch.tensor([int(tokens[-1])])])


@mixed
def new_layer_in_forward(x):
    class Grows(nn.Module):
        def __init__(self):
            super().__init__()
            self.first = nn.Linear(3, 3)
            self.others = [nn.Linear(3, 3)]

        def forward(self, x):
            return self.others[0](self.first(x))

    return Grows().to(x.device)(x)


@mixed
def class_weights_on_the_cpu(x):
    return nn.CrossEntropyLoss(weight=torch.tensor([1.0, 2.0, 3.0]))(x, x.argmax(1))


@mixed
def initial_state_on_the_cpu(x):
    return nn.GRU(3, 4, batch_first=True).to(x.device)(x[None], torch.zeros(1, 1, 4))[0]


@mixed
def one_target_for_one_example(x):
    return F.cross_entropy(x[0], torch.tensor(2))


@mixed
def functional_gradient_at_the_cpu(x):
    return torch.func.grad(lambda w: (x @ w).sum())(torch.zeros(3))


@mixed
def vmap_over_cpu_scales(x):
    return torch.func.vmap(lambda s: x * s)(torch.tensor([1.0, 2.0]))


@mixed
def jvp_with_a_cpu_tangent(x):
    return torch.func.vmap(lambda a, b: a + b)(x, torch.ones(4, 3))


@mixed
def numpy_mean_of_a_list(x):
    return float(np.mean([row.sum() for row in x.unbind()]))


@mixed
def distances_to_cpu_points(x):
    return torch.cdist(x, torch.zeros(2, 3))


@mixed
def buffer_replaced_by_a_cpu_one(x):
    model = nn.BatchNorm1d(3).to(x.device)
    model.running_mean = torch.zeros(3)
    return model.eval()(x)


@mixed
def masked_select_with_a_cpu_mask(x):
    return torch.masked_select(x, torch.ones(4, 3, dtype=torch.bool))


@mixed
def loss_collected_in_a_cpu_vector(x):
    losses = torch.zeros(4)
    losses.add_(x.sum(1))
    return losses.mean()


@left
def metrics_as_a_cpu_tensor(x):
    correct = (x.argmax(1) == x.argmin(1)).float()
    return x.mean(), torch.tensor(correct.mean().item())


@left
def columns_copied_into_the_cpu(x):
    out = torch.empty(4, 3)
    out[:, 0] = x[:, 0]
    out[:, 1:].copy_(x[:, 1:])
    return out


@left
def offloaded_attention_weights(x):
    weights = (x @ x.T).softmax(-1)
    return weights @ x, weights.detach().cpu()


@unsupported
def counts_by_integer_product(x):
    hot = F.one_hot(x.argmax(1), 3)
    return hot.T @ hot


@unsupported
def integer_dot(x):
    return torch.dot(torch.arange(3, device=x.device), torch.arange(3, device=x.device))


# ---- second set


@clean
def constants_of_the_file_moved(x):
    return x @ EYE.to(x.device) + F.one_hot(LABELS, 3).to(x.device)


@clean
def constant_labels_as_indices(x):
    return x.log_softmax(-1)[range(4), LABELS].neg().mean()


@clean
def cpu_computation_beside(x):
    order = torch.randperm(4)
    table = torch.zeros(5, dtype=torch.long)
    table[order[0]] = 3
    return x[order] * int(table.sum()) + len(order)


@clean
def cpu_target_filled_from_zero_dim(x):
    counts = torch.zeros(4)
    counts[torch.tensor([0, 1])] = x.sum()
    counts[2] = x[0, 0]
    return x * float(counts.sum())


@clean
def max_and_indices_backward(x):
    v = x.clone().requires_grad_()
    values, _ = v.max(dim=1)
    loss = values.sum() + v.median() + v.sort().values[0, 0] + v.topk(1, dim=0).values.sum() + v.prod(1).sum()
    loss.cpu().backward()
    return v.grad


@clean
def kept_gradient_of_an_intermediate(x):
    v = x.clone().requires_grad_()
    hidden = v.tanh()
    hidden.retain_grad()
    (hidden**2).sum().backward()
    return hidden.grad, v.grad


@clean
def step_by_data(x):
    w = torch.zeros(3, 1, device=x.device, requires_grad=True)
    (x @ w - 1).pow(2).sum().backward()
    w.data = w.data - 0.1 * w.grad.data
    w.grad = None
    return w


@clean
def closure_of_lbfgs(x):
    w = torch.zeros(3, device=x.device, requires_grad=True)
    optimizer = torch.optim.LBFGS([w], max_iter=2)

    def closure():
        optimizer.zero_grad()
        loss = (x @ w - 1).square().sum()
        loss.backward()
        return loss

    optimizer.step(closure)
    return w.detach()


@clean
def every_other_optimizer(x):
    for kind in (torch.optim.Adam, torch.optim.RMSprop, torch.optim.Adagrad, torch.optim.NAdam):
        w = nn.Parameter(torch.zeros(3, device=x.device))
        optimizer = kind([w], lr=0.1)
        (x @ w).sum().backward()
        optimizer.step()
    return w


@clean
def adam_by_hand(x):
    w = torch.zeros(3, device=x.device)
    m, v = torch.zeros_like(w), torch.zeros_like(w)
    for t in range(1, 4):
        g = x.mean(0) + w
        m.mul_(0.9).add_(g, alpha=0.1)
        v.mul_(0.999).addcmul_(g, g, value=0.001)
        w -= 0.1 * (m / (1 - 0.9**t)) / ((v / (1 - torch.tensor(0.999) ** t)).sqrt() + 1e-8)
    return w


@unknown
def lazy_layer(x):
    net = nn.Sequential(nn.Conv1d(1, 2, 2), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.LazyLinear(2))
    return net.to(x.device)(x[:, None])


@clean
def weight_of_another_model_copied(x):
    source, target = nn.Linear(3, 3), nn.Linear(3, 3).to(x.device)
    with torch.no_grad():
        target.weight.copy_(source.weight)
        target.bias.fill_(torch.tensor(0.5))
    return target(x)


@clean
def named_tuple_results(x):
    return torch.max(x, dim=1), torch.linalg.qr(x), x.split(2), torch.meshgrid(x[0], x[1], indexing="ij")


@clean
def alibi_bias(x):
    slopes = torch.tensor([2.0 ** -(i + 1) for i in range(2)], device=x.device)
    steps = torch.arange(4, device=x.device)
    bias = slopes[:, None, None] * (steps[None] - steps[:, None]).abs().neg()
    return ((x @ x.T)[None] + bias).softmax(-1)


@clean
def device_kept_in_a_module(x):
    class Positions(nn.Module):
        def __init__(self, device):
            super().__init__()
            self.device = device
            self.table = nn.Parameter(torch.randn(4, 3).to(device))

        def forward(self, x):
            return x + self.table[torch.arange(len(x), device=self.device)]

    return Positions(x.device)(x)


@clean
def type_names(x):
    assert x.type() == "torch.cuda.FloatTensor" or not x.is_cuda
    return torch.ones(3).type(x.type()) + x, x.new(3).zero_()


@mixed
def constants_of_the_file(x):
    return x @ EYE


@mixed
def constant_labels_in_a_loss(x):
    return F.nll_loss(x.log_softmax(-1), LABELS)


@mixed
def default_device_is_the_cpu(x):
    with torch.device("cpu"):
        return x + torch.zeros(3)


@clean
def whole_numbers_of_the_gpu_say_what_is_written(x):
    table = torch.zeros(4, 4)
    table[x.argmax(1), 0] = 1.0
    return table.to(x.device)


@mixed
def whole_numbers_of_the_gpu_say_what_is_read(x):
    return torch.eye(4)[x.argmax(1)].to(x.device)


@clean
def mask_of_the_gpu_says_what_is_written(x):
    table = torch.zeros(x.shape)
    table[x > 0] = 1.0
    table[:, (x > 0)[0]] = 2.0
    return table.to(x.device)


@mixed
def mask_of_the_gpu_says_what_is_read(x):
    return torch.zeros(x.shape)[x > 0].to(x.device)


@mixed
def mask_of_the_gpu_says_what_is_added_to(x):
    table = torch.zeros(x.shape)
    table[x > 0] += 1.0
    return table.to(x.device)


@mixed
def mask_of_the_gpu_fills_a_cpu_tensor(x):
    return torch.zeros(x.shape).masked_fill_(x > 0, 1.0).to(x.device)


@mixed
def numpy_array_times_tensor(x):
    return torch.from_numpy(np.dot(np.ones(3, dtype=np.float32), x.T)).to(x.device)


@mixed
def clamp_by_a_cpu_scalar_tensor(x):
    return torch.cat([x.mean().reshape(1), torch.ones(1)])


@mixed
def layer_in_a_closure(x):
    layer = nn.Linear(3, 3)
    return torch.func.vmap(lambda row: layer(row))(x)


@mixed
def dropout_of_the_wrong_parameter(x):
    scale = nn.Parameter(torch.ones(3))
    return F.layer_norm(x, (3,), weight=scale)


@left
def default_device_left_at_the_cpu_for_results(x):
    with torch.device("cpu"):
        best = torch.tensor(x.argmax(1).tolist())
    return best


@left
def sum_of_copies(x):
    return sum(row.cpu() for row in x)


@unsupported
def integer_bmm(x):
    n = x.long()[None]
    return torch.bmm(n, n.transpose(1, 2))


@clean
def convolution_and_pooling(x):
    net = nn.Sequential(nn.Conv1d(1, 2, 2), nn.ReLU(), nn.MaxPool1d(2), nn.Flatten(), nn.Linear(2, 2))
    return net.to(x.device)(x[:, None])


__all__ = ["CASES"]
