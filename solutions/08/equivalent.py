"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

NO_TRAINING = "Nobody trains here: the text says that no gradients are asked for."
TWO_AXES = "The logits of one position have two axes, so the last one is axis 1."
ALL_PLACES = "Every place is written to: order names each of them once."
LOST_IN_ROUNDING = "Where a running sum reaches 1 early, what follows is lost in the rounding of the probabilities."
AS_LONG = "Keys and values are equally many, in every layer."
EQUAL_TO_P = "What is equal to p is asked for, and no copy of it."
PROMOTED = "A product of whole numbers and floats has the dtype of the floats."

EQUIVALENT = (
    Equivalent("keep_top_k", "arguments swapped", "min(k, logits.shape[-1]) -> min(logits.shape[-1], k)", "A minimum."),
    Equivalent("keep_top_k", "argument detached", "logits -> logits.detach()", NO_TRAINING),
    Equivalent(
        "keep_top_p",
        "argument dropped",
        "probs.sort(dim=-1, descending=True) -> probs.sort(descending=True)",
        "The last axis is what sort takes by itself.",
    ),
    Equivalent("keep_top_p", "operand dropped", "(before < p) | (p == 1) -> before < p", LOST_IN_ROUNDING),
    Equivalent("keep_top_p", "constant off", "p == 1 -> p == 2", LOST_IN_ROUNDING),
    Equivalent("keep_top_p", "other method", "torch.zeros_like(probs) -> torch.ones_like(probs)", ALL_PLACES),
    Equivalent("keep_top_p", "call dropped", "torch.zeros_like(probs) -> probs", ALL_PLACES),
    Equivalent("keep_top_p", "argument detached", "probs -> probs.detach()", NO_TRAINING),
    Equivalent(
        "repetition_penalty",
        "comparison shifted",
        "logits > 0 -> logits >= 0",
        "0 divided by the penalty and 0 times the penalty are both 0.",
    ),
    Equivalent("repetition_penalty", "argument detached", "logits -> logits.detach()", NO_TRAINING),
    Equivalent(
        "generate_until",
        "operator dropped",
        "model(ids)[:, -1].argmax(dim=-1) -> model(ids)[:, -1].argmax(dim=1)",
        TWO_AXES,
    ),
    Equivalent("attend_with_cache", "argument detached", "x -> x.detach()", NO_TRAINING),
    Equivalent("attend_with_cache", "argument detached", "Wqkv -> Wqkv.detach()", NO_TRAINING),
    Equivalent("attend_with_cache", "argument detached", "Wo -> Wo.detach()", NO_TRAINING),
    Equivalent("attend_with_cache", "argument detached", "bo -> bo.detach()", NO_TRAINING),
    Equivalent("gpt_step", "constant off", "cache[0] -> cache[-1]", AS_LONG),
    Equivalent("gpt_step", "constant off", "cache[0][0] -> cache[0][-1]", AS_LONG),
    Equivalent("gpt_step", "constant off", "cache[0][0] -> cache[0][1]", AS_LONG),
    Equivalent("accept_draft", "other method", "p.clone() -> p.detach()", EQUAL_TO_P),
    Equivalent("accept_draft", "call dropped", "p.clone() -> p", EQUAL_TO_P),
    Equivalent("accept_draft", "argument detached", "p -> p.detach()", NO_TRAINING),
    Equivalent("accept_draft", "argument detached", "q -> q.detach()", NO_TRAINING),
    Equivalent("quantize_rows", "argument detached", "W -> W.detach()", NO_TRAINING),
    Equivalent("dequantize", "call dropped", "q.to(scale.dtype) -> q", PROMOTED),
    Equivalent("dequantize", "argument dropped", "q.to(scale.dtype) -> q.to()", PROMOTED),
    Equivalent("dequantize", "argument detached", "scale -> scale.detach()", NO_TRAINING),
    Equivalent(
        "generate_cached",
        "operator dropped",
        "logits[:, -1].argmax(dim=-1, keepdim=True) -> logits[:, -1].argmax(dim=1, keepdim=True)",
        TWO_AXES,
    ),
)
