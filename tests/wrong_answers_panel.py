"""Wrong answers as students write them, and which misconception each of them is.

They were written from the exercises' texts alone, before whoever wrote them had seen the catalogue of the exercise, so
that they measure it. Keep it so: an answer that the catalogue does not name stays as it is, and what is added to the
catalogue because of it must be a mistake that many people make.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class WrongAnswer:
    """A wrong answer to an exercise."""

    exercise: str
    mistake: str
    """In the words of whoever wrote it."""
    name: str | None
    """Of the misconception that it is; None if the catalogue has none."""
    code: str

    @property
    def assignment(self) -> str:
        """The assignment of the exercise, such as "03"."""
        return self.exercise.partition(".")[0].zfill(2)


PANEL: list[WrongAnswer] = []


def _add(exercise: str, mistake: str, name: str | None, code: str) -> None:
    PANEL.append(WrongAnswer(exercise, mistake, name, code.lstrip("\n")))


# ---- 01

_add(
    "1.2",
    "only the first item of each list is looked at; nothing is ever ragged",
    "first-items-only",
    """
def nested_shape(x):
    shape = []
    while isinstance(x, list):
        shape.append(len(x))
        if len(x) == 0:
            break
        x = x[0]
    return tuple(shape)
""",
)
_add(
    "1.2",
    "lengths of the rows are compared on each level of the first row only; a number beside a list passes",
    "lengths-of-neighboring-rows-only",
    """
def nested_shape(x):
    if not isinstance(x, list):
        return ()
    if len(x) == 0:
        return (0,)
    lengths = {len(row) for row in x if isinstance(row, list)}
    if len(lengths) > 1:
        raise ValueError(f"ragged nesting: found rows of lengths {sorted(lengths)}")
    return (len(x),) + nested_shape(x[0])
""",
)
_add(
    "1.3",
    "arrays get the dtype that Python numbers of their kind would get",
    "numpy-dtype-ignored",
    """
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        if x.dtype.kind == "b":
            return torch.bool
        if x.dtype.kind in "iu":
            return torch.int64
        return torch.float32
    flat = []
    todo = [x]
    while todo:
        item = todo.pop()
        if isinstance(item, list):
            todo.extend(item)
        else:
            flat.append(item)
    if len(flat) == 0 or any(isinstance(v, float) for v in flat):
        return torch.float32
    if all(isinstance(v, bool) for v in flat):
        return torch.bool
    return torch.int64
""",
)
_add(
    "1.3",
    "isinstance(x, int) is asked before bool, so booleans come out as int64",
    "booleans-are-integers",
    """
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return getattr(torch, str(x.dtype))
    if isinstance(x, int):
        return torch.int64
    if isinstance(x, bool):
        return torch.bool
    if isinstance(x, float):
        return torch.float32
    types = [predict_dtype(item) for item in x]
    if not types or torch.float32 in types:
        return torch.float32
    if torch.int64 in types:
        return torch.int64
    return torch.bool
""",
)
_add(
    "1.5",
    "view, which refuses tensors that are not contiguous",
    "view",
    """
def as_column(t):
    n = t.numel()
    return t.view(n, 1)
""",
)
_add(
    "1.6",
    "permute(0, 2, 1) only fits rank 3",
    "two-or-three-dimensions",
    """
def swap_last_two(t):
    if t.dim() == 2:
        return t.T
    return t.permute(0, 2, 1)
""",
)
_add(
    "1.7",
    "walks from the right and forgets to turn the list round at the end",
    "in-reversed-order",
    """
def row_major_strides(shape):
    strides = []
    step = 1
    for size in reversed(shape):
        strides.append(step)
        step *= size
    return tuple(strides)
""",
)
_add(
    "1.8",
    "torch.zeros without a dtype: always float32",
    "zeros-in-default-dtype",
    """
def matmul_loops(a, b):
    n, k = a.shape
    m = b.shape[1]
    c = torch.zeros((n, m))
    for i in range(n):
        for j in range(m):
            for l in range(k):
                c[i][j] += a[i][l] * b[l][j]
    return c
""",
)
_add(
    "1.10",
    "the shapes are aligned at the left",
    "aligned-at-left",
    """
def broadcast_shape(a, b):
    n = max(len(a), len(b))
    a = list(a) + [1] * (n - len(a))
    b = list(b) + [1] * (n - len(b))
    result = []
    for x, y in zip(a, b):
        if x == y or y == 1:
            result.append(x)
        elif x == 1:
            result.append(y)
        else:
            raise ValueError("shapes do not match")
    return tuple(result)
""",
)
_add(
    "1.11",
    "asks for (B, H, T, d) directly",
    "split-by-reshaping-only",
    """
def split_heads(x, heads):
    batch, tokens, dim = x.shape
    head_dim = dim // heads
    return x.reshape(batch, heads, tokens, head_dim)
""",
)

# ---- 02

_add(
    "2.1",
    "cuts each line at the first //, inside quotes, too",
    "every-double-slash-is-comment",
    """
def load_config(text):
    config = {}
    for line in text.strip().split("\\n")[1:-1]:
        line = line.split("//")[0].strip()
        if line == "":
            continue
        key, value = line.split(":", 1)
        key = key.strip().strip('"')
        value = value.strip().rstrip(",").strip()
        if value == "True":
            config[key] = True
        elif value == "False":
            config[key] = False
        elif value.startswith('"'):
            config[key] = value[1:-1]
        else:
            try:
                config[key] = int(value)
            except ValueError:
                config[key] = float(value)
    return config
""",
)
_add(
    "2.1",
    "what is no number stays a string: no ValueError for `yes`; and of `1/2` it sees the 1 only",
    None,
    """
import re

