"""Correct answers to assignment 07 that look different from the solution; each must get full marks."""

import heapq
import itertools
import math
import re
from collections import Counter, defaultdict

import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 7.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.1", "bytes of a text, one by one")
def utf8_ids(text):
    return list(bytes(text, "utf8"))


@catalogue.variant("7.1", "character by character")
def utf8_ids(text):
    ids = []
    for character in text:
        ids.extend(character.encode())
    return ids


@catalogue.variant("7.1", "a bytearray, and str")
def utf8_text(ids):
    return str(bytearray(ids), "utf-8", "replace")


@catalogue.variant("7.1", "checked by hand, and byte after byte")
def utf8_text(ids):
    import codecs

    if any(i not in range(256) for i in ids):
        raise ValueError("not a byte")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(bytes([i])) for i in ids) + decoder.decode(b"", True)


# --- 7.2 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.2", "a Counter of all places")
def count_pairs(words):
    return Counter(pair for ids, n in words for pair in itertools.pairwise(ids) for _ in range(n))


@catalogue.variant("7.2", "by place")
def count_pairs(words):
    counts = {}
    for ids, n in words:
        for place in range(len(ids) - 1):
            pair = ids[place], ids[place + 1]
            if pair not in counts:
                counts[pair] = 0
            counts[pair] += n
    return counts


@catalogue.variant("7.2", "the id before is remembered")
def count_pairs(words):
    counts = defaultdict(int)
    for ids, n in words:
        left, *rest = ids
        for right in rest:
            counts[left, right] += n
            left = right
    return dict(counts)


# --- 7.3 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.3", "recursion")
def merge_pair(ids, pair, new_id):
    if len(ids) < 2:
        return list(ids)
    if (ids[0], ids[1]) == pair:
        return [new_id, *merge_pair(ids[2:], pair, new_id)]
    return [ids[0], *merge_pair(ids[1:], pair, new_id)]


@catalogue.variant("7.3", "a stack that knows what is new")
def merge_pair(ids, pair, new_id):
    merged, fresh_from = [], 0
    for i in ids:
        if len(merged) > fresh_from and (merged[-1], i) == pair:
            merged[-1] = new_id
            fresh_from = len(merged)
        else:
            merged.append(i)
    return merged


@catalogue.variant("7.3", "as text")
def merge_pair(ids, pair, new_id):
    text = "".join(map(chr, ids))
    return [ord(character) for character in text.replace("".join(map(chr, pair)), chr(new_id))]


@catalogue.variant("7.3", "with a flag that skips")
def merge_pair(ids, pair, new_id):
    merged, skip = [], False
    for left, right in itertools.zip_longest(ids, ids[1:]):
        if skip:
            skip = False
        elif (left, right) == pair:
            merged.append(new_id)
            skip = True
        else:
            merged.append(left)
    return merged


# --- 7.4 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.4", "a heap, with counts kept up to date")
def train_bpe(text, n_merges):
    words = [(utf8_ids(word), n) for word, n in Counter(split_words(text)).items()]
    counts, where = Counter(), defaultdict(set)
    for number, (ids, n) in enumerate(words):
        for pair in itertools.pairwise(ids):
            counts[pair] += n
            where[pair].add(number)
    heap = [(-n, pair) for pair, n in counts.items()]
    heapq.heapify(heap)
    merges = []
    while heap and len(merges) < n_merges:
        n, best = heapq.heappop(heap)
        if counts[best] != -n:  # an old entry: it goes back with what is true now
            heapq.heappush(heap, (-counts[best], best))
            continue
        if -n < 2:
            break
        for number in list(where[best]):
            ids, times = words[number]
            after = merge_pair(ids, best, 256 + len(merges))
            counts.subtract({pair: times * places for pair, places in Counter(itertools.pairwise(ids)).items()})
            counts.update({pair: times * places for pair, places in Counter(itertools.pairwise(after)).items()})
            for pair in set(itertools.pairwise(after)):
                where[pair].add(number)
                heapq.heappush(heap, (-counts[pair], pair))
            words[number] = (after, times)
        merges.append(best)
    return merges


