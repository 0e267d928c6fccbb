"""The checks of assignment 07: a tokenizer, byte by byte, and the batches that are made from its tokens.

The oracles of the tokenizer take ids for the numbers of characters, and let `str.replace` do the merging.
"""

import codecs
import math
from collections import Counter
from itertools import pairwise, product

import numpy as np
import torch
from torch import nn

from gradlings import agree, exercise, floats, leave_picture, satisfies
from gradlings.checks.behavior.statistics import implausible


def ids(values):
    return torch.tensor(values, dtype=torch.int64)


def cut_at_spaces(text):
    """The words of a text as split_words gives them: a space that a word follows belongs to it."""
    words = []
    for character in text:
        if not character.isspace() and words and (words[-1] == " " or not words[-1][-1].isspace()):
            words[-1] += character
        else:
            words.append(character)
    return words


# 7.1


def bytes_from_bits(text):
    """UTF-8 by hand, from the bits of each character's number."""
    found = []
    for c in map(ord, text):
        if c < 0x80:
            found += [c]
        elif c < 0x800:
            found += [0xC0 | c >> 6, 0x80 | c & 63]
        elif c < 0x10000:
            found += [0xE0 | c >> 12, 0x80 | c >> 6 & 63, 0x80 | c & 63]
        else:
            found += [0xF0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63]
    return found


def read_byte_by_byte(ids):
    if any(not 0 <= i <= 255 for i in ids):
        raise ValueError("an id is no byte")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(bytes([i])) for i in ids) + decoder.decode(b"", True)


LETTERS = "aZ éßЖ中文词😀\n"


def text_of(rng, letters, low, high):
    return "".join(rng.choice(letters) for _ in range(rng.size(low, high)))


def any_bytes(rng):
    """Some letters, and bytes that begin or continue a character, in any order."""
    return ([rng.choice([97, 98, 0xC3, 0xA9, 0xE8, 0xAF, 0x8D, 0xF0]) for _ in range(rng.size(1, 8))],)


@exercise("7.1", "utf8_ids", "utf8_text", points=5, minutes=10, difficulty=1)
class TestUtf8:
    def test_bytes(self, student, probes):
        """utf8_ids: the bytes of letters, accents, Chinese characters and emojis"""
        by_hand = [("hi",), ("词元",), ("é😀\n",), ("",)]
        ladder = probes(by_hand, random=lambda rng: (text_of(rng, LETTERS, 1, 8),))
        agree(student.utf8_ids, ladder, bytes_from_bits)

    def test_text(self, student, probes):
        """utf8_text: bytes as text, also cut characters, and ValueError for what is no byte"""
        by_hand = [[104, 105], [232, 175, 141], [97, 232, 175], [255, 98], [256], [97, -1], []]
        agree(student.utf8_text, probes([(row,) for row in by_hand], random=any_bytes), read_byte_by_byte)


# 7.2


def places_in_text(words):
    """For each pair of the alphabet every place where it begins, in the word as characters."""
    letters = sorted({i for row, _ in words for i in row})
    texts = [("".join(map(chr, row)), n) for row, n in words]
    counts = {}
    for pair in product(letters, repeat=2):
        wanted = "".join(map(chr, pair))
        count = sum(n * sum(text.startswith(wanted, i) for i in range(len(text))) for text, n in texts)
        if count:
            counts[pair] = count
    return counts


def any_words(rng):
    """Up to four words of up to three different ids, and how often each occurs."""
    highest = [rng.size(97, 99) for _ in range(rng.size(1, 4))]
    return ([([rng.size(97, high) for _ in range(rng.size(1, 7))], rng.size(1, 5)) for high in highest],)


def words_of_runs(rng):
    words = [[i for i in (97, 98, 97) for _ in range(rng.size(1, 5))] for _ in range(2)]
    return ([(word, rng.size(1, 4)) for word in words],)


