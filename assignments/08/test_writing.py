"""The checks of assignment 08: how the next token is chosen, and how text is written without computing it all again."""

import torch

from gradlings import agree, exercise, floats

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
