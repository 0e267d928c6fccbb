"""The checks of assignment 07: a tokenizer, byte by byte, and the batches that are made from its tokens.

The oracles know no bytes and no dicts: they treat ids as characters of a string, and let `str.replace` do the merging.
"""

import codecs

from gradlings import agree, exercise


# 7.1


def bytes_from_bits(text):
    """UTF-8 by hand, from the bits of each character's number."""
    ids = []
    for c in map(ord, text):
        if c < 0x80:
            ids += [c]
        elif c < 0x800:
            ids += [0xC0 | c >> 6, 0x80 | c & 63]
        elif c < 0x10000:
            ids += [0xE0 | c >> 12, 0x80 | c >> 6 & 63, 0x80 | c & 63]
        else:
            ids += [0xF0 | c >> 18, 0x80 | c >> 12 & 63, 0x80 | c >> 6 & 63, 0x80 | c & 63]
    return ids


def read_byte_by_byte(ids):
    if any(not 0 <= i <= 255 for i in ids):
        raise ValueError("an id is no byte")
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    return "".join(decoder.decode(bytes([i])) for i in ids) + decoder.decode(b"", True)


LETTERS = "aZ éßЖ中文词😀\n"


def any_text(rng):
    return ("".join(rng.choice(LETTERS) for _ in range(rng.size(1, 8))),)


def any_bytes(rng):
    """Some letters, and bytes that begin or continue a character, in any order."""
    return ([rng.choice([97, 98, 0xC3, 0xA9, 0xE8, 0xAF, 0x8D, 0xF0]) for _ in range(rng.size(1, 8))],)


@exercise("7.1", "utf8_ids", "utf8_text", points=5, minutes=10, difficulty=1)
class TestUtf8:
    def test_bytes(self, student, probes):
        """utf8_ids: the bytes of letters, accents, Chinese characters and emojis"""
        ladder = probes([("hi",), ("词元",), ("é😀\n",), ("",)], random=any_text)
        agree(student.utf8_ids, ladder, bytes_from_bits)

    def test_text(self, student, probes):
        """utf8_text: bytes as text, also cut characters, and ValueError for what is no byte"""
        by_hand = [[104, 105], [232, 175, 141], [97, 232, 175], [255, 98], [256], [97, -1], []]
        agree(student.utf8_text, probes([(ids,) for ids in by_hand], random=any_bytes), read_byte_by_byte)