@catalogue.variant("7.4", "all pairs sorted, the first one taken")
def train_bpe(text, n_merges):
    words = [(utf8_ids(word), n) for word, n in Counter(split_words(text)).items()]
    merges = []
    for k in range(n_merges):
        ranking = sorted(count_pairs(words).items(), key=lambda item: (-item[1], item[0]))
        if not ranking or ranking[0][1] == 1:
            break
        merges.append(ranking[0][0])
        words = [(merge_pair(ids, merges[-1], 256 + k), n) for ids, n in words]
    return merges


@catalogue.variant("7.4", "every word of the text, once for each time")
def train_bpe(text, n_merges):
    words = [utf8_ids(word) for word in split_words(text)]
    merges = []
    while len(merges) < n_merges:
        counts = count_pairs([(ids, 1) for ids in words])
        frequent = {pair for pair, count in counts.items() if count > 1}
        if not frequent:
            return merges
        most = max(counts.values())
        best = min(pair for pair in frequent if counts[pair] == most)
        words = [merge_pair(ids, best, 256 + len(merges)) for ids in words]
        merges.append(best)
    return merges


# --- 7.5 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.5", "each merge in its turn")
def encode(text, merges):
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        for rank, pair in enumerate(merges):
            ids = merge_pair(ids, pair, 256 + rank)
        tokens += ids
    return tokens


@catalogue.variant("7.5", "one place at a time")
def encode(text, merges):
    ids_of_pairs = {pair: 256 + rank for rank, pair in enumerate(merges)}
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        while True:
            possible = [
                (ids_of_pairs[pair], place)
                for place, pair in enumerate(itertools.pairwise(ids))
                if pair in ids_of_pairs
            ]
            if not possible:
                break
            new_id, place = min(possible)
            ids[place : place + 2] = [new_id]
        tokens.extend(ids)
    return tokens


@catalogue.variant("7.5", "a rank of infinity for what is no merge")
def encode(text, merges):
    ranks = {pair: rank for rank, pair in enumerate(merges)}
    tokens = []
    for word in split_words(text):
        ids = utf8_ids(word)
        while len(ids) > 1:
            pair = min(itertools.pairwise(ids), key=lambda pair: ranks.get(pair, math.inf))
            if pair not in ranks:
                break
            ids = merge_pair(ids, pair, 256 + ranks[pair])
        tokens += ids
    return tokens


@catalogue.variant("7.5", "tokens taken apart by recursion")
def decode(ids, merges):
    def bytes_of(i):
        if not 0 <= i < 256 + len(merges):
            raise ValueError("no such token")
        if i < 256:
            return bytes([i])
        left, right = merges[i - 256]
        return bytes_of(left) + bytes_of(right)

    return b"".join(map(bytes_of, ids)).decode("utf-8", errors="replace")


@catalogue.variant("7.5", "the last merge undone first")
def decode(ids, merges):
    if any(i not in range(256 + len(merges)) for i in ids):
        raise ValueError("no such token")
    for k in reversed(range(len(merges))):
        ids = [part for i in ids for part in (merges[k] if i == 256 + k else (i,))]
    return utf8_text(list(ids))


# --- 7.6 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.6", "a walk over the text")
def split_specials(text, specials):
    pieces, begin, place = [], 0, 0
    while place < len(text):
        here = [special for special in specials if text.startswith(special, place)]
        if here:
            longest = max(here, key=len)
            pieces += [text[begin:place], longest]
            begin = place = place + len(longest)
        else:
            place += 1
    return [piece for piece in [*pieces, text[begin:]] if piece]


