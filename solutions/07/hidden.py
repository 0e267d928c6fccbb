"""Hidden probes of assignment 07: further inputs that submissions meet when they are graded for marks."""

import torch

from gradlings import Rng, floats

rng = Rng(107)


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def row(n, *letters):
    """So many ids, drawn from the given ones."""
    return [rng.choice(letters) for _ in range(n)]


def long_text(n, *words):
    return " ".join(rng.choice(words) for _ in range(n))


def syllables(n_words, n):
    """A long text of few words, made of syllables; none is twice in a word."""
    words = ["".join(rng.shuffled(["ka", "lo", "mi", "te", "su", "no"])[:4]) for _ in range(n_words)]
    return long_text(n, *words)


LATE = [(98, 99), (100, 101), (256, 257), (97, 258), (97, 98)]
"""bc, de, bcde, abcde, ab: the parts of abcde are made late, and ab is never reached where they are."""
SEVEN = "a<|x|>(b)? [c]^$ . <|x|><|y|>\\d+"
LINES = "the owl.\nthe hen.\n\n"

PROBES = {
    # 7.1 bytes: characters of four bytes, cut characters in a row, bytes that only continue
    "7.1::test_bytes": [("😀🎉 ok",), ("a\tЖ\n\n",), ("中" * 30,)],
    "7.1::test_text": [
        ([0xF0, 0x9F, 0x98, 0x80],),
        ([0xF0, 0x9F, 0x98, 97],),
        ([0xAF, 0x8D, 98],),
        ([0xE8, 0xAF, 0xE8, 0xAF, 0xC3],),
        ([97, 1000],),
    ],
    # 7.2 pairs: many words, the same word twice, ids of merges, long runs
    "7.2::test_frequencies": [
        ([(row(rng.size(2, 9), *range(97, 102)), rng.size(1, 30)) for _ in range(40)],),
        ([([4, 8, 4], 2), ([8, 4], 1), ([4, 8, 4], 5)],),
        ([([300, 1000, 300, 1000], 7)],),
    ],
    "7.2::test_runs": [([([6] * 25, 3)],), ([([6] * 5 + [7] * 4 + [6] * 2, 1), ([7], 9), ([7, 7], 2)],)],
    # 7.3 merging: a pair of merges, at both ends, a new id that is there already, long runs of even and odd length
    "7.3::test_places": [
        ([300, 301, 5, 300, 301], (300, 301), 302),
        ([1, 2, 9, 1, 9, 2, 1, 2], (1, 2), 9),
        (row(60, 7, 8), (8, 7), 256),
    ],
    "7.3::test_runs": [([5] * 40, (5, 5), 6), ([5] * 41, (5, 5), 6), ([5, 5, 6, 5, 5, 5], (5, 5), 6)],
    # 7.4 training: more merges than there can be, longer texts, ties among merges, lines
    "7.4::test_merges": [(syllables(12, 90), 40), (LINES * 4, 12)],
    "7.4::test_ties": [
        ("cd dc ab ba cd dc ab ba", 9),
        ("yx xy yx xy zxy zxy", 9),
        ("a" * 16, 99),
        ("bbb bbb aaaa aaaa cc cc cc cc cc cc", 6),
    ],
    "7.4::test_bytes_of_characters": [("中文 中国 中文 国文\n中文", 20), ("😀😀 😀 😀\n😀", 10)],
    # 7.5 encoding: merges whose parts are made late, long words; decoding: what encode never gives
    "7.5::test_order": [
        ("abcde abc bcde", LATE),
        ("".join(map(chr, row(40, 97, 98, 99))), [(98, 97), (97, 98), (256, 256), (99, 256), (257, 99)]),
        ("aaaaaaa", [(97, 97), (256, 97), (256, 256)]),
    ],
    "7.5::test_words": [
        ("中文\t中文  文", [(0xE4, 0xB8), (256, 0xAD), (0xE6, 0x96)]),
        ("\n\n a\n", [(10, 10), (32, 97)]),
    ],
    "7.5::test_decode": [
        ([260, 259, 256, 97], LATE),
        ([256, 0xAD, 258, 0x87], [(0xE4, 0xB8), (256, 0xAD), (0xE6, 0x96)]),
        ([261], LATE),
        (row(40, 97, 256, 257, 258, 259, 260), LATE),
    ],
    # 7.6 specials: every sign of patterns, three that overlap, a special that is the whole text
    "7.6::test_pieces": [
        (SEVEN, ["<|x|>", "(b)?", "[c]^$", ".", "\\d+"]),
        ("<|y|>", ["<|x|>", "<|y|>"]),
        ("\n<|x|>\n\n<|x|>", ["<|x|>"]),
    ],
    "7.6::test_overlaps": [
        ("aaaaa", ["a", "aa", "aaa"]),
        ("<<a>>b>", ["a>", "<<a", ">>b>", "<<"]),
        ("xyzxy", ["yzx", "xy", "zxyz"]),
    ],
    # 7.7 padding: other pads, many rows, limits that are just reached
    "7.7::test_padding": [
        ([row(n % 7, 0, 1, 50_256) for n in range(30)], 50_256),
        ([[]], 3),
        ([[9]], 9),
    ],
    "7.7::test_cutting": [([[1, 2, 3], [4, 5]], 0, 3), ([[], [7, 7, 7]], 7, 1), ([[5] * 20, [6] * 3, []], -1, 4)],
    # 7.8 packing: rows of one token, many short documents, an end at the end of a row
    "7.8::test_rows": [
        ([[3, 4], [5]], 1, 0),
        ([[n] * (n % 3) for n in range(40)], 6, 50_256),
        ([[1, 2, 3], [4, 5, 6, 7]], 4, 0),
        ([[]], 1, 0),
    ],
    "7.8::test_document_mask": [
        (ids([5, 5, 0]), 0),
        (ids([0, 0, 0, 0]), 0),
        (ids([8]), 8),
        (ids(row(30, 1, 2, 3, 0)), 0),
    ],
    # 7.9 splitting: more documents, one many times
    "7.9::test_copies": [
        (list("abcdefghijkl") * 2, 5, 3),
        (["a"] * 20 + ["b"], 1, 4),
        (["one"], 1, 5),
        (["one"], 0, 6),
    ],
    "7.9::test_chance": [(list("abcdefgh") + ["h"] * 5, 3, 600, 7)],
    # 7.10 measuring: characters of four bytes, sizes far above what training gives, one size
    "7.10::test_bits_per_byte": [
        (floats([900.0, 0.5]), ["😀" * 40, "a"]),
        (floats([2.0, 3.0, 4.0, 5.0]), ["hen", "中文", "x", "é"]),
        (floats([0.0]), ["sure"]),
    ],
    "7.10::test_compression": [
        (LINES * 5, "the 中文 hen 😀.", [500]),
        (LINES * 5, LINES, [3, 3, 1000, 0]),
        ("", "abc", [5, 0]),
    ],
}