def load_config(text):
    result = {}
    for line in text.splitlines():
        m = re.match(r'\\s*"([^"]*)"\\s*:\\s*("[^"]*"|[^,/\\s]+)', line)
        if not m:
            continue
        key, raw = m.groups()
        if raw.startswith('"'):
            value = raw.strip('"')
        elif raw in ("True", "False"):
            value = raw == "True"
        else:
            value = raw
            for convert in (int, float):
                try:
                    value = convert(raw)
                    break
                except ValueError:
                    pass
        result[key] = value
    return result
""",
)
_add(
    "2.2",
    "True counts as an int of at least 1",
    "true-accepted-as-size",
    """
def validate_config(cfg):
    bad = []
    ints = ["vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"]

    def ok(key):
        return key in cfg and isinstance(cfg[key], int) and cfg[key] >= 1

    for key in KEYS:
        if key in ints:
            if not ok(key):
                bad.append(key)
            elif key == "n_heads" and ok("emb_dim") and cfg["emb_dim"] % cfg["n_heads"] != 0:
                bad.append(key)
        elif key == "drop_rate":
            p = cfg.get(key)
            if isinstance(p, bool) or not isinstance(p, (int, float)) or not 0 <= p < 1:
                bad.append(key)
        elif not isinstance(cfg.get(key), bool):
            bad.append(key)
    return bad
""",
)
_add(
    "2.2",
    "nan passes: only too small and too large are asked for",
    "nan-accepted",
    """
def validate_config(cfg):
    wrong = set()
    for key in ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers"):
        value = cfg.get(key)
        if type(value) is not int or value < 1:
            wrong.add(key)
    rate = cfg.get("drop_rate")
    if type(rate) not in (int, float) or rate < 0 or rate >= 1:
        wrong.add("drop_rate")
    if type(cfg.get("qkv_bias")) is not bool:
        wrong.add("qkv_bias")
    if "emb_dim" not in wrong and "n_heads" not in wrong and cfg["emb_dim"] % cfg["n_heads"]:
        wrong.add("n_heads")
    return [key for key in KEYS if key in wrong]
""",
)
_add(
    "2.4",
    "the position table is counted as one number a position",
    "positions-are-single-numbers",
    """
def embedding_params(cfg):
    token_table = cfg["vocab_size"] * cfg["emb_dim"]
    position_table = cfg["context_length"]
    return token_table + position_table
""",
)
_add(
    "2.6",
    "the output projection's bias follows qkv_bias, too",
    "output-bias-follows-flag",
    """
def attention_params(cfg):
    D = cfg["emb_dim"]
    per_layer = D * D
    if cfg["qkv_bias"]:
        per_layer += D
    return 4 * per_layer
""",
)
_add(
    "2.7",
    "both biases have the length of the middle",
    "both-biases-wide",
    """
def feedforward_params(cfg, mult=4):
    d = cfg["emb_dim"]
    hidden = mult * d
    first = d * hidden + hidden
    second = hidden * d + hidden
    return first + second
""",
)
_add(
    "2.8",
    "one layer norm a block in place of two",
    "one-layer-norm-per-block",
    """
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    total = embedding_params(cfg)
    block = attention_params(cfg) + feedforward_params(cfg) + layernorm_params(D)
    total += cfg["n_layers"] * block
    total += layernorm_params(D)
    if not tied:
        total += D * cfg["vocab_size"]
    return total
""",
)
_add(
    "2.9",
    "frozen parameters are left out in either case",
    "frozen-ones-never-counted",
    """
def count_parameters(module, trainable_only=False):
    total = 0
    for p in module.parameters():
        if p.requires_grad:
            total += p.numel()
    return total
""",
)
_add(
    "2.11",
    "drops and scales outside training, too",
    "always-active",
    """
def apply_dropout(x, keep_mask, p, training):
    scale = 1.0 / (1.0 - p)
    return torch.where(keep_mask, x * scale, torch.zeros_like(x))
""",
)

# ---- 03

_add(
    "3.1",
    "the outer derivative is taken at x",
    "outer-derivative-at-x",
    """
def chain_derivative(df, g, dg, x):
    outer = df(x)
    inner = dg(x)
    return outer * inner
""",
)
_add(
    "3.2",
    "e^z / (1 + e^z) is NaN at 1000",
    "infinity-divided-by-infinity",
    """
def sigmoid(z):
    e = torch.exp(z)
    return e / (1 + e)
""",
)
_add(
    "3.3",
    "NaN is mended after the fact; the logarithm has no bound, so infinity becomes the largest float",
    "infinity-and-nan-replaced-afterwards",
    """
def bce(a, y):
    losses = -(y * torch.log(a) + (1 - y) * torch.log(1 - a))
    losses = torch.nan_to_num(losses)
    return losses.mean()
""",
)
_add(
    "3.4",
    "the inner derivative -1 of 1 - a is forgotten",
    "sign-of-one-minus-a-lost",
    """
def bce_grad_a(a, y):
    first = y / a
    second = (1 - y) / (1 - a)
    return -(first + second)
""",
)
_add(
    "3.5",
    "dL/dw has the weight where the input belongs",
    "w-in-place-of-x",
    """
def manual_gradients(x, w, b, y):
    z = w * x + b
    a = sigmoid(z)
    delta = a - y
    grad_w = delta * w
    grad_b = delta
    return grad_w, grad_b
""",
)
_add(
    "3.6",
    "the gradient of b is a sum and no mean",
    "bias-not-averaged",
    """
def batch_gradients(X, w, b, y):
    N = X.shape[0]
    a = sigmoid(X @ w + b)
    error = a - y
    dw = X.T @ error / N
    db = error.sum()
    return dw, db
""",
)
_add(
    "3.7",
    "x is left h below where it was",
    "x-not-restored",
    """
def numeric_gradient(f, x, h):
    grad = torch.zeros_like(x)
    for i in range(len(x)):
        x[i] += h
        up = f(x)
        x[i] -= 2 * h
        down = f(x)
        grad[i] = (up - down) / (2 * h)
    return grad
