"""The small grammar that wrote `corpus.txt`, and how much of what it writes is left to chance.

Every sentence has four free choices: an adjective and an animal, twice. The rest follows from them, as the verb follows
from the first animal. That is why the entropy of the text is known exactly, which it never is for a text by people.

    python corpus.py

writes `corpus.txt` again, byte by byte as it was.
"""

import math
import random
from collections import Counter
from pathlib import Path

ADJECTIVES = ("big", "old", "red", "shy")
SOUNDS = {"bee": "hums", "cat": "purrs", "dog": "barks", "hen": "clucks", "owl": "hoots", "pig": "grunts"}
N_SENTENCES = 600


def sentence(choose):
    """One line of the text; choose picks an item of a sequence, each with equal chance."""
    animal = choose(tuple(SOUNDS))
    listener = choose(tuple(SOUNDS))
    return f"the {choose(ADJECTIVES)} {animal} {SOUNDS[animal]} at the {choose(ADJECTIVES)} {listener}.\n"


def entropy_per_character():
    """Nats per character: no model that sees only what came before can stay below it on text that is new to it.

    A sentence is worth the logarithm of the number of its equally likely forms, spread over its mean length.
    """
    per_sentence = 2 * math.log(len(ADJECTIVES)) + 2 * math.log(len(SOUNDS))
    lengths = [
        len(f"the {first} {animal} {sound} at the {second} {listener}.\n")
        for first in ADJECTIVES
        for animal, sound in SOUNDS.items()
        for second in ADJECTIVES
        for listener in SOUNDS
    ]
    return per_sentence / (sum(lengths) / len(lengths))


def entropy_after(text, k):
    """Nats per character of a text that are left when the k characters before each are known."""
    longer = Counter(text[i : i + k + 1] for i in range(len(text) - k))
    shorter = Counter(text[i : i + k] for i in range(len(text) - k))
    return -sum(n * math.log(n / shorter[part[:k]]) for part, n in longer.items()) / sum(longer.values())


if __name__ == "__main__":
    choose = random.Random(0).choice
    text = "".join(sentence(choose) for _ in range(N_SENTENCES))
    Path(__file__).with_name("corpus.txt").write_text(text, encoding="utf-8", newline="\n")