@exercise("7.2", "count_pairs", points=8, minutes=15, difficulty=1, builds_on=("7.1",))
class TestCountPairs:
    def test_frequencies(self, student, probes):
        """neighbors in one word, in their order, as often as the word occurs"""
        by_hand = [[([1, 2, 3], 1)], [([5, 6, 5, 6], 3), ([6, 5], 2)], [([9], 4)], []]
        agree(student.count_pairs, probes([(words,) for words in by_hand], random=any_words), places_in_text)

    def test_runs(self, student, probes):
        """runs of one id, in which pairs share an id"""
        by_hand = [[([7, 7, 7], 2)], [([7, 7, 7], 2), ([7, 7, 7, 7], 1)], [([7, 7, 8, 8, 8, 7], 1), ([8, 7, 7], 3)]]
        ladder = probes([(words,) for words in by_hand], random=words_of_runs)
        agree(student.count_pairs, ladder, places_in_text)


# 7.3


def replaced_in_text(ids, pair, new_id):
    """str.replace goes from the left and never overlaps."""
    text = "".join(map(chr, ids)).replace(chr(pair[0]) + chr(pair[1]), chr(new_id))
    return list(map(ord, text))


def any_pair_in_a_word(rng):
    word = [rng.size(97, 98) for _ in range(rng.size(2, 12))]
    return word, rng.choice([(97, 98), (98, 97)]), 300


def any_run(rng):
    return [*[97] * rng.size(2, 9), 98, *[97] * rng.size(0, 5)], (97, 97), rng.choice([256, 97, 98])


@exercise("7.3", "merge_pair", points=8, minutes=15, difficulty=2, builds_on=("7.2",))
class TestMergePair:
    def test_places(self, student, probes):
        """every place where the pair stands, also at the end, and nothing else"""
        by_hand = [
            ([1, 2, 3, 1, 2], (1, 2), 9),
            ([2, 1, 2, 1], (1, 2), 9),
            ([4, 5, 6], (4, 6), 9),
            ([15, 6, 5, 67, 5, 6], (5, 6), 9),
            ([1], (1, 1), 9),
            ([], (1, 2), 9),
        ]
        agree(student.merge_pair, probes(by_hand, random=any_pair_in_a_word), replaced_in_text)

    def test_runs(self, student, probes):
        """runs of one id: from the left, each id once, in one pass"""
        by_hand = [([5, 5, 5], (5, 5), 9), ([5, 5, 5, 5, 5, 6], (5, 5), 9), ([3, 3, 3, 3], (3, 3), 3)]
        agree(student.merge_pair, probes(by_hand, random=any_run), replaced_in_text)


# 7.4

APART = "\U000f0000"
"""Stands between words; it is in no pair."""


def as_line(text):
    """A text as one string: each byte is the character of its number, and words are kept apart."""
    return APART.join("".join(map(chr, word.encode())) for word in cut_at_spaces(text))


def merges_of_a_line(text, n_merges):
    line = as_line(text)
    merges = []
    for k in range(n_merges):
        places = Counter((ord(a), ord(b)) for a, b in pairwise(line) if APART not in (a, b))
        best = max(sorted(places), key=places.__getitem__, default=None)  # max keeps the first of equals
        if best is None or places[best] < 2:
            break
        merges.append(best)
        line = line.replace(chr(best[0]) + chr(best[1]), chr(256 + k))
    return merges


def some_words(rng):
    words = ["aab", "aba", "bab", "caa", "abc", "c"]
    return " ".join(rng.choice(words) for _ in range(rng.size(2, 12))), rng.size(0, 8)


def lines_of_chinese(rng):
    return text_of(rng, [" 词元", " 元词é", " é元", " 词典", "\n"], 4, 12), rng.size(1, 9)


def words_with_runs(rng):
    return " ".join(rng.choice(["aaa", "bbbb", "ab", "ba"]) for _ in range(rng.size(3, 9))), rng.size(1, 6)


@exercise(
    "7.4", "train_bpe", points=15, minutes=30, difficulty=3, forbids="tokenizers", builds_on=("7.1", "7.2", "7.3")
)
class TestTrainBpe:
    def test_merges(self, student, probes):
        """the most frequent pair, round by round, until none occurs twice"""
        by_hand = [("aab aab aab", 2), ("low low lower newest newest widest", 6), ("xyz uvw", 5), ("", 3)]
        agree(student.train_bpe, probes(by_hand, random=some_words), merges_of_a_line, exact_types=True)

    def test_ties(self, student, probes):
        """equally frequent pairs, and runs of one letter, in which pairs share a place"""
        by_hand = [
            ("ab ba ab ba", 3),
            ("zzy zzy zzy yzx yzx yzx", 5),
            ("aaaa aaaa bcbc", 4),
            ("aaa aaa bc bc bc", 2),
        ]
        agree(student.train_bpe, probes(by_hand, random=words_with_runs), merges_of_a_line, exact_types=True)

    def test_bytes_of_characters(self, student, probes):
        """Chinese words, whose characters are several bytes each, and lines"""
        by_hand = [("词元 词元 词典", 4), ("é\né\n\n\né", 5), ("词元 词典 词元", 20)]
        ladder = probes(by_hand, random=lines_of_chinese)
        agree(student.train_bpe, ladder, merges_of_a_line, exact_types=True)


