"""Sixty more wrong answers, ten of each assignment, which have never been tuned to.

They were written from the exercises' texts alone, by somebody who had not read the catalogue, once the naming was
done, and the catalogue was not changed because of them: so they measure how often a learner is told what is wrong. An
answer without a name stays without one.
"""

from __future__ import annotations

from wrong_answers_panel import WrongAnswer

FRESH: list[WrongAnswer] = []


def _add(exercise: str, mistake: str, name: str | None, code: str) -> None:
    FRESH.append(WrongAnswer(exercise, mistake, name, code.lstrip("\n")))


# ---- 01

_add(
    "1.1",
    "the cube's two matrices are stacked along the last axis",
    None,
    """
def make_ranks():
    scalar = torch.tensor(5)
    vector = torch.tensor([1, 2, 3])
    matrix = torch.tensor([[1, 2], [3, 4]])
    cube = torch.stack([matrix, matrix + 4], dim=-1)
    return scalar, vector, matrix, cube
""",
)
_add(
    "1.2",
    "an empty list has no dimension at all",
    "empty-list-like-number",
    """
def nested_shape(x):
    if not isinstance(x, list) or not x:
        return ()
    shapes = [nested_shape(item) for item in x]
    if any(shape != shapes[0] for shape in shapes):
        raise ValueError("ragged")
    return (len(x), *shapes[0])
""",
)
_add(
    "1.3",
    "an empty list is int64",
    "empty-list-is-int64",
    """
def predict_dtype(x):
    if isinstance(x, np.ndarray):
        return getattr(torch, str(x.dtype))
    if isinstance(x, bool):
        return torch.bool
    if isinstance(x, int):
        return torch.int64
    if isinstance(x, float):
        return torch.float32
    found = [predict_dtype(item) for item in x]
    if torch.float32 in found:
        return torch.float32
    if found and all(dtype == torch.bool for dtype in found):
        return torch.bool
    return torch.int64
""",
)
_add(
    "1.4",
    "reads the bits anew",
    "bits-re-read",
    """
def to_float32(t):
    return t.view(torch.float32)
""",
)
_add(
    "1.5",
    "the rows of a matrix stay rows: a new axis at the end",
    "one-dimension-more",
    """
def as_column(t):
    return t.unsqueeze(-1)
""",
)
_add(
    "1.6",
    "the first two are swapped",
    "first-two-dimensions",
    """
def swap_last_two(t):
    return t.transpose(0, 1)
""",
)
_add(
    "1.7",
    "sizes in place of products: the size to the right is the stride",
    "size-behind-only",
    """
def row_major_strides(shape):
    strides = []
    for i in range(len(shape)):
        strides.append(shape[i + 1] if i + 1 < len(shape) else 1)
    return tuple(strides)
""",
)
_add(
    "1.8",
    "the sum is overwritten by the last product",
    "last-product-only",
    """
def matmul_loops(a, b):
    n, k = a.shape
    m = b.shape[1]
    c = torch.zeros(n, m, dtype=a.dtype, device=a.device)
    for i in range(n):
        for j in range(m):
            for l in range(k):
                c[i, j] = a[i, l] * b[l, j]
    return c
""",
)
_add(
    "1.10",
    "an axis of size 0 counts as 1",
    "greater-size",
    """
def broadcast_shape(a, b):
    result = []
    for i in range(1, max(len(a), len(b)) + 1):
        x = a[-i] if i <= len(a) else 1
        y = b[-i] if i <= len(b) else 1
        if x != y and 1 not in (x, y):
            raise ValueError("incompatible")
        result.append(max(x, y))
    return tuple(reversed(result))
""",
)
_add(
    "1.11",
    "the heads are the fast axis: every H-th number belongs to a head",
    "interleaved-heads",
    """
def split_heads(x, heads):
    B, T, D = x.shape
    return x.reshape(B, T, D // heads, heads).permute(0, 3, 1, 2)
""",
)

# ---- 02