""",
)
_add(
    "3.8",
    "a small number is added to the denominator against 0 / 0",
    "small-number-added-below",
    """
def gradcheck_error(analytic, numeric):
    if torch.isnan(analytic).any() or torch.isnan(numeric).any():
        return torch.tensor(float("inf"), dtype=analytic.dtype)
    diff = (analytic - numeric).abs()
    scale = torch.maximum(analytic.abs(), numeric.abs())
    return (diff / (scale + 1e-8)).max()
""",
)
_add(
    "3.9",
    "depth first, and each node is noted when it is first met",
    "noted-on-arrival",
    """
def topological_order(node):
    order = []
    seen = set()

    def visit(v):
        if id(v) in seen:
            return
        seen.add(id(v))
        order.append(v)
        for parent in v.parents:
            visit(parent)

    visit(node)
    return order
""",
)
_add(
    "3.10",
    "old gradients are not reset, but for the root's",
    "never-reset",
    """
def backprop(root):
    root.grad = 1.0
    for node in topological_order(root):
        for parent, d in zip(node.parents, node.local_derivatives):
            parent.grad += node.grad * d
""",
)

# ---- 04

_add(
    "4.1",
    "the ReLU works in place, so z1 in the cache is h",
    "relu-in-place",
    """
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b1"]
    h = F.relu(z1, inplace=True)
    z2 = h @ p["W2"].T + p["b2"]
    a = torch.sigmoid(z2)
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": a}
""",
)
_add(
    "4.3",
    "dW is transposed",
    "weights-transposed",
    """
def linear_backward(dout, X, W):
    d2 = dout.reshape(-1, dout.shape[-1])
    x2 = X.reshape(-1, X.shape[-1])
    dX = dout @ W
    dW = x2.T @ d2
    db = d2.sum(0)
    return dX, dW, db
""",
)
_add(
    "4.3",
    "db sums the first axis only",
    "bias-summed-over-first-axis-only",
    """
def linear_backward(dout, X, W):
    dX = dout @ W
    dW = dout.flatten(0, -2).T @ X.flatten(0, -2)
    db = torch.sum(dout, dim=0)
    return dX, dW, db
""",
)
_add(
    "4.4",
    "a column minus a row: labels (N,) make a matrix",
    "every-prediction-meets-every-label",
    """
def sigmoid_bce_backward(a, y):
    N = a.shape[0]
    dz = (a - y) / N
    return dz
""",
)
_add(
    "4.5",
    "sums stretched axes without keepdim",
    "axis-of-size-1-lost",
    """
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.sum(0)
    for i, size in enumerate(shape):
        if size == 1 and g.shape[i] != 1:
            g = g.sum(dim=i)
    return g
""",
)
_add(
    "4.6",
    "p[:, targets] subtracts in whole columns",
    "subtracted-in-every-row",
    """
def softmax_ce_backward(logits, targets):
    n = logits.shape[0]
    p = torch.softmax(logits, dim=1)
    p[:, targets] -= 1
    return p / n
""",
)
_add(
    "4.7",
    "assigning through an index that holds ids twice",
    "repeated-ids-dropped",
    """
def embedding_backward(dout, idx, V):
    D = dout.shape[-1]
    dE = torch.zeros(V, D, dtype=dout.dtype)
    dE[idx.reshape(-1)] += dout.reshape(-1, D)
    return dE
""",
)
_add(
    "4.8",
    "multiplies by the activation h where the ReLU's switch belongs",
    "times-hidden-layer",
    """
def mlp_backward(cache, p, y):
    N = y.shape[0]
    grads = {}
    grads["dz2"] = (cache["a"] - y) / N
    grads["dW2"] = grads["dz2"].T @ cache["h"]
    grads["db2"] = grads["dz2"].sum(0)
    grads["dh"] = grads["dz2"] @ p["W2"]
    grads["dz1"] = grads["dh"] * cache["h"]
    grads["dW1"] = grads["dz1"].T @ cache["X"]
    grads["db1"] = grads["dz1"].sum(0)
    return grads
""",
)
_add(
    "4.9",
    "squeeze() leaves no axis for one example",
    "all-axes-of-size-1-removed",
    """
def fix_simple_net(net, inputs, labels):
    criterion = nn.BCELoss()
    net.zero_grad()
    outputs = net(inputs).squeeze()
    loss = criterion(outputs, labels)
    loss.backward()
    return loss.item()
""",
)
_add(
    "4.10",
    "hands out .grad itself",
    "no-copy",
    """
def named_gradients(net, X, y):
    net.zero_grad()
    loss = F.binary_cross_entropy(net(X), y)
    loss.backward()
    result = {}
    for name, param in net.named_parameters():
        if param.requires_grad:
            result[name] = param.grad
    return result
""",
)

# ---- 05

_add(
    "5.2",
    "v = ... only gives the name to a new tensor",
    "velocity-not-kept",
    """
def momentum_step(p, g, v, lr, mu):
    v = mu * v + g
    p -= lr * v
""",
)
_add(
    "5.3",
    "t is raised after the step, so the first correction divides by 0",
    "counting-from-0",
    """
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    t = state["t"]
    m = beta1 * state["m"] + (1 - beta1) * g
    v = beta2 * state["v"] + (1 - beta2) * g * g
    m_hat = m / (1 - beta1**t)
    v_hat = v / (1 - beta2**t)
    p -= lr * m_hat / (torch.sqrt(v_hat) + eps)
    state["m"], state["v"], state["t"] = m, v, t + 1
""",
)
_add(
    "5.3",
    "eps stands under the root",
    "eps-under-root",
    """
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"] = beta2 * state["v"] + (1 - beta2) * g**2
    m_hat = state["m"] / (1 - beta1 ** state["t"])
    v_hat = state["v"] / (1 - beta2 ** state["t"])
    with torch.no_grad():
        p -= lr * m_hat / torch.sqrt(v_hat + eps)
