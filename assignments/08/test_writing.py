"""The checks of assignment 08: how the next token is chosen, and how text is written without computing it all again."""

import itertools

import torch

from gradlings import agree, exercise, floats


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


# 8.1


def powers_of_probabilities(logits, t):
    """p ** (1/t), added up to 1 again; at 0 each row by comparing its numbers with the largest."""
    if t < 0:
        raise ValueError("a temperature below 0")
    if t > 0:
        return torch.nn.functional.normalize((logits.log_softmax(-1) / t).exp(), p=1, dim=-1)
    rows = [[float(i == row.index(max(row))) for i in range(len(row))] for row in logits.flatten(0, -2).tolist()]
    return torch.tensor(rows, dtype=logits.dtype, device=logits.device).reshape(logits.shape)


def some_logits(rng):
    return 3 * rng.normal(*rng.choice([(5,), (2, 4), (2, 3, 4)]))


@exercise("8.1", "with_temperature", points=5, minutes=10, difficulty=1, builds_on=("3.11",))
class TestWithTemperature:
    def test_temperatures(self, student, probes):
        """sharper and flatter than the softmax, row by row, for logits of any size"""
        two_rows = floats([[2.0, 1.0, -1.0], [0.0, 3.0, 0.5]])
        by_hand = [
            (floats([2.0, 1.0, -1.0]), 1.0),
            (two_rows, 0.5),
            (floats([2.0, 1.0, -1.0]), 4.0),
            (floats([3000.0, 2998.0, -1000.0]), 2.0),
            (floats([3.0, 1.0]), 0.01),
        ]
        ladder = probes(by_hand, random=lambda rng: (some_logits(rng), rng.choice([0.1, 0.7, 1.0, 3.0])))
        agree(student.with_temperature, ladder, powers_of_probabilities)

    def test_zero(self, student, probes):
        """t = 0: the first of the largest gets it all; ValueError below 0"""
        by_hand = [
            (floats([[1.0, 5.0], [7.0, -2.0]]), 0.0),
            (floats([[3.0, 3.0, 1.0]]), 0.0),
            (floats([[1.0, 2.0]]), -1.0),
        ]
        ladder = probes(by_hand, random=lambda rng: (some_logits(rng)[None], 0.0), n=2)
        agree(student.with_temperature, ladder, powers_of_probabilities)


# 8.2


def fewer_than_k_are_larger(logits, k):
    if k < 1:
        raise ValueError("nothing to keep")
    larger = (logits.unsqueeze(-2) > logits.unsqueeze(-1)).sum(-1)
    return logits.where(larger < k, float("-inf"))


def smallest_set_of_all(probs, p):
    """Of all sets of tokens that reach p one of the smallest, and of these the likeliest."""
    if not 0 <= p <= 1:
        raise ValueError("p is no probability")
    rows = probs.flatten(0, -2).tolist() if probs.dim() > 1 else [probs.tolist()]
    kept = []
    for row in rows:
        sets = (heaviest_set(row, size) for size in range(1, len(row) + 1))
        chosen = next((each for each in sets if sum(row[i] for i in each) >= p), range(len(row)))
        kept.append([each / sum(row[j] for j in chosen) * (i in chosen) for i, each in enumerate(row)])
    if p == 1:
        kept = rows
    return torch.tensor(kept, dtype=probs.dtype, device=probs.device).reshape(probs.shape)


def heaviest_set(row, size):
    """Of all sets of so many tokens the likeliest."""
    return max(itertools.combinations(range(len(row)), size), key=lambda chosen: sum(row[i] for i in chosen))


def logits_and_a_number(rng):
    return 3 * rng.normal(*rng.choice([(6,), (2, 5), (3, 2, 4)])), rng.size(1, 7)


def probabilities_and_a_share(rng):
    """No sum of the likeliest tokens is close to the share."""
    while True:
        probs = rng.normal(*rng.choice([(6,), (2, 5)])).mul(2).softmax(-1)
        p = float(rng.uniform(0.05, 0.98))
        sums = probs.sort(-1, descending=True).values.cumsum(-1)
        if (sums - p).abs().min() > 1e-3:
            return probs, p


FOUR = [0.1875, 0.5, 0.0625, 0.25]