# 7.5


def each_merge_in_turn(text, merges):
    """A later merge makes larger ids only, so that an earlier pair never comes back."""
    line = as_line(text)
    for k, (left, right) in enumerate(merges):
        line = line.replace(chr(left) + chr(right), chr(256 + k))
    return [ord(character) for character in line if character != APART]


def taken_apart_again(ids, merges):
    if any(not 0 <= i < 256 + len(merges) for i in ids):
        raise ValueError("no token has this id")
    line = "".join(map(chr, ids))
    for k, (left, right) in reversed(list(enumerate(merges))):
        line = line.replace(chr(256 + k), chr(left) + chr(right))
    return line.encode("latin-1").decode("utf-8", "replace")


BC_FIRST = [(98, 99), (97, 98), (256, 100), (257, 99), (32, 97)]
"""bc, ab, bcd, abc, and a space with a: "abc" becomes a and bc."""
CHINESE = merges_of_a_line("词元 词元 词典 词典 é é", 8)


def learned_merges(rng):
    """Merges of some random text, and the words that it is made of."""
    words = [text_of(rng, "abc", 2, 6) for _ in range(4)]
    return merges_of_a_line(" ".join(rng.choice(words) for _ in range(14)), rng.size(2, 12)), words


def shuffled_merges(rng):
    """Pairs of letters in any order, and then pairs of a letter with one of these."""
    pairs = rng.shuffled([*product([97, 98, 99], repeat=2)])[: rng.size(3, 6)]
    pairs += rng.shuffled([*product([97, 98, 99], range(256, 256 + len(pairs)))])[: rng.size(1, 4)]
    return text_of(rng, "abc ", 4, 12), pairs


def text_of_known_words(rng):
    merges, words = learned_merges(rng)
    return "".join(rng.choice([*words, "a", "b", "c", " "]) for _ in range(rng.size(0, 6))), merges


def any_tokens(rng):
    merges, _ = learned_merges(rng)
    return [rng.size(97, 99) if rng.size(0, 1) else rng.size(256, 255 + len(merges)) for _ in range(5)], merges


@exercise(
    "7.5",
    "encode",
    "decode",
    points=15,
    minutes=30,
    difficulty=3,
    forbids="tokenizers",
    builds_on=("7.1", "7.3"),
)
class TestEncodeDecode:
    def test_order(self, student, probes):
        """encode: the merge that was learned first, wherever it stands in the word"""
        by_hand = [
            ("abc", BC_FIRST),
            ("abc", [(97, 98), (98, 99)]),
            ("abc", [(98, 99), (97, 256), (97, 98)]),
            ("abcd bcd", BC_FIRST),
            ("aaaa aaaaa", [(97, 97), (256, 256)]),
        ]
        agree(student.encode, probes(by_hand, random=shuffled_merges), each_merge_in_turn)

    def test_words(self, student, probes):
        """encode: word by word, bytes, no merges, no text"""
        by_hand = [
            ("xyz", []),
            ("b a b", [(98, 32), (32, 97)]),
            ("ab ab  abab\nabc", BC_FIRST),
            ("词元é", CHINESE),
            ("", BC_FIRST),
        ]
        agree(student.encode, probes(by_hand, random=text_of_known_words), each_merge_in_turn)

    def test_decode(self, student, probes):
        """decode: all bytes joined and then read; ValueError for an unknown id"""
        by_hand = [
            ([97, 256, 258, 259], BC_FIRST),
            (each_merge_in_turn("词元 é", CHINESE), CHINESE),
            ([232, 175, 141], []),
            ([256, 232], CHINESE),
            ([97, 300], BC_FIRST),
            ([256], []),
            ([-1, 97], BC_FIRST),
            ([], BC_FIRST),
        ]
        agree(student.decode, probes(by_hand, random=any_tokens), taken_apart_again)