""",
)
_add(
    "5.4",
    "the decay is added to the gradient",
    "decay-in-gradient",
    """
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    g = g + weight_decay * p
    adam_step(p, g, state, lr, beta1, beta2, eps)
""",
)
_add(
    "5.5",
    "the gradients are cleared between backward and step",
    "cleared-before-step",
    """
def train_step(net, opt, X, y):
    logits = net(X)
    loss = F.cross_entropy(logits, y)
    loss.backward()
    opt.zero_grad()
    opt.step()
    return loss.item()
""",
)
_add(
    "5.6",
    "each loss is divided by the number of micro-batches",
    "divided-by-number-of-micro-batches",
    """
def accumulate_step(net, opt, micro_batches):
    opt.zero_grad()
    total = 0.0
    for X, y in micro_batches:
        loss = F.cross_entropy(net(X), y) / len(micro_batches)
        loss.backward()
        total += loss.item()
    opt.step()
    return total
""",
)
_add(
    "5.7",
    "the norms of the parameters are added up",
    "sum-of-norms",
    """
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    total = sum(g.norm() for g in grads)
    if total > max_norm:
        for g in grads:
            g *= max_norm / total
    return total
""",
)
_add(
    "5.8",
    "the cosine runs over step / total, as if there were no warm-up",
    "decay-counted-from-step-0",
    """
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    progress = step / total
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(math.pi * progress))
""",
)
_add(
    "5.9",
    "draws from the global source",
    "generator-not-used",
    """
def minibatches(X, y, size, generator):
    order = torch.randperm(len(X))
    batches = []
    for start in range(0, len(X), size):
        chosen = order[start:start + size]
        batches.append((X[chosen], y[chosen]))
    return batches
""",
)
_add(
    "5.10",
    "the mean of the batches' means",
    "mean-of-batch-means",
    """
def evaluate(net, loader):
    was_training = net.training
    net.eval()
    losses = []
    with torch.no_grad():
        for X, y in loader:
            losses.append(F.cross_entropy(net(X), y).item())
    net.train(was_training)
    return sum(losses) / len(losses)
""",
)

# ---- 06

_add(
    "6.1",
    "windows side by side: every T-th start",
    "windows-that-do-not-overlap",
    """
def next_token_pairs(ids, T):
    xs, ys = [], []
    for i in range(0, len(ids) - T, T):
        xs.append(ids[i:i + T])
        ys.append(ids[i + 1:i + T + 1])
    return torch.stack(xs), torch.stack(ys)
""",
)
_add(
    "6.3",
    "a small number inside the logarithm, after a softmax",
    "small-number-inside-logarithm",
    """
def lm_cross_entropy(logits, targets):
    probs = torch.softmax(logits, dim=-1)
    picked = probs.gather(-1, targets.unsqueeze(-1)).squeeze(-1)
    return -torch.log(picked + 1e-9).mean()
""",
)
_add(
    "6.6",
    "masks after the softmax, so that the rows do not add up to 1",
    "mask-after-softmax",
    """
def attention(q, k, v, mask):
    d = q.shape[-1]
    scores = q @ k.transpose(-2, -1) / d ** 0.5
    weights = F.softmax(scores, dim=-1)
    weights = weights.masked_fill(mask == False, 0)
    return weights @ v
""",
)
_add(
    "6.6",
    "the fill is 1e-9 where -1e9 was meant",
    "masked-score-0",
    """
def attention(q, k, v, mask):
    scores = torch.matmul(q, k.transpose(-1, -2)) / math.sqrt(k.size(-1))
    scores = scores.masked_fill(mask == 0, 1e-9)
    weights = torch.softmax(scores, dim=-1)
    return torch.matmul(weights, v)
""",
)
_add(
    "6.7",
    "the heads are not transposed back before they are put side by side",
    "merged-by-reshape",
    """
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    d = D // H
    q, k, v = (x @ Wqkv.T).split(D, dim=2)
    q = q.view(B, T, H, d).transpose(1, 2)
    k = k.view(B, T, H, d).transpose(1, 2)
    v = v.view(B, T, H, d).transpose(1, 2)
    out = attention(q, k, v, causal_mask(T, x.device))
    out = out.contiguous().view(B, T, D)
    return out @ Wo.T + bo
""",
)
_add(
    "6.8",
    "std in place of the root of var + eps: unbiased, and eps outside",
    "std-plus-eps",
    """
def layer_norm(x, gamma, beta, eps=1e-5):
    mean = x.mean(-1, keepdim=True)
    std = x.std(-1, keepdim=True)
    return gamma * (x - mean) / (std + eps) + beta
""",
)
_add(
    "6.9",
    "the exact GELU with erf",
    "exact-form",
    """
def gelu(x):
    return 0.5 * x * (1 + torch.erf(x / math.sqrt(2)))
""",
)
_add(
    "6.10",
    "norm1 is used twice",
    "first-norm-used-twice",
    """
def gpt_block(x, p, H):
    normed = layer_norm(x, p["norm1_gamma"], p["norm1_beta"])
    x = x + multi_head_attention(normed, p["Wqkv"], p["Wo"], p["bo"], H)
    normed = layer_norm(x, p["norm1_gamma"], p["norm1_beta"])
    hidden = gelu(normed @ p["W1"].T + p["b1"])
    return x + hidden @ p["W2"].T + p["b2"]
""",
)
_add(
    "6.12",
    "the model stays in eval mode",
    "left-in-eval-mode",
    """
def generate(model, ids, n, context_length, top_k, generator=None):
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            logits = model(ids[:, -context_length:])[:, -1, :]
            values, indices = torch.topk(logits, top_k)
            probs = torch.softmax(values, dim=-1)
            choice = torch.multinomial(probs, 1, generator=generator)
            ids = torch.cat([ids, indices.gather(1, choice)], dim=1)
    return ids
