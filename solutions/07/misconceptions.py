"""Wrong answers that we expect of students in assignment 07, each with the sentence they then read."""

import itertools
import math
import re

import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 7.1 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "7.1",
    "number-of-each-character",
    "There is one id for each character, and some are above 255: these are numbers of characters, not bytes. How many bytes does a character like 词 take?",
    hint='Compare `len("词")` with `len("词".encode("utf-8"))`. `ord` numbers characters, and there are more than a hundred thousand of them; the ids here have to be the bytes of the file.',
)
def utf8_ids(text):
    return [ord(character) for character in text]


@catalogue.misconception(
    "7.1",
    "utf-16",
    "Two more bytes stand in front, and every letter takes two. Which rule turns characters into bytes here?",
    hint='Print your ids for "h": 255 and 254 are a mark that UTF-16 puts in front, and it gives at least two bytes to each character. The exercise asks for UTF-8, where h is the single byte 104.',
)
def utf8_ids(text):
    return list(text.encode("utf-16"))


@catalogue.misconception(
    "7.1",
    "one-byte-for-each-character",
    "Characters outside of Latin-1 became 63, the byte of a question mark. Can 256 bytes hold every character, one byte each?",
    hint='Go there and back with "词": you get "?", and nobody can tell any more what it was. A rule that spends several bytes on one character loses nothing.',
)
def utf8_ids(text):
    return list(text.encode("latin-1", errors="replace"))


@catalogue.misconception(
    "7.1",
    "broken-bytes-dropped",
    "Bytes that are no character have vanished from the text. How would a reader know that something is missing?",
    hint="Try the bytes 97, 232, 175: an a and two thirds of a character. Two signs have to come back, and you give one. Have a look at what other values `errors` can have.",
)
def utf8_text(ids):
    return bytes(ids).decode("utf-8", errors="ignore")


@catalogue.misconception(
    "7.1",
    "broken-bytes-raise",
    "Bytes that are no character raise a UnicodeDecodeError. What should a page show when a model stops in the middle of a character?",
    hint='Try the bytes 97, 232, 175. The text of such bytes is "a" and a sign for the rest; `bytes.decode` has an argument that says what becomes of bytes it cannot read.',
)
def utf8_text(ids):
    return bytes(ids).decode("utf-8")


@catalogue.misconception(
    "7.1",
    "each-byte-read-alone",
    "Every byte was read on its own, so that no character of several bytes came back. What does the first byte of 词 mean without the other two?",
    hint="Join the bytes before you read them: 232 alone is no character, 175 and 141 alone are none either, but all three in a row are 词. How often do you call `decode`?",
)
def utf8_text(ids):
    return "".join(bytes([i]).decode("utf-8", errors="replace") for i in ids)


@catalogue.misconception(
    "7.1",
    "each-byte-taken-as-character",
    "Each id was taken as the number of a character, so three bytes gave three characters. Is character number 232 what the byte 232 stands for?",
    hint="`chr(232)` is è. The byte 232 says something else: here begins a character of three bytes. Put the bytes together first, and let UTF-8 be read by what knows its rule.",
)
def utf8_text(ids):
    return "".join(chr(i) for i in ids)


# --- 7.2 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "7.2",
    "frequency-ignored",
    "Each word counts once, however often it occurs. What does the second member of an entry say?",
    hint='Count "hug" that occurs 10 times: the pair of h and u stands in the text 10 times, and you say 1. By how much does one place in such a word move the count?',
)
def count_pairs(words):
    counts = {}
    for ids, _ in words:
        for pair in itertools.pairwise(ids):
            counts[pair] = counts.get(pair, 0) + 1
    return counts