@exercise("8.2", "keep_top_k", "keep_top_p", points=13, minutes=30, difficulty=2, builds_on=("6.12", "8.1"))
class TestTopKTopP:
    def test_top_k(self, student, probes):
        """keep_top_k: the k largest of each row as they are, the others -inf; ValueError below 1"""
        by_hand = [
            (floats([1.0, 4.0, -2.0, 3.0]), 2),
            (floats([[1.0, 4.0, -2.0], [9.0, -1.0, 0.5]]), 1),
            (floats([-5.0, -3.0, -4.0]), 7),
            (floats([1.0, 2.0]), 0),
        ]
        agree(student.keep_top_k, probes(by_hand, random=logits_and_a_number), fewer_than_k_are_larger)

    def test_top_p(self, student, probes):
        """keep_top_p: the token that crosses p is the last one kept, row by row; all in their places, with the sum 1"""
        two = floats([FOUR, [0.125, 0.0625, 0.8125, 0.0]])
        by_hand = [(floats(FOUR), p) for p in (0.7, 0.75, 0.3, 0.8)] + [(two, 0.8)]
        agree(student.keep_top_p, probes(by_hand, random=probabilities_and_a_share), smallest_set_of_all)
        at_the_ends = probes([(floats(FOUR), 0.0), (two, 1.0), (floats(FOUR), 1.5), (floats(FOUR), -0.5)])
        agree(student.keep_top_p, at_the_ends, smallest_set_of_all)


# 8.3


def token_by_token(logits, ids, penalty):
    if penalty <= 0:
        raise ValueError("no penalty")
    rows = logits.tolist()
    for row, text in zip(rows, ids.tolist(), strict=True):
        for token in set(text):
            row[token] = row[token] / penalty if row[token] > 0 else row[token] * penalty
    return torch.tensor(rows, dtype=logits.dtype, device=logits.device)


def logits_and_texts(rng):
    return 2 * rng.normal(3, 6), rng.integers(0, 6, 3, 5), float(rng.uniform(1.1, 2.0))


@exercise("8.3", "repetition_penalty", points=7, minutes=15, difficulty=2)
class TestRepetitionPenalty:
    def test_penalty(self, student, probes):
        """tokens of a row's own text, once each, less likely whatever their sign; ValueError for 0"""
        three, mixed = floats([[2.0, -1.0, 0.5]]), floats([[2.0, -1.0, 0.5], [-2.0, 3.0, 1.0]])
        by_hand = [
            (floats([[2.0, 1.0, 0.5]]), ids([[0]]), 2.0),
            (floats([[2.0, -1.0, 0.5, -3.0]]), ids([[1, 0]]), 1.5),
            (three, ids([[0, 1, 0, 0, 1]]), 1.2),
            (mixed, ids([[0, 0], [1, 2]]), 1.5),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 1.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 0.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), -2.0),
            (floats([[2.0, -1.0]]), ids([[0, 1]]), 0.5),
        ]
        agree(student.repetition_penalty, probes(by_hand, random=logits_and_texts), token_by_token)


# 8.4: the stand-in model says: the next token is (last + first) modulo V


def each_row_to_its_end(V, ids, n, eos, pad):
    """Row by row, with numbers, and only then filled up."""
    written = []
    for first, *rest in ids.tolist():
        last, new = [first, *rest][-1], []
        while len(new) < n and eos not in new:
            last = (last + first) % V
            new.append(last)
        written.append(new)
    columns = max(map(len, written))
    rows = [text + new + [pad] * (columns - len(new)) for text, new in zip(ids.tolist(), written, strict=True)]
    return {"ids": torch.tensor(rows, device=ids.device), "calls of the model": columns}


def some_texts(rng):
    return 9, rng.integers(0, 9, rng.size(1, 4), rng.size(1, 3)), rng.size(0, 8), rng.size(0, 8), rng.size(0, 8)


@exercise("8.4", "generate_until", points=11, minutes=25, difficulty=2, builds_on=("6.12",))
class TestGenerateUntil:
    def test_ends(self, student, probes):
        """each row up to its eos, then pads; no column and no call of the model after the last end"""
        by_hand = [
            (10, ids([[2]]), 4, 8, 0),
            (10, ids([[1], [3]]), 6, 6, 0),
            (10, ids([[5], [2]]), 6, 0, 0),
            (10, ids([[1], [2]]), 0, 5, 0),
            (12, ids([[1], [4], [6]]), 9, 0, 3),
        ]
        agree(student.through("written_until"), probes(by_hand, random=some_texts), each_row_to_its_end)

    def test_prompts(self, student, probes):
        """an eos in the prompt ends nothing, and pad is an id like any other"""
        by_hand = [
            (10, ids([[4, 8], [1, 1]]), 4, 8, 0),
            (10, ids([[3, 0], [5, 0]]), 5, 9, 7),
            (10, ids([[1, 5]]), 3, 9, 5),
        ]
        agree(student.through("written_until"), probes(by_hand, random=some_texts), each_row_to_its_end)