""",
)
_add(
    "6.13",
    "old gradients are never cleared",
    "gradients-never-cleared",
    """
def pretrain(cfg, text, steps, seed):
    tokenizer = CharTokenizer(text)
    data = tokenizer.encode(text)
    model = TinyGPT(cfg, seed)
    model.train()
    optimizer = torch.optim.Adam(model.parameters(), lr=cfg["learning_rate"])
    generator = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(steps):
        x, y = get_batch(data, cfg["batch_size"], cfg["context_length"], generator)
        loss = lm_cross_entropy(model(x), y)
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    return model, losses
""",
)

# ---- a second set, held back until the naming was mended

_add(
    "1.1",
    "torch.Tensor makes float32",
    "capital-t-for-lists",
    """
def make_ranks():
    scalar = torch.tensor(5)
    vector = torch.Tensor([1, 2, 3])
    matrix = torch.Tensor([[1, 2], [3, 4]])
    cube = torch.Tensor([[[1, 2], [3, 4]], [[5, 6], [7, 8]]])
    return scalar, vector, matrix, cube
""",
)
_add(
    "1.4",
    "what .to() returns is thrown away",
    "result-thrown-away",
    """
def to_float32(t):
    t.to(torch.float32)
    return t
""",
)
_add(
    "1.5",
    "a flat vector, no column",
    "flat",
    """
def as_column(t):
    return t.reshape(-1)
""",
)
_add(
    "1.6",
    ".T reverses all axes",
    "all-dimensions-reversed",
    """
def swap_last_two(t):
    return t.T
""",
)
_add(
    "1.8",
    "rows of b in place of its columns",
    "rows-of-second",
    """
def matmul_loops(a, b):
    n, k = a.shape
    k2, m = b.shape
    out = torch.zeros(n, m, dtype=a.dtype, device=a.device)
    for i in range(n):
        for j in range(m):
            total = 0
            for l in range(k):
                total += a[i, l] * b[j, l]
            out[i, j] = total
    return out
""",
)
_add(
    "1.9",
    "columns are compared with columns",
    "columns-compared",
    """
def gram(t):
    return t.T @ t
""",
)
_add(
    "1.10",
    "the larger size is taken, whatever the two are",
    "greater-size-without-check",
    """
def broadcast_shape(a, b):
    n = max(len(a), len(b))
    a = (1,) * (n - len(a)) + tuple(a)
    b = (1,) * (n - len(b)) + tuple(b)
    return tuple(max(x, y) for x, y in zip(a, b))
""",
)
_add(
    "1.11",
    "merging by reshape alone",
    "merged-by-reshaping-only",
    """
def merge_heads(o):
    B, H, T, d = o.shape
    return o.reshape(B, T, H * d)
""",
)
_add(
    "2.1",
    "bool() of a text that is not empty",
    "any-non-empty-text-is-true",
    """
def load_config(text):
    out = {}
    for line in text.splitlines()[1:]:
        line = line.strip()
        if not line.startswith('"'):
            continue
        _, key, rest = line.split('"', 2)
        rest = rest.strip().lstrip(":").strip()
        if rest.startswith('"'):
            out[key] = rest[1:].split('"')[0]
            continue
        raw = rest.split("//")[0].strip().rstrip(",").strip()
        if raw in ("True", "False"):
            out[key] = bool(raw)
        elif raw.lstrip("-").isdigit():
            out[key] = int(raw)
        else:
            out[key] = float(raw)
    return out
""",
)
_add(
    "2.2",
    "where the heads do not divide the embedding, both keys are reported",
    "both-are-blamed",
    """
def validate_config(cfg):
    bad = set()
    for key in KEYS[:5]:
        v = cfg.get(key)
        if isinstance(v, bool) or not isinstance(v, int) or v < 1:
            bad.add(key)
    if not bad & {"emb_dim", "n_heads"} and cfg["emb_dim"] % cfg["n_heads"] != 0:
        bad.add("emb_dim")
        bad.add("n_heads")
    p = cfg.get("drop_rate")
    if isinstance(p, bool) or not isinstance(p, (int, float)) or not (0 <= p < 1):
        bad.add("drop_rate")
    if not isinstance(cfg.get("qkv_bias"), bool):
        bad.add("qkv_bias")
    return [k for k in KEYS if k in bad]
""",
)
_add(
    "2.3",
    "the bias has the length of the input",
    "bias-as-long-as-input",
    """
def linear_params(in_features, out_features, bias):
    n = in_features * out_features
    return n + in_features if bias else n
""",
)
_add(
    "2.5",
    "gamma alone",
    "scale-or-shift-forgotten",
    """
def layernorm_params(emb_dim):
    return emb_dim
""",
)
_add(
    "2.6",
    "the output projection is forgotten",
    "output-projection-forgotten",
    """
def attention_params(cfg):
    d = cfg["emb_dim"]
    return 3 * linear_params(d, d, cfg["qkv_bias"])
""",
)
_add(
    "2.8",
    "the last layer norm is forgotten",
    "final-layer-norm-forgotten",
    """
def gpt_params(cfg, tied=False):
    d = cfg["emb_dim"]
    n = embedding_params(cfg)
    for _ in range(cfg["n_layers"]):
        n += attention_params(cfg)
        n += feedforward_params(cfg)
        n += 2 * layernorm_params(d)
    if not tied:
        n += linear_params(d, cfg["vocab_size"], False)
    return n
""",
)
_add(
    "2.9",
    "counts the state dict, buffers and tied names included",
    "state-dict-where-frozen-ones-count",
    """
def count_parameters(module, trainable_only=False):
    if trainable_only:
        return sum(p.numel() for p in module.parameters() if p.requires_grad)
    return sum(v.numel() for v in module.state_dict().values())
