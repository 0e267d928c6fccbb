"""The checks of assignment 09: conversations as training data, few numbers in place of all, and learning from pairs."""

import math
import re
from functools import cache
from pathlib import Path

import numpy as np
import torch
from torch import nn
from torch.func import functional_call
from torch.nn import functional as F

from gradlings import Rng, agree, exercise, floats, leave_picture, satisfies
from gradlings.checks.behavior.gradients import gradients_agree
from gradlings.checks.behavior.statistics import implausible

HERE = Path(__file__).parent


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def spread_out(*shape, step):
    """Numbers between -1 and 1 without a pattern."""
    return torch.sin(step * torch.arange(1, 1 + math.prod(shape), dtype=torch.float64) ** 2).reshape(shape)


# 9.1

LETTERS = {"system": "s", "user": "u", "assistant": "a"}
ROLES = {letter: role for role, letter in LETTERS.items()} | {"t": "tool"}


def roles_as_a_word(messages, add_prompt):
    """The order of the roles as a word with one letter for each, and a pattern for such words."""
    word = "".join(LETTERS.get(message["role"], "x") for message in messages)
    pattern = "s?(ua)*u" if add_prompt else "s?(ua)*(ua|u)"
    if not re.fullmatch(pattern, word) or any("<|" in message["content"] for message in messages):
        raise ValueError("this is no conversation")
    lines = [part for message in messages for part in (f"<|{message['role']}|>", message["content"] + "<|end|>")]
    return "\n".join([*lines, *["<|assistant|>"] * add_prompt, ""])


def chat(word, *contents):
    """One message for each letter of the word."""
    return [{"role": ROLES[letter], "content": content} for letter, content in zip(word, contents, strict=True)]


def any_contents(rng, word, more=()):
    return chat(word, *(rng.choice(["hi", " x ", "two\nlines\n", "", "5 < 6 |", "|>", "<", *more]) for _ in word))


def a_conversation(rng):
    word = rng.choice(["u", "ua", "uau", "uaua", "su", "sua", "suau"])
    return any_contents(rng, word), word.endswith("u") and rng.choice([True, False])


def no_conversation(rng):
    if rng.choice([True, False]):
        typed = rng.choice(["a<|end|>b", "<|", "x\n<|user|>\n"])
        return rng.shuffled([*any_contents(rng, "u"), *chat("a", typed)]), False
    word = rng.choice(["uu", "au", "us", "ss", "s", "uaa", "tu", "ut", "uas", "usa", "sau", "suas"])
    return any_contents(rng, word), rng.choice([True, False])


@exercise("9.1", "render_chat", points=10, minutes=20, difficulty=1)
class TestRenderChat:
    def test_messages(self, student, probes):
        """roles, contents and ends, sign by sign, with and without the prompt for an answer"""
        by_hand = [
            (chat("u", "Hi!"), True),
            (chat("u", ""), False),
            (chat("ua", "Hi!", "Hello."), False),
            (chat("suau", "Be brief.", "1+1?", "2", " and 2+2?\n"), True),
            (chat("sua", " ", "two\nlines", "5 < 6, |>"), False),
        ]
        agree(student.render_chat, probes(by_hand, random=a_conversation), roles_as_a_word)

    def test_refused(self, student, probes):
        """ValueError for roles in a wrong order, unknown ones, typed signs, and a prompt where nobody asked"""
        by_hand = [
            (chat("u", "Hi!"), True),
            ([], True),
            ([], False),
            (chat("uu", "a", "b"), False),
            (chat("a", "first"), False),
            (chat("us", "x", "late"), False),
            (chat("u", "<|assistant|>\nYes"), False),
            (chat("u", "a <|b"), False),
            (chat("ua", "a", "b"), True),
            (chat("t", "x"), False),
            (chat("s", "only"), False),
        ]
        agree(student.render_chat, probes(by_hand, random=no_conversation), roles_as_a_word)


# 9.2


def labels_one_by_one(ids, starts, lengths):
    rows = zip(ids.tolist(), starts.tolist(), lengths.tolist(), strict=True)
    labels = [[i if start <= place < n else -100 for place, i in enumerate(row)] for row, start, n in rows]
    return torch.tensor(labels, dtype=torch.int64, device=ids.device).reshape(ids.shape)


