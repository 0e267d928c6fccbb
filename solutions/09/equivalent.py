"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

LAST_PLACE = "gather looks up as many places as there are ids, so the logits at the last place are never read."
NO_TRAINING = "A layer is merged after the training: no gradient goes through it, and the text asks for none."
STANDS_STILL = "The difference of the two is detached anyway."

EQUIVALENT = (
    Equivalent("masked_lm_loss", "operand dropped", ":-1 -> :", LAST_PLACE),
    Equivalent(
        "lora_init",
        "constant off",
        "torch.randn(r, n_in, generator=generator) / math.sqrt(n_in) -> "
        "torch.randn(r, n_in, generator=generator) / (math.sqrt(n_in) + 1e-06)",
        "A millionth of the spread is far less than any number of draws could show.",
    ),
    Equivalent("lora_merge", "argument detached", "W -> W.detach()", NO_TRAINING),
    Equivalent("lora_merge", "argument detached", "A -> A.detach()", NO_TRAINING),
    Equivalent("lora_merge", "argument detached", "B -> B.detach()", NO_TRAINING),
    Equivalent("sequence_logprob", "operand dropped", ":-1 -> :", LAST_PLACE),
    Equivalent("dpo_loss", "argument detached", "ref_chosen -> ref_chosen.detach()", STANDS_STILL),
    Equivalent("dpo_loss", "argument detached", "ref_rejected -> ref_rejected.detach()", STANDS_STILL),
)
