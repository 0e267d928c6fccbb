"""Correct answers to assignment 07 that look different from the solution; each must get full marks."""

from gradlings.authoring import Catalogue

catalogue = Catalogue()


# --- 7.1 -----------------------------------------------------------------------------------------------------------


@catalogue.variant("7.1", "bytes of a text, one by one")
def utf8_ids(text):
    return [byte for byte in bytes(text, "utf8")]


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