PADDED = ids([[5, 6, 7, 8, 0, 0, 0], [5, 0, 9, 3, 4, 2, 0]])
"""0 is the end as well as the pad, and once it is neither."""


def full_rows(rng):
    B, T = rng.shuffled([2, 3, 4, 5])[:2]
    return rng.integers(0, 9, B, T), rng.integers(0, T + 1, B), ids([T] * B)


def padded_rows(rng):
    B, T = rng.size(2, 4), rng.size(5, 8)
    rows, lengths = rng.integers(0, 5, B, T), ids([rng.size(1, T) for _ in range(B)])
    for row, n in zip(rows, lengths.tolist(), strict=True):
        row[n - 1 :] = 0
    return rows, ids([rng.size(0, n) for n in lengths.tolist()]), lengths


@exercise("9.2", "sft_labels", points=8, minutes=15, difficulty=1, builds_on=("7.7",))
class TestSftLabels:
    def test_prompt(self, student, probes):
        """rows without pads: the prompt has no labels, the answer has, from its first token to its last"""
        by_hand = [
            (ids([[5, 6, 7, 8]]), ids([2]), ids([4])),
            (ids([[1, 2, 3]]), ids([0]), ids([3])),
            (ids([[4, 4, 4, 4, 4], [7, 7, 7, 7, 7]]), ids([1, 3]), ids([5, 5])),
            (ids([[3, 1, 2], [6, 5, 4]]), ids([3, 1]), ids([3, 3])),
            (ids([[6, 2, 0, 9], [1, 5, 3, 0]]), ids([1, 2]), ids([4, 4])),
        ]
        agree(student.sft_labels, probes(by_hand, random=full_rows), labels_one_by_one)

    def test_pads(self, student, probes):
        """rows with pads, whose id is that of the end: the end has a label, the pads have none"""
        by_hand = [
            (ids([[5, 6, 7, 0, 0]]), ids([2]), ids([4])),
            (PADDED, ids([2, 3]), ids([5, 7])),
            (PADDED, ids([4, 1]), ids([4, 6])),
        ]
        agree(student.sft_labels, probes(by_hand, random=padded_rows), labels_one_by_one)


# 9.3


def cross_entropy_of_what_counts(logits, labels):
    """torch's own, which says NaN where nothing counts."""
    if bool((labels[:, 1:] == -100).all()):
        return 0 * logits.sum()
    return F.cross_entropy(logits[:, :-1].mT, labels[:, 1:], ignore_index=-100)


LOGITS = 2 * spread_out(2, 5, 4, step=1.7)
LABELS = ids([[-100, -100, 2, 3, 1], [-100, 0, -100, -100, -100]])
NONE = ids([[-100] * 5])


def any_labels(rng):
    """At least one counts after the shift, and the rows have different numbers of them."""
    B, T, V = rng.sizes(2, 6, 3)
    labels = torch.where(rng.uniform(0, 1, B, T + 1) < 0.5, rng.integers(0, V, B, T + 1), -100)
    labels[0, 1:] = rng.integers(0, V, T)
    labels[1, 1] = -100
    return 2 * rng.normal(B, T + 1, V), labels


def some_rows_empty(rng):
    logits, labels = any_labels(rng)
    labels[0, 1:] = -100
    return logits, labels


def far_apart(rng):
    logits, labels = any_labels(rng)
    return 800 * logits, labels