# 7.6

END = "<|end|>"


def walk_over_the_text(text, specials):
    """At each place the longest special that begins there."""
    pieces, plain, place = [], "", 0
    while place < len(text):
        here = max((special for special in specials if text.startswith(special, place)), key=len, default="")
        if here:
            pieces += [plain, here]
            plain = ""
        else:
            plain += text[place]
        place += len(here) or 1
    return [piece for piece in [*pieces, plain] if piece]


def text_with_specials(rng):
    return text_of(rng, ["a", " ", "<s>", "<s>>", "|", "<", "+"], 0, 8), rng.choice([["<s>"], ["|"], ["+", "<s>>"], []])


def text_with_overlaps(rng):
    specials = rng.choice([["<s>", "<s>>"], ["<", "<s>"], ["s>", "<s"], [">", "s>>", "<s>"]])
    return text_of(rng, ["a", "<s>", "<s>>", "s>", "<"], 2, 8), rng.shuffled(specials)


@exercise("7.6", "split_specials", points=10, minutes=20, difficulty=2, builds_on=("7.5",))
class TestSplitSpecials:
    def test_pieces(self, student, probes):
        """specials and what is between them, whatever signs they have; nothing lost, nothing empty"""
        by_hand = [
            ("a<|end|>b", [END]),
            ("<|end|><|end|> x ", [END]),
            ("no end| here", [END]),
            ("", [END]),
            ("a b", []),
            ("", []),
            ("1+1=2 [x]", ["+", "[x]"]),
            (" <|end|>\n", [END, "<|pad|>"]),
        ]
        agree(student.split_specials, probes(by_hand, random=text_with_specials), walk_over_the_text)

    def test_overlaps(self, student, probes):
        """specials that are part of others or share signs with them: leftmost first, then the longest"""
        by_hand = [("<s><s>> a<s>", ["<s>", "<s>>"]), ("ab<u>ser> <user>", ["<user>", "<u>", "ser>"])]
        by_hand += [("<a|bc>", ["|bc>", "<a|"])]
        agree(student.split_specials, probes(by_hand, random=text_with_overlaps), walk_over_the_text)


# 7.7


def padded_by_torch(seqs, pad_id, max_len=None):
    if not seqs:
        raise ValueError("there is no sequence")
    cut = [ids(seq)[:max_len] for seq in seqs]
    real = [torch.ones_like(row) for row in cut]
    padded, mask = (
        nn.utils.rnn.pad_sequence(rows, batch_first=True, padding_value=value)
        for rows, value in ((cut, pad_id), (real, 0))
    )
    return padded, mask == 1


def any_sequences(rng):
    return [[rng.size(0, 4) for _ in range(rng.size(0, 5))] for _ in range(rng.size(2, 4))], rng.size(0, 4)


@exercise("7.7", "pad_batch", points=8, minutes=15, difficulty=1, builds_on=("1.2",))
class TestPadBatch:
    def test_padding(self, student, probes):
        """rows filled up to the longest, and a mask of what is real; ValueError where there is no row"""
        by_hand = [
            ([[5, 6, 7], [8]], 0),
            ([[5, 0, 7], [8, 0], [0]], 0),
            ([[1], [2]], 0),
            ([[], [4, 4]], 4),
            ([[], []], 1),
            ([], 0),
        ]
        agree(student.pad_batch, probes(by_hand, random=any_sequences), padded_by_torch, names=("ids", "mask"))

    def test_cutting(self, student, probes):
        """with max_len: the first ids of each sequence, and rows no longer than they must be"""
        by_hand = [([[1, 2, 3, 4], [5]], 9, 2), ([[1, 2], [3]], 9, 7), ([[3, 1]], 0, 1)]
        ladder = probes(by_hand, random=lambda rng: (*any_sequences(rng), rng.size(1, 6)))
        agree(student.pad_batch, ladder, padded_by_torch, names=("ids", "mask"))


# 7.8


def rows_one_by_one(docs, T, eos):
    stream = []
    for doc in docs:
        stream.extend(doc)
        stream.append(eos)
    starts = range(0, len(stream) - T, T)
    x = [stream[start : start + T] for start in starts]
    y = [stream[start + 1 : start + T + 1] for start in starts]
    return ids(x).reshape(-1, T), ids(y).reshape(-1, T)


