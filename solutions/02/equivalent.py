"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

EQUIVALENT = (
    Equivalent(
        "load_config",
        "operands swapped",
        "('True', 'False') -> ('False', 'True')",
        "Which words there are does not depend on their order.",
    ),
    Equivalent(
        "load_config",
        "loop cut short",
        "for line in text.splitlines(): -> for line in list(text.splitlines())[1:]:",
        "The first line is the name and the brace, which is no entry.",
    ),
    Equivalent(
        "load_config",
        "loop cut short",
        "for line in text.splitlines(): -> for line in list(text.splitlines())[:-1]:",
        "The last line is the brace, which is no entry.",
    ),
    Equivalent(
        "load_config",
        "other method",
        "outside.strip() -> outside.lstrip()",
        "White space alone is empty after either, and only that is asked.",
    ),
    Equivalent(
        "load_config",
        "other method",
        "outside.strip() -> outside.rstrip()",
        "White space alone is empty after either, and only that is asked.",
    ),
    Equivalent(
        "validate_config",
        "operands swapped",
        "('vocab_size', 'context_length', 'emb_dim', 'n_heads', 'n_layers') -> ('context_length', 'vocab_size', 'emb_dim', 'n_heads', 'n_layers')",
        "The keys become a set; the order of the answer is that of KEYS.",
    ),
    Equivalent(
        "validate_config",
        "operands swapped",
        "('vocab_size', 'context_length', 'emb_dim', 'n_heads', 'n_layers') -> ('vocab_size', 'emb_dim', 'context_length', 'n_heads', 'n_layers')",
        "The keys become a set; the order of the answer is that of KEYS.",
    ),
    Equivalent(
        "validate_config",
        "operands swapped",
        "('vocab_size', 'context_length', 'emb_dim', 'n_heads', 'n_layers') -> ('vocab_size', 'context_length', 'n_heads', 'emb_dim', 'n_layers')",
        "The keys become a set; the order of the answer is that of KEYS.",
    ),
    Equivalent(
        "validate_config",
        "operands swapped",
        "('vocab_size', 'context_length', 'emb_dim', 'n_heads', 'n_layers') -> ('vocab_size', 'context_length', 'emb_dim', 'n_layers', 'n_heads')",
        "The keys become a set; the order of the answer is that of KEYS.",
    ),
    Equivalent(
        "validate_config",
        "operands swapped",
        "(int, float) -> (float, int)",
        "Which types there are does not depend on their order.",
    ),
    Equivalent(
        "gpt_params",
        "arguments swapped",
        "linear_params(D, cfg['vocab_size'], False) -> linear_params(cfg['vocab_size'], D, False)",
        "Without a bias the count is a product, the same in either order.",
    ),
    Equivalent(
        "model_mebibytes",
        "constant off",
        "model_bytes(n, dtype) / 2 ** 20 -> model_bytes(n, dtype) / (2 ** 20 + 1e-06)",
        "It changes the answer by one part in 10 ** 12, and one in 10 ** 7 is accepted.",
    ),
)