@exercise(
    "9.3",
    "masked_lm_loss",
    points=13,
    minutes=25,
    difficulty=2,
    forbids="crossentropy",
    builds_on=("6.3", "9.2"),
)
class TestMaskedLmLoss:
    def test_mean(self, student, probes):
        """the mean over all labels that count, each predicted by the logits one place before; its gradient"""
        by_hand = [
            (2 * spread_out(1, 4, 3, step=0.7), ids([[0, 2, 1, 0]])),
            (LOGITS, LABELS),
            (LOGITS, ids([[2, -100, -100, -100, 3], [1, 1, 3, 0, -100]])),
            (LOGITS[:, :2], ids([[-100, 1], [2, -100]])),
        ]
        ladder = probes(by_hand, random=any_labels)
        agree(student.masked_lm_loss, ladder, cross_entropy_of_what_counts, strided=True, requires_grad=True)
        gradients_agree(student.through("loss_and_gradients"), probes([(LOGITS, LABELS)]), cross_entropy_of_what_counts)

    def test_nothing_counts(self, student, probes):
        """0 where no label counts after the shift; rows without labels beside others"""
        by_hand = [
            (LOGITS[:1], NONE),
            (LOGITS[:1], ids([[3, -100, -100, -100, -100]])),
            (LOGITS, torch.cat([ids([[-100, -100, 2, 3, -100]]), NONE])),
        ]
        agree(student.masked_lm_loss, probes(by_hand, random=some_rows_empty), cross_entropy_of_what_counts)

    def test_huge_logits(self, student, probes):
        """the same for logits so large that their exponential is infinite"""
        ladder = probes([(500 * LOGITS, LABELS)], random=far_apart)
        agree(student.masked_lm_loss, ladder, cross_entropy_of_what_counts, float32=False)


# 9.4: a model with parameters tokens.weight, block.head.*, block.norm.*, block2.*, head.weight and head_norm.*

NAMES = ["tokens.weight", "block.head.weight", "block.head.bias", "block.norm.weight", "block.norm.bias"]
NAMES += ["block2.weight", "block2.bias", "head.weight", "head_norm.weight", "head_norm.bias"]


def sizes_of_parameters(n):
    """What the driver's model holds, from torch's own layers."""
    parts = [
        nn.Embedding(5, n, device="meta"),
        nn.Linear(n, 3, device="meta"),
        nn.LayerNorm(3, device="meta"),
        nn.Linear(3, 3, device="meta"),
        nn.Linear(3, 5, bias=False, device="meta"),
        nn.LayerNorm(5, device="meta"),
    ]
    return dict(zip(NAMES, (p.numel() for part in parts for p in part.parameters()), strict=True))


def parts_of_names(n, prefixes, frozen_before):
    """Compares names part by part, as lists."""
    chosen = {
        prefix: [name for name in NAMES if name.split(".")[: len(prefix.split("."))] == prefix.split(".")]
        for prefix in prefixes
    }
    if not all(chosen.values()):
        unchanged = [name for name in NAMES if name not in frozen_before]
        return {"ValueError": True, "trained afterwards": unchanged, "answer": None}
    trained = [name for name in NAMES if any(name in names for names in chosen.values())]
    sizes = sizes_of_parameters(n)
    return {"ValueError": False, "trained afterwards": trained, "answer": sum(sizes[name] for name in trained)}


def any_prefixes(rng):
    prefixes = [["block"], ["head", "block.norm"], ["block2"], ["tokens", "head_norm"], ["block.head", "block"]]
    return rng.size(2, 6), rng.choice(prefixes), [rng.choice(NAMES)]


def unknown_prefixes(rng):
    wrong = rng.choice(["norm", "blocks", "head_", "tokens.weight.data", "block.head.w", "eight"])
    return rng.size(2, 6), rng.shuffled([wrong, rng.choice(NAMES)]), [rng.choice(NAMES)]


@exercise("9.4", "freeze_all_but", points=7, minutes=15, difficulty=2, builds_on=("2.9",))
class TestFreezeAllBut:
    def test_prefixes(self, student, probes):
        """exactly the parameters under the prefixes are trained, and their numbers are counted"""
        by_hand = [
            (4, ["head"], []),
            (4, ["block", "tokens"], []),
            (3, ["block.head"], ["block.head.weight", "tokens.weight"]),
            (4, ["head_norm.bias"], []),
            (2, [], []),
        ]
        agree(student.through("trained_after"), probes(by_hand, random=any_prefixes), parts_of_names)

    def test_unknown(self, student, probes):
        """a prefix without parameters is a ValueError, and nothing has been changed then"""
        by_hand = [
            (4, ["head"], ["head.weight"]),
            (4, ["body"], []),
            (4, ["head", "body"], ["tokens.weight"]),
            (3, ["ead"], []),
            (4, ["drop"], ["head.weight"]),
        ]
        agree(student.through("trained_after"), probes(by_hand, random=unknown_prefixes), parts_of_names)


