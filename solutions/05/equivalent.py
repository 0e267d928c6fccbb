"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

MEMORY = "A detached tensor has the memory of the other one: what is done in place reaches it."
DATA = "The gradients of the parameters are asked for, and nobody asks for that of the data."
EVEN = "The cosine is even: a progress with the other sign gives the same rate."
AT_THE_END = "At step == total the cosine is exactly -1, which leaves min_lr."
SQUARE = "The square of a difference is the same in both directions."
ADDED = "A float and an int are added up and divided in either case."

EQUIVALENT = (
    Equivalent(
        "sgd_step",
        "argument dropped",
        "zip(params, grads, strict=True) -> zip(params, grads)",
        "There are as many gradients as parameters.",
    ),
    Equivalent(
        "sgd_step",
        "constant off",
        "zip(params, grads, strict=True) -> zip(params, grads, strict=False)",
        "There are as many gradients as parameters.",
    ),
    Equivalent("momentum_step", "argument detached", "p -> p.detach()", MEMORY),
    Equivalent(
        "momentum_step",
        "argument detached",
        "g -> g.detach()",
        "A step is taken with the values of the gradient, and nothing differentiates through it.",
    ),
    Equivalent("momentum_step", "argument detached", "v -> v.detach()", MEMORY),
    Equivalent("adam_step", "argument detached", "p -> p.detach()", MEMORY),
    Equivalent(
        "adam_step",
        "argument detached",
        "g -> g.detach()",
        "A step is taken with the values of the gradient, and nothing differentiates through it.",
    ),
    Equivalent("adamw_step", "argument detached", "p -> p.detach()", MEMORY),
    Equivalent(
        "adamw_step",
        "argument detached",
        "g -> g.detach()",
        "A step is taken with the values of the gradient, and nothing differentiates through it.",
    ),
    Equivalent("train_step", "argument detached", "X -> X.detach()", DATA),
    Equivalent(
        "clip_gradients",
        "comparison shifted",
        "norm > max_norm -> norm >= max_norm",
        "Where both are equal the factor is 1.",
    ),
    Equivalent(
        "clip_gradients",
        "constant off",
        "max_norm / norm -> max_norm / (norm + 1e-06)",
        "The text allows it: torch adds as much to the norm.",
    ),
    Equivalent("lr_at", "comparison shifted", "step >= total -> step > total", AT_THE_END),
    Equivalent("lr_at", "comparison shifted", "step >= total -> step >= total + 1", AT_THE_END),
    Equivalent("lr_at", "operands swapped", "step - warmup -> warmup - step", EVEN),
    Equivalent("lr_at", "operands swapped", "total - warmup -> warmup - total", EVEN),
    Equivalent("minibatches", "argument detached", "X -> X.detach()", DATA),
    Equivalent(
        "evaluate",
        "operands swapped",
        "(0.0, 0) -> (0, 0.0)",
        ADDED,
    ),
    Equivalent("repaired_epoch", "operands swapped", "(0.0, 0) -> (0, 0.0)", ADDED),
    Equivalent("repaired_epoch", "arguments swapped", "F.mse_loss(net(X), y) -> F.mse_loss(y, net(X))", SQUARE),
    Equivalent("repaired_clipped_epoch", "operands swapped", "(0.0, 0) -> (0, 0.0)", ADDED),
    Equivalent("repaired_clipped_epoch", "arguments swapped", "F.mse_loss(net(X), y) -> F.mse_loss(y, net(X))", SQUARE),
    Equivalent("repaired_warm_up", "arguments swapped", "F.mse_loss(net(X), y) -> F.mse_loss(y, net(X))", SQUARE),
    Equivalent(
        "load_weights",
        "argument dropped",
        "torch.load(io.BytesIO(data), weights_only=True) -> torch.load(io.BytesIO(data))",
        "Since PyTorch 2.6 it is what torch.load does unless told otherwise.",
    ),
    Equivalent(
        "repaired_clipped_epoch",
        "not in place",
        "nn.utils.clip_grad_norm_(net.parameters(), max_norm) -> nn.utils.clip_grad_norm(net.parameters(), max_norm)",
        "The older name of the same function; it works in place, too.",
    ),
)