_add(
    "2.1",
    "a negative number is no number",
    None,
    """
def load_config(text):
    result = {}
    for line in text.strip().splitlines()[1:-1]:
        line = line.strip()
        if not line or line.startswith("//"):
            continue
        _, key, rest = line.split('"', 2)
        rest = rest.strip()[1:].strip()
        if rest.startswith('"'):
            result[key] = rest[1:rest.index('"', 1)]
            continue
        value = rest.split("//")[0].strip().rstrip(",").strip()
        if value in ("True", "False"):
            result[key] = value == "True"
        elif value.isdigit():
            result[key] = int(value)
        else:
            result[key] = float(value)
    return result
""",
)
_add(
    "2.2",
    "a missing key is skipped",
    "missing-keys-are-fine",
    """
def validate_config(cfg):
    bad = []
    for key in KEYS:
        if key not in cfg:
            continue
        value = cfg[key]
        if key == "qkv_bias":
            ok = type(value) is bool
        elif key == "drop_rate":
            ok = type(value) in (int, float) and 0 <= value < 1
        else:
            ok = type(value) is int and value >= 1
        if ok and key == "n_heads":
            D = cfg.get("emb_dim")
            if type(D) is int and D >= 1:
                ok = D % value == 0
        if not ok:
            bad.append(key)
    return bad
""",
)
_add(
    "2.3",
    "one bias for the whole layer",
    "single-bias",
    """
def linear_params(in_features, out_features, bias):
    return in_features * out_features + int(bias)
""",
)
_add(
    "2.4",
    "the two tables share their size: (V + T) rows, but of V columns",
    None,
    """
def embedding_params(cfg):
    return (cfg["vocab_size"] + cfg["context_length"]) * cfg["n_heads"]
""",
)
_add(
    "2.5",
    "the mean and the variance are counted, too",
    None,
    """
def layernorm_params(emb_dim):
    return 2 * emb_dim + 2
""",
)
_add(
    "2.6",
    "each head has matrices of D times D",
    "whole-matrices-for-each-head",
    """
def attention_params(cfg):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    qkv = 3 * H * linear_params(D, D, cfg["qkv_bias"])
    return qkv + linear_params(D, D, True)
""",
)
_add(
    "2.7",
    "the middle is always four times as wide",
    "always-four-times",
    """
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return linear_params(D, 4 * D, True) + linear_params(4 * D, D, True)
""",
)
_add(
    "2.8",
    "the head has a bias",
    "head-with-bias",
    """
def gpt_params(cfg, tied=False):
    D, V = cfg["emb_dim"], cfg["vocab_size"]
    block = attention_params(cfg) + feedforward_params(cfg) + 2 * layernorm_params(D)
    head = 0 if tied else linear_params(D, V, True)
    return embedding_params(cfg) + cfg["n_layers"] * block + layernorm_params(D) + head
""",
)
_add(
    "2.9",
    "the parameters of the direct children only",
    None,
    """
def count_parameters(module, trainable_only=False):
    total = 0
    for child in module.children():
        for p in child.parameters(recurse=False):
            if p.requires_grad or not trainable_only:
                total += p.numel()
    return total
""",
)
_add(
    "2.11",
    "survivors are scaled by p and not by what is left",
    "divided-by-dropped-share",
    """
def apply_dropout(x, keep_mask, p, training):
    if not training:
        return x
    return x * keep_mask / p
""",
)

# ---- 03