@catalogue.misconception(
    "7.2",
    "shared-ids-counted-once",
    "In a run of one id, pairs that share an id count once for both. In 7 7 7, how many ids have a neighbor on their right?",
    hint="A word of three ids has two places where a pair begins, whatever the ids are: 0 and 1. Do you skip the second one in 7 7 7? That pairs cannot be merged twice is the business of 7.3.",
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        place = 0
        while place + 1 < len(ids):
            pair = (ids[place], ids[place + 1])
            counts[pair] = counts.get(pair, 0) + n
            in_run = pair[0] == pair[1] and ids[place + 2 : place + 3] == [pair[1]]
            place += 2 if in_run else 1
    return counts


@catalogue.misconception(
    "7.2",
    "across-words",
    "The last id of a word makes a pair with the first id of the next one. Do they stand side by side in the text?",
    hint="The entries are in no order: the word behind it in the list may come from another page. Try the words 1 2 and 3 4, each once: there are two pairs, and you give three.",
)
def count_pairs(words):
    stream = [(i, n) for ids, n in words for i in ids]
    counts = {}
    for (left, n), (right, _) in itertools.pairwise(stream):
        counts[left, right] = counts.get((left, right), 0) + n
    return counts


@catalogue.misconception(
    "7.2",
    "words-repeated-in-one-row",
    "A word that occurs several times makes pairs with itself: its last id with its first. Is a word its own neighbor?",
    hint="Take the single word 5 6 that occurs 3 times: the pair 5 6 occurs 3 times, and there is no other. Do you lay the copies end to end before you count?",
)
def count_pairs(words):
    stream = [i for ids, n in words for _ in range(n) for i in ids]
    counts = {}
    for pair in itertools.pairwise(stream):
        counts[pair] = counts.get(pair, 0) + 1
    return counts


@catalogue.misconception(
    "7.2",
    "later-words-overwrite",
    "A pair that stands in several words has the count of the last one only. What becomes of a count that is there already?",
    hint='With "hug" (10 times) and then "hugs" (5 times), the pair of h and u has to be 15. You have 5: is the new number added, or put in the place of the old one?',
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        own = {}
        for pair in itertools.pairwise(ids):
            own[pair] = own.get(pair, 0) + n
        counts.update(own)
    return counts


@catalogue.misconception(
    "7.2",
    "each-place-overwrites",
    "A pair has the frequency of one word, wherever else it stands. Is a count set or added to?",
    hint="In the word 5 6 5 6 that occurs once, the pair 5 6 counts 2. Follow what your dict holds for it after the first place, and after the second.",
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for pair in itertools.pairwise(ids):
            counts[pair] = n
    return counts


@catalogue.misconception(
    "7.2",
    "steps-of-two",
    "Every second pair is missing. After the pair at places 0 and 1, which one comes next?",
    hint="In the word 1 2 3, the 2 has two neighbors and belongs to two pairs. Print the places where your pairs begin.",
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for place in range(0, len(ids) - 1, 2):
            pair = (ids[place], ids[place + 1])
            counts[pair] = counts.get(pair, 0) + n
    return counts


@catalogue.misconception(
    "7.2",
    "once-in-each-word",
    "A pair that stands in a word several times counts as if it stood there once. How many places does it have?",
    hint='In "banana" the pair of a and n stands twice, so the word adds twice its frequency. Do you collect pairs in a set before you count them?',
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for pair in set(itertools.pairwise(ids)):
            counts[pair] = counts.get(pair, 0) + n
    return counts


@catalogue.misconception(
    "7.2",
    "order-ignored",
    "Both orders of two ids went into one count. Is ab the same pair as ba?",
    hint='Take the word "ab" and the word "ba", each once: there are two different pairs, and a merge of the one must not touch the other. Do you sort the two ids of a pair?',
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for pair in itertools.pairwise(ids):
            pair = tuple(sorted(pair))
            counts[pair] = counts.get(pair, 0) + n
    return counts


@catalogue.misconception(
    "7.2",
    "pairs-as-text",
    "The counts are right, but the pairs are texts. What type are the keys to have?",
    hint="A dict takes a tuple of two ids as a key just as it takes a text, and the exercises that follow compare these tuples.",
)
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for left, right in itertools.pairwise(ids):
            key = f"{left} {right}"
            counts[key] = counts.get(key, 0) + n
    return counts


# --- 7.3 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "7.3",
    "from-the-right",
    "In a run of odd length the id that is left over stands at the left. From which end are pairs merged?",
    hint="Do 5 5 5 with a finger that starts at the left: it finds a pair at once, and one 5 is left over behind it. Yours is left over in front.",
)
def merge_pair(ids, pair, new_id):
    merged, place = [], len(ids) - 1
    while place >= 0:
        if place > 0 and (ids[place - 1], ids[place]) == pair:
            merged.append(new_id)
            place -= 2
        else:
            merged.append(ids[place])
            place -= 1
    return merged[::-1]


@catalogue.misconception(
    "7.3",
    "second-id-stays",
    "The new id is there, and the second id of the pair still stands behind it. How many ids does a merge use up?",
    hint="Two ids go in, one comes out: 5 6 7 with the pair 5 6 gives 9 7. Yours has as many ids as before. By how many places do you move on after a merge?",
)
def merge_pair(ids, pair, new_id):
    merged = []
    for place, i in enumerate(ids):
        if place + 1 < len(ids) and (i, ids[place + 1]) == pair:
            merged.append(new_id)
        else:
            merged.append(i)
    return merged


@catalogue.misconception(
    "7.3",
    "overlapping-places-merged",
    "In a run, an id was used for two merges at once. In 5 5 5, what is left for the second merge when the first one is done?",
    hint="5 5 5 gives 9 5, since the middle 5 is in the first 9 already. Do you look for all places first, and merge them without asking whether they share an id?",
)
def merge_pair(ids, pair, new_id):
    places = [place for place in range(len(ids) - 1) if (ids[place], ids[place + 1]) == pair]
    merged = []
    for place, i in enumerate(ids):
        if place in places:
            merged.append(new_id)
        elif place - 1 not in places:
            merged.append(i)
    return merged


@catalogue.misconception(
    "7.3",
    "first-place-only",
    "The first place was merged, later ones were not. Where does the function return?",
    hint="With the pair 5 6, both pairs in 5 6 7 5 6 are merged. Does yours stop when it has found one?",
)
def merge_pair(ids, pair, new_id):
    for place in range(len(ids) - 1):
        if (ids[place], ids[place + 1]) == pair:
            return [*ids[:place], new_id, *ids[place + 2 :]]
    return list(ids)


@catalogue.misconception(
    "7.3",
    "last-id-lost",
    "The last id is missing where it is no part of a pair. Up to which place does your loop go?",
    hint="A word of a single id has no pair at all, and comes back as it is. Yours comes back empty: who writes an id that has no neighbor on its right?",
)
def merge_pair(ids, pair, new_id):
    merged, place = [], 0
    while place < len(ids) - 1:
        if (ids[place], ids[place + 1]) == pair:
            merged.append(new_id)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


@catalogue.misconception(
    "7.3",
    "merged-again",
    "What a merge had written was merged once more. How many passes are asked for?",
    hint="With the pair 3 3 and the new id 3, the row 3 3 3 3 becomes 3 3 and stays so: the two were not there when the pass began. Do you go on until nothing changes?",
)
def merge_pair(ids, pair, new_id):
    ids = list(ids)
    place = 0
    while place + 1 < len(ids):
        if (ids[place], ids[place + 1]) == pair:
            ids[place : place + 2] = [new_id]
            place = 0
        else:
            place += 1
    return ids


@catalogue.misconception(
    "7.3",
    "changes-its-list",
    "The list that came in has been changed: its ids are merged now, too. Who else might still need it?",
    hint="Call the function twice with the same list, and print the list in between. An empty list of your own, filled from the left, leaves the one that came in alone.",
)
def merge_pair(ids, pair, new_id):
    place = 0
    while place < len(ids) - 1:
        if (ids[place], ids[place + 1]) == pair:
            ids[place : place + 2] = [new_id]
        place += 1
    return ids


@catalogue.misconception(
    "7.3",
    "replaced-in-digits",
    "The pair was found in the digits of other ids: 5 6 in 15 6. Where does an id begin, and where does it end?",
    hint='In a string of the ids, `str.replace` knows nothing of ids: "15 6" holds "5 6". Compare numbers instead, the two at the place where you are.',
)
def merge_pair(ids, pair, new_id):
    text = " ".join(map(str, ids)).replace(f"{pair[0]} {pair[1]}", str(new_id))
    return list(map(int, text.split()))


@catalogue.misconception(
    "7.3",
    "either-order",
    "The two ids were merged in the other order, too. Is 2 1 the pair 1 2?",
    hint='If "ab" has become a token, "ba" is still two. Compare the left id with the left one of the pair, and the right one with the right one.',
)
def merge_pair(ids, pair, new_id):
    merged, place = [], 0
    while place < len(ids):
        if place + 1 < len(ids) and sorted(ids[place : place + 2]) == sorted(pair):
            merged.append(new_id)
            place += 2
        else:
            merged.append(ids[place])
            place += 1
    return merged


# --- 7.4 -----------------------------------------------------------------------------------------------------------


def _words(text):
    """The words of a text as ids, with their frequencies."""
    frequencies = {}
    for word in split_words(text):
        frequencies[word] = frequencies.get(word, 0) + 1
    return [(utf8_ids(word), n) for word, n in frequencies.items()]


def _smallest_of_best(counts):
    return min(counts, key=lambda pair: (-counts[pair], pair))


def _learned(words, n_merges, pick=_smallest_of_best, at_least=2, first_id=256):
    merges = []
    for new_id in range(first_id, first_id + n_merges):
        counts = count_pairs(words)
        if not counts:
            break
        best = pick(counts)
        if counts[best] < at_least:
            break
        merges.append(best)
        words = [(merge_pair(ids, best, new_id), n) for ids, n in words]
    return merges


@catalogue.misconception(
    "7.4",
    "ties-first-met",
    "Among equally frequent pairs, the one that is met first was merged. Which one of them has to be?",
    hint='In "ab ba ab ba", write down the pairs of the first round with their counts. `max` keeps the first it finds; the smallest of the most frequent tuples is wanted, wherever it stands.',
)
def train_bpe(text, n_merges):
    return _learned(_words(text), n_merges, pick=lambda counts: max(counts, key=counts.get))


@catalogue.misconception(
    "7.4",
    "ties-largest-pair",
    "Among equally frequent pairs, the largest was merged. Which one of them has to be?",
    hint="You compare counts and pairs in one `max`, so that both are as large as possible. The count has to be large and the pair small: what can you do with one of the two numbers so that a single comparison does both?",
)
def train_bpe(text, n_merges):
    return _learned(_words(text), n_merges, pick=lambda counts: max(counts, key=lambda pair: (counts[pair], pair)))


@catalogue.misconception(
    "7.4",
    "ties-by-bytes",
    "Among equally frequent pairs, the one whose bytes come last in the alphabet was merged. What does the exercise compare?",
    hint="Some libraries settle ties by the bytes that tokens stand for. Here the tuples of ids are compared, and the smallest wins: a pair with the id 256 is larger than any pair of bytes.",
)
def train_bpe(text, n_merges):
    table = {i: bytes([i]) for i in range(256)}

    def pick(counts):
        best = max(counts, key=lambda pair: (counts[pair], table[pair[0]], table[pair[1]]))
        table[len(table)] = table[best[0]] + table[best[1]]
        return best

    return _learned(_words(text), n_merges, pick=pick)


@catalogue.misconception(
    "7.4",
    "single-pairs-merged",
    "Pairs that occur once were merged, too. What would a token be good for that stands for one place of one text?",
    hint='The text "xyz uvw" has no pair that occurs twice, so nothing is learned from it. When do you stop, apart from the number of merges?',
)
def train_bpe(text, n_merges):
    return _learned(_words(text), n_merges, at_least=1)


@catalogue.misconception(
    "7.4",
    "counted-once",
    "All merges come from the counts of the first round. Which pairs are there once the first merge is done?",
    hint='In "aab aab aab" nobody is left beside the second a of aa once aa is one token: ab occurs no more, and 256 b does. Your merges hold bytes only; where do you count, before the loop or in it?',
)
def train_bpe(text, n_merges):
    counts = count_pairs(_words(text))
    best = sorted((pair for pair in counts if counts[pair] >= 2), key=lambda pair: (-counts[pair], pair))
    return best[:n_merges]


@catalogue.misconception(
    "7.4",
    "not-cut-into-words",
    "Merges reach across the borders of words. What is a text cut into before pairs are counted?",
    hint='Print what `split_words("ab ab")` gives. The b of the first word and the space that follows it are in two different words, so they are no pair.',
)
def train_bpe(text, n_merges):
    return _learned([(utf8_ids(text), 1)], n_merges)


@catalogue.misconception(
    "7.4",
    "spaces-lost",
    "No merge holds a space. What do the words of `split_words` begin with?",
    hint='Compare `"ab ab".split()` with `split_words("ab ab")`, and join both again. Only one of them gives the text back, and the space in front of a word is part of what is learned.',
)
def train_bpe(text, n_merges):
    frequencies = {}
    for word in text.split():
        frequencies[word] = frequencies.get(word, 0) + 1
    return _learned([(utf8_ids(word), n) for word, n in frequencies.items()], n_merges)


@catalogue.misconception(
    "7.4",
    "each-word-once",
    "Each different word counts once, however often it stands in the text. Where do the frequencies of words come in?",
    hint='In "aab aab aab" there are two different words, "aab" once and the one with a space twice. What do you give your counting function as the frequency of each?',
)
def train_bpe(text, n_merges):
    return _learned([(utf8_ids(word), 1) for word in dict.fromkeys(split_words(text))], n_merges)


@catalogue.misconception(
    "7.4",
    "characters-not-bytes",
    "Words of English are right, others begin with ids above 255. What are the ids of a word before anything is merged?",
    hint="Print the ids that you start with for the word 词元. There must be six, none above 255: your function of 7.1 gives them.",
)
def train_bpe(text, n_merges):
    frequencies = {}
    for word in split_words(text):
        frequencies[word] = frequencies.get(word, 0) + 1
    return _learned([([ord(c) for c in word], n) for word, n in frequencies.items()], n_merges)


@catalogue.misconception(
    "7.4",
    "two-merges-in-a-round",
    "Two pairs were merged after one count. Is the second one still as frequent when the first is done?",
    hint='Do "aab aab aab" on paper: aa and ab both occur three times, and after the merge of aa there is no ab left. How many merges do you make before you count again?',
)
def train_bpe(text, n_merges):
    words, merges = _words(text), []
    while len(merges) < n_merges:
        counts = count_pairs(words)
        best = sorted((pair for pair in counts if counts[pair] >= 2), key=lambda pair: (-counts[pair], pair))[:2]
        if not best:
            break
        for pair in best[: n_merges - len(merges)]:
            words = [(merge_pair(ids, pair, 256 + len(merges)), n) for ids, n in words]
            merges.append(pair)
    return merges


@catalogue.misconception(
    "7.4",
    "ids-from-257",
    "New ids begin at 257. Which one is the first that no byte has?",
    hint="Bytes have the ids 0 to 255. Print the ids of the words after the first merge, and look for 256.",
)
def train_bpe(text, n_merges):
    return _learned(_words(text), n_merges, first_id=257)


@catalogue.misconception(
    "7.4",
    "shared-ids-counted-once",
    "Pairs in runs of one letter count for less than they do by 7.2. How many pairs aa are in aaa?",
    hint='In "aaa aaa bc bc bc" the pair aa has four places and wins. Count with your function of 7.2: is it that one which is called?',
)
def train_bpe(text, n_merges):
    def counted(words):
        counts = {}
        for ids, n in words:
            place = 0
            while place + 1 < len(ids):
                pair = (ids[place], ids[place + 1])
                counts[pair] = counts.get(pair, 0) + n
                in_run = pair[0] == pair[1] and ids[place + 2 : place + 3] == [pair[1]]
                place += 2 if in_run else 1
        return counts

    words, merges = _words(text), []
    while len(merges) < n_merges:
        counts = counted(words)
        best = min(counts, key=lambda pair: (-counts[pair], pair), default=None)
        if best is None or counts[best] < 2:
            break
        words = [(merge_pair(ids, best, 256 + len(merges)), n) for ids, n in words]
        merges.append(best)
    return merges


# --- 7.5 -----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "7.5",
    "order-of-the-text",
    "The first pair from the left that has a merge was merged. Which of the possible merges goes first?",
    hint="With the merges bc, ab and the word abc, ab stands further to the left, and bc was learned first. List all pairs of the word that have a merge before you choose one.",
)
def encode(text, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        place = 0
        while place < len(ids) - 1:
            pair = (ids[place], ids[place + 1])
            if pair in ranks:
                ids[place : place + 2] = [256 + ranks[pair]]
                place = 0
            else:
                place += 1
        tokens += ids
    return tokens


@catalogue.misconception(
    "7.5",
    "longest-token",
    "From the left, the longest token that fits was taken. Does the length of a token decide, or when it was learned?",
    hint="With the merges bc, ab, and ab with c, the word abc is a and bc: bc is merged first, and then no ab is left. You give the token of abc, which training would not have made here.",
)
def encode(text, merges):
    table = {i: bytes([i]) for i in range(256)}
    for left, right in merges:
        table[len(table)] = table[left] + table[right]
    by_bytes = {}
    for i, data in table.items():
        by_bytes.setdefault(data, i)
    tokens = []
    for word in split_words(text):
        data = word.encode()
        while data:
            length = max(n for n in range(1, len(data) + 1) if data[:n] in by_bytes)
            tokens.append(by_bytes[data[:length]])
            data = data[length:]
    return tokens


@catalogue.misconception(
    "7.5",
    "looked-up-by-bytes",
    "Two tokens were merged because their bytes together are those of a merge, though the pair is another one. What does an entry of merges hold?",
    hint="A merge of a with bc does not say that ab may be merged with c, though both spell abc. Look the pair of ids up, not the text they stand for.",
)
def encode(text, merges):
    table = {i: bytes([i]) for i in range(256)}
    for left, right in merges:
        table[len(table)] = table[left] + table[right]
    ranks = {}
    for rank in range(len(merges)):
        ranks.setdefault(table[256 + rank], rank)
    tokens = []
    for word in split_words(text):
        parts = [bytes([i]) for i in utf8_ids(word)]
        while found := [
            (ranks[left + right], place)
            for place, (left, right) in enumerate(itertools.pairwise(parts))
            if left + right in ranks
        ]:
            _, place = min(found)
            parts[place : place + 2] = [parts[place] + parts[place + 1]]
        tokens += [256 + ranks[part] if part in ranks else part[0] for part in parts]
    return tokens


@catalogue.misconception(
    "7.5",
    "across-words",
    "A merge reached across the border of two words. What is the text cut into first?",
    hint='With a merge of b and a space, the text "b a b" has no place for it: print `split_words("b a b")`, and look where the spaces are.',
)
def encode(text, merges):
    ids = utf8_ids(text)
    for rank, pair in enumerate(merges):
        ids = merge_pair(ids, pair, 256 + rank)
    return ids


@catalogue.misconception(
    "7.5",
    "one-pass",
    "After one pass over the word there are still pairs that have a merge. Can a merge make another one possible?",
    hint="With the merges aa and 256 256, the word aaaa becomes 256 256 first, and that is a pair with a merge again. Go on until no pair of the word has one.",
)
def encode(text, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        place = 0
        while place < len(ids):
            pair = tuple(ids[place : place + 2])
            tokens.append(256 + ranks[pair] if pair in ranks else ids[place])
            place += 2 if pair in ranks else 1
    return tokens


@catalogue.misconception(
    "7.5",
    "newest-first",
    "Of the possible merges, the one that was learned last was taken. Which is to go first?",
    hint="With the merges bc, ab and the word abc, bc goes first: it is the older one. Print the places in the list of all merges that are possible; you take the largest.",
)
def encode(text, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        while known := [pair for pair in itertools.pairwise(ids) if pair in ranks]:
            newest = max(known, key=ranks.get)
            ids = merge_pair(ids, newest, 256 + ranks[newest])
        tokens += ids
    return tokens


@catalogue.misconception(
    "7.5",
    "ids-without-256",
    "A merge has its place in the list as its id. Which ids are taken already?",
    hint="The ids 0 to 255 are the bytes. If the first merge had the id 0, nobody could tell it from the byte 0.",
)
def encode(text, merges):
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        for rank, pair in enumerate(merges):
            ids = merge_pair(ids, pair, 256 + rank)
        tokens += [i - 256 if i > 255 else i for i in ids]
    return tokens


def _table(merges):
    table = {i: bytes([i]) for i in range(256)}
    for left, right in merges:
        table[len(table)] = table[left] + table[right]
    return table


@catalogue.misconception(
    "7.5",
    "each-token-read-alone",
    "Each token became text on its own, so that a character with bytes in two tokens is lost. When are bytes read as text?",
    hint="A token may end in the middle of a character. Join the bytes of all tokens first, in one row, and decode this row once.",
)
def decode(ids, merges):
    table = _table(merges)
    if any(i not in table for i in ids):
        raise ValueError("an id is unknown")
    return "".join(table[i].decode("utf-8", errors="replace") for i in ids)


@catalogue.misconception(
    "7.5",
    "parts-not-taken-apart",
    "A token whose parts are merges themselves did not come out as its bytes. How deep can a token go?",
    hint="With the merges aa and 256 256, the token 257 is 256 256, and each of those is aa: four bytes. Fill a table in the order of the merges, and each part is there when you need it.",
)
def decode(ids, merges):
    if any(not 0 <= i < 256 + len(merges) for i in ids):
        raise ValueError("an id is unknown")
    parts = []
    for i in ids:
        parts += [i] if i < 256 else list(merges[i - 256])
    return bytes(i if i < 256 else ord("?") for i in parts).decode("utf-8", errors="replace")


@catalogue.misconception(
    "7.5",
    "parts-not-taken-apart-error",
    "A token whose parts are merges themselves raises an error: its parts were taken for bytes. How deep can a token go?",
    hint="With the merges aa and 256 256, the token 257 is 256 256, and 256 is no byte but aa. Fill a table of bytes in the order of the merges: each part is there when you need it.",
)
def decode(ids, merges):
    parts = []
    for i in ids:
        if i < 256:
            parts.append(i)
        elif i - 256 < len(merges):
            parts += list(merges[i - 256])
        else:
            raise ValueError("an id is unknown")
    return bytes(parts).decode("utf-8", errors="replace")


@catalogue.misconception(
    "7.5",
    "unknown-ids-skipped",
    "An id that is neither a byte nor a merge was left out. Should a text with a hole look like one without?",
    hint="Decode 97 300 with five merges: there is no 300, so whoever made these ids had other merges. Say so with a ValueError.",
)
def decode(ids, merges):
    table = _table(merges)
    return b"".join(table.get(i, b"") for i in ids).decode("utf-8", errors="replace")


@catalogue.misconception(
    "7.5",
    "key-error",
    "An unknown id raises a KeyError or an IndexError. Which error does the docstring promise?",
    hint="Whoever calls your function knows nothing of the table inside it. Check the ids before you look them up, and raise what the docstring says.",
)
def decode(ids, merges):
    table = _table(merges)
    return b"".join(table[i] for i in ids).decode("utf-8", errors="replace")


@catalogue.misconception(
    "7.5",
    "broken-bytes-dropped",
    "Bytes that are no character have vanished from the text. What does 7.1 put in their place?",
    hint="Decode a token together with the byte 232, which begins a character that never comes: a sign has to stand there. Your function of 7.1 does that already.",
)
def decode(ids, merges):
    table = _table(merges)
    if any(i not in table for i in ids):
        raise ValueError("an id is unknown")
    return b"".join(table[i] for i in ids).decode("utf-8", errors="ignore")


# --- 7.6 -----------------------------------------------------------------------------------------------------------


def _pattern(specials):
    return "|".join(re.escape(special) for special in sorted(specials, key=len, reverse=True))


@catalogue.misconception(
    "7.6",
    "not-escaped",
    "Signs inside of a special were read as signs of a pattern. What does a bar mean in a regular expression?",
    hint='Print `re.split("(<|end|>)", "a<|end|>b")`: the pattern asks for "<" or "end" or ">". The `re` module has a function that makes a text stand for itself.',
)
def split_specials(text, specials):
    if not specials:
        return [text] if text else []
    pattern = "|".join(sorted(specials, key=len, reverse=True))
    return [piece for piece in re.split(f"({pattern})", text) if piece]


@catalogue.misconception(
    "7.6",
    "first-listed-wins",
    "Where two specials begin together, the one that is listed first was taken. Which one has to be?",
    hint="A pattern takes the first alternative that fits, not the longest. Try `<s>>` with the specials listed in both orders: the pieces must be the same.",
)
def split_specials(text, specials):
    if not specials:
        return [text] if text else []
    pattern = "|".join(re.escape(special) for special in specials)
    return [piece for piece in re.split(f"({pattern})", text) if piece]


@catalogue.misconception(
    "7.6",
    "specials-lost",
    "The specials are gone; only what stood between them came back. What must the pieces be when they are joined?",
    hint="`re.split` throws away what it splits at, as `str.split` does, unless the pattern is in a group. Join your pieces and compare with the text.",
)
def split_specials(text, specials):
    if not specials:
        return [text] if text else []
    return [piece for piece in re.split(_pattern(specials), text) if piece]


@catalogue.misconception(
    "7.6",
    "empty-pieces",
    "There are empty pieces among the answer. What stands between two specials that follow each other directly?",
    hint="Where a special begins or ends the text, or touches another one, splitting leaves an empty text. It has no tokens: leave it out.",
)
def split_specials(text, specials):
    if not specials:
        return [text]
    return re.split(f"({_pattern(specials)})", text)


@catalogue.misconception(
    "7.6",
    "stripped",
    "Spaces beside specials have vanished. What must the pieces be when they are joined?",
    hint="Join your pieces and compare with the text: they must be equal, sign by sign. A space is text like any other.",
)
def split_specials(text, specials):
    if not specials:
        return [text.strip()] if text.strip() else []
    pieces = re.split(f"({_pattern(specials)})", text)
    stripped = [piece if piece in specials else piece.strip() for piece in pieces]
    return [piece for piece in stripped if piece]


@catalogue.misconception(
    "7.6",
    "specials-taken-apart",
    "A special that was found already was split again at a shorter one. Is a special ever cut?",
    hint="Splitting at one special after the other comes to a shorter one inside of a longer one that is a piece already. Ask of each piece whether it is a special, and leave it alone if so.",
)
def split_specials(text, specials):
    pieces = [text]
    for special in sorted(specials, key=len, reverse=True):
        pieces = [part for piece in pieces for part in re.split(f"({re.escape(special)})", piece) if part]
    return [piece for piece in pieces if piece]


@catalogue.misconception(
    "7.6",
    "first-place-only",
    "The text was split at its first special only. How many may there be?",
    hint="Try a text with the same special twice. What is left behind the first one may hold more: who looks there?",
)
def split_specials(text, specials):
    if not specials:
        return [text] if text else []
    return [piece for piece in re.split(f"({_pattern(specials)})", text, maxsplit=1) if piece]


@catalogue.misconception(
    "7.6",
    "longest-special-first",
    "A longer special that begins further to the right was taken before a shorter one. Which comes first, the longest or the leftmost?",
    hint="The text is read from the left: at the first place where any special begins, one is taken, and what overlaps it is plain text from then on. Length decides only among those that begin at the same place.",
)
def split_specials(text, specials):
    pieces = [text] if text else []
    for special in sorted(specials, key=len, reverse=True):
        pieces = [
            part
            for piece in pieces
            for part in ([piece] if piece in specials else re.split(f"({re.escape(special)})", piece))
            if part
        ]
    return pieces


# --- 7.7 -----------------------------------------------------------------------------------------------------------


def _padded(seqs, pad_id, max_len=None):
    """Right in all: what several entries begin with."""
    if not seqs:
        raise ValueError("no sequence")
    cut = [seq[:max_len] for seq in seqs]
    T = max(len(seq) for seq in cut)
    ids = torch.tensor([seq + [pad_id] * (T - len(seq)) for seq in cut], dtype=torch.int64)
    return ids, torch.arange(T) < torch.tensor([len(seq) for seq in cut]).unsqueeze(1)


@catalogue.misconception(
    "7.7",
    "mask-from-ids",
    "A real token that has the pad id is hidden by the mask. What tells a pad from a token that looks like one?",
    hint="In the row 5 0 7 with the pad id 0 all three are real. The ids cannot say so; which number of each sequence can?",
)
def pad_batch(seqs, pad_id, max_len=None):
    ids, _ = _padded(seqs, pad_id, max_len)
    return ids, ids != pad_id


@catalogue.misconception(
    "7.7",
    "mask-inverted",
    "The mask is True where rows are filled up, and False where tokens are real. What does True mean here?",
    hint="Count the True of a row: there must be as many as its sequence has ids. Both conventions exist in torch, and the docstring says which one is meant.",
)
def pad_batch(seqs, pad_id, max_len=None):
    ids, mask = _padded(seqs, pad_id, max_len)
    return ids, ~mask


@catalogue.misconception(
    "7.7",
    "padded-on-the-left",
    "The pads stand in front of the tokens. At which end is a row filled up?",
    hint="The first id of each sequence has to stay at place 0. Padding on the left is for models that write, where all rows must end at the same place; here the docstring says right.",
)
def pad_batch(seqs, pad_id, max_len=None):
    if not seqs:
        raise ValueError("no sequence")
    cut = [seq[:max_len] for seq in seqs]
    T = max(len(seq) for seq in cut)
    ids = torch.tensor([[pad_id] * (T - len(seq)) + seq for seq in cut], dtype=torch.int64)
    return ids, torch.arange(T) >= T - torch.tensor([len(seq) for seq in cut]).unsqueeze(1)


@catalogue.misconception(
    "7.7",
    "mask-of-ones-and-zeros",
    "The mask has the right pattern, in numbers. Which dtype is asked for?",
    hint="A mask of numbers is added or multiplied by most functions, a bool one selects. Print the dtype of your mask; a comparison gives the one that is wanted.",
)
def pad_batch(seqs, pad_id, max_len=None):
    ids, mask = _padded(seqs, pad_id, max_len)
    return ids, mask.long()


@catalogue.misconception(
    "7.7",
    "ids-as-floats",
    "The ids are right, as floats. Can a float look up a row of a table?",
    hint="`torch.zeros` and its relatives make floats unless they are told otherwise. Print the dtype of your ids: an embedding refuses anything but whole numbers.",
)
def pad_batch(seqs, pad_id, max_len=None):
    ids, mask = _padded(seqs, pad_id, max_len)
    return ids.float(), mask


@catalogue.misconception(
    "7.7",
    "last-ids-kept",
    "Of a sequence that is too long, the last ids were kept. Which end is cut off?",
    hint="Cut 1 2 3 4 to two ids: 1 2 stays. Look at your slice: does it begin at the end?",
)
def pad_batch(seqs, pad_id, max_len=None):
    if max_len is not None:
        seqs = [seq[-max_len:] for seq in seqs]
    return _padded(seqs, pad_id)


@catalogue.misconception(
    "7.7",
    "padded-to-max-len",
    "The rows are max_len long, though no sequence is. How long must a row be?",
    hint="Pads cost time and memory and teach nothing. `max_len` is a limit, not a size: take the longest sequence after cutting.",
)
def pad_batch(seqs, pad_id, max_len=None):
    if not seqs:
        raise ValueError("no sequence")
    cut = [seq[:max_len] for seq in seqs]
    T = max_len or max(len(seq) for seq in cut)
    ids = torch.tensor([seq + [pad_id] * (T - len(seq)) for seq in cut], dtype=torch.int64)
    return ids, torch.arange(T) < torch.tensor([len(seq) for seq in cut]).unsqueeze(1)


@catalogue.misconception(
    "7.7",
    "pads-always-zero",
    "The pads are 0, whatever the pad id. Where does your function use it?",
    hint="Try the pad id 9. A tensor of zeros that is filled from the left keeps its zeros at the right: with what should it have been filled?",
)
def pad_batch(seqs, pad_id, max_len=None):
    return _padded(seqs, 0, max_len)


@catalogue.misconception(
    "7.7",
    "max-len-ignored",
    "Sequences longer than max_len came back whole. Where are they cut?",
    hint="Pad 1 2 3 4 with the limit 2: two ids stay. A list has a slice for that, and a slice up to None keeps everything.",
)
def pad_batch(seqs, pad_id, max_len=None):
    return _padded(seqs, pad_id)


@catalogue.misconception(
    "7.7",
    "cut-to-the-shortest",
    "Every sequence was cut to the length of the shortest one. What is a pad there for?",
    hint="A tensor needs rows of one length. Two ways lead there: to cut the long ones, which loses tokens, or to fill up the short ones.",
)
def pad_batch(seqs, pad_id, max_len=None):
    cut = [seq[:max_len] for seq in seqs]
    return _padded(cut, pad_id, min(len(seq) for seq in cut))


@catalogue.misconception(
    "7.7",
    "empty-batch-accepted",
    "A batch without any sequence gave tensors. What shape could they rightly have?",
    hint="Nothing says how long the rows of no sequence are. Check for it first, and raise the error that the docstring names.",
)
def pad_batch(seqs, pad_id, max_len=None):
    if not seqs:
        return torch.zeros(0, 0, dtype=torch.int64), torch.zeros(0, 0, dtype=torch.bool)
    return _padded(seqs, pad_id, max_len)


# --- 7.8 -----------------------------------------------------------------------------------------------------------


def _rows(stream, T):
    """Right rows and targets of a stream, as a list."""
    stream = torch.tensor(stream, dtype=torch.int64)
    n = max(0, (len(stream) - 1) // T)
    return stream[: n * T].reshape(n, T), stream[1 : n * T + 1].reshape(n, T)


@catalogue.misconception(
    "7.8",
    "no-eos",
    "The documents run into each other, without eos between them. How is a model to learn where a text ends?",
    hint="Write the stream of 1 2 and 3 with eos 0: it has five ids. Print yours and count.",
)
def pack(docs, T, eos):
    return _rows([i for doc in docs for i in doc], T)


@catalogue.misconception(
    "7.8",
    "eos-between-only",
    "The last document has no eos behind it. Does it not end?",
    hint="The documents 1 2 and 3 with eos 0 give 1 2 0 3 0. An eos belongs to each document, not between two of them.",
)
def pack(docs, T, eos):
    stream = []
    for number, doc in enumerate(docs):
        stream += ([eos] if number else []) + doc
    return _rows(stream, T)


@catalogue.misconception(
    "7.8",
    "eos-in-front",
    "The eos stands in front of each document, not behind it. What does it end there?",
    hint="Your stream begins with eos. Put each document first and its end second.",
)
def pack(docs, T, eos):
    return _rows([i for doc in docs for i in [eos, *doc]], T)


@catalogue.misconception(
    "7.8",
    "rows-with-a-gap",
    "Between two rows a token is left out: the last target of a row is not the first input of the next. How far apart do two rows begin?",
    hint="If the stream is cut into pieces of T + 1 tokens, the last token of each is a target only, and nothing is predicted from it. Begin the next row T tokens after the last one began.",
)
def pack(docs, T, eos):
    stream = torch.tensor([i for doc in docs for i in [*doc, eos]], dtype=torch.int64)
    n = len(stream) // (T + 1)
    rows = stream[: n * (T + 1)].reshape(n, T + 1)
    return rows[:, :-1], rows[:, 1:]


@catalogue.misconception(
    "7.8",
    "each-document-alone",
    "Each document was cut on its own, so that its rest is lost. What is laid end to end before anything is cut?",
    hint="With rows of 8, the documents 1 2 3 and 4 5 6 7 8 give one row together, and none alone. Build one stream of all documents first.",
)
def pack(docs, T, eos):
    rows = [_rows([*doc, eos], T) for doc in docs]
    return torch.cat([x for x, _ in rows]), torch.cat([y for _, y in rows])


@catalogue.misconception(
    "7.8",
    "first-token-as-last-target",
    "The last target came round from the front of the stream. What follows the last token of all?",
    hint="Nothing does, so the row it would complete is dropped. How many rows are there for six tokens and T = 3, if each of them needs a target for its last token?",
)
def pack(docs, T, eos):
    stream = torch.tensor([i for doc in docs for i in [*doc, eos]], dtype=torch.int64)
    n = len(stream) // T
    return stream[: n * T].reshape(n, T), stream.roll(-1)[: n * T].reshape(n, T)


@catalogue.misconception(
    "7.8",
    "last-row-filled-up",
    "There is one row more, which was filled up with eos. What happens to tokens that fill no row?",
    hint="Packing has no pads: what is left over at the end is dropped. Which way does your division round?",
)
def pack(docs, T, eos):
    stream = [i for doc in docs for i in [*doc, eos]]
    return _rows(stream + [eos] * (-(len(stream) - 1) % T), T)


@catalogue.misconception(
    "7.8",
    "every-start",
    "The rows overlap: there is one for each start. How often is a token a target then?",
    hint="These are the windows of 6.1. Here each row begins where the one before it ends, so that an epoch meets each token once.",
)
def pack(docs, T, eos):
    stream = torch.tensor([i for doc in docs for i in [*doc, eos]], dtype=torch.int64)
    windows = stream.unfold(0, T + 1, 1) if len(stream) > T else stream.new_zeros(0, T + 1)
    return windows[:, :-1], windows[:, 1:]


@catalogue.misconception(
    "7.8",
    "targets-equal-inputs",
    "The targets are the inputs themselves. What would a model learn that has to predict the token it has just been given?",
    hint="Cut the stream a second time, beginning one token later.",
)
def pack(docs, T, eos):
    x, _ = _rows([i for doc in docs for i in [*doc, eos]], T)
    return x, x.clone()


@catalogue.misconception(
    "7.8",
    "causal-only",
    "The mask hides the future, but not the documents before. What must a place know nothing of?",
    hint="In the row 1 2 0 3 the last place may look at itself only. Number the documents of the row: which places have the same number?",
)
def document_mask(ids, eos):
    return torch.ones(len(ids), len(ids), dtype=torch.bool).tril()


@catalogue.misconception(
    "7.8",
    "eos-begins-the-next",
    "The eos was counted to the document behind it. Which document does it end?",
    hint="In the row 1 2 0 3 the 0 looks back at 1 and 2, and 3 does not look at it. A running sum has counted the end at its own place already: what would you take off again?",
)
def document_mask(ids, eos):
    document = (ids == eos).cumsum(0)
    return (document.unsqueeze(1) == document).tril()


@catalogue.misconception(
    "7.8",
    "not-causal",
    "Within a document every place sees every other, the later ones, too. What does the causal mask forbid?",
    hint="Two conditions have to hold at once: the same document, and not later. Your mask is the same when rows and columns change places.",
)
def document_mask(ids, eos):
    ends = (ids == eos).long()
    document = ends.cumsum(0) - ends
    return document.unsqueeze(1) == document


@catalogue.misconception(
    "7.8",
    "mask-inverted",
    "The mask is True where a place must not look. What does True mean here?",
    hint="Every place may look at itself, so the diagonal is True. Print yours.",
)
def document_mask(ids, eos):
    ends = (ids == eos).long()
    document = ends.cumsum(0) - ends
    return ~(document.unsqueeze(1) == document).tril()


@catalogue.misconception(
    "7.8",
    "future-as-rows",
    "Rows and columns have changed places: each place looks at the later ones of its document. Which index is the place that looks?",
    hint="Entry [i, j] is about place i looking at place j. The first place of a document sees itself only: its row has one True.",
)
def document_mask(ids, eos):
    ends = (ids == eos).long()
    document = ends.cumsum(0) - ends
    return (document.unsqueeze(1) == document).triu()


@catalogue.misconception(
    "7.8",
    "eos-hidden",
    "Nobody may look at an eos, not even itself. Does it not belong to its document?",
    hint="Look at the column of the 0 in the row 1 2 0 3: its own place has to be True there. A place that may look at nothing has no softmax.",
)
def document_mask(ids, eos):
    ends = (ids == eos).long()
    document = ends.cumsum(0) - ends
    return (document.unsqueeze(1) == document).tril() & (ids != eos)


# --- 7.9 -----------------------------------------------------------------------------------------------------------


def _chosen(different, n_valid, generator):
    """So many of the different documents, as a set."""
    if not 0 <= n_valid <= len(different):
        raise ValueError("not so many documents")
    return {different[i] for i in torch.randperm(len(different), generator=generator)[:n_valid].tolist()}


def _halves(docs, chosen):
    return [doc for doc in docs if doc not in chosen], [doc for doc in docs if doc in chosen]


@catalogue.misconception(
    "7.9",
    "copies-on-both-sides",
    "Copies of one document are in both lists. What has a model learned that is measured with what it was trained on?",
    hint='With the documents "a", "b", "a" you draw a place, and the other copy stays behind. Draw texts, not places, and ask of each document whether its text was drawn.',
)
def split_documents(docs, n_valid, generator):
    if not 0 <= n_valid <= len(set(docs)):
        raise ValueError("not so many documents")
    chosen = set(torch.randperm(len(docs), generator=generator)[:n_valid].tolist())
    train = [doc for place, doc in enumerate(docs) if place not in chosen]
    return train, [doc for place, doc in enumerate(docs) if place in chosen]


@catalogue.misconception(
    "7.9",
    "copies-drawn-more-often",
    "A document with many copies is put aside more often than others. What is drawn from?",
    hint='Among "a" nine times, "b", "c" and "d", each of the four has one chance in four. Shuffle the different documents, not all of them.',
)
def split_documents(docs, n_valid, generator):
    if not 0 <= n_valid <= len(set(docs)):
        raise ValueError("not so many documents")
    chosen = set()
    for place in torch.randperm(len(docs), generator=generator).tolist():
        if len(chosen) < n_valid:
            chosen.add(docs[place])
    return _halves(docs, chosen)


@catalogue.misconception(
    "7.9",
    "always-the-last-ones",
    "The same documents are put aside each time, whatever the generator. Where does chance come in?",
    hint="Documents often come in an order: by date, by source, by topic. Shuffle before you take the first so many.",
)
def split_documents(docs, n_valid, generator):
    different = list(dict.fromkeys(docs))
    if not 0 <= n_valid <= len(different):
        raise ValueError("not so many documents")
    return _halves(docs, set(different[len(different) - n_valid :]))


@catalogue.misconception(
    "7.9",
    "copies-dropped",
    "Each document is there once, and its copies are gone. Was anybody asked to remove them?",
    hint="Count the documents of both lists together: as many have to come out as went in. Draw from the different ones, and then walk over all.",
)
def split_documents(docs, n_valid, generator):
    different = list(dict.fromkeys(docs))
    return _halves(different, _chosen(different, n_valid, generator))


@catalogue.misconception(
    "7.9",
    "order-lost",
    "The documents are in another order than they came in. Which order do the lists have?",
    hint="Use the shuffled order for nothing but the choice. The lists come from one walk over the documents as they are.",
)
def split_documents(docs, n_valid, generator):
    train, valid = _halves(docs, _chosen(list(dict.fromkeys(docs)), n_valid, generator))
    return [train[i] for i in torch.randperm(len(train), generator=generator).tolist()], valid


@catalogue.misconception(
    "7.9",
    "generator-not-used",
    "The lists are right, but a generator with the same seed gives others the second time. Where do your random numbers come from?",
    hint="Whatever draws has a parameter for the generator that you were given.",
)
def split_documents(docs, n_valid, generator):
    return _halves(docs, _chosen(list(dict.fromkeys(docs)), n_valid, None))


@catalogue.misconception(
    "7.9",
    "python-random",
    "The lists are right, but a generator with the same seed gives others the second time: Python's own random numbers know nothing of it. What does the generator that you are given draw?",
    hint="`torch.randperm` takes a generator and gives the places 0 to n - 1 in a random order.",
)
def split_documents(docs, n_valid, generator):
    import random

    different = list(dict.fromkeys(docs))
    if not 0 <= n_valid <= len(different):
        raise ValueError("not so many documents")
    return _halves(docs, set(random.sample(different, n_valid)))


@catalogue.misconception(
    "7.9",
    "drawn-with-replacement",
    "Sometimes there are fewer documents to validate with than were asked for. Can your draw give the same document twice?",
    hint="Do you throw dice or deal cards? `torch.randint` may give a number again; with a shuffled row of all places it cannot happen.",
)
def split_documents(docs, n_valid, generator):
    different = list(dict.fromkeys(docs))
    if not 0 <= n_valid <= len(different):
        raise ValueError("not so many documents")
    places = torch.randint(len(different), (n_valid,), generator=generator).tolist()
    return _halves(docs, {different[i] for i in places})


@catalogue.misconception(
    "7.9",
    "training-keeps-all",
    "The documents to validate with are still among those for training. What would they measure then?",
    hint="A document is in one of the lists, never in both. When you build the first list, ask the opposite of what you ask for the second.",
)
def split_documents(docs, n_valid, generator):
    _, valid = _halves(docs, _chosen(list(dict.fromkeys(docs)), n_valid, generator))
    return list(docs), valid


@catalogue.misconception(
    "7.9",
    "any-number-accepted",
    "More documents were asked for than there are, and no error came. How would anybody notice that the split is smaller?",
    hint="A slice that goes too far is silent. Compare with the number of different documents first, and do not forget numbers below 0.",
)
def split_documents(docs, n_valid, generator):
    different = list(dict.fromkeys(docs))
    order = torch.randperm(len(different), generator=generator)
    return _halves(docs, {different[i] for i in order[:n_valid].tolist()})


@catalogue.misconception(
    "7.9",
    "copies-counted",
    "Asked for more different documents than there are, it raises no error where copies make up the number. What does n_valid count?",
    hint='In "x", "y", "x" there are two different documents: three cannot be put aside. Compare with the number of different ones, not with the length of the list.',
)
def split_documents(docs, n_valid, generator):
    if not 0 <= n_valid <= len(docs):
        raise ValueError("not so many documents")
    different = list(dict.fromkeys(docs))
    order = torch.randperm(len(different), generator=generator)
    return _halves(docs, {different[i] for i in order[:n_valid].tolist()})


@catalogue.misconception(
    "7.9",
    "lists-swapped",
    "The two lists are in the wrong order: n_valid documents are in the first one. Which comes first?",
    hint="What is trained on comes first, what is put aside second.",
)
def split_documents(docs, n_valid, generator):
    train, valid = _halves(docs, _chosen(list(dict.fromkeys(docs)), n_valid, generator))
    return valid, train


# --- 7.10 ----------------------------------------------------------------------------------------------------------


@catalogue.misconception(
    "7.10",
    "per-character",
    "The bits are divided by characters, not by bytes. How many bytes has é?",
    hint='`len("é")` is 1, and the length of its bytes is 2. Which of the two does a text of 词元 have three times as many of?',
)
def bits_per_byte(nll_sums, texts):
    return nll_sums.sum() / (sum(len(text) for text in texts) * math.log(2))


@catalogue.misconception(
    "7.10",
    "nats",
    "The result is the right one times ln 2: it is in nats. How many nats is a bit?",
    hint="A choice between two equal chances is one bit, and its -ln p is 0.69 nats. What do you divide by to get the 1?",
)
def bits_per_byte(nll_sums, texts):
    return nll_sums.sum() / sum(len(text.encode("utf-8")) for text in texts)


@catalogue.misconception(
    "7.10",
    "times-ln-2",
    "The result was multiplied by ln 2 where it has to be divided. Are there more bits or more nats in the same surprise?",
    hint="A choice between two equal chances is one bit and 0.69 nats, so the number of bits is the larger one. Yours is smaller than the nats you were given.",
)
def bits_per_byte(nll_sums, texts):
    return nll_sums.sum() * math.log(2) / sum(len(text.encode("utf-8")) for text in texts)


@catalogue.misconception(
    "7.10",
    "mean-of-the-texts",
    "Each text has the same weight, however short it is. What is to weigh the same?",
    hint="Lay all texts end to end: how many bytes, and what sum of nats? A division for each text, and a mean of the results, gives a byte of a short text more weight.",
)
def bits_per_byte(nll_sums, texts):
    each = [nll / len(text.encode("utf-8")) for nll, text in zip(nll_sums, texts, strict=True)]
    return torch.stack(each).mean() / math.log(2)


@catalogue.misconception(
    "7.10",
    "two-to-its-power",
    "This is 2 to the power of the bits, which would be a perplexity. What is asked for?",
    hint="A model that gives each byte the same chance needs 8 bits for a byte; yours says 256. Leave out the last step.",
)
def bits_per_byte(nll_sums, texts):
    return 2 ** (nll_sums.sum() / (sum(len(text.encode("utf-8")) for text in texts) * math.log(2)))


@catalogue.misconception(
    "7.10",
    "upside-down",
    "These are tokens for each byte, not bytes for each token. What should grow when tokens get longer?",
    hint="Without any merge both are 1. With merges there are fewer tokens than bytes, and the number asked for is above 1.",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    return [len(encode(test_text, merges[:size])) / len(test_text.encode("utf-8")) for size in sizes]


@catalogue.misconception(
    "7.10",
    "characters-for-each-token",
    "Characters were divided by tokens, not bytes. What is the length of a text that is not English?",
    hint='With no merges at all each token is one byte, so that 1 has to come out for every text. Try "é" with the size 0.',
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    return [len(test_text) / len(encode(test_text, merges[:size])) for size in sizes]


@catalogue.misconception(
    "7.10",
    "measured-on-the-training-text",
    "The text that merges were learned from was measured. Which text are the tokens to be judged by?",
    hint="Merges fit the text that they come from better than any other, as with every model. Where do you use the second text?",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    return [len(train_text.encode("utf-8")) / len(encode(train_text, merges[:size])) for size in sizes]


@catalogue.misconception(
    "7.10",
    "learned-from-the-test-text",
    "The merges were learned from the text that is measured. Whose merges are asked for?",
    hint="A tokenizer is trained once and used on texts that it has not seen. Which of the two texts do you give to your training?",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(test_text, max(sizes))
    return [len(test_text.encode("utf-8")) / len(encode(test_text, merges[:size])) for size in sizes]


@catalogue.misconception(
    "7.10",
    "all-merges-at-every-size",
    "Every size gave the same number: that of all merges. Which merges count at a smaller size?",
    hint="With the size 0 there are no merges, so that 1 has to come out. What of the list of merges do you hand to `encode`?",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    return [len(test_text.encode("utf-8")) / len(encode(test_text, merges)) for _ in sizes]


@catalogue.misconception(
    "7.10",
    "last-merges",
    "For a smaller size the last merges were used, not the first. What do later merges build on?",
    hint="A late merge often joins tokens that earlier ones have made, and without those it has no meaning. Training with a smaller size would have made the first merges.",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    n_bytes = len(test_text.encode("utf-8"))
    return [n_bytes / len(encode(test_text, merges[-size:])) for size in sizes]


@catalogue.misconception("7.10", "last-merges-none-at-0", same_as="last-merges")
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    n_bytes = len(test_text.encode("utf-8"))
    return [n_bytes / len(encode(test_text, merges[len(merges) - size :])) for size in sizes]


@catalogue.misconception(
    "7.10",
    "sizes-sorted",
    "The numbers are right, in the order of growing sizes. In which order were the sizes given?",
    hint="Ask for the sizes 8, 2, 0: the first number belongs to 8. Go over the sizes as they come.",
)
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    return [len(test_text.encode("utf-8")) / len(encode(test_text, merges[:size])) for size in sorted(sizes)]