def end_between(ids, eos):
    """Looks for an end between two places, for each pair of them."""
    row = ids.tolist()
    places = range(len(row))
    return torch.tensor([[j <= i and eos not in row[j:i] for j in places] for i in places], device=ids.device)


def any_documents(rng):
    docs = [[rng.size(1, 9) for _ in range(rng.size(0, 6))] for _ in range(rng.size(1, 5))]
    return docs, rng.size(1, 5), rng.choice([0, 50])


def any_packed_row(rng):
    return rng.integers(0, 4, rng.size(3, 9)), rng.size(0, 3)


@exercise("7.8", "pack", "document_mask", points=13, minutes=25, difficulty=2, builds_on=("6.1", "6.5"))
class TestPack:
    def test_rows(self, student, probes):
        """pack: rows side by side, the targets one further, and what fills no row left out"""
        by_hand = [
            ([[1, 2, 3], [4, 5]], 3, 0),
            ([[1, 2], [3], [4, 5, 6]], 4, 0),
            ([[1, 2, 3, 4, 5, 6]], 2, 9),
            ([[1], [2]], 8, 0),
            ([[], [7, 7], []], 2, 0),
            ([[1, 2, 3], [4, 5, 6], [7]], 2, 0),
            ([[3, 1], [2]], 1, 0),
        ]
        agree(student.pack, probes(by_hand, random=any_documents), rows_one_by_one, names=("x", "y"))

    def test_document_mask(self, student, probes):
        """document_mask: no look ahead, and none into another document"""
        by_hand = [([1, 2, 0, 3], 0), ([5, 6, 9, 7, 9, 9, 8], 9), ([4, 5, 4], 0), ([0, 1], 0)]
        ladder = probes([(ids(row), eos) for row, eos in by_hand], random=any_packed_row)
        agree(student.document_mask, ladder, end_between)


# 7.9


def a_fair_split(answer, docs, n_valid, seed):
    """None if the lists are a split of the documents, else what is wrong with them."""
    if not (isinstance(answer, (tuple, list)) and len(answer) == 2 and all(isinstance(part, list) for part in answer)):
        return "Your function must return two lists: the documents for training, and those to validate with."
    train, valid = answer
    if lost := [doc for doc in dict.fromkeys(docs) if doc not in train and doc not in valid]:
        return f"The document {lost[0]!r} is in neither list."
    if both := [doc for doc in dict.fromkeys(docs) if doc in train and doc in valid]:
        return f"The document {both[0]!r} is in both lists: what a model has been trained on cannot measure it."
    for name, part, other in (("train", train, valid), ("valid", valid, train)):
        expected = [doc for doc in docs if doc not in other]
        if Counter(part) != Counter(expected):
            return f"The list {name} is {part}. With all copies of its documents it would be {expected}."
        if part != expected:
            return f"The list {name} is {part}. In the order of docs it would be {expected}."
    if len(set(valid)) != n_valid:
        return f"There are {len(set(valid))} different documents to validate with; {n_valid} were asked for."
    return None


def sizes_asked_for(docs, n_valid, seed):
    different = len(set(docs))
    if not 0 <= n_valid <= different:
        raise ValueError(f"{n_valid} of {different} different documents")
    return {"different in train": different - n_valid, "different in valid": n_valid}


def each_set_alike(counts, docs, n_valid, splits, seed):
    """Right code fails this at most 2 * FALSE_ALARM often: a test of the documents and one of pairs of them."""
    different = list(dict.fromkeys(docs))
    k = len(different)
    both = n_valid * (n_valid - 1) / (k * (k - 1))
    if wrong := implausible(counts["document"], splits, n_valid / k):
        return (
            f"In {splits} splits the document {different[wrong[0]]!r} was put aside {int(counts['document'][wrong])} times; "
            f"about {splits * n_valid / k:.0f} are to be expected. Has each different document the same chance?"
        )
    if wrong := implausible(counts["two together"], splits, both * (1 - torch.eye(k, dtype=torch.float64))):
        one, two = (different[i] for i in wrong)
        return (
            f"In {splits} splits the documents {one!r} and {two!r} were put aside together "
            f"{int(counts['two together'][wrong])} times; about {splits * both:.0f} are to be expected. "
            "Has each set of documents the same chance?"
        )
    return None