_add(
    "3.1",
    "the inner derivative is taken at g(x)",
    "inner-derivative-at-inner-value",
    """
def chain_derivative(df, g, dg, x):
    u = g(x)
    return df(u) * dg(u)
""",
)
_add(
    "3.2",
    "large inputs are clamped to 10, so that nothing overflows",
    None,
    """
def sigmoid(z):
    z = torch.clamp(z, -10, 10)
    return 1 / (1 + torch.exp(-z))
""",
)
_add(
    "3.3",
    "the logarithm to base 2",
    "logarithm-to-base-2",
    """
def bce(a, y):
    log_a = torch.log2(a).clamp(min=-100)
    log_b = torch.log2(1 - a).clamp(min=-100)
    return -(y * log_a + (1 - y) * log_b).mean()
""",
)
_add(
    "3.4",
    "the sigmoid is differentiated with a sign too many",
    "opposite-sign-of-slope",
    """
def sigmoid_grad(z):
    s = sigmoid(z)
    return s * (s - 1)
""",
)
_add(
    "3.5",
    "the gradient stops at the prediction",
    "chain-stops-at-prediction",
    """
def manual_gradients(x, w, b, y):
    a = sigmoid(x * w + b)
    dL_da = bce_grad_a(a, y)
    return dL_da * x, dL_da
""",
)
_add(
    "3.6",
    "divides by the number of inputs",
    "divided-by-number-of-inputs",
    """
def batch_gradients(X, w, b, y):
    a = sigmoid(X @ w + b)
    delta = a - y
    n = X.shape[1]
    return X.T @ delta / n, delta.sum() / n
""",
)
_add(
    "3.7",
    "divides by h",
    "divided-by-h",
    """
def numeric_gradient(f, x, h):
    grad = torch.zeros_like(x)
    for i in range(len(x)):
        up, down = x.clone(), x.clone()
        up[i] += h
        down[i] -= h
        grad[i] = (f(up) - f(down)) / h
    return grad
""",
)
_add(
    "3.8",
    "relative to the theory alone",
    "relative-to-first-gradient",
    """
def gradcheck_error(analytic, numeric):
    if torch.isnan(analytic).any() or torch.isnan(numeric).any():
        return torch.tensor(math.inf, dtype=analytic.dtype)
    difference = (analytic - numeric).abs()
    error = difference / analytic.abs()
    error[difference == 0] = 0
    return error.max()
""",
)
_add(
    "3.9",
    "nodes are told apart by their numbers",
    "equal-numbers-taken-for-one-node",
    """
def topological_order(node):
    order, seen = [], []

    def visit(v):
        if v.data in seen:
            return
        seen.append(v.data)
        for parent in v.parents:
            visit(parent)
        order.append(v)

    visit(node)
    return order[::-1]
""",
)
_add(
    "3.10",
    "the root starts with its own value",
    None,
    """
def backprop(root):
    order = topological_order(root)
    for node in order:
        node.grad = 0.0
    root.grad = root.data
    for node in order:
        for parent, slope in zip(node.parents, node.local_derivatives):
            parent.grad += node.grad * slope
""",
)

# ---- 04

_add(
    "4.1",
    "the second layer reads z1",
    "relu-computed-and-not-used",
    """
def mlp_forward(X, p):
    z1 = X @ p["W1"].T + p["b1"]
    h = torch.relu(z1)
    z2 = z1 @ p["W2"].T + p["b2"]
    return {"X": X, "z1": z1, "h": h, "z2": z2, "a": torch.sigmoid(z2)}
""",
)
_add(
    "4.2",
    "where the gradient is negative it is cut off",
    "relu-of-gradient",
    """
def relu_backward(dout, z):
    return torch.relu(dout)
""",
)
_add(
    "4.3",
    "dX with the weights transposed",
    "w-transposed-for-dx",
    """
def linear_backward(dout, X, W):
    dX = dout @ W.T
    flat_d, flat_x = dout.flatten(0, -2), X.flatten(0, -2)
    return dX, flat_d.T @ flat_x, flat_d.sum(0)
""",
)
_add(
    "4.4",
    "no mean",
    "not-divided-by-n",
    """
def sigmoid_bce_backward(a, y):
    return a - y.reshape(-1, 1)
""",
)
_add(
    "4.5",
    "means over the copies",
    "mean-in-place-of-sum",
    """
def unbroadcast(g, shape):
    while g.dim() > len(shape):
        g = g.mean(0)
    for axis, size in enumerate(shape):
        if size == 1:
            g = g.mean(axis, keepdim=True)
    return g
""",
)
_add(
    "4.6",
    "the softmax runs over the examples",
    "softmax-over-examples",
    """
def softmax_ce_backward(logits, targets):
    N, C = logits.shape
    p = torch.softmax(logits, dim=0)
    return (p - F.one_hot(targets, C)) / N
""",
)
_add(
    "4.7",
    "the mean of what a row was copied to",
    "averaged-by-count",
    """
def embedding_backward(dout, idx, V):
    D = dout.shape[-1]
    flat, ids = dout.reshape(-1, D), idx.reshape(-1)
    table = torch.zeros(V, D, dtype=dout.dtype)
    for token in range(V):
        rows = flat[ids == token]
        if len(rows):
            table[token] = rows.mean(0)
    return table
""",
)
_add(
    "4.8",
    "the switch is read from the output of the second layer",
    None,
    """
def mlp_backward(cache, p, y):
    dz2 = (cache["a"] - y) / len(y)
    dW2, db2 = dz2.T @ cache["h"], dz2.sum(0)
    dh = dz2 @ p["W2"]
    dz1 = dh * (cache["z2"] > 0)
    return {"dz2": dz2, "dW2": dW2, "db2": db2, "dh": dh, "dz1": dz1, "dW1": dz1.T @ cache["X"], "db1": dz1.sum(0)}
""",
)
_add(
    "4.9",
    "old gradients stay",
    "gradients-not-cleared",
    """
def fix_simple_net(net, inputs, labels):
    criterion = nn.BCELoss()
    outputs = net(inputs)
    loss = criterion(outputs, labels.view(-1, 1))
    loss.backward()
    return loss.item()
""",
)
_add(
    "4.10",
    "detached is not copied",
    "gradients-pile-up-in-handed-out",
    """
def named_gradients(net, X, y):
    net.zero_grad(set_to_none=False)
    F.binary_cross_entropy(net(X), y).backward()
    return {name: p.grad.detach() for name, p in net.named_parameters() if p.requires_grad}
""",
)

