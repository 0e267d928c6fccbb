"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

VALUES = "Values are asked for, and nothing differentiates through them later: the slopes here are derived by hand."

EQUIVALENT = (
    Equivalent("chain_derivative", "argument detached", "x -> x.detach()", VALUES),
    Equivalent("sigmoid", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("bce", "argument detached", "a -> a.detach()", VALUES),
    Equivalent("bce", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("logsumexp", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("softmax", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("bce_grad_a", "argument detached", "a -> a.detach()", VALUES),
    Equivalent("bce_grad_a", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("sigmoid_grad", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("manual_gradients", "argument detached", "x -> x.detach()", VALUES),
    Equivalent("manual_gradients", "argument detached", "w -> w.detach()", VALUES),
    Equivalent("manual_gradients", "argument detached", "b -> b.detach()", VALUES),
    Equivalent("manual_gradients", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("batch_gradients", "argument detached", "X -> X.detach()", VALUES),
    Equivalent("batch_gradients", "argument detached", "w -> w.detach()", VALUES),
    Equivalent("batch_gradients", "argument detached", "b -> b.detach()", VALUES),
    Equivalent("batch_gradients", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("numeric_gradient", "argument detached", "x -> x.detach()", VALUES),
    Equivalent(
        "gradcheck_error",
        "operands swapped",
        "analytic - numeric -> numeric - analytic",
        "Only the size of the gap is used.",
    ),
    Equivalent(
        "gradcheck_error",
        "arguments swapped",
        "torch.maximum(analytic.abs(), numeric.abs()) -> torch.maximum(numeric.abs(), analytic.abs())",
        "A maximum of two does not depend on their order.",
    ),
    Equivalent("gradcheck_error", "argument detached", "analytic -> analytic.detach()", VALUES),
    Equivalent("gradcheck_error", "argument detached", "numeric -> numeric.detach()", VALUES),
    Equivalent(
        "backprop",
        "loop cut short",
        "for node in order: node.grad = 0.0 -> for node in list(order)[1:]: node.grad = 0.0",
        "The first one is the root, whose grad is set right afterwards.",
    ),
    Equivalent(
        "backprop",
        "loop cut short",
        "for node in order: for parent, derivative in zip(node.parents, node.local_derivatives, strict=True): -> for node in list(order)[:-1]: for parent, derivative in zip(node.parents, node.local_derivatives, strict=True):",
        "The last one has no parents: all others come before theirs.",
    ),
    Equivalent(
        "backprop",
        "argument dropped",
        "zip(node.parents, node.local_derivatives, strict=True) -> zip(node.parents, node.local_derivatives)",
        "A node has as many local derivatives as parents; `Value` is given.",
    ),
    Equivalent(
        "backprop",
        "constant off",
        "zip(node.parents, node.local_derivatives, strict=True) -> zip(node.parents, node.local_derivatives, strict=False)",
        "A node has as many local derivatives as parents; `Value` is given.",
    ),
)
