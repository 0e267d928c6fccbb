"""Wrong answers that we expect of students in assignment 07, each with the sentence they then read."""

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