# 9.5


def rank_by_rank(x, W, b, A, B, alpha):
    """The layer, and one outer product after the other, each with its share of alpha."""
    y = F.linear(x, W, b)
    for row, column in zip(A, B.mT, strict=True):
        y = y + alpha / len(A) * torch.einsum("...i,i,o->...o", x, row, column)
    return y


def changed_layer(n_in, n_out, r, *shape):
    """x, W, b, A and B with numbers that are nowhere 0; x has some axes before its last."""
    x, W, b = spread_out(*shape, n_in, step=0.7), spread_out(n_out, n_in, step=1.3), spread_out(n_out, step=0.9)
    return x, W, b, spread_out(r, n_in, step=2.3), spread_out(n_out, r, step=1.9)


def any_change(rng):
    n_in, n_out = rng.shuffled(range(2, 8))[:2]
    r = rng.size(2, 4)
    return *(rng.normal(*s) for s in [(2, 3, n_in), (n_out, n_in), (n_out,), (r, n_in), (n_out, r)]), rng.choice(
        [0.5, 16.0]
    )


def start_without_change(n_in, n_out, r, seed):
    """Right code has a spread that rounds to 1, ten standard errors away from what does not."""
    return {
        "shape and dtype of A": ((r, n_in), "torch.float32"),
        "shape and dtype of B": ((n_out, r), "torch.float32"),
        "B is all zeros": True,
        "spread of A": 1.0,
        "same seed, same A": True,
        "other seed, same A": False,
    }