@catalogue.variant("7.6", "str.find, leftmost and then longest")
def split_specials(text, specials):
    pieces = []
    while text:
        places = [(text.find(special), -len(special), special) for special in specials if special in text]
        if not places:
            return [*pieces, text]
        place, _, special = min(places)
        pieces += [text[:place], special] if place else [special]
        text = text[place + len(special) :]
    return pieces


@catalogue.variant("7.6", "matches of a pattern, and what is between them")
def split_specials(text, specials):
    pieces, end = [], 0
    pattern = "|".join(re.escape(special) for special in sorted(specials, key=lambda special: -len(special)))
    for found in re.finditer(pattern, text) if specials else ():
        if found.start() > end:
            pieces.append(text[end : found.start()])
        pieces.append(found.group())
        end = found.end()
    return pieces + [text[end:]] * (end < len(text))


# --- 7.7 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.7", "pad_sequence, for ids and for ones")
def pad_batch(seqs, pad_id, max_len=None):
    if len(seqs) == 0:
        raise ValueError("nothing to pad")
    cut = [torch.tensor(seq, dtype=torch.int64)[:max_len] for seq in seqs]
    pad = torch.nn.utils.rnn.pad_sequence
    ones = [torch.ones(len(seq), dtype=torch.bool) for seq in cut]
    return pad(cut, batch_first=True, padding_value=pad_id), pad(ones, batch_first=True, padding_value=False)


@catalogue.variant("7.7", "a full tensor, row by row")
def pad_batch(seqs, pad_id, max_len=None):
    if not seqs:
        raise ValueError
    if max_len is not None:
        seqs = [seq[:max_len] for seq in seqs]
    shape = (len(seqs), max(map(len, seqs)))
    ids = torch.full(shape, pad_id)
    mask = torch.zeros(shape, dtype=torch.bool)
    for row, seq in enumerate(seqs):
        ids[row, : len(seq)] = torch.tensor(seq, dtype=torch.int64)
        mask[row, : len(seq)] = True
    return ids, mask


@catalogue.variant("7.7", "columns by zip_longest")
def pad_batch(seqs, pad_id, max_len=None):
    if not seqs:
        raise ValueError("nothing to pad")
    cut = [seq if max_len is None else seq[:max_len] for seq in seqs]
    columns = list(itertools.zip_longest(*cut))
    ids = [[pad_id if i is None else i for i in column] for column in columns]
    mask = [[i is not None for i in column] for column in columns]
    shape = (len(columns), len(seqs))
    return torch.tensor(ids, dtype=torch.int64).reshape(shape).T, torch.tensor(mask, dtype=torch.bool).reshape(shape).T


# --- 7.8 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.8", "windows of T + 1, T apart")
def pack(docs, T, eos):
    stream = torch.tensor([i for doc in docs for i in [*doc, eos]], dtype=torch.int64)
    windows = stream.unfold(0, T + 1, T) if len(stream) > T else stream.new_zeros(0, T + 1)
    return windows[:, :-1], windows[:, 1:]


@catalogue.variant("7.8", "row by row")
def pack(docs, T, eos):
    stream = []
    for doc in docs:
        stream += [*doc, eos]
    x, y = [], []
    start = 0
    while start + T < len(stream):
        x.append(stream[start : start + T])
        y.append(stream[start + 1 : start + T + 1])
        start += T
    return torch.tensor(x, dtype=torch.int64).view(-1, T), torch.tensor(y, dtype=torch.int64).view(-1, T)


@catalogue.variant("7.8", "inputs and targets cut from two streams")
def pack(docs, T, eos):
    stream = torch.cat([torch.tensor([*doc, eos], dtype=torch.int64) for doc in docs])
    x, y = stream[:-1], stream[1:]
    keep = len(x) // T * T
    return x[:keep].reshape(-1, T), y[:keep].reshape(-1, T)