""",
)
_add(
    "2.10",
    "megabytes",
    "megabytes-for-mebibytes",
    """
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) / 1_000_000
""",
)
_add(
    "3.3",
    "a sum in place of the mean",
    "sum-in-place-of-mean",
    """
def bce(a, y):
    log_a = torch.clamp(torch.log(a), min=-100.0)
    log_not_a = torch.clamp(torch.log(1 - a), min=-100.0)
    return -torch.sum(y * log_a + (1 - y) * log_not_a)
""",
)
_add(
    "3.4",
    "the square of the denominator is forgotten",
    "square-missing",
    """
def sigmoid_grad(z):
    e = torch.exp(-z)
    return e / (1 + e)
""",
)
_add(
    "3.5",
    "label minus prediction: both signs are wrong",
    "opposite-sign",
    """
def manual_gradients(x, w, b, y):
    a = sigmoid(x * w + b)
    d = y - a
    return d * x, d
""",
)
_add(
    "3.6",
    "errors (N,) times examples (N, D) do not broadcast",
    "errors-lack-an-axis",
    """
def batch_gradients(X, w, b, y):
    a = sigmoid(X @ w + b)
    error = a - y
    dw = (error * X).mean(dim=0)
    db = error.mean()
    return dw, db
""",
)
_add(
    "3.7",
    "the one-sided quotient",
    "forward-difference-computed-anew",
    """
def numeric_gradient(f, x, h):
    grads = []
    for i in range(x.shape[0]):
        shifted = x.clone()
        shifted[i] = shifted[i] + h
        grads.append((f(shifted) - f(x)) / h)
    return torch.stack(grads)
""",
)
_add(
    "3.8",
    "the mean of the errors in place of the largest",
    "mean-over-entries",
    """
def gradcheck_error(analytic, numeric):
    both = torch.stack([analytic, numeric])
    if both.isnan().any():
        return torch.full((), math.inf, dtype=analytic.dtype)
    top = both.abs().amax(0)
    err = (analytic - numeric).abs() / torch.where(top == 0, torch.ones_like(top), top)
    return err.mean()
""",
)
_add(
    "3.10",
    "gradients are set, not added",
    "overwritten",
    """
def backprop(root):
    nodes = topological_order(root)
    for node in nodes:
        node.grad = 0
    root.grad = 1
    for node in nodes:
        for parent, local in zip(node.parents, node.local_derivatives):
            parent.grad = node.grad * local
""",
)
_add(
    "4.2",
    "multiplies by the ReLU in place of its slope",
    "times-output",
    """
def relu_backward(dout, z):
    return dout * torch.relu(z)
""",
)
_add(
    "4.3",
    "divides by the number of examples once more",
    "weights-and-bias-averaged",
    """
def linear_backward(dout, X, W):
    d = dout.reshape(-1, W.shape[0])
    x = X.reshape(-1, W.shape[1])
    n = d.shape[0]
    return (d @ W).reshape(X.shape), d.T @ x / n, d.mean(0)
""",
)
_add(
    "4.4",
    "the slope of the sigmoid once more",
    "slope-of-sigmoid-once-too-often",
    """
def sigmoid_bce_backward(a, y):
    y = y.view(-1, 1)
    return (a - y) * a * (1 - a) / a.shape[0]
""",
)
_add(
    "4.6",
    "the mean is forgotten",
    "not-divided-by-n",
    """
def softmax_ce_backward(logits, targets):
    probs = F.softmax(logits, dim=-1)
    probs[torch.arange(len(targets)), targets] -= 1.0
    return probs
""",
)
_add(
    "4.8",
    "dW2 is transposed",
    "weights-of-output-transposed",
    """
def mlp_backward(cache, p, y):
    N = len(y)
    dz2 = (cache["a"] - y) / N
    dW2 = cache["h"].T @ dz2
    db2 = dz2.sum(dim=0)
    dh = dz2 @ p["W2"]
    dz1 = dh * (cache["z1"] > 0)
    dW1 = dz1.T @ cache["X"]
    db1 = dz1.sum(dim=0)
    return dict(dz2=dz2, dW2=dW2, db2=db2, dh=dh, dz1=dz1, dW1=dW1, db1=db1)
""",
)
_add(
    "5.1",
    "an in-place change of a leaf that autograd watches",
    "watched-by-autograd",
    """
def sgd_step(params, grads, lr):
    for p, g in zip(params, grads):
        if g is None:
            continue
        p -= lr * g
""",
)
_add(
    "5.2",
    "a moving average in place of the sum",
    "average-in-place-of-sum",
    """
def momentum_step(p, g, v, lr, mu):
    v.copy_(mu * v + (1 - mu) * g)
    p.sub_(lr * v)
""",
)
_add(
    "5.4",
    "the decay does not depend on the learning rate",
    "decay-without-learning-rate",
    """
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    p.mul_(1 - weight_decay)
    adam_step(p, g, state, lr=lr, beta1=beta1, beta2=beta2, eps=eps)
""",
)
_add(
    "5.7",
    "each tensor is cut down on its own",
    "each-tensor-on-its-own",
    """
def clip_gradients(params, max_norm):
    squares = 0
    for p in params:
        if p.grad is None:
            continue
        norm = p.grad.norm()
        squares = squares + norm ** 2
        if norm > max_norm:
            p.grad = p.grad * (max_norm / norm)
    return squares ** 0.5
""",
)
_add(
    "5.9",
    "the rest is dropped",
    "rest-dropped",
    """
