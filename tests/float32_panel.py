"""Whole files that are right and take a step in float32, as people write them.

Each is a solution in which some texts are replaced. The panel was written before the rule that judges it.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Candidate:
    """A right answer with a float32 step: the solution of an assignment with some of its text replaced."""

    assignment: str
    what: str
    texts: tuple[tuple[str, str], ...]

    def apply(self, source: str) -> str:
        """Return the solution's source with the replacements; AssertionError if a text is not in it."""
        for old, new in self.texts:
            assert old in source, f"{self.what}: the solution has no {old!r}"
            source = source.replace(old, new, 1)
        return source


PANEL: list[Candidate] = []


def _add(assignment: str, what: str, *texts: str) -> None:
    PANEL.append(Candidate(assignment, what, tuple(zip(texts[::2], texts[1::2], strict=True))))


_add("02", "dropout: rate as a tensor", "/ (1 - p)", "/ (1 - torch.tensor(p))")
_add("02", "dropout: mask as floats", "x * keep_mask / (1 - p)", "x * (keep_mask.float() / (1 - p))")
_EXP = "1 / (1 + torch.exp(-z))"
_add("03", "sigmoid: powers of a tensor e", _EXP, "1 / (1 + torch.exp(torch.tensor(1.0)) ** -z)")
_add("03", "sigmoid: one as a tensor", _EXP, "torch.tensor(1.0) / (1 + torch.exp(-z))")
_add("03", "bce: logarithm in float32", "torch.log(a).clamp(min=-100)", "torch.log(a.float()).clamp(min=-100)")
_MEAN = "-(y * log_yes + (1 - y) * log_no).mean()"
_add("03", "bce: mean by a tensor", _MEAN, "-(y * log_yes + (1 - y) * log_no).sum() * torch.tensor(1 / len(a))")
_add("03", "bce: labels as float32", _MEAN, "-(y.float() * log_yes + (1 - y.float()) * log_no).mean()")
_add("03", "bce_grad_a: labels as float32", "-y / a + (1 - y) / (1 - a)", "-y.float() / a + (1 - y.float()) / (1 - a)")
_add("03", "sigmoid_grad: sigmoid in float32", "    a = sigmoid(z)\n", "    a = sigmoid(z.float()).to(z.dtype)\n")
_add("03", "manual_gradients: z in float32", "sigmoid(x * w + b)", "sigmoid((x * w + b).float())")
_add("03", "batch_gradients: z in float32", "sigmoid(X @ w + b)", "sigmoid((X @ w + b).float())")
_add("03", "batch_gradients: 1/N as a tensor", "X.T @ dz / len(y)", "X.T @ dz * torch.tensor(1 / len(y))")
_add("03", "batch_gradients: N as a tensor", "X.T @ dz / len(y)", "X.T @ dz / torch.tensor(float(len(y)))")
_add("03", "numeric_gradient: h as a tensor", "/ (2 * h)", "/ (2 * torch.tensor(h))")
_add("04", "mlp_forward: powers of a tensor e", "torch.sigmoid(z2)", "1 / (1 + torch.exp(torch.tensor(1.0)) ** -z2)")
_add("04", "mlp_forward: mask as floats", "torch.relu(z1)", "z1 * (z1 > 0).float()")
_add("04", "relu_backward: mask as floats", "torch.where(z > 0, dout, 0.0)", "dout * (z > 0).float()")
_ONE_NTH = "(a - y.reshape(a.shape)) / len(a)"
_add("04", "sigmoid_bce_backward: 1/N as a tensor", _ONE_NTH, "(a - y.reshape(a.shape)) * torch.tensor(1 / len(a))")
_SOFTMAX = "torch.softmax(logits, dim=1)"
_add("04", "softmax_ce: dtype=float32", _SOFTMAX, "torch.softmax(logits, dim=1, dtype=torch.float32).to(logits.dtype)")
_add("04", "softmax_ce: logits.float()", _SOFTMAX, "logits.float().softmax(dim=1).to(logits.dtype)")
_add("04", "softmax_ce: 1/N as a tensor", "- right) / len(targets)", "- right) * torch.tensor(1 / len(targets))")
_add("04", "softmax_ce: one-hot as floats", "num_classes=logits.shape[1])", "num_classes=logits.shape[1]).float()")
_add("05", "sgd_step: lr as a tensor", "p.sub_(lr * g)", "p.sub_(torch.tensor(lr) * g)")
_add("05", "momentum_step: mu as a tensor", "v.mul_(mu)", "v.mul_(torch.tensor(mu))")
_add("05", "momentum_step: lr as a tensor", "p.sub_(lr * v)", "p.sub_(torch.tensor(lr) * v)")
_add("05", "adam_step: beta1 as a tensor", "(1 - beta1) * g)", "(1 - torch.tensor(beta1)) * g)")
_add("05", "adam_step: beta2 as a tensor", "(1 - beta2) * g**2", "(1 - torch.tensor(beta2)) * g**2")
_add("05", "adam_step: correction of m", "m / (1 - beta1**t)", "m / (1 - torch.tensor(beta1) ** t)")
_add("05", "adam_step: correction of v", "v / (1 - beta2**t)", "v / (1 - torch.tensor(beta2) ** t)")
_add("05", "adam_step: eps as a tensor", "v_hat.sqrt() + eps", "v_hat.sqrt() + torch.tensor(eps)")
_add("05", "adam_step: lr as a tensor", "lr * m_hat", "torch.tensor(lr) * m_hat")
_add(
    "05",
    "adamw_step: decay as a tensor",
    "p.mul_(1 - lr * weight_decay)",
    "p.mul_(1 - lr * torch.tensor(weight_decay))",
)
_add("05", "clip_gradients: limit as a tensor", "g.mul_(max_norm / norm)", "g.mul_(torch.tensor(max_norm) / norm)")
_COS = "math.cos(math.pi * progress)"
_add("05", "lr_at: cosine of a tensor", _COS, "torch.cos(torch.tensor(math.pi * progress)).item()")
_add("05", "lr_at: pi as a tensor", _COS, "float(torch.cos(torch.tensor(torch.pi) * progress))")
_add(
    *("05", "evaluate: total in a tensor"),
    *("net.eval()\n    total, count = 0.0, 0", "net.eval()\n    total, count = torch.tensor(0.0), 0"),
    *(
        "net.train(was_training)\n    return total / count",
        "net.train(was_training)\n    return (total / count).item()",
    ),
)
_C = "math.sqrt(2 / math.pi)"
_add("06", "gelu: sqrt of a tensor", _C, "torch.sqrt(torch.tensor(2.0 / torch.pi))")
_add("06", "gelu: the constant as a tensor", _C, "torch.tensor(math.sqrt(2 / math.pi))")
_add("06", "gelu: the other constant", "0.044715 * x**3", "torch.tensor(0.044715) * x**3")
_add(
    *("06", "gelu: a constant of the module"),
    *("def gelu(", "_SCALE = torch.tensor(2 / math.pi).sqrt()\n\n\ndef gelu("),
    *(_C, "_SCALE"),
)
_D = "/ math.sqrt(q.shape[-1])"
_add("06", "attention: sqrt of an int tensor", _D, "/ torch.sqrt(torch.tensor(q.shape[-1]))")
_add("06", "attention: sqrt of float()", _D, "/ torch.tensor(q.shape[-1]).float().sqrt()")
_add("06", "attention: factor as a tensor", _D, "* torch.tensor(q.shape[-1] ** -0.5)")
_add("06", "attention: rsqrt in float32", _D, "* torch.tensor(q.shape[-1], dtype=torch.float32).rsqrt()")
_WEIGHTS = ".masked_fill(~mask, -math.inf).softmax(dim=-1)"
_add(
    *("06", "attention: softmax in float32", _WEIGHTS),
    ".masked_fill(~mask, -math.inf).softmax(dim=-1, dtype=torch.float32).to(v.dtype)",
)
_add("06", "attention: product in float32", "return weights @ v", "return (weights.float() @ v.float()).to(v.dtype)")
_add(
    *("06", "multi_head_attention: attention in float32"),
    "heads = attention(q, k, v, causal_mask(T, x.device))",
    "heads = attention(q.float(), k.float(), v.float(), causal_mask(T, x.device)).to(x.dtype)",
)
_add("06", "layer_norm: mean in float32", "mean = x.mean(", "mean = x.float().mean(")
_add("06", "layer_norm: variance in float32", "variance = x.var(", "variance = x.float().var(")
_add("06", "layer_norm: eps as a tensor", "variance + eps", "variance + torch.tensor(eps)")
_LOGS = "logits.log_softmax(dim=-1)"
_add("06", "lm_cross_entropy: logits.float()", _LOGS, "logits.float().log_softmax(dim=-1).to(logits.dtype)")
_add("06", "lm_cross_entropy: dtype=float32", _LOGS, "logits.log_softmax(dim=-1, dtype=torch.float32).to(logits.dtype)")
_add(
    "06",
    "perplexity: powers of a tensor e",
    "torch.exp(nll_sums.sum()",
    "torch.exp(torch.tensor(1.0)) ** (nll_sums.sum()",
)
_add("06", "generate: softmax in float32", "best.softmax(dim=-1)", "best.float().softmax(dim=-1)")
