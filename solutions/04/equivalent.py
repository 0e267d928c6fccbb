"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

VALUES = "Gradients are derived by hand here, and nothing differentiates through them again."
DATA = "The gradients of the parameters are asked for, and nobody asks for that of the data."
FITS = "Only an axis of size 1 comes or goes, which a view can always do."

EQUIVALENT = (
    Equivalent("mlp_forward", "argument detached", "X -> X.detach()", VALUES),
    Equivalent("relu_backward", "comparison shifted", "z > 0 -> z >= 0", "No entry of z is exactly 0."),
    Equivalent("relu_backward", "argument detached", "dout -> dout.detach()", VALUES),
    Equivalent("relu_backward", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("linear_backward", "argument detached", "dout -> dout.detach()", VALUES),
    Equivalent("linear_backward", "argument detached", "X -> X.detach()", VALUES),
    Equivalent("linear_backward", "argument detached", "W -> W.detach()", VALUES),
    Equivalent("sigmoid_bce_backward", "other method", "y.reshape(a.shape) -> y.view(a.shape)", FITS),
    Equivalent("sigmoid_bce_backward", "argument detached", "a -> a.detach()", VALUES),
    Equivalent("sigmoid_bce_backward", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("unbroadcast", "argument detached", "g -> g.detach()", VALUES),
    Equivalent("softmax_ce_backward", "argument detached", "logits -> logits.detach()", VALUES),
    Equivalent("embedding_backward", "argument detached", "dout -> dout.detach()", VALUES),
    Equivalent("mlp_backward", "argument detached", "y -> y.detach()", VALUES),
    Equivalent("repaired_hidden_gradient", "comparison shifted", "z > 0 -> z >= 0", "No entry of z is exactly 0."),
    Equivalent("repaired_hidden_gradient", "argument detached", "dout -> dout.detach()", VALUES),
    Equivalent("repaired_hidden_gradient", "argument detached", "z -> z.detach()", VALUES),
    Equivalent("repaired_hidden_gradient", "argument detached", "W2 -> W2.detach()", VALUES),
    Equivalent("fix_simple_net", "other method", "labels.reshape(outputs.shape) -> labels.view(outputs.shape)", FITS),
    Equivalent(
        "fix_simple_net",
        "call dropped",
        "loss.item() -> loss",
        "A tensor of one number is taken for the number here: a variant returns one.",
    ),
    Equivalent("fix_simple_net", "argument detached", "inputs -> inputs.detach()", DATA),
    Equivalent("fix_simple_net", "argument detached", "labels -> labels.detach()", DATA),
    Equivalent("named_gradients", "argument detached", "X -> X.detach()", DATA),
    Equivalent("named_gradients", "argument detached", "y -> y.detach()", DATA),
)