def minibatches(X, y, size, generator):
    perm = torch.randperm(X.shape[0], generator=generator)
    X, y = X[perm], y[perm]
    for i in range(X.shape[0] // size):
        yield X[i * size:(i + 1) * size], y[i * size:(i + 1) * size]
""",
)
_add(
    "5.10",
    "no eval mode",
    "dropout-left-on",
    """
@torch.no_grad()
def evaluate(net, loader):
    total, count = 0.0, 0
    for X, y in loader:
        loss = F.cross_entropy(net(X), y, reduction="sum")
        total += loss.item()
        count += len(y)
    return total / count
""",
)
_add(
    "6.2",
    "one start too many",
    "past-end-picked-by-position",
    """
def get_batch(data, B, T, generator):
    starts = torch.randint(0, len(data) - T + 1, (B,), generator=generator)
    x = torch.stack([data[s:s + T] for s in starts])
    y = torch.stack([data[s + 1:s + T + 1] for s in starts])
    return x, y
""",
)
_add(
    "6.4",
    "the mean of the batches' perplexities",
    "mean-of-perplexities",
    """
def perplexity(nll_sums, counts):
    per_batch = torch.exp(nll_sums / counts)
    return per_batch.mean()
""",
)
_add(
    "6.5",
    "True where something is hidden",
    "true-means-hidden",
    """
def causal_mask(T, device=None):
    return torch.triu(torch.ones(T, T, device=device), diagonal=1).bool()
""",
)
_add(
    "6.6",
    "divides by d and not by its root",
    "divided-by-d",
    """
def attention(q, k, v, mask):
    d_k = q.shape[-1]
    scores = q @ k.mT / d_k
    scores = scores.masked_fill(~mask, float("-inf"))
    return F.softmax(scores, dim=-1) @ v
""",
)
_add(
    "6.11",
    "the last layer norm is forgotten",
    "no-final-norm",
    """
def gpt_forward(ids, p, cfg, training=False):
    B, T = ids.shape
    pos = torch.arange(T, device=ids.device)
    x = p["tokens"][ids] + p["positions"][pos]
    x = F.dropout(x, cfg["drop_rate"], training=training)
    for block in p["blocks"]:
        x = gpt_block(x, block, cfg["n_heads"])
    head = p["head"] if "head" in p else p["tokens"]
    return x @ head.T
""",
)
_add(
    "6.12",
    "the text is not cut to the context",
    "not-cropped",
    """
def generate(model, ids, n, context_length, top_k, generator=None):
    was_training = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            logits = model(ids)[:, -1]
            top, where = logits.topk(top_k, dim=-1)
            pick = torch.multinomial(F.softmax(top, dim=-1), num_samples=1, generator=generator)
            ids = torch.cat((ids, where.gather(-1, pick)), dim=1)
    model.train(was_training)
    return ids
""",
)

# ---- a third set, of exercises whose catalogue had still not been looked at

_add(
    "1.3",
    "floats are float64, as in NumPy",
    "floats-are-float64",
    """
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return getattr(torch, x.dtype.name)
    def leaves(v):
        if isinstance(v, list):
            for item in v:
                yield from leaves(item)
        else:
            yield v
    kinds = {type(v) for v in leaves(x)}
    if not kinds:
        return torch.float32
    if float in kinds:
        return torch.float64
    return torch.bool if kinds == {bool} else torch.int64
""",
)
_add(
    "1.5",
    "a row in place of a column",
    "row",
    """
def as_column(t):
    return t.reshape(1, -1)
""",
)
_add(
    "1.9",
    "the product entry by entry",
    "entry-by-entry-with-transpose",
    """
def gram(t):
    return t * t.T
""",
)
_add(
    "1.11",
    "heads and tokens are not swapped",
    "split-without-swap",
    """
def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, heads, D // heads)
""",
)
_add(
    "2.7",
    "no biases",
    "biases-dropped",
    """
def feedforward_params(cfg, mult=4):
    d = cfg["emb_dim"]
    return d * (mult * d) + (mult * d) * d
""",
)
_add(
    "2.8",
    "the head is counted even if it is tied",
    "never-tied",
    """
def gpt_params(cfg, tied=False):
    V, D, L = cfg["vocab_size"], cfg["emb_dim"], cfg["n_layers"]
    block = attention_params(cfg) + feedforward_params(cfg) + 2 * layernorm_params(D)
    return embedding_params(cfg) + L * block + layernorm_params(D) + V * D
""",
)
_add(
    "2.10",
    "four bytes for every dtype",
    "always-four-bytes",
    """
def model_bytes(n, dtype):
    return 4 * n
""",
)
_add(
    "2.11",
    "zeros where the mask says keep",
    "mask-turned-round",
    """
def apply_dropout(x, keep_mask, p, training):
    if not training:
        return x
    return x.masked_fill(keep_mask, 0.0) / (1 - p)
""",
)
_add(
    "3.2",
    "the minus sign in the exponent is forgotten",
    "minus-sign-missing",
    """
def sigmoid(z):
    return 1 / (1 + torch.exp(z))
""",
)
_add(
    "3.6",
    "the gradient of w is a sum and no mean",
    "weights-not-averaged",
    """
def batch_gradients(X, w, b, y):
    a = sigmoid(torch.matmul(X, w) + b)
    err = a - y
    dw = torch.matmul(X.T, err)
    db = err.mean()
    return dw, db
""",
)
_add(
    "3.9",
    "level by level",
    "level-by-level",
    """
def topological_order(node):
    order = [node]
    for current in order:
        for parent in current.parents:
            if not any(parent is seen for seen in order):
                order.append(parent)
    return order
""",
)
_add(
    "3.10",
    "the slope of e^x is taken for x",
    "slope-of-exp-is-x",
    """
def exp(node):
    return Value(math.exp(node.data), (node,), (node.data,))
""",
)
_add(
    "4.1",
    "a sigmoid in the hidden layer",
    "sigmoid-before-relu",
    """
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b1"]
    h = torch.sigmoid(z1)
    z2 = h @ p["W2"].T + p["b2"]
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": torch.sigmoid(z2)}
""",
)
_add(
    "4.4",
    "the gradient by a, without the slope of the sigmoid",
    "chain-stops-at-prediction",
    """
def sigmoid_bce_backward(a, y):
    y = y.reshape(a.shape)
    return (a - y) / (a * (1 - a)) / len(a)
""",
)
_add(
    "4.6",
    "the opposite sign",
    "opposite-sign",
    """
def softmax_ce_backward(logits, targets):
    N, C = logits.shape
    onehot = F.one_hot(targets, C).to(logits.dtype)
    return (onehot - torch.softmax(logits, dim=1)) / N
""",
)
_add(
    "4.7",
    "a loop that sets rows and does not add",
    "repeated-ids-dropped",
    """
def embedding_backward(dout, idx, V):
    table = dout.new_zeros(V, dout.shape[-1])
    for i, row in zip(idx.flatten(), dout.flatten(0, -2)):
        table[i] = row
    return table
""",
)
_add(
    "4.8",
    "db1 is a mean",
    None,
    """
def mlp_backward(cache, p, y):
    g = {}
    g["dz2"] = sigmoid_bce_backward(cache["a"], y)
    g["dh"], g["dW2"], g["db2"] = linear_backward(g["dz2"], cache["h"], p["W2"])
    g["dz1"] = relu_backward(g["dh"], cache["z1"])
    g["dW1"] = g["dz1"].T @ cache["X"]
    g["db1"] = g["dz1"].mean(0)
    return g
""",
)
_add(
    "4.9",
    "the labels become a row (1, N)",
    "axis-added-in-front-of-labels",
    """
def fix_simple_net(net, inputs, labels):
    net.zero_grad()
    outputs = net(inputs)
    loss = nn.BCELoss()(outputs, labels.unsqueeze(0))
    loss.backward()
    return loss.item()
""",
)
_add(
    "4.10",
    "old gradients are not cleared",
    "gradients-pile-up",
    """
def named_gradients(net, X, y):
    loss = nn.BCELoss()(net(X), y)
    loss.backward()
    return {n: p.grad.clone() for n, p in net.named_parameters() if p.requires_grad}
""",
)
_add(
    "5.1",
    "p = ... only gives the name to a new tensor",
    "name-bound-to-new-tensor",
    """
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads):
            if g is not None:
                p = p - lr * g