# ---- 05

_add(
    "5.1",
    "uphill",
    "uphill",
    """
def sgd_step(params, grads, lr):
    with torch.no_grad():
        for p, g in zip(params, grads):
            if g is not None:
                p += lr * g
""",
)
_add(
    "5.2",
    "the learning rate is inside the velocity",
    "learning-rate-inside-velocity",
    """
def momentum_step(p, g, v, lr, mu):
    v.mul_(mu).add_(lr * g)
    p.sub_(v)
""",
)
_add(
    "5.3",
    "the corrected averages are what is remembered",
    "corrected-averages-remembered",
    """
def adam_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8):
    state["t"] += 1
    t = state["t"]
    state["m"] = (beta1 * state["m"] + (1 - beta1) * g) / (1 - beta1**t)
    state["v"] = (beta2 * state["v"] + (1 - beta2) * g**2) / (1 - beta2**t)
    p -= lr * state["m"] / (state["v"].sqrt() + eps)
""",
)
_add(
    "5.4",
    "decay after the step of Adam",
    "decay-of-new-value",
    """
def adamw_step(p, g, state, lr, beta1=0.9, beta2=0.999, eps=1e-8, weight_decay=0.01):
    adam_step(p, g, state, lr, beta1, beta2, eps)
    p.mul_(1 - lr * weight_decay)
""",
)
_add(
    "5.5",
    "returns the loss after the update",
    "loss-after-update",
    """
def train_step(net, opt, X, y):
    opt.zero_grad()
    F.cross_entropy(net(X), y).backward()
    opt.step()
    return F.cross_entropy(net(X), y).item()
""",
)
_add(
    "5.6",
    "a step for each micro-batch",
    None,
    """
def accumulate_step(net, opt, micro_batches):
    N = sum(len(y) for _, y in micro_batches)
    total = 0.0
    for X, y in micro_batches:
        opt.zero_grad()
        loss = F.cross_entropy(net(X), y) * len(y) / N
        loss.backward()
        opt.step()
        total += loss.item()
    return total
""",
)
_add(
    "5.7",
    "every number is cut down on its own",
    "each-number-on-its-own",
    """
def clip_gradients(params, max_norm):
    grads = [p.grad for p in params if p.grad is not None]
    norm = torch.sqrt(sum((g**2).sum() for g in grads))
    for g in grads:
        g.clamp_(-max_norm, max_norm)
    return norm
""",
)
_add(
    "5.8",
    "a whole turn of the cosine",
    "whole-turn",
    """
def lr_at(step, max_lr, min_lr, warmup, total):
    if step < warmup:
        return max_lr * step / warmup
    if step >= total:
        return min_lr
    share = (step - warmup) / (total - warmup)
    return min_lr + 0.5 * (max_lr - min_lr) * (1 + math.cos(2 * math.pi * share))
""",
)
_add(
    "5.9",
    "inputs and labels get an order each",
    "shuffled-separately",
    """
def minibatches(X, y, size, generator):
    X = X[torch.randperm(len(X), generator=generator)]
    y = y[torch.randperm(len(y), generator=generator)]
    return [(X[i:i + size], y[i:i + size]) for i in range(0, len(X), size)]
""",
)
_add(
    "5.10",
    "always back to training mode",
    "always-back-to-training-mode",
    """
def evaluate(net, loader):
    net.eval()
    total, count = 0.0, 0
    with torch.no_grad():
        for X, y in loader:
            total += F.cross_entropy(net(X), y, reduction="sum").item()
            count += len(y)
    net.train()
    return total / count
""",
)

