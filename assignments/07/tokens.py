# %% [markdown]
# # 07 Tokens and data
#
# A language model never sees text. It sees whole numbers, the *tokens*, and a *tokenizer* makes them. The one of
# assignment 06 gave a number to each character of one text. Ask it for a character that was not there, say é, and it
# has no number to give. And one token for each letter makes texts long: the 1,024 tokens that GPT-2 can look at would
# hold a few paragraphs.
#
# The chapter's config (2.1) says `"vocab_size": 50257,  // Vocabulary size of the BPE tokenizer`. *BPE* is byte pair
# encoding, and here you build it. Then that odd number explains itself: 256 bytes, 50,000 merges, and 1 token that is
# no text at all.
#
# Exercises 7.1 to 7.5 make the tokenizer: bytes, pairs of bytes, merges, and the way there and back. 7.6 keeps tokens
# that are no text apart from those that are. 7.7 and 7.8 turn texts of any length into batches for training, 7.9 puts
# some texts aside to measure with, and 7.10 measures: how good the tokens are, and how good a model is, whatever tokens
# it has.
#
# At the end you can look at pages of this kit, cut up by your own tokenizer, and at a Chinese sentence beside them.
#
# You need Python's strings, lists and dicts; there is no torch before 7.7. After that you need shapes (1.2), shuffled
# batches (5.9), windows and their targets (6.1), perplexity (6.4) and the causal mask (6.5). Nothing is imported from
# your earlier files.
#
# Two data types go through the whole assignment. Ids are a `list[int]`. Merges are a `list[tuple[int, int]]`, and their
# place says which id they make: the first one makes 256, the next one 257, and so on. Everything must be exact, and
# what comes in must stay as it is.

# %% [markdown]
# ## 7.1 Text is bytes
#
# *5 points · about 10 minutes · difficulty 1 of 3*
#
# Before anything is learned, text has to become numbers somehow. A file on your disk solved that long ago: it is a row
# of *bytes*, numbers from 0 to 255, and *UTF-8* is the rule by which characters become bytes. English letters take one
# byte each, accented ones two, Chinese ones three, and emojis four:
#
# | text | h | i | é | 词 |
# |---|---|---|---|---|
# | bytes | 104 | 105 | 195 169 | 232 175 141 |
#
# These bytes are our first tokens. There are only 256 of them, and nothing on earth that can be written is without a
# number: that is why GPT-2 has no token for "unknown".
#
# `utf8_ids` gives the bytes of a text as a list of ids. `utf8_text` goes back, and this way has a trap. Not every row of
# bytes is a text. A model writes one token after the other, and it may well stop after two of the three bytes of 词. What
# should be shown then? Not an error: the page would stay empty. Python can put the sign U+FFFD, a question mark in a
# diamond, where bytes make no character (`errors="replace"`), and so should you.
#
# What can be said of an id that is no byte at all, such as 256? Nothing sensible. It must raise a ValueError.

# %%
def utf8_ids(text: str) -> list[int]:
    """The bytes of a text in UTF-8, as ids.

    Args:
        text: any text, also an empty one.

    Returns:
        One id from 0 to 255 for each byte, in order; a character has one to four.

    Example:
        >>> utf8_ids("hi é")
        [104, 105, 32, 195, 169]
    """
    raise NotImplementedError("Exercise 7.1: utf8_ids")


# %%
def utf8_text(ids: list[int]) -> str:
    """The text of some bytes.

    Args:
        ids: bytes as ids, in order; they need not be whole characters.

    Returns:
        The text. Where bytes are no UTF-8 it has the sign U+FFFD, in the places where Python's decoder puts it with
        `errors="replace"`.

    Raises:
        ValueError: an id is not from 0 to 255.

    Example:
        >>> utf8_text([104, 105, 32, 195, 169])
        'hi é'
        >>> utf8_text([104, 105, 32, 195])  # é needs a second byte
        'hi �'
    """
    raise NotImplementedError("Exercise 7.1: utf8_text")