def normal_and_independent(counts, n_in, n_out, r, seed):
    """Right code fails this at most 5 * FALSE_ALARM often: a test of each count."""
    n = r * n_in
    if counts["numbers"] != n:
        return f"A has {counts['numbers']} numbers; with rank {r} and {n_in} inputs it must have {n}."
    if implausible(torch.tensor(counts["below 0"]), n, 0.5) is not None:
        return f"Of {n} numbers of A {counts['below 0']} are below 0; with mean 0 it should be about {n / 2:.0f}."
    for width in (0.5, 1.0, 2.0):
        share, found = math.erf(width / 2**0.5), counts[f"within {width}"]
        if implausible(torch.tensor(found), n, share) is not None:
            return (
                f"Of {n} numbers of A {found} are within {width} / sqrt(n_in) of 0; of normal numbers with mean 0 and "
                f"standard deviation 1 / sqrt(n_in) it would be about {share * n:.0f}."
            )
    if implausible(torch.tensor(counts["two below 0"]), n // 2, 0.25) is not None:
        return (
            f"Of {n // 2} pairs in neighboring rows of A {counts['two below 0']} are both below 0; about {n / 8:.0f} are "
            "to be expected. Is each number drawn on its own?"
        )
    return None


@exercise("9.5", "lora_init", "lora_forward", points=15, minutes=30, difficulty=2, builds_on=("1.8", "4.1"))
class TestLora:
    def test_forward(self, student, probes):
        """lora_forward: the layer and its change, with ranks and strengths of all kinds; the gradients"""
        by_hand = [
            (*changed_layer(3, 5, 1, 2), 1.0),
            (*changed_layer(3, 5, 2, 4), 8.0),
            (*changed_layer(6, 2, 4, 2, 3), 0.5),
        ]
        ladder = probes(by_hand, random=any_change)
        agree(student.lora_forward, ladder, rank_by_rank, strided=True, requires_grad=True)
        ladder = probes([(*changed_layer(3, 5, 2, 4), 8.0)])
        gradients_agree(student.through("changed_layer_and_gradients"), ladder, rank_by_rank)

    def test_start(self, student, probes):
        """lora_init: shapes, zeros in B, and normal numbers of the right spread in A, from the generator"""
        agree(student.through("start_of_lora"), probes([(300, 40, 64, 0), (512, 700, 48, 5)]), start_without_change)
        ladder = probes([(300, 40, 64, 0)], random=lambda rng: (400, 4, 50, rng.size(0, 10_000)), n=1)
        satisfies(student.through("numbers_of_lora"), ladder, normal_and_independent)


# 9.6


def applied_to_unit_vectors(W, A, B, alpha):
    """What the layer and its change do to each input alone, as columns."""
    unit = torch.eye(W.shape[1], dtype=W.dtype, device=W.device)
    return rank_by_rank(unit, W, W.new_zeros(len(W)), A, B, alpha).mT


def both_layers(x, W, b, A, B, alpha):
    return rank_by_rank(x, W, b, A, B, alpha)


def numbers_in_layers(shapes, r):
    """The numbers of pairs of torch's own layers, which have shapes but no memory."""
    pairs = [
        nn.Sequential(nn.Linear(n_in, r, bias=False, device="meta"), nn.Linear(r, n_out, bias=False, device="meta"))
        for n_out, n_in in shapes
    ]
    return sum(parameter.numel() for pair in pairs for parameter in pair.parameters())


def merging(n_in, n_out, r, alpha):
    _, W, _, A, B = changed_layer(n_in, n_out, r, 1)
    return W, A, B, alpha


def any_merging(rng):
    _, W, _, A, B, alpha = any_change(rng)
    return W, A, B, alpha


def any_shapes(rng):
    return [tuple(rng.sizes(1, 50, 2)) for _ in range(rng.size(1, 4))], rng.size(1, 8)


@exercise("9.6", "lora_merge", "lora_params", points=7, minutes=15, difficulty=1, builds_on=("9.5",))
class TestMergeAndCount:
    def test_merge(self, student, probes):
        """lora_merge: a new matrix that does the work of both, and leaves the old one alone"""
        by_hand = [merging(3, 5, 1, 1.0), merging(3, 5, 2, 8.0), merging(4, 4, 2, 3.0)]
        agree(student.lora_merge, probes(by_hand, random=any_merging), applied_to_unit_vectors, strided=True)
        agree(student.through("merged_layer"), probes([(*changed_layer(6, 2, 4, 2, 3), 0.5)]), both_layers)

    def test_count(self, student, probes):
        """lora_params: the numbers of A and B of all layers, for one layer, for some, for none"""
        by_hand = [([(5, 3)], 2), ([(768, 768)], 8), ([(2304, 768), (768, 768), (3072, 768)], 4), ([], 8)]
        agree(student.lora_params, probes(by_hand, random=any_shapes), numbers_in_layers)


# 9.7


def minus_cross_entropies(logits, ids, mask):
    each = F.cross_entropy(logits[:, :-1].mT, ids[:, 1:], reduction="none")
    return -(each * mask[:, 1:]).sum(1)


IDS = ids([[0, 1, 3, 2, 1], [2, 2, 0, 3, 3]])
MASK = torch.tensor([[False, False, True, True, True], [False, True, True, False, False]])


def any_answers(rng):
    B, T, V = rng.sizes(2, 6, 3)
    return 2 * rng.normal(B, T, V), rng.integers(0, V, B, T), rng.uniform(0, 1, B, T) < 0.6


def unlikely_answers(rng):
    logits, ids, mask = any_answers(rng)
    mask[0, 1] = True
    return 800 * logits, ids, mask


@exercise("9.7", "sequence_logprob", points=10, minutes=20, difficulty=2, forbids="crossentropy", builds_on=("9.3",))
class TestSequenceLogprob:
    def test_sums(self, student, probes):
        """for each row the sum over its masked ids, each predicted one place before; the gradient"""
        by_hand = [
            (2 * spread_out(1, 3, 4, step=0.7), ids([[0, 3, 1]]), torch.tensor([[False, True, True]])),
            (LOGITS, IDS, MASK),
            (LOGITS, IDS, torch.tensor([[True] * 5, [False] * 5])),
            (LOGITS, IDS, torch.tensor([[False, True, False, True, False], [True, False, False, False, True]])),
        ]
        ladder = probes(by_hand, random=any_answers)
        agree(student.sequence_logprob, ladder, minus_cross_entropies, strided=True, requires_grad=True)
        gradients_agree(student.through("sums_and_gradients"), probes([(LOGITS, IDS, MASK)]), minus_cross_entropies)

    def test_huge_logits(self, student, probes):
        """the same for answers so unlikely that their probability is 0 in any dtype"""
        ladder = probes([(500 * LOGITS, IDS, MASK)], random=unlikely_answers)
        agree(student.sequence_logprob, ladder, minus_cross_entropies, float32=False)


# 9.8


def cross_entropy_with_yes(chosen, rejected, ref_chosen, ref_rejected, beta):
    margins = beta * (chosen - ref_chosen - rejected + ref_rejected)
    right = sum(margin > 0 for margin in margins.tolist()) / len(margins)
    return F.binary_cross_entropy_with_logits(margins, torch.ones_like(margins)), torch.full_like(margins[0], right)


def slopes_by_hand(chosen, rejected, ref_chosen, ref_rejected, beta):
    """The slope of -ln sigmoid(m) is -(1 - sigmoid(m))."""
    loss, accuracy = cross_entropy_with_yes(chosen, rejected, ref_chosen, ref_rejected, beta)
    margins = beta * (chosen - ref_chosen - rejected + ref_rejected)
    slopes = -beta * torch.special.expit(-margins) / len(margins)
    return {
        "loss": loss,
        "accuracy": accuracy,
        "slopes of chosen": slopes,
        "slopes of rejected": -slopes,
        "slopes of the reference": (torch.zeros_like(slopes), torch.zeros_like(slopes)),
    }


def pairs_of_answers(*rows, beta):
    """One row for each pair: chosen and rejected by the model, and by the reference."""
    return *(floats(list(column)) for column in zip(*rows, strict=True)), beta


ONE_PAIR = pairs_of_answers((-2.0, -3.5, -2.5, -3.0), beta=0.5)
THREE_PAIRS = pairs_of_answers((-2.0, -3.5, -2.5, -3.0), (-8.0, -6.0, -7.5, -7.0), (-4.0, -4.5, -3.0, -4.0), beta=0.1)


def any_pairs(rng):
    return *(-10 * rng.uniform(0, 1, rng_size) for rng_size in [4] * 4), rng.choice([0.1, 0.5, 2.0])


def pairs_far_apart(rng):
    chosen, _, ref_chosen, ref_rejected, beta = any_pairs(rng)
    gaps = rng.uniform(3000, 9000, 4) * floats([1.0, -1.0, -1.0, 1.0])
    return chosen, chosen + gaps, ref_chosen, ref_rejected, beta


@exercise("9.8", "dpo_loss", points=17, minutes=35, difficulty=3, builds_on=("3.2", "9.7"))
class TestDpoLoss:
    def test_values(self, student, probes):
        """the mean loss and the share of pairs that the model gets right, with a draw among them"""
        by_hand = [
            ONE_PAIR,
            THREE_PAIRS,
            pairs_of_answers((-5.0, -5.0, -6.0, -6.0), (-1.0, -3.0, -2.0, -2.0), beta=0.3),
        ]
        ladder = probes(by_hand, random=any_pairs)
        agree(student.dpo_loss, ladder, cross_entropy_with_yes, names=("loss", "accuracy"), requires_grad=True)

    def test_slopes(self, student, probes):
        """the slopes for both answers of the model, and none for the reference"""
        agree(student.through("dpo_and_slopes"), probes([ONE_PAIR, THREE_PAIRS], random=any_pairs, n=3), slopes_by_hand)

    def test_far_apart(self, student, probes):
        """margins of many thousands: loss and slopes stay finite"""
        far = pairs_of_answers((-9000.0, -10.0, -20.0, -20.0), (-10.0, -9000.0, -20.0, -20.0), beta=0.5)
        ladder = probes([far], random=pairs_far_apart, n=3)
        agree(student.through("dpo_and_slopes"), ladder, slopes_by_hand, float32=False)


# 9.9: the model, written with torch's own transformer layers, and Adam by hand

TORCH_NAMES = {
    "norm1_gamma": "norm1.weight",
    "norm1_beta": "norm1.bias",
    "Wqkv": "self_attn.in_proj_weight",
    "Wo": "self_attn.out_proj.weight",
    "bo": "self_attn.out_proj.bias",
    "norm2_gamma": "norm2.weight",
    "norm2_beta": "norm2.bias",
    "W1": "linear1.weight",
    "b1": "linear1.bias",
    "W2": "linear2.weight",
    "b2": "linear2.bias",
}


def gelu_in_torch(x):
    return F.gelu(x, approximate="tanh")


@cache
def torch_layer(D, H, dtype):
    """torch's transformer layer with the norms first and the tanh GELU; its weights are put in at each call."""
    return nn.TransformerEncoderLayer(
        D,
        H,
        4 * D,
        dropout=0.0,
        activation=gelu_in_torch,
        batch_first=True,
        norm_first=True,
        device="meta",
        dtype=dtype,
    )


def gpt_in_torch(ids, p, cfg):
    D, T = cfg["emb_dim"], ids.shape[1]
    x = F.embedding(ids, p["tokens"]) + p["positions"][:T]
    mask = nn.Transformer.generate_square_subsequent_mask(T, device=x.device, dtype=x.dtype)
    for block in p["blocks"]:
        weights = {TORCH_NAMES[name]: value for name, value in block.items()}
        weights["self_attn.in_proj_bias"] = x.new_zeros(3 * D)
        x = functional_call(torch_layer(D, cfg["n_heads"], x.dtype), weights, (x,), {"src_mask": mask})
    return F.linear(F.layer_norm(x, (D,), p["norm_gamma"], p["norm_beta"]), p["head"])


def tensors_of(p):
    if isinstance(p, torch.Tensor):
        return [p]
    return [t for part in (p.values() if isinstance(p, dict) else p) for t in tensors_of(part)]


def adam_by_hand(p, cfg, ids, labels, steps, lr):
    every = [t.requires_grad_() for t in tensors_of(p)]
    means, squares = ([torch.zeros_like(t) for t in every] for _ in range(2))
    losses = []
    for k in range(1, steps + 2):
        loss = cross_entropy_of_what_counts(gpt_in_torch(ids, p, cfg), labels)
        losses.append(loss.item())
        with torch.no_grad():
            for t, m, v, slope in zip(every, means, squares, torch.autograd.grad(loss, every), strict=True):
                m.lerp_(slope, 0.1)
                v.lerp_(slope**2, 0.001)
                t -= lr * (m / (1 - 0.9**k)) / ((v / (1 - 0.999**k)).sqrt() + 1e-8)
    return {"losses": losses[:-1], "loss afterwards": losses[-1]}


def a_model(rng, V, context_length, D, H, n_layers):
    """Parameters that are nowhere trivial, and the config."""
    norm = {"gamma": (D,), "beta": (D,)}
    block = {f"norm1_{name}": shape for name, shape in norm.items()}
    block |= {"Wqkv": (3 * D, D), "Wo": (D, D), "bo": (D,)}
    block |= {f"norm2_{name}": shape for name, shape in norm.items()}
    block |= {"W1": (4 * D, D), "b1": (4 * D,), "W2": (D, 4 * D), "b2": (D,)}

    def draw(shapes):
        return {name: 0.4 * rng.normal(*shape) + name.endswith("gamma") for name, shape in shapes.items()}

    outer = {"tokens": (V, D), "positions": (context_length, D), "head": (V, D)}
    p = draw(outer | {f"norm_{name}": shape for name, shape in norm.items()})
    cfg = {"vocab_size": V, "context_length": context_length, "emb_dim": D, "n_heads": H, "n_layers": n_layers}
    return p | {"blocks": [draw(block) for _ in range(n_layers)]}, cfg


def a_run(rng, sizes, B, T, steps, lr):
    """The second half of each row is its answer; the first row ends one place earlier."""
    p, cfg = a_model(rng, *sizes)
    tokens = rng.integers(0, cfg["vocab_size"], B, T)
    labels = torch.where(torch.arange(T) >= T // 2, tokens, -100)
    labels[0, -1] = -100
    return p, cfg, tokens, labels, steps, lr


def any_run(rng):
    return a_run(rng, (5, 6, 4, 2, 1), 2, 6, 3, rng.choice([0.003, 0.02]))


FIXED = Rng(909)
SHORT_RUNS = [
    a_run(FIXED, (5, 6, 6, 2, 1), 2, 6, 1, 0.01),
    a_run(FIXED, (5, 6, 6, 2, 1), 3, 6, 6, 0.02),
    a_run(FIXED, (7, 8, 6, 3, 2), 2, 5, 4, 0.003),
]

SOUNDS = {"bee": "hums", "cat": "purrs", "dog": "barks", "hen": "clucks", "owl": "hoots", "pig": "grunts"}
LEARNED, HELD_OUT = ({}, {})
for i, adjective in enumerate(("big", "old", "red", "shy")):
    for j, (animal, sound) in enumerate(SOUNDS.items()):
        (LEARNED if (i + j) % 3 else HELD_OUT)[f"{adjective} {animal}."] = f" {sound}\n"
CHARACTERS = "\n .abcdeghiklmnoprstuwy"
CONFIG = {"vocab_size": 23, "context_length": 64, "emb_dim": 32, "n_heads": 4, "n_layers": 2}
STEPS = 40


def learned_batch():
    """The questions to learn with their answers as ids, padded by new lines, and the labels of the answers."""
    rows = [question + answer for question, answer in LEARNED.items()]
    T = max(map(len, rows))
    tokens = ids([[CHARACTERS.index(character) for character in row.ljust(T, "\n")] for row in rows])
    starts, ends = ids([len(question) for question in LEARNED]), ids([len(row) for row in rows])
    place = torch.arange(T)
    return tokens, torch.where((place >= starts[:, None]) & (place < ends[:, None]), tokens, -100)


def shipped_model():
    with np.load(HERE / "weights.npz", allow_pickle=False) as arrays:
        flat = {name: torch.from_numpy(arrays[name].astype(np.float32)) for name in arrays.files}
    blocks = [
        {name.removeprefix(f"blocks.{i}."): flat[name] for name in flat if name.startswith(f"blocks.{i}.")}
        for i in range(CONFIG["n_layers"])
    ]
    return {name: value for name, value in flat.items() if not name.startswith("blocks.")} | {"blocks": blocks}


def learns_to_answer(answer, p, cfg, ids, labels, steps, lr, questions):
    """With the solution it is 3.68 before, 0.002 in the end, and 8 of 8 are right."""
    if not answer["first loss"] > 3:
        return (
            f"The first loss is {answer['first loss']:.2f}. The model has never seen an answer, and must be bad at it: "
            "above 3."
        )
    if not answer["last loss"] < 0.05:
        return f"The loss of step {steps} is {answer['last loss']:.2f}; it should have fallen below 0.05 by then."
    pairs = zip(questions, answer["answers"], strict=True)
    wrong = [(question, given) for question, given in pairs if given != HELD_OUT[question]]
    if len(wrong) > 1:
        return (
            f"{len(wrong)} of {len(questions)} questions that it has not seen are answered wrong: {wrong[0][0]!r} gets "
            f"{wrong[0][1]!r}."
        )
    return None


def a_run_on_the_questions(rng):
    rate = round(float(rng.uniform(0.003, 0.0035)), 5)
    return shipped_model(), CONFIG, *learned_batch(), rng.size(STEPS, STEPS + 8), rate, list(HELD_OUT)


@exercise(
    "9.9",
    "fine_tune",
    points=13,
    minutes=25,
    difficulty=2,
    builds_on=("5.5", "9.3"),
    seconds=20,
)
class TestFineTune:
    def test_losses(self, student, probes):
        """short runs number by number, and the parameters that they leave behind"""
        ladder = probes(SHORT_RUNS, random=any_run, n=2)
        losses = student.through("losses_of_tuning")
        agree(losses, ladder, adam_by_hand, exact_types=True, float32=False, rtol=1e-6)

    def test_answers(self, student, probes):
        """40 to 48 steps on 16 questions with the shipped model: it answers others that it has not seen"""
        ladder = probes([], random=a_run_on_the_questions, n=1)
        satisfies(student.through("questions_answered"), ladder, learns_to_answer)
        leave_picture(student)