# ---- 06

_add(
    "6.1",
    "targets are the inputs",
    "targets-equal-inputs",
    """
def next_token_pairs(ids, T):
    n = len(ids)
    x = torch.stack([ids[s:s + T] for s in range(n - T)])
    return x, x.clone()
""",
)
_add(
    "6.2",
    "one start for the whole batch",
    "one-start-for-all-rows",
    """
def get_batch(data, B, T, generator):
    start = int(torch.randint(len(data) - T, (1,), generator=generator))
    x = data[start:start + T].repeat(B, 1)
    y = data[start + 1:start + T + 1].repeat(B, 1)
    return x, y
""",
)
_add(
    "6.3",
    "the softmax twice",
    "softmax-twice",
    """
def lm_cross_entropy(logits, targets):
    probs = torch.softmax(logits, dim=-1)
    logp = torch.log_softmax(probs, dim=-1)
    return -logp.gather(-1, targets.unsqueeze(-1)).mean()
""",
)
_add(
    "6.4",
    "the exponential of the mean of the means",
    "mean-of-means",
    """
def perplexity(nll_sums, counts):
    return torch.exp((nll_sums / counts).mean())
""",
)
_add(
    "6.5",
    "ones and zeros",
    "ones-and-zeros",
    """
def causal_mask(T, device=None):
    return torch.tril(torch.ones(T, T, device=device))
""",
)
_add(
    "6.6",
    "the softmax runs over the queries",
    "softmax-over-queries",
    """
def attention(q, k, v, mask):
    scores = q @ k.transpose(-2, -1) / math.sqrt(q.shape[-1])
    scores = scores.masked_fill(~mask, float("-inf"))
    return torch.softmax(scores, dim=-2) @ v
""",
)
_add(
    "6.7",
    "keys and values are mixed up",
    None,
    """
def multi_head_attention(x, Wqkv, Wo, bo, H):
    B, T, D = x.shape
    q, v, k = (x @ Wqkv.T).chunk(3, dim=-1)
    q, k, v = (t.reshape(B, T, H, D // H).transpose(1, 2) for t in (q, k, v))
    out = attention(q, k, v, causal_mask(T, x.device))
    return out.transpose(1, 2).reshape(B, T, D) @ Wo.T + bo
""",
)
_add(
    "6.9",
    "the square in place of the cube",
    "square-instead-of-cube",
    """
def gelu(x):
    return 0.5 * x * (1 + torch.tanh(math.sqrt(2 / math.pi) * (x + 0.044715 * x**2)))
""",
)
_add(
    "6.10",
    "both halves read what came in",
    "both-parts-side-by-side",
    """
def gpt_block(x, p, H):
    a = multi_head_attention(layer_norm(x, p["norm1_gamma"], p["norm1_beta"]), p["Wqkv"], p["Wo"], p["bo"], H)
    h = gelu(layer_norm(x, p["norm2_gamma"], p["norm2_beta"]) @ p["W1"].T + p["b1"]) @ p["W2"].T + p["b2"]
    return x + a + h
""",
)
_add(
    "6.12",
    "the most likely token, whatever top_k is",
    "always-most-likely-token",
    """
def generate(model, ids, n, context_length, top_k, generator=None):
    was = model.training
    model.eval()
    with torch.no_grad():
        for _ in range(n):
            logits = model(ids[:, -context_length:])[:, -1]
            ids = torch.cat([ids, logits.argmax(-1, keepdim=True)], dim=1)
    model.train(was)
    return ids
""",
)