@catalogue.variant("7.8", "blocks on the diagonal")
def document_mask(ids, eos):
    lengths, length = [], 0
    for i in ids.tolist():
        length += 1
        if i == eos:
            lengths.append(length)
            length = 0
    lengths += [length] * (length > 0)
    return torch.block_diag(*(torch.ones(n, n, device=ids.device).tril() for n in lengths)).bool()


@catalogue.variant("7.8", "a running sum, moved by one place")
def document_mask(ids, eos):
    ends = torch.cat([ids.new_zeros(1), (ids == eos).long()[:-1]]).cumsum(0)
    causal = torch.ones(len(ids), len(ids), dtype=torch.bool, device=ids.device).tril()
    return ends[:, None].eq(ends[None, :]) & causal


@catalogue.variant("7.8", "an end between two places, looked for")
def document_mask(ids, eos):
    row = ids.tolist()
    mask = torch.zeros(len(row), len(row), dtype=torch.bool, device=ids.device)
    for i in range(len(row)):
        for j in range(i + 1):
            mask[i, j] = eos not in row[j:i]
    return mask


# --- 7.9 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.9", "random keys, sorted")
def split_documents(docs, n_valid, generator):
    different = sorted(set(docs))
    if n_valid < 0 or n_valid > len(different):
        raise ValueError("no such split")
    keys = torch.rand(len(different), generator=generator, dtype=torch.float64).tolist()
    chosen = [doc for _, doc in sorted(zip(keys, different, strict=True))[:n_valid]]
    train, valid = [], []
    for doc in docs:
        (valid if doc in chosen else train).append(doc)
    return train, valid


@catalogue.variant("7.9", "one draw after the other")
def split_documents(docs, n_valid, generator):
    pool = list(dict.fromkeys(docs))
    if not 0 <= n_valid <= len(pool):
        raise ValueError("no such split")
    for _ in range(n_valid):
        pool.pop(int(torch.randint(len(pool), (), generator=generator)))
    return [doc for doc in docs if doc in pool], [doc for doc in docs if doc not in pool]


@catalogue.variant("7.9", "places of first copies")
def split_documents(docs, n_valid, generator):
    first = [place for place, doc in enumerate(docs) if docs.index(doc) == place]
    if n_valid not in range(len(first) + 1):
        raise ValueError("no such split")
    order = torch.randperm(len(first), generator=generator).tolist()
    chosen = {first[i] for i in order[len(first) - n_valid :]}
    return [doc for doc in docs if docs.index(doc) not in chosen], [doc for doc in docs if docs.index(doc) in chosen]


# --- 7.10 ----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.10", "log2 of e, and one text of all")
def bits_per_byte(nll_sums, texts):
    return nll_sums.sum() * math.log2(math.e) / len("".join(texts).encode())


@catalogue.variant("7.10", "each text with its share, a Python float")
def bits_per_byte(nll_sums, texts):
    sizes = [len(bytes(text, "utf-8")) for text in texts]
    nats = sum(nll / size * size / sum(sizes) for nll, size in zip(nll_sums.tolist(), sizes, strict=True))
    return nats / math.log(2)


@catalogue.variant("7.10", "bytes by utf8_ids, sums by hand")
def bits_per_byte(nll_sums, texts):
    total = nll_sums.new_zeros(())
    for nll in nll_sums:
        total = total + nll
    return total / math.log(2) / sum(len(utf8_ids(text)) for text in texts)


@catalogue.variant("7.10", "trained anew for each size")
def compression(train_text, test_text, sizes):
    n_bytes = len(test_text.encode())
    return [n_bytes / len(encode(test_text, train_bpe(train_text, size))) for size in sizes]


@catalogue.variant("7.10", "once for each different size, a list filled by place")
def compression(train_text, test_text, sizes):
    merges = train_bpe(train_text, max(sizes))
    known = {}
    for size in sizes:
        known[size] = sum(1 for _ in encode(test_text, merges[:size]))
    return [sum(len(c.encode()) for c in test_text) / known[size] for size in sizes]