""",
)
_add(
    "5.3",
    "no bias correction",
    "no-correction",
    """
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    state["m"] = beta1 * state["m"] + (1 - beta1) * g
    state["v"] = beta2 * state["v"] + (1 - beta2) * g * g
    p -= lr * state["m"] / (state["v"].sqrt() + eps)
""",
)
_add(
    "5.5",
    "returns the loss tensor",
    "loss-returned-with-its-graph",
    """
def train_step(net, opt, X, y):
    opt.zero_grad()
    loss = nn.CrossEntropyLoss()(net(X), y)
    loss.backward()
    opt.step()
    return loss
""",
)
_add(
    "5.6",
    "gradients are cleared before every micro-batch",
    "cleared-before-each-micro-batch",
    """
def accumulate_step(net, opt, micro_batches):
    n_total = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        opt.zero_grad()
        loss = F.cross_entropy(net(X), y) * len(y) / n_total
        loss.backward()
        total += loss.item()
    opt.step()
    return total
""",
)
_add(
    "5.8",
    "decays to 0 and not to min_lr",
    "decay-to-0",
    """
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    t = (step - warmup) / (total - warmup)
    return 0.5 * max_lr * (1 + math.cos(math.pi * t))
""",
)
_add(
    "5.10",
    "weighted losses, divided by the number of batches",
    "losses-divided-by-number-of-batches",
    """
def evaluate(net, loader):
    mode = net.training
    net.eval()
    total, batches = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y).item() * len(y)
            batches += 1
    net.train(mode)
    return total / batches
""",
)
_add(
    "6.1",
    "one input window too many",
    "one-window-of-inputs-too-many",
    """
def next_token_pairs(ids, T):
    x = torch.stack([ids[i:i + T] for i in range(len(ids) - T + 1)])
    y = torch.stack([ids[i + 1:i + 1 + T] for i in range(len(ids) - T)])
    return x, y
""",
)
_add(
    "6.4",
    "2 to the power of the loss",
    "two-to-power-of-loss",
    """
def perplexity(nll_sums, counts):
    loss = nll_sums.sum() / counts.sum()
    return 2 ** loss
""",
)
_add(
    "6.9",
    "the square root around 2 / pi is forgotten",
    "no-root",
    """
def gelu(x):
    inner = (2 / math.pi) * (x + 0.044715 * x ** 3)
    return 0.5 * x * (1 + torch.tanh(inner))
""",
)
_add(
    "6.10",
    "norms after the additions",
    "post-norm",
    """
def gpt_block(x, p, H):
    x = layer_norm(x + multi_head_attention(x, p["Wqkv"], p["Wo"], p["bo"], H), p["norm1_gamma"], p["norm1_beta"])
    h = gelu(x @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
    return layer_norm(x + h, p["norm2_gamma"], p["norm2_beta"])
""",
)
_add(
    "6.13",
    "Adam with its own learning rate",
    "learning-rate-of-library",
    """
def pretrain(cfg, text, steps, seed):
    tok = CharTokenizer(text)
    ids = tok.encode(text)
    gen = torch.Generator().manual_seed(seed)
    model = TinyGPT(cfg, seed)
    opt = torch.optim.Adam(model.parameters())
    losses = []
    for step in range(steps):
        xb, yb = get_batch(ids, cfg["batch_size"], cfg["context_length"], gen)
        loss = lm_cross_entropy(model(xb), yb)
        opt.zero_grad()
        loss.backward()
        opt.step()
        losses.append(loss.item())
    return model, losses
""",
)
