# %% [markdown]
# # 07 Tokens and data
#
# A language model never sees text. It sees *tokens*: pieces of text, each of which has a whole number, its *id*. A
# *tokenizer* makes them. The tokenizer of assignment 06 gave a number to each character of one text. It has no number
# for a character that was not in that text, such as é. And one token for each letter makes texts long: the 1,024 tokens
# that GPT-2 can look at would hold a paragraph or two.
#
# The config of the chapter, the text about language models that the exercises follow, says (2.1)
# `"vocab_size": 50257,  // Vocabulary size of the BPE tokenizer`. *BPE* is byte pair encoding, and here you build it.
# At the end you will understand the number: 256 bytes, 50,000 merges (pairs of tokens that became one token), and 1
# token that stands for no text.
#
# In exercises 7.1 to 7.5 you make the tokenizer: bytes, pairs of bytes, merges, and the ways from text to ids and back.
# 7.6 separates special tokens from the text around them. 7.7 and 7.8 turn texts of any length into batches for
# training, 7.9 puts some texts aside to measure with, and 7.10 measures how good the tokens are, and how good a model
# is, whatever tokens it uses.
#
# At the end you can look at pages of this kit, and at a Chinese sentence, cut into tokens by your own tokenizer.
#
# You need Python's strings, lists and dicts; torch comes in only in 7.7. From there on you need shapes (1.2), shuffled
# batches (5.9), windows and their targets (6.1), perplexity (6.4) and the causal mask (6.5). Nothing is imported from
# your earlier files.
#
# Two data types go through the whole assignment. Ids are a `list[int]`. Merges are a `list[tuple[int, int]]`, and the
# place of a merge in the list says which id it makes: the first one makes 256, the next one 257, and so on. Ids must be
# exact, other numbers right to seven digits in `float64`, and every argument must stay as it is. Only a generator, a
# source of random numbers (5.9), changes its state when you draw from it.

# %%
import itertools
import math
import re

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor


# %% [markdown]
# ## 7.1 Text is bytes
#
# *5 points · about 10 minutes · difficulty 1 of 3*
#
# Before anything is learned, text has to become numbers somehow. Your disk already does it: a file is a row of *bytes*,
# numbers from 0 to 255, and *UTF-8* is the usual rule by which characters become bytes. English letters take one byte
# each, accented ones two, Chinese ones three, and emojis four:
#
# | text | h | i | é | 词 |
# |---|---|---|---|---|
# | bytes | 104 | 105 | 195 169 | 232 175 141 |
#
# These bytes are our first tokens. There are only 256 of them, and every text is made of them. So GPT-2 needs no token
# for "unknown".
#
# `utf8_ids` gives the bytes of a text as a list of ids. `utf8_text` goes back from ids to text, and here is a trap: not
# every row of bytes is a text. A model writes one token after the other, and it may well stop after two of the three
# bytes of 词. Then an error would be wrong, since the reader would see nothing at all. Instead, put the sign U+FFFD, a
# question mark in a diamond, where bytes make no character. Python does this with `errors="replace"`.
#
# An id that is no byte at all, such as 256, must raise a ValueError.

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
        The text. Where the bytes are not valid UTF-8, it has the sign U+FFFD, exactly where Python's decoder puts it
        with `errors="replace"`.

    Raises:
        ValueError: an id is not from 0 to 255.

    Example:
        >>> utf8_text([104, 105, 32, 195, 169])
        'hi é'
        >>> utf8_text([104, 105, 32, 195])  # é needs a second byte
        'hi �'
    """
    raise NotImplementedError("Exercise 7.1: utf8_text")


# %% [markdown]
# ## 7.2 Which pairs are frequent?
#
# *8 points · about 15 minutes · difficulty 1 of 3 · builds on 7.1*
#
# With one token for each byte, texts are long: "the" takes three tokens, and it is in every second line. Byte pair
# encoding finds out from the text which pieces should have a token of their own. It looks for the pair of neighbors
# that occurs most often, and makes one token of this pair. So first you count pairs.
#
# The text comes as a list of *words* (a function that you get before 7.4 cuts it). A word that occurs a hundred times
# need not be in the list a hundred times: each entry is a tuple `(ids, n)` of the word's ids and how often the word
# occurs. With letters in place of ids:
#
# | word | occurs | pairs |
# |---|---|---|
# | h u g | 10 times | hu 10, ug 10 |
# | h u g s | 5 times | hu 5, ug 5, gs 5 |
#
# Together: hu 15, ug 15, gs 5. A pair is two neighbors in *one* word; the g of one word and the h of the next are no
# pair. Order matters: hu is not uh.
#
# One case needs a rule. How many pairs are in the word a a a? The first a stands beside the second, and the second
# beside the third. There are **two** pairs aa, though they share a letter.
#
# Return a dict from pairs to counts. It must not hold pairs that never occur.

# %%
def count_pairs(words: list[tuple[list[int], int]]) -> dict[tuple[int, int], int]:
    """How often each pair of neighboring ids occurs.

    Args:
        words: for each word its ids and how often the word occurs, at least once. A word has at least one id. Two
            entries may have the same ids; then both count.

    Returns:
        For each pair (left, right) of neighbors in a word how often it occurs in all: once for each place where it
        stands in the word, times how often the word occurs. Pairs that overlap count, too. The order of the dict is
        free; pairs that do not occur must not be in it.

    Example:
        >>> count_pairs([([1, 2, 3], 10), ([1, 2, 3, 4], 5)])
        {(1, 2): 15, (2, 3): 15, (3, 4): 5}
        >>> count_pairs([([7, 7, 7], 1)])
        {(7, 7): 2}
    """
    raise NotImplementedError("Exercise 7.2: count_pairs")


# %% [markdown]
# ## 7.3 Merging a pair
#
# *8 points · about 15 minutes · difficulty 2 of 3 · builds on 7.2*
#
# The most frequent pair gets an id of its own. From then on it is one token, and wherever the pair stands in a word,
# the two ids are replaced by the new one. For example, with the pair 5 6 and the new id 9:
#
#     before  5 6 7 5 6
#     after    9  7  9
#
# Go through the word from the left. Where the pair begins, write the new id and go on *behind* the pair, so that each
# id is used only once. In 5 5 5, with the pair 5 5, the first two become a 9 and the third is left over: 9 5. (In 7.2,
# 5 5 5 has two pairs, and here only one of them is merged. This has been reported as a bug of tokenizers more than
# once, but it is right: an id may be counted in two pairs, but it can be merged only once.)
#
# Go through the word only once. Suppose the pair is 5 5 and the new id is 5 again: from 5 5 5 5 the call makes 5 5.
# This is a pair again, but the call must leave it.
#
# Two more traps. The last id of a word has no neighbor; is it still in your result? And you must not change the list
# that you are given: make a new one.

# %%
def merge_pair(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """Replaces a pair of neighboring ids by one id, in one pass from the left.

    Args:
        ids: the ids of a word, or any others; the list must not change.
        pair: the two ids, in their order; they may be equal.
        new_id: what stands for both; it may occur in ids already.

    Returns:
        A new list, in which each place where the pair stands holds new_id instead. Where two such places overlap, only
        the one further to the left counts.

    Example:
        >>> merge_pair([5, 6, 7, 5, 6], (5, 6), 9)
        [9, 7, 9]
        >>> merge_pair([5, 5, 5], (5, 5), 9)
        [9, 5]
    """
    raise NotImplementedError("Exercise 7.3: merge_pair")


# %% [markdown]
# ## How text is cut into words
#
# If a pair could span two words, frequent ends and beginnings of words would be merged into useless tokens: "we think"
# could give the token "e th". So tokenizers first cut the text into words, and merge only within a word. GPT-2 has a
# long rule for the cutting; ours is short. A word keeps one space in front of it, and every other white space is a word
# of its own. Nothing is lost: joined, the words are the text again. This function is given:

# %%
def split_words(text: str) -> list[str]:
    """The words of a text, each with the space before it; joined they are the text again."""
    return re.findall(r" ?[^\s]+|\s", text)


# %% [markdown]
# ## 7.4 Training
#
# *15 points · about 30 minutes · difficulty 3 of 3 · builds on 7.1, 7.2, 7.3*
#
# *Not allowed here: a ready-made tokenizer (tiktoken, tokenizers, sentencepiece, transformers).*
#
# Now the tokenizer learns. This needs no gradient and no loss, only counting:
#
# 1. Cut the text into words with `split_words`, take the bytes of each, and note how often each word occurs.
# 2. Count all pairs.
# 3. Merge the pair with the **highest** count in all words. The first merge makes id 256, the next 257.
# 4. Go back to step 2, because the words have changed.
#
# With the text "aab aab aab", whose words are "aab" (once) and " aab" (twice):
#
# | round | counts | merge | the words afterwards |
# |---|---|---|---|
# | 1 | aa 3, ab 3, ␣a 2 | aa → 256 | 256 b, ␣ 256 b |
# | 2 | 256 b 3, ␣ 256 2 | 256 b → 257 | 257, ␣ 257 |
# | 3 | ␣ 257 2 | ␣ 257 → 258 | 257, 258 |
#
# Look at round 1: aa and ab are equally frequent. Which of them is merged? Such ties are common, and two programs that
# decide them differently make different tokens from then on. Here, among pairs with the same count, merge the
# **smallest**, in the order in which Python compares tuples of ids.
#
# Stop after `n_merges` merges; or earlier, as soon as no pair occurs at least twice. A token for a pair that occurs
# only once would hardly ever be used again.
#
# Why must you count again in each round? In the table above, what became of the 3 places of ab after the first merge?
#
# Use your `utf8_ids`, `count_pairs` and `merge_pair`. Ready-made tokenizers are off limits in this exercise and the
# next.

# %%
def train_bpe(text: str, n_merges: int) -> list[tuple[int, int]]:
    """Learns merges from a text by byte pair encoding.

    Args:
        text: what is learned from, any text.
        n_merges: how many merges are wanted.

    Returns:
        The merges in the order in which they were made, as tuples of two ids; the one at place k makes the id 256 + k.
        Pairs are counted within the words of split_words(text), again in each round. The pair with the highest count is
        merged; among equal counts, the smallest pair. There are fewer than n_merges if at some point no pair occurs at
        least twice.

    Example:
        >>> train_bpe("aab aab aab", 2)
        [(97, 97), (256, 98)]
        >>> train_bpe("xyz uvw", 5)
        []
    """
    raise NotImplementedError("Exercise 7.4: train_bpe")


# %% [markdown]
# ## 7.5 There and back
#
# *15 points · about 30 minutes · difficulty 3 of 3 · builds on 7.1, 7.3*
#
# *Not allowed here: a ready-made tokenizer (tiktoken, tokenizers, sentencepiece, transformers).*
#
# A tokenizer is trained once and used for years. `encode` turns a text into ids with given merges, and `decode` turns
# ids back into text.
#
# **Encode.** Cut the text with `split_words`. Every word begins as its bytes. Among all pairs in the word that have a
# merge, take the one that was learned *first* and merge it, wherever it stands in the word. Repeat this until no pair
# in the word has a merge. With the merges bc → 256, ab → 257:
#
#     a b c     possible: ab (second), bc (first)
#     a 256     nothing more: a 256 is no merge
#
# A program that goes from the left merges ab first, and gets 257 c. So does a program that goes from the left and takes
# the longest token that fits. These ids decode to the same text, so nobody notices. But the model was trained on other
# ids, and these make little sense to it. The order of learning decides because the training of the tokenizer merged in
# just this order.
#
# Look for the pair of ids, not for the letters. Suppose the merges were the other way round, ab → 256 and then bc →
# 257, and a third merge joined a with 257. Then a b c gives 256 c. The third merge does not fit these two ids, although
# it spells abc, too.
#
# **Decode.** Each id stands for some bytes: an id below 256 is a byte itself, and every other id stands for the bytes
# of its two parts, one after the other. The parts may be merges, too. First join the bytes of **all** ids, and only
# then read them as text, as in 7.1. If the three bytes of 词 are in two tokens, what would you get from reading each
# token alone?
#
# An id that is neither a byte nor made by a merge must raise a ValueError.

# %%
def encode(text: str, merges: list[tuple[int, int]]) -> list[int]:
    """The tokens of a text.

    Args:
        text: any text.
        merges: pairs of ids; the one at place k makes the id 256 + k. Both ids of a pair are bytes or made by earlier
            merges, and no pair is there twice.

    Returns:
        The ids of the text's words (see split_words), one word after the other. A word begins as its bytes; as long as
        some pair of neighbors is in merges, the pair that stands earliest in merges is merged.

    Example:
        >>> encode("abc abd", [(98, 99), (97, 98)])  # bc is 256, ab is 257
        [97, 256, 32, 257, 100]
    """
    raise NotImplementedError("Exercise 7.5: encode")


# %%
def decode(ids: list[int], merges: list[tuple[int, int]]) -> str:
    """The text of some tokens.

    Args:
        ids: tokens, in any order; they need not come from encode, and need not make whole characters.
        merges: as in encode.

    Returns:
        The text that all the bytes together make in UTF-8, with the sign U+FFFD where they make no character.

    Raises:
        ValueError: an id is neither a byte nor made by a merge.

    Example:
        >>> decode([97, 256, 32, 257, 100], [(98, 99), (97, 98)])
        'abc abd'
    """
    raise NotImplementedError("Exercise 7.5: decode")


# %% [markdown]
# ## 7.6 Special tokens
#
# *10 points · about 20 minutes · difficulty 2 of 3 · builds on 7.5*
#
# A model must be told things that are not part of the text, such as "here a document ends" or "here the user speaks".
# There are *special tokens* for this, such as `<|endoftext|>` of GPT-2. They get ids of their own and are never cut
# into bytes. So before a text is encoded, it is split at its special tokens (*specials* for short):
#
#     "yes<|end|>no"  →  "yes", "<|end|>", "no"
#
# The pieces must be in order and not empty, and joined they must give the text again. Each special is a piece of its
# own, also where two stand side by side. No space gets lost: a space in front of a special belongs to the piece before
# it.
#
# What if specials overlap, as in `<s>` and `<s>>`? Reading from the left, take the first place where any special
# begins; if several begin there, take the longest of them. So `<s>>` is one piece, whatever the order of the list.
#
# You may use a regular expression (a pattern for searching text, with Python's module `re`), but then a question mark
# or a bar in a special is a trap. What does `|` mean in a pattern, and what does it mean in `<|end|>`?
#
# A warning for real programs: if text typed by a user goes through this function, then any user can type `<|end|>`, and
# the model takes the words after it for words of the program, not of this user. Real tokenizers have had this hole.
# Split only text that you have written yourself, and encode what others have typed as plain text.

# %%
def split_specials(text: str, specials: list[str]) -> list[str]:
    """Cuts a text into specials and what is between them.

    Args:
        text: any text.
        specials: texts of special tokens, none empty; they may hold any signs, and one may be part of another.

    Returns:
        The pieces, none empty; joined they are the text. Each special in the text is a piece of its own. Where specials
        overlap, the one that begins further to the left counts; where several begin together, the longest.

    Example:
        >>> split_specials("yes <|end|><|end|>no", ["<|end|>"])
        ['yes ', '<|end|>', '<|end|>', 'no']
        >>> split_specials("a<s>>b<s>", ["<s>", "<s>>"])
        ['a', '<s>>', 'b', '<s>']
    """
    raise NotImplementedError("Exercise 7.6: split_specials")


# %% [markdown]
# ## From lists to tensors
#
# Ids are lists of any length; a model takes tensors, in which all rows are equally long. There are two ways to make a
# tensor from lists. Rows can be filled up to the same length (7.7): so a model can answer many questions at once. Or
# texts can be laid end to end and cut (7.8): this wastes nothing, and it is used for *pre-training*, the long first
# training of a model on very much text.

# %% [markdown]
# ## 7.7 A padded batch
#
# *8 points · about 15 minutes · difficulty 1 of 3 · builds on 1.2*
#
# A question of three tokens and one of a single token do not fit into one tensor. So the shorter row is filled up at
# its right end with *pads*, an id that means nothing here, and a mask says which places are real:
#
# $$ \begin{pmatrix} 5 & 6 & 7 \\ 8 & 0 & 0 \end{pmatrix} \qquad
# \begin{pmatrix} 1 & 1 & 1 \\ 1 & 0 & 0 \end{pmatrix} $$
#
# The rows must be as long as the longest sequence, and no longer. If `max_len` is given, each sequence is first cut to
# its first `max_len` ids. A sequence may be empty; its row is all pads. The ids are int64, as token ids usually are in
# PyTorch. The mask is bool, and True where a place is real.
#
# Where does the mask come from? It is tempting to ask which ids are not the pad id. But the pad id is often a token
# that also occurs in texts: GPT-2 has no pad, so people use its end-of-text token. Then the mask hides each real end,
# and the model never learns to stop. Well-known projects have made this mistake. What do you know of each sequence that
# the padded ids do not say?
#
# A batch without any sequence has no sensible shape: raise a ValueError.

# %%
def pad_batch(
    seqs: list[list[int]], pad_id: int, max_len: "int | None" = None
) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """One row for each sequence, filled up at the right, and which places are real.

    Args:
        seqs: B sequences of ids; some may be empty, and pad_id may occur in them as a real token.
        pad_id: what rows are filled up with.
        max_len: None, or a number from 1 on; then each sequence is first cut to its first max_len ids.

    Returns:
        (ids, mask), both of shape (B, T), where T is the length of the longest sequence after cutting. ids is int64;
        mask is True where an id comes from a sequence, and False where it is a pad.

    Raises:
        ValueError: `seqs` is empty.

    Example:
        >>> pad_batch([[5, 6, 7], [8]], pad_id=0)
        (tensor([[5, 6, 7],
                [8, 0, 0]]), tensor([[ True,  True,  True],
                [ True, False, False]]))
    """
    raise NotImplementedError("Exercise 7.7: pad_batch")


# %% [markdown]
# ## 7.8 Packing documents
#
# *13 points · about 25 minutes · difficulty 2 of 3 · builds on 6.1, 6.5*
#
# Work on pads is wasted. Pre-training avoids them: it lays all documents end to end, with an end-of-text token `eos`
# behind **each** of them, also behind the last, and cuts this stream into rows of $T$ tokens. With the documents 1 2 3
# and 4 5, eos 0 and $T = 3$:
#
#     stream   1 2 3 0 4 5 0
#     x        1 2 3
#                    0 4 5
#     y          2 3 0
#                      4 5 0
#
# As in 6.1, the target of a token is the one that follows it. But here each row begins where the one before it ends, so
# each token is a target only once (and the very first token never, since it follows nothing). Keep only the rows that
# have all their targets. For $n$ tokens in the stream these are $\lfloor (n - 1) / T \rfloor$ rows, perhaps none. Drop
# the rest.
#
# A row may now hold several documents, and attention would let one document look at the one before it: a recipe could
# look at football results. `document_mask` forbids this: place $i$ may look at place $j$ if $j$ is not later than $i$,
# and both belong to the same document. An eos belongs to the document that it *ends*: the eos may look back at this
# document, and the token after the eos may not look at anything before itself.
#
# For the row 1 2 0 3:
#
# $$ \begin{pmatrix} 1 & 0 & 0 & 0 \\ 1 & 1 & 0 & 0 \\ 1 & 1 & 1 & 0 \\ 0 & 0 & 0 & 1 \end{pmatrix} $$
#
# For each place, count the eos tokens before it. Are two places with the same count in one document? And should the
# count at an eos include that eos itself?

# %%
def pack(docs: list[list[int]], T: int, eos: int) -> tuple[Int[Tensor, "n T"], Int[Tensor, "n T"]]:
    """Rows of tokens and their targets, from documents laid end to end.

    Args:
        docs: documents as ids, without eos; at least one document, and some may be empty.
        T: tokens in a row, at least 1.
        eos: the id that follows each document, also the last.

    Returns:
        (x, y), both int64 of shape (n, T). The rows of x, T tokens each, are the stream of all documents, cut; y holds
        for each token of x the token that follows it in the stream. n is as large as the stream allows, perhaps 0; what
        does not fill a row with all its targets is dropped.

    Example:
        >>> x, y = pack([[1, 2, 3], [4, 5]], T=3, eos=0)
        >>> x
        tensor([[1, 2, 3],
                [0, 4, 5]])
        >>> y
        tensor([[2, 3, 0],
                [4, 5, 0]])
    """
    raise NotImplementedError("Exercise 7.8: pack")


# %%
def document_mask(ids: Int[Tensor, "T"], eos: int) -> Bool[Tensor, "T T"]:
    """Which places of a packed row a place may look at: those of its own document that are not later.

    Args:
        ids: one row of tokens, int64.
        eos: the id that ends a document; it belongs to the document it ends.

    Returns:
        A bool tensor of shape (T, T) on the device of ids. Entry [i, j] is True if j <= i and no eos stands at the
        places j to i - 1.

    Example:
        >>> document_mask(torch.tensor([1, 2, 0, 3]), eos=0)
        tensor([[ True, False, False, False],
                [ True,  True, False, False],
                [ True,  True,  True, False],
                [False, False, False,  True]])
    """
    raise NotImplementedError("Exercise 7.8: document_mask")


# %% [markdown]
# ## 7.9 Texts to measure with
#
# *8 points · about 15 minutes · difficulty 2 of 3 · builds on 5.9*
#
# *Not allowed here: PyTorch's own batches and splits (torch.utils.data: DataLoader, the samplers, random_split).*
#
# A model may know by heart a text that it has seen. Only texts that it has *not* seen show whether it has learned
# anything. So before training, some documents are put aside, to *validate* with, that is, to measure with later.
#
# `split_documents` puts `n_valid` different documents aside, drawn at random, and gives two lists: the documents for
# training, and those to validate with.
#
# Many texts on the web have copies: the same news or the same license appears a hundred times. If the model is trained
# on one copy and measured with another, it has seen the answer, and nobody notices that its score is too good. So
# **all** copies of a document go to the same side. `n_valid` counts *different* documents, and each set of `n_valid`
# different documents must have the same chance, however many copies they have. Both lists must keep the order of
# `docs`, with all copies in them.
#
# So from which list must you draw: from all documents, or from the different ones among them?
#
# The random numbers come from the generator that you are given (as in 5.9 and 6.2), so that the split can be made
# again. Do not rely on the order of a Python `set`: for texts, it changes from one run of Python to the next. Raise a
# ValueError if `n_valid` is below 0, or larger than the number of different documents.

# %%
def split_documents(docs: list[str], n_valid: int, generator: torch.Generator) -> tuple[list[str], list[str]]:
    """Splits documents at random into those to train on and those to validate with.

    Args:
        docs: documents; some may be copies of others.
        n_valid: how many different documents to validate with, from 0 to all of them.
        generator: where the random numbers come from.

    Returns:
        (train, valid). All copies of a document are in the same list. valid has n_valid different documents, and each
        set of n_valid has the same chance. Both lists are in the order of docs, and together they hold each document as
        often as docs.

    Raises:
        ValueError: n_valid is below 0 or above the number of different documents.

    Example:
        >>> split_documents(["a", "b", "a"], 2, torch.Generator().manual_seed(0))
        ([], ['a', 'b', 'a'])
    """
    raise NotImplementedError("Exercise 7.9: split_documents")


# %% [markdown]
# ## 7.10 What a tokenizer is worth
#
# *10 points · about 20 minutes · difficulty 2 of 3 · builds on 6.4, 7.4, 7.5*
#
# Perplexity (6.4) is counted per token, so it compares two models only if both use the same tokens. With larger tokens
# a text has fewer of them, and each is harder to predict. But the bytes of the text stay the same, whatever the
# tokenizer does.
#
# `bits_per_byte` turns the losses of some texts into the bits that the model needs for one byte. For each text you get
# $S_i$, the sum of $-\ln p$ over its tokens. With the natural logarithm the unit of this sum is the *nat*; a bit is
# $\ln 2$ nats:
#
# $$ \text{bits per byte} = \frac{\sum_i S_i}{\ln 2 \cdot \sum_i \text{bytes}_i} $$
#
# As in 6.4, add up first and divide once, so that a byte weighs the same in every text. A model that knows nothing and
# gives each byte the same chance needs 8 bits for it. And remember: é is one character, but how many bytes?
#
# `compression` measures how good the tokens themselves are: how many bytes of text one token stands for. It learns
# merges from one text and measures on another, for several numbers of merges, the *sizes*, such as 0 and 100. Learn
# only once, as many merges as the largest size asks for. For a smaller size $n$, use only the first $n$ of these
# merges. Why is that allowed? Look at the loop of 7.4: does it ever change a merge that it has made?
#
# Use your `train_bpe` and `encode`. When your functions pass, open `tokens.html` beside this file. It shows pages of
# this kit, and a Chinese sentence, in your own tokens. The merges were learned from English. What does that mean for
# people who write Chinese and pay for each token?

# %%
def bits_per_byte(nll_sums: Float[Tensor, "N"], texts: list[str]) -> Float[Tensor, ""]:
    """How many bits a model needs for a byte of text.

    Args:
        nll_sums: for each text the sum of the negative log-likelihoods of its tokens, in nats.
        texts: the N texts, none empty.

    Returns:
        Bits for each byte (UTF-8) of all texts together, a scalar tensor of the dtype of nll_sums.

    Example:
        >>> bits_per_byte(torch.tensor([4.0, 20.0]), ["hi", "hello é"])
        tensor(3.4625)
    """
    raise NotImplementedError("Exercise 7.10: bits_per_byte")


# %%
def compression(train_text: str, test_text: str, sizes: list[int]) -> list[float]:
    """How many bytes a token stands for, with more and more merges.

    Args:
        train_text: what the merges are learned from.
        test_text: what is measured; at least one character.
        sizes: numbers of merges, in any order, at least one entry. If train_text gives fewer merges than a size, all of
            them are used.

    Returns:
        For each size, in the order of sizes: the number of bytes (UTF-8) of test_text, divided by the number of its
        tokens when it is encoded with the first `size` merges of train_text.

    Example:
        >>> compression("abab abab", "abab", [0, 1, 2])
        [1.0, 2.0, 4.0]
    """
    raise NotImplementedError("Exercise 7.10: compression")

# %% [markdown]
# ## What now?
#
# You have a tokenizer. Try it on anything, in the notebook or in a Python shell in this folder:
#
#     text = open("../06/corpus.txt").read()
#     merges = train_bpe(text, 200)
#     ids = encode("the shy owl hoots.", merges)
#     print([decode([i], merges) for i in ids])
#
# Then use it in assignment 06: its vocabulary of 23 characters becomes one of 256 + 200 tokens, and `vocab_size` must
# be changed to match. The loss per token goes up, because the tokens are larger. `bits_per_byte` tells you whether the
# model got better.
#
# Real tokenizers do the same, but faster and with more detail. GPT-2 cuts text into words by a longer rule that knows
# about apostrophes and numbers, and the training texts are a million times longer. Your function would be slow there,
# since it counts every pair again after each merge, although a merge changes only the words that hold its pair.

# %% [markdown]
# ## What your functions draw
#
# Your `train_bpe`, `encode` and `compression` are used on pages of this kit. The picture shows how many bytes a token
# stands for with more and more merges, for a sentence in English and for the same sentence in Chinese. And
# `tokens.html` shows the pages in colored tokens.
#
# In a notebook, run the next cell to draw it. In a terminal, `pytest` and `gradlings watch` (which tests your file
# whenever you save it) write `compression.png` and `tokens.html` beside this file when 7.10 is right. There are no
# points for them. If one of the functions is not right yet, a sentence names it.
