"""Mutants of these solutions that are right, too, each with the reason."""

from gradlings.authoring import Equivalent

UTF_8 = "Python encodes and decodes UTF-8 unless it is told otherwise."
UTF = "Python knows UTF-8 by this name, too."
NO_TRAINING = "It is a measure: no training step goes through it, and the text asks for no gradient."
ONE_ROW = "A piece of the stream lies in memory in one row, and can be viewed as several."
NOTHING_IS_LARGEST = "Of an empty batch there is no longest sequence: max raises a ValueError, too."

EQUIVALENT = (
    Equivalent("utf8_ids", "argument dropped", "text.encode('utf-8') -> text.encode()", UTF_8),
    Equivalent("utf8_ids", "constant off", "text.encode('utf-8') -> text.encode('utf-')", UTF),
    Equivalent(
        "utf8_text",
        "argument dropped",
        "bytes(ids).decode('utf-8', errors='replace') -> bytes(ids).decode(errors='replace')",
        UTF_8,
    ),
    Equivalent(
        "utf8_text",
        "constant off",
        "bytes(ids).decode('utf-8', errors='replace') -> bytes(ids).decode('utf-', errors='replace')",
        UTF,
    ),
    Equivalent(
        "split_specials",
        "argument dropped",
        "sorted(specials, key=len, reverse=True) -> sorted(specials, reverse=True)",
        "Of two that fit at one place, one begins the other; the longer one is the larger text, too.",
    ),
    Equivalent("pad_batch", "branch always taken", "if not seqs: -> if False:", NOTHING_IS_LARGEST),
    Equivalent("pad_batch", "statement removed", "if not seqs: -> nothing", NOTHING_IS_LARGEST),
    Equivalent(
        "pad_batch",
        "statement removed",
        "raise ValueError('a batch needs at least one sequence') -> nothing",
        NOTHING_IS_LARGEST,
    ),
    Equivalent("pack", "other method", "stream[:n * T].reshape(n, T) -> stream[:n * T].view(n, T)", ONE_ROW),
    Equivalent("pack", "other method", "stream[1:n * T + 1].reshape(n, T) -> stream[1:n * T + 1].view(n, T)", ONE_ROW),
    Equivalent(
        "document_mask",
        "operands swapped",
        "ends.cumsum(0) - ends -> ends - ends.cumsum(0)",
        "Whether two numbers of documents are equal is all that is asked of them.",
    ),
    Equivalent(
        "document_mask", "constant off", "ends.cumsum(0) -> ends.cumsum(-1)", "A row has one axis, which is the last."
    ),
    Equivalent(
        "split_documents",
        "call dropped",
        "order[:n_valid].tolist() -> order[:n_valid]",
        "A list can be indexed by a tensor that is one whole number.",
    ),
    Equivalent("bits_per_byte", "argument dropped", "text.encode('utf-8') -> text.encode()", UTF_8),
    Equivalent("bits_per_byte", "constant off", "text.encode('utf-8') -> text.encode('utf-')", UTF),
    Equivalent("bits_per_byte", "argument detached", "nll_sums -> nll_sums.detach()", NO_TRAINING),
    Equivalent("compression", "argument dropped", "test_text.encode('utf-8') -> test_text.encode()", UTF_8),
    Equivalent("compression", "constant off", "test_text.encode('utf-8') -> test_text.encode('utf-')", UTF),
)
