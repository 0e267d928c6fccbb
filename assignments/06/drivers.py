"""Drivers: they call your functions with generators, models and whole training runs, and return plain values.

The first argument is your module; the others are what a failing check shows you.
"""

import contextlib

import torch
from torch import nn

NEARLY_ZERO = 1e-3  # of factors that are 0 or at least 1: a step in float32 is not told from none


@contextlib.contextmanager
def float64_by_default():
    """New parameters are float64 meanwhile, so that two correct training runs agree in many digits."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    try:
        yield
    finally:
        torch.set_default_dtype(before)


def _tensors(value):
    """All tensors in a value, in order."""
    if isinstance(value, torch.Tensor):
        return [value]
    parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else ()
    return [t for part in parts for t in _tensors(part)]


def _with_gradients(function, *args):
    """What a function gives, and the gradients of a weighted sum of it, one for each float tensor in the arguments.

    The weights are cos(0), cos(1), cos(2), ...; a gradient is None where nothing flows back.
    """
    leaves = [t.requires_grad_() for t in _tensors(args) if t.is_floating_point()]
    value = function(*args)
    if not (isinstance(value, torch.Tensor) and value.requires_grad):
        return value, [None] * len(leaves)
    weights = torch.cos(torch.arange(value.numel(), dtype=value.dtype, device=value.device)).view_as(value)
    return value, list(torch.autograd.grad((value * weights).sum(), leaves, allow_unused=True))


def windows_drawn(student, data, B, T, seed, n_batches):
    """What `get_batch` draws: the different rows of all batches, sorted, and how many different ones a batch has."""
    generator = torch.Generator().manual_seed(seed)
    torch.manual_seed(seed)
    batches = [student.get_batch(data, B, T, generator) for _ in range(n_batches)]
    x, y = batches[0]
    answer = {"shape of x": tuple(x.shape), "shape of y": tuple(y.shape)}
    most = 0
    if x.shape == y.shape == (B, T):
        rows = [torch.cat([x, y], dim=1) for x, y in batches]
        x, y = torch.cat(rows).unique(dim=0).split(T, dim=1)
        most = max(len(batch.unique(dim=0)) for batch in rows)
    return answer | {"windows": x, "their targets": y, "most different windows in a batch": most}


def draws_with_generators(student, data, B, T, seed):
    """Whether two batches of `get_batch` are equal, drawn from generators with the same or with other seeds."""

    def two_batches(own_seed):
        generator = torch.Generator().manual_seed(own_seed)
        return [torch.stack(list(student.get_batch(data, B, T, generator))) for _ in range(2)]

    torch.manual_seed(seed)
    first, second = two_batches(seed)
    again, _ = two_batches(seed)
    other, _ = two_batches(seed + 1)
    return {
        "same seed, same batch": torch.equal(first, again),
        "other seed, same batch": torch.equal(first, other),
        "second batch as the first": torch.equal(first, second),
    }


def starts_drawn(student, n_starts, B, T, seed):
    """How often `get_batch` drew each start in one batch of B rows, from a text of different tokens with so many starts.

    "neighbors" counts pairs of starts in rows 0 and 1, 2 and 3, ...; "far apart" in rows 0 and B/2, 1 and B/2 + 1, ...
    """
    torch.manual_seed(seed)
    data = torch.arange(n_starts + T)
    x, _ = student.get_batch(data, B, T, torch.Generator().manual_seed(seed))
    hit = (x[:, :1] == data[:n_starts]).double()
    return {"starts": hit.sum(0), **_pairs_of_rows(hit)}


def _pairs_of_rows(hit):
    """Counts of pairs in neighboring rows and in rows that are far apart; row b of `hit` is 1 at what was drawn there."""
    half = len(hit) // 2
    return {"neighbors": hit[0::2].mT @ hit[1::2], "far apart": hit[:half].mT @ hit[half:]}


def device_of_mask(student, T, device):
    """Where `causal_mask` makes its mask; the device "meta" has shapes but no memory, and every computer has it."""
    return str(student.causal_mask(T, device).device)


def _who_depends_on_whom(function, x):
    """Entry [i, j] is True if the output at position i changes when the input at position j does."""
    before = function(x)
    changed = []
    for position in range(x.shape[1]):
        other = x.clone()
        other[:, position] = 0.5 - other[:, position] * torch.linspace(
            0.5, 1.5, x.shape[2], dtype=x.dtype, device=x.device
        )
        changed.append((function(other) - before).abs().amax(dim=(0, 2)) > 1e-9)
    return torch.stack(changed, dim=1)


def loss_and_gradients(student, logits, targets):
    """`lm_cross_entropy`, and the gradient that flows back through it."""
    return _with_gradients(student.lm_cross_entropy, logits, targets)


def attention_and_gradients(student, q, k, v, mask):
    """`attention`, and the gradients of a weighted sum of its result with respect to q, k and v."""
    return _with_gradients(student.attention, q, k, v, mask)


def heads_and_gradients(student, x, Wqkv, Wo, bo, H):
    """`multi_head_attention`, and the gradients of a weighted sum of its result with respect to all tensors."""
    return _with_gradients(student.multi_head_attention, x, Wqkv, Wo, bo, H)


def norm_and_gradients(student, x, gamma, beta, eps):
    """`layer_norm`, and the gradients of a weighted sum of its result with respect to all tensors."""
    return _with_gradients(student.layer_norm, x, gamma, beta, eps)


def gelu_and_gradients(student, x):
    """`gelu`, and the gradient of a weighted sum of its result."""
    return _with_gradients(student.gelu, x)


def block_and_gradients(student, x, p, H):
    """`gpt_block`, and the gradients of a weighted sum of its result with respect to x and all parameters."""
    return _with_gradients(student.gpt_block, x, p, H)


def logits_and_gradients(student, ids, p, cfg):
    """`gpt_forward` without training, and the gradients of a weighted sum of its result with respect to all parameters."""
    torch.manual_seed(0)
    return _with_gradients(student.gpt_forward, ids, p, cfg)


def dependence_in_attention(student, x, Wqkv, Wo, bo, H):
    """Entry [i, j]: does the output of `multi_head_attention` at position i change with the input at position j?"""
    return _who_depends_on_whom(lambda changed: student.multi_head_attention(changed, Wqkv, Wo, bo, H), x)


def logits_out_of_training(student, ids, p, cfg):
    """`gpt_forward` without training, where nothing is dropped."""
    torch.manual_seed(0)
    return student.gpt_forward(ids, p, cfg)


def dependence_in_gpt(student, ids, p, cfg):
    """Entry [i, j]: do the logits of `gpt_forward` at position i change with the id at position j?"""
    torch.manual_seed(0)
    before = student.gpt_forward(ids, p, cfg)
    changed = []
    for position in range(ids.shape[1]):
        other = ids.clone()
        other[:, position] = (other[:, position] + 1) % cfg["vocab_size"]
        changed.append((student.gpt_forward(other, p, cfg) - before).abs().amax(dim=(0, 2)) > 1e-9)
    return torch.stack(changed, dim=1)


def parameters_in_use(student, ids, p, cfg):
    """How many parameters the logits of `gpt_forward` depend on, and a slope of the logits along each token row."""
    torch.manual_seed(0)
    _, slopes = _with_gradients(student.gpt_forward, ids, p, cfg)
    used = sum(t.numel() for t, slope in zip(_tensors(p), slopes, strict=True) if slope is not None)
    return used, slopes[0]


def dropout_in_gpt(student, ids, p, cfg):
    """Whether two calls of `gpt_forward` agree, in training and out of it."""
    torch.manual_seed(0)
    alike = {}
    for training in (False, True):
        first, second = (student.gpt_forward(ids, p, cfg, training) for _ in range(2))
        alike["training" if training else "not training"] = torch.equal(first, second)
    return {f"same logits twice, {mode}": same for mode, same in alike.items()}


def _factors_of_the_sum(student, rate, seed, B, T, D=32):
    """What `gpt_forward` in training multiplied the sum of the embeddings by, number for number: shape (B, T, D - 2).

    The model has one block, whose matrices are all zeros: it adds -3 to the first number of each position, 5 to the
    second, and nothing to the others. The embeddings hold 0 at these two, so they are a scale on which the others can be
    read off the logits, since the head is the identity and a norm moves and stretches all numbers of a position alike.
    """

    def zeros(*shape):
        return torch.zeros(shape, dtype=torch.float64)

    def numbers(low, high, rows):
        table = torch.linspace(low, high, rows * D, dtype=torch.float64).reshape(rows, D)
        return table.index_fill(1, torch.tensor([0, 1]), 0.0)

    shift = zeros(D)
    shift[0], shift[1] = -3.0, 5.0
    block = {
        "Wqkv": zeros(3 * D, D),
        "Wo": zeros(D, D),
        "W1": zeros(4 * D, D),
        "b1": zeros(4 * D),
        "W2": zeros(D, 4 * D),
    }
    block |= {"bo": shift / 2, "b2": shift / 2}
    for norm in ("norm1", "norm2"):
        block |= {f"{norm}_gamma": zeros(D) + 1, f"{norm}_beta": zeros(D)}
    p = {"tokens": numbers(1, 2, D), "positions": numbers(3, 7, T), "blocks": [block], "head": torch.eye(D).double()}
    p |= {"norm_gamma": zeros(D) + 1, "norm_beta": zeros(D)}
    sizes = {"vocab_size": D, "context_length": T, "emb_dim": D, "n_heads": 2, "n_layers": 1}
    ids = (7 * torch.arange(B * T) % D).reshape(B, T)
    whole = p["tokens"][ids] + p["positions"]
    torch.manual_seed(seed)
    logits = student.gpt_forward(ids, p, sizes | {"drop_rate": rate, "qkv_bias": False}, True)
    low, high = logits[..., :1], logits[..., 1:2]
    return ((8.0 * (logits - low) / (high - low) - 3.0) / whole)[..., 2:]


def factors_in_training(student, rate, seed):
    """What `gpt_forward` multiplies the sum of the embeddings by in training, and the share of the zeros among these."""
    factors = _factors_of_the_sum(student, rate, seed, B=16, T=8).abs().flatten()
    kinds, kind_of = factors.mul(1e4).round().unique(return_inverse=True)
    different = [round(factors[kind_of == kind].mean().item(), 9) for kind in range(min(len(kinds), 4))]
    return {
        "factors": different if len(different) <= 3 else "many different ones",
        "share of zeros": round((factors < NEARLY_ZERO).double().mean().item(), 1),
    }


def dropped_in_training(student, rate, seed):
    """How many numbers of the sum of the embeddings `gpt_forward` dropped, and how often two of them together.

    The two are in neighboring rows of the batch, positions or places of a position; or half the batch, the window or the
    position apart.
    """
    dropped = _factors_of_the_sum(student, rate, seed, B=64, T=16).abs() < NEARLY_ZERO
    counts = {"numbers": dropped.numel(), "dropped": int(dropped.sum())}
    for axis, name in enumerate(("rows", "positions", "places")):
        line = dropped.movedim(axis, 0)
        half = len(line) // 2
        counts[f"both, neighboring {name}"] = int((line[: 2 * half : 2] & line[1 : 2 * half : 2]).sum())
        counts[f"both, distant {name}"] = int((line[:half] & line[half : 2 * half]).sum())
    return counts


class StandIn(nn.Module):
    """Looks like a language model and follows a rule: the next token is (last + first of what it sees) modulo V.

    The tokens after that one, in a circle, have lower logits by `gap` each. In train mode the rule is spoiled, as
    dropout would spoil a real model.
    """

    def __init__(self, V, context_length, gap=0.5):
        super().__init__()
        self.V, self.context_length = V, context_length
        self.scale = nn.Parameter(torch.tensor(gap))
        self.recorded = False

    def forward(self, ids):
        if ids.shape[1] > self.context_length:
            raise IndexError(f"the model got {ids.shape[1]} tokens and has {self.context_length} positions")
        best = (ids + ids[:, :1] + (1 if self.training else 0)) % self.V
        distance = (torch.arange(self.V, device=ids.device) - best.unsqueeze(-1)) % self.V
        logits = -distance * self.scale
        self.recorded = logits.requires_grad
        return logits


def continued(student, V, ids, n, context_length, top_k):
    """`generate` with a stand-in model of V tokens in eval mode; it predicts (last + first of its window) modulo V."""
    torch.manual_seed(0)
    model = StandIn(V, context_length).eval()
    return student.generate(model, ids, n, context_length, top_k, torch.Generator(ids.device).manual_seed(0))


def _drawn(student, V, ids, top_k, seed, rows, n=1, gap=0.5):
    """Appends n tokens to so many copies of a beginning, with the same stand-in model."""
    model = StandIn(V, ids.shape[1] + n, gap).eval()
    generator = torch.Generator(ids.device).manual_seed(seed)
    return student.generate(model, ids.repeat(rows, 1), n, ids.shape[1] + n, top_k, generator)


def tokens_drawn(student, V, ids, top_k, seed):
    """The different tokens that `generate` appended to 1000 copies of ids, and the share of each, with a stand-in model."""
    torch.manual_seed(seed)
    last = _drawn(student, V, ids, top_k, seed, 1000)[:, -1]
    return {"tokens": last.unique().tolist(), "shares": torch.bincount(last, minlength=V).double() / len(last)}


def drawn_again(student, V, ids, top_k, seed):
    """Whether `generate` draws the same tokens again from a generator with the same seed, and without one at the same seed."""
    torch.manual_seed(seed)
    first, second = (_drawn(student, V, ids, top_k, seed, 100) for _ in range(2))
    model = StandIn(V, ids.shape[1]).eval()
    alone = []
    for global_seed in (seed, seed, seed + 1):
        torch.manual_seed(global_seed)
        alone.append(student.generate(model, ids.repeat(100, 1), 1, ids.shape[1], top_k))
    return {
        "same generator, same tokens": torch.equal(first, second),
        "same global seed, same tokens": torch.equal(alone[0], alone[1]),
        "other global seed, same tokens": torch.equal(alone[0], alone[2]),
    }


def ranks_drawn(student, V, ids, top_k, seed):
    """How often `generate` drew the most likely token, the second, ..., three times for each of 2000 copies of ids.

    The logits of the stand-in model are lower by 1 from one rank to the next here. "neighbors" and "far apart" count
    pairs of first draws in two rows, "one after the other" the first two draws of one row.
    """
    torch.manual_seed(seed)
    text = _drawn(student, V, ids, top_k, seed, 2000, n=3, gap=1.0)
    ranks = (text[:, -3:] - text[:, -4:-1] - text[:, :1]) % V
    hit = (ranks.unsqueeze(-1) == torch.arange(V, device=ids.device)).double()
    one, two, _ = hit.unbind(1)
    return {"ranks": hit.sum((0, 1)), **_pairs_of_rows(one), "one after the other": one.mT @ two}


def modes_in_generate(student, V, ids, n, context_length, training):
    """`generate` with a stand-in model in train or eval mode; its mode afterwards; whether gradients were and are recorded."""
    model = StandIn(V, context_length).train(training)
    result = student.generate(model, ids, n, context_length, 1, torch.Generator(ids.device).manual_seed(0))
    return result, model.training, model.recorded, torch.is_grad_enabled()


def _pretrained(student, cfg, text, steps, seed):
    answer = student.pretrain(cfg, text, steps, seed)
    if not (isinstance(answer, (tuple, list)) and len(answer) == 2 and isinstance(answer[0], nn.Module)):
        raise TypeError("pretrain must return a pair: the model, and the list of losses")
    return answer


def losses_on_text(student, cfg, text, steps, seed):
    """The losses of `pretrain`, with float64 parameters. A text of context_length + 1 characters is one single window."""
    torch.manual_seed(seed)
    with float64_by_default():
        _, losses = _pretrained(student, cfg, text, steps, seed)
    return list(losses)


def _order_of(losses):
    """For each step, the first one with the same loss: the step in which its batch came first."""
    rounded = [f"{float(loss):.8f}" for loss in losses]
    return [rounded.index(loss) for loss in rounded]


def batches_drawn(student, cfg, text, steps, seed):
    """How many different losses `pretrain` gives, and whether their order is that of the seed and of nothing else.

    At learning rate 0 losses differ by nothing but the batch. The three runs have the seeds `seed`, `seed` again, though
    torch's global source is somewhere else, and `seed + 1`.
    """

    def run(own_seed, global_seed):
        torch.manual_seed(global_seed)
        with float64_by_default():
            _, losses = _pretrained(student, cfg, text, steps, own_seed)
        return _order_of(losses)

    order, again, other = run(seed, 1), run(seed, 2), run(seed + 1, 1)
    return {
        "different losses": len(set(order)),
        "same seed, same batches": order == again,
        "other seed, same batches": order == other,
    }


def loss_of_the_model(student, cfg, text, steps, seed):
    """The loss, on a text of one window, of the model that `pretrain` returns: what the next step would begin with."""
    with float64_by_default():
        model, _ = _pretrained(student, cfg, text, steps, seed)
    ids = student.CharTokenizer(text).encode(text)
    with torch.no_grad():
        return nn.functional.cross_entropy(model(ids[None, :-1])[0], ids[1:]).item()


def run_on_corpus(student, cfg, lines, steps, seed):
    """The first loss of `pretrain` on a text, given as its lines, and the mean of the last 20; to two decimals."""
    _, losses = _pretrained(student, cfg, "".join(lines), steps, seed)
    return round(float(losses[0]), 2), round(sum(float(loss) for loss in losses[-20:]) / 20, 2)


def _validated(student, cfg, train_text, valid_text, steps, every, seed):
    """The training losses of `pretrain_with_validation` and its pairs of step and validation loss, with float64 parameters."""
    with float64_by_default():
        answer = student.pretrain_with_validation(cfg, train_text, valid_text, steps, every, seed)
    if not (isinstance(answer, (tuple, list)) and len(answer) == 2):
        raise TypeError("pretrain_with_validation must return a pair: the training losses, and valid")
    losses, valid = answer
    if not all(isinstance(pair, (tuple, list)) and len(pair) == 2 for pair in valid):
        raise TypeError("valid must be a list of pairs: a step, and the validation loss before its update")
    return list(losses), [tuple(pair) for pair in valid]


def losses_beside_validation(student, cfg, train_text, valid_text, steps, every, seed):
    """What `pretrain_with_validation` returns. A train_text of context_length + 1 characters is one single window."""
    torch.manual_seed(seed)
    losses, valid = _validated(student, cfg, train_text, valid_text, steps, every, seed)
    return {"training losses": losses, "valid": valid}


def training_losses(student, cfg, train_text, valid_text, steps, every, seed):
    """The training losses of `pretrain_with_validation`."""
    torch.manual_seed(seed)
    return _validated(student, cfg, train_text, valid_text, steps, every, seed)[0]


def validation_losses(student, cfg, train_text, valid_text, steps, every, seed):
    """The list `valid` of `pretrain_with_validation`. At learning rate 0 its losses are all the same."""
    torch.manual_seed(seed)
    return _validated(student, cfg, train_text, valid_text, steps, every, seed)[1]


def batches_beside_validation(student, cfg, train_text, valid_text, steps, seed):
    """How many different training losses there are, and whether their order is that of the seed and of nothing else.

    At learning rate 0 losses differ by nothing but the batch. The first run validates at every step. The others have the
    same seed and validate once, the same seed with torch's global source somewhere else, and another seed.
    """

    def order(every, own_seed, global_seed=1):
        torch.manual_seed(global_seed)
        losses, _ = _validated(student, cfg, train_text, valid_text, steps, every, own_seed)
        return _order_of(losses)

    first = order(1, seed)
    return {
        "different training losses": len(set(first)),
        "same batches, validated once": first == order(steps, seed),
        "same batches, global source elsewhere": first == order(1, seed, global_seed=2),
        "same batches, other seed": first == order(1, seed + 1),
    }


def repaired_loss_and_gradients(student, logits, targets):
    """`repaired_loss`, and the gradient that flows back through it."""
    return _with_gradients(student.repaired_loss, logits, targets)
