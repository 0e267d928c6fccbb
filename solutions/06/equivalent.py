"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

SYMMETRIC = "Which two axes change places is the same in either order."
ROWS_OF_A_TEXT = "A part of a text of whole rows can be viewed as rows, and where a view is possible reshape is one."

EQUIVALENT = (
    Equivalent(
        "next_token_pairs",
        "constant off",
        "ids.unfold(0, T + 1, 1) -> ids.unfold(-1, T + 1, 1)",
        "The text has one axis, which is the last one, too.",
    ),
    Equivalent(
        "perplexity",
        "argument detached",
        "nll_sums -> nll_sums.detach()",
        "It is a measure: no training step goes through it, and the text asks for no gradient.",
    ),
    Equivalent("attention", "arguments swapped", "k.transpose(-2, -1) -> k.transpose(-1, -2)", SYMMETRIC),
    Equivalent(
        "multi_head_attention",
        "arguments swapped",
        "part.view(B, T, H, D // H).transpose(1, 2) -> part.view(B, T, H, D // H).transpose(2, 1)",
        SYMMETRIC,
    ),
    Equivalent(
        "multi_head_attention",
        "other method",
        "part.view(B, T, H, D // H) -> part.reshape(B, T, H, D // H)",
        "A split along the last axis can be viewed as heads, and where a view is possible reshape is one.",
    ),
    Equivalent(
        "multi_head_attention", "arguments swapped", "heads.transpose(1, 2) -> heads.transpose(2, 1)", SYMMETRIC
    ),
    Equivalent(
        "generate",
        "operator dropped",
        "best.softmax(dim=-1) -> best.softmax(dim=1)",
        "The best logits have two axes: 1 is the last one.",
    ),
    Equivalent(
        "pretrain", "call dropped", "TinyGPT(cfg, seed).train() -> TinyGPT(cfg, seed)", "A new module is in train mode."
    ),
    Equivalent(
        "pretrain_with_validation",
        "other method",
        "held_back[:end].view(-1, T) -> held_back[:end].reshape(-1, T)",
        ROWS_OF_A_TEXT,
    ),
    Equivalent(
        "pretrain_with_validation",
        "other method",
        "held_back[1:end + 1].view(-1, T) -> held_back[1:end + 1].reshape(-1, T)",
        ROWS_OF_A_TEXT,
    ),
    Equivalent(
        "pretrain_with_validation",
        "statement removed",
        "with torch.no_grad(): -> if True:",
        "A graph that nobody goes backward through costs memory, and changes no number.",
    ),
)