def made_again(docs, n_valid, seed):
    return {"same seed, same split": True, "other seeds, same split": False}


def documents_with_copies(rng):
    letters = rng.shuffled("abcdefgh")[: rng.size(4, 7)]
    docs = rng.shuffled([*letters, *(rng.choice(letters) for _ in range(rng.size(1, 5)))])
    return docs, rng.size(1, len(letters) - 1), rng.size(0, 999)


@exercise("7.9", "split_documents", points=8, minutes=15, difficulty=2, forbids="dataloader", builds_on=("5.9",))
class TestSplitDocuments:
    def test_copies(self, student, probes):
        """so many different documents, all copies on the same side, in their order; ValueError for a wrong number"""
        by_hand = [
            (["a", "b", "c", "d"], 1, 0),
            (["a", "b", "a", "c", "b", "d", "e"], 2, 1),
            (list("abcdefghij"), 9, 2),
            (["x", "y", "x"], 2, 0),
            (["p", "q", "r"], 0, 0),
        ]
        satisfies(student.through("one_split"), probes(by_hand, random=documents_with_copies), a_fair_split)
        refused = [(["x", "y"], 3, 0), (["x", "y", "x"], 3, 0), (["x", "y"], -1, 0), (["x", "y", "x"], 2, 0)]
        agree(student.through("sizes_of_a_split"), probes(refused), sizes_asked_for)

    def test_chance(self, student, probes):
        """each set of documents with the same chance, whatever copies there are, and again from the same seed"""
        by_hand = [(list("abcbde"), 2, 600, 0), (["a"] * 9 + list("bcd"), 1, 600, 1)]
        satisfies(student.through("documents_put_aside"), probes(by_hand), each_set_alike)
        again = [(list("abcdefghijkl"), 6, 0), (list("abcdefghabijklmnop"), 5, 3)]
        agree(student.through("splits_of_generators"), probes(again), made_again)


# 7.10


def log2_of_a_mean(nll_sums, texts):
    """Every byte with its share: log2 of the geometric mean of 1/p."""
    sizes = np.array([len(bytes_from_bits(text)) for text in texts])
    each = np.log2(np.exp(nll_sums.detach().cpu().double().numpy() / sizes))
    return torch.full_like(nll_sums[0], float(np.average(each, weights=sizes)))


def each_size_anew(train_text, test_text, sizes):
    n_bytes = len(bytes_from_bits(test_text))
    return [n_bytes / len(each_merge_in_turn(test_text, merges_of_a_line(train_text, size))) for size in sizes]


def any_losses(rng):
    n = rng.size(2, 4)
    return rng.uniform(1, 30, n), [text_of(rng, "aé中😀 ", 1, 9) for _ in range(n)]


def two_texts(rng):
    sizes = rng.shuffled([0, rng.size(1, 4), 8])
    return text_of(rng, "abc ", 10, 40), text_of(rng, "abcé ", 3, 20), sizes


HENS = "the big hen clucks at the red hen.\nthe shy owl hoots at the red hen.\n" * 3


@exercise(
    "7.10",
    "bits_per_byte",
    "compression",
    points=10,
    minutes=20,
    difficulty=2,
    builds_on=("6.4", "7.4", "7.5"),
    seconds=20,
)
class TestWhatTokensAreWorth:
    def test_bits_per_byte(self, student, probes):
        """bits_per_byte: nats of all texts together as bits, for each of their bytes"""
        by_hand = [
            (floats([8 * math.log(2)]), ["a"]),
            (floats([3.0, 20.0]), ["hi", "hello 词元!"]),
            (floats([5.0, 7.5, 1.0]), ["é", "abcdefgh", "x y"]),
        ]
        agree(student.bits_per_byte, probes(by_hand, random=any_losses), log2_of_a_mean)

    def test_compression(self, student, probes):
        """compression: bytes for each token, with the first so many merges, in the order of the sizes"""
        by_hand = [
            ("abab abab", "abab", [0, 1, 2]),
            (HENS, "the old hen at the owl.\n词元 é", [0, 4, 16]),
            (HENS, "the hen", [8, 2, 0]),
        ]
        agree(student.compression, probes(by_hand, random=two_texts), each_size_anew)
        leave_picture(student)
