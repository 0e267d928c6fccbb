# %% [markdown]
# # 07 Tokens and data
#
# A language model never sees text. It sees whole numbers, the *tokens*, and a *tokenizer* makes them. The one of
# assignment 06 gave a number to each character of one text. Ask it for a character that was not there, say é, and it
# has no number to give. And one token for each letter makes texts long: the 1,024 tokens that GPT-2 can look at would
# hold a paragraph or two.
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
# place says which id they make: the first one makes 256, the next one 257, and so on. Ids must be exact, other numbers
# right to seven digits in `float64`, and what comes in must stay as it is.

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
# Before anything is learned, text has to become numbers somehow. A file on your disk solved that long ago: it is a row
# of *bytes*, numbers from 0 to 255, and *UTF-8* is the rule by which characters become bytes. English letters take one
# byte each, accented ones two, Chinese ones three, and emojis four:
#
# | text | h | i | é | 词 |
# |---|---|---|---|---|
# | bytes | 104 | 105 | 195 169 | 232 175 141 |
#
# These bytes are our first tokens. There are only 256 of them, and every text is made of them: that is why GPT-2 needs
# no token for "unknown".
#
# `utf8_ids` gives the bytes of a text as a list of ids. `utf8_text` goes back, and this way has a trap. Not every row
# of bytes is a text. A model writes one token after the other, and it may well stop after two of the three bytes of 词.
# What should be shown then? Not an error: the page would stay empty. Python can put the sign U+FFFD, a question mark in
# a diamond, where bytes make no character (`errors="replace"`), and so should you.
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


# %% [markdown]
# ## 7.2 Which pairs are frequent?
#
# *8 points · about 15 minutes · difficulty 1 of 3 · builds on 7.1*
#
# One token for each byte is a poor alphabet: "the" takes three tokens, and it stands in every second line. Byte pair
# encoding asks the text itself what deserves a token of its own. It looks for the pair of neighbors that occurs most
# often, and makes one token of it. So first, pairs have to be counted.
#
# The text comes as *words* (how it is cut into words, 7.4 will show), and a word that stands in the text a hundred
# times is looked at once: each entry is a pair `(ids, n)` of the word's ids and how often this word occurs. With
# letters for ids:
#
# | word | occurs | pairs |
# |---|---|---|
# | h u g | 10 times | hu 10, ug 10 |
# | h u g s | 5 times | hu 5, ug 5, gs 5 |
#
# Together: hu 15, ug 15, gs 5. A pair is two neighbors in *one* word; the g of one word and the h of the next are no
# pair. Order matters, hu is not uh.
#
# One case must be settled, or no two tokenizers would agree. How many pairs are in the word a a a? The first a stands
# beside the second, and the second beside the third. There are **two** pairs aa, though they share a letter.
#
# The answer is a dict from pairs to counts. Does a pair that never occurs belong there?

# %%
def count_pairs(words: list[tuple[list[int], int]]) -> dict[tuple[int, int], int]:
    """How often each pair of neighboring ids occurs.

    Args:
        words: for each word its ids and how often the word occurs, at least once. A word has at least one id. The same
            ids may be there twice.

    Returns:
        For each pair (left, right) of neighbors in a word how often it occurs in all: once for each place in the word
        where it stands, times the frequency of the word. Pairs that share an id count as well. In any order, and
        without pairs that do not occur.

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
# the two ids are replaced by the new one. With 5 6 as the pair, and 9 as the new id:
#
#     before  5 6 7 5 6
#     after    9  7  9
#
# You walk from the left. Where the pair begins, you write the new id and go on *behind* the pair, so that each id is
# used up once. In 5 5 5, with the pair 5 5, the first two become a 9 and the third is left over: 9 5. (In 7.2 there
# were two pairs in 5 5 5, and now one of them is merged. That has been reported as a bug of tokenizers more than once,
# and it is none: counting is about places, merging uses ids up.)
#
# There is one pass. Suppose the new id is 5 again, in 5 5 5 5 with the pair 5 5. After one pass there is 5 5. Should
# that be merged, too? Not in this call.
#
# Two more traps. The last id of a word has no neighbor; is it still in your result? And the list that comes in belongs
# to somebody else: make a new one.

# %%
def merge_pair(ids: list[int], pair: tuple[int, int], new_id: int) -> list[int]:
    """Replaces a pair of neighboring ids by one id, in one pass from the left.

    Args:
        ids: the ids of a word, or of anything else; it is not changed.
        pair: the two ids, in their order; they may be equal.
        new_id: what stands for both; it may occur in ids already.

    Returns:
        A new list, in which each place where the pair stands holds new_id instead. An id belongs to one such place at
        most, the one further to the left.

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
# If pairs could reach across spaces, frequent ends and beginnings of words would grow together, and the tokens would be
# a mess such as "e th". So tokenizers first cut the text into words, and merge within each. GPT-2 has a long rule for
# that; ours is short. A word keeps the one space in front of it, and every other white space is a word of its own.
# Nothing is lost: joined, the words are the text again. Given:

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
# Now the tokenizer learns. There is no gradient and no loss, only counting:
#
# 1. Cut the text into words with `split_words`, take the bytes of each, and note how often each word occurs.
# 2. Count all pairs.
# 3. Merge the pair with the **highest** count in all words. The first merge makes id 256, the next 257.
# 4. Go back to step 2, for the words are different now.
#
# With the text "aab aab aab", whose words are "aab" (once) and " aab" (twice):
#
# | round | counts | merge | the words afterwards |
# |---|---|---|---|
# | 1 | aa 3, ab 3, ␣a 2 | aa → 256 | 256 b, ␣ 256 b |
# | 2 | 256 b 3, ␣ 256 2 | 256 b → 257 | 257, ␣ 257 |
# | 3 | ␣ 257 2 | ␣ 257 → 258 | 257, 258 |
#
# Look at round 1: aa and ab are equally frequent. Which one? "The most frequent pair" does not say. Such ties are
# common, and two programs that settle them differently make different tokens from then on. Here, among pairs with the
# same count the **smallest** wins, with pairs compared as Python compares tuples of ids.
#
# When does it end? After `n_merges` merges; or earlier, as soon as no pair occurs twice, for a token that stands for a
# single place of the text has nothing to do anywhere else.
#
# Why must the counts be taken anew in each round? In the table above, what became of the 3 places of ab after the first
# merge?
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
        Pairs are counted within the words of split_words(text), anew in each round. The pair with the highest count is
        merged, among equal counts the smallest pair. There are fewer than n_merges if no pair occurs twice any more.

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
# **Encode.** Every word of the text begins as its bytes. Among all pairs in the word that have a merge, the one that
# was learned *first* is merged, wherever it stands in the word; then look again, until nothing can be merged any more.
# With the merges bc → 256, ab → 257:
#
#     a b c     possible: ab (second), bc (first)
#     a 256     nothing more: a 256 is no merge
#
# Whoever walks from the left merges ab first, and gets 257 c. So does a program that looks for the longest token. All
# of them give ids that decode to the same text, so nobody notices; but the model was trained on other ids, and what it
# sees now is strange to it. Why does the order of learning decide, and not the length? Because the tokenizer was
# trained by merging in just this order.
#
# A pair counts, not the letters it stands for. If there is a merge of a with 256, then 257 c is not that pair, though
# both spell abc.
#
# **Decode.** Each id stands for some bytes: an id below 256 for itself, every other one for the bytes of its two parts,
# one after the other. The parts may be merges, too. Join the bytes of **all** ids first and read them as text then, as
# in 7.1. What would happen to 词 if its three bytes are in two tokens, and you read each token alone?
#
# An id that is neither a byte nor a merge raises a ValueError.

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
        ids: tokens, in any order; they need not come from encode, nor be whole characters.
        merges: as in encode.

    Returns:
        The text that the bytes of all ids together are in UTF-8, with the sign U+FFFD where they are none.

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
# A model has to be told things that no text says: here a document ends, here the user speaks. For that it has *special
# tokens*, such as `<|endoftext|>` of GPT-2. They get ids of their own and are never cut into bytes. So before a text is
# encoded, it is split at its specials:
#
#     "yes<|end|>no"  →  "yes", "<|end|>", "no"
#
# The pieces come in order, joined they are the text again, and no piece is empty. Each special is a piece of its own,
# also where two stand side by side. Nothing is stripped: a space in front of a special belongs to the piece before it.
#
# What if specials overlap, as in `<s>` and `<s>>`? Reading from the left, the first place where any special begins is
# taken; where several begin at that place, the longest. So `<s>>` is one piece, whatever the order of the list.
#
# A regular expression can do it, and then a question mark or a bar in a special is a trap. What does `|` mean in a
# pattern, and what does it mean in `<|end|>`?
#
# A warning for real life: who decides what is split here? If text typed by a user goes through this function, then
# anyone can type `<|end|>` and pretend that the system speaks next. Real tokenizers have had that hole. Split what you
# have written yourself, and encode what others have typed as plain text.

# %%
def split_specials(text: str, specials: list[str]) -> list[str]:
    """Cuts a text into specials and what is between them.

    Args:
        text: any text.
        specials: texts of special tokens, none empty; any signs may be in them, and one may be part of another.

    Returns:
        Pieces that joined are the text, none empty. Each special in the text is a piece of its own; where specials
        overlap, the one that begins further to the left counts, of those that begin together the longest.

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
# Ids are lists of any length; a model takes tensors, in which all rows are equally long. There are two ways to get from
# the one to the other. Rows can be filled up (7.7), which is how a model answers many questions at once, or texts can
# be laid end to end and cut (7.8), which wastes nothing and is how it is pre-trained.

# %% [markdown]
# ## 7.7 A padded batch
#
# *8 points · about 15 minutes · difficulty 1 of 3 · builds on 1.2*
#
# Two questions of three tokens and of one cannot be one tensor. So the shorter row is filled up at its right end with
# *pads*, an id that means nothing, and a mask says which places are real:
#
# $$ \begin{pmatrix} 5 & 6 & 7 \\ 8 & 0 & 0 \end{pmatrix} \qquad
# \begin{pmatrix} 1 & 1 & 1 \\ 1 & 0 & 0 \end{pmatrix} $$
#
# The rows are as long as the longest sequence, no longer. If `max_len` is given, each sequence is first cut to its
# first `max_len` ids. A sequence may be empty; its row is all pads. Ids are int64, as token ids always are in PyTorch,
# and the mask is bool, True where a place is real.
#
# Where does the mask come from? It is tempting to ask which ids are not the pad id. But the pad id is often a token
# that also occurs in texts: GPT-2 has no pad, so people use its end-of-text token. Then the mask hides each real end,
# the model never learns to stop, a mistake that well-known projects have shipped. What do you know of each sequence
# that the ids alone do not say?
#
# A batch without any sequence has no shape that makes sense: raise a ValueError.

# %%
def pad_batch(
    seqs: list[list[int]], pad_id: int, max_len: "int | None" = None
) -> tuple[Int[Tensor, "B T"], Bool[Tensor, "B T"]]:
    """One row for each sequence, filled up at the right, and which places are real.

    Args:
        seqs: B sequences of ids; some may be empty, and pad_id may occur in them as a real token.
        pad_id: what rows are filled up with.
        max_len: if given, at least 1: each sequence is cut to its first max_len ids.

    Returns:
        (ids, mask), both of shape (B, T), where T is the length of the longest sequence after cutting. ids is int64;
        mask is True where ids come from a sequence, and False where they fill up.

    Raises:
        ValueError: there is no sequence.

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
# Pads are wasted work. Pre-training has no use for them: it lays all documents end to end, with an end-of-text token
# `eos` behind **each** of them, also behind the last, and cuts this stream into rows of $T$ tokens. With the documents
# 1 2 3 and 4 5, eos 0 and $T = 3$:
#
#     stream   1 2 3 0 4 5 0
#     x        1 2 3
#                    0 4 5
#     y          2 3 0
#                      4 5 0
#
# As in 6.1, the target of a token is the one that follows it. But here the rows do not overlap: they lie side by side,
# so that each token is a target once (the first one, which follows nothing, never). How many rows have all their
# targets? For $n$ tokens in the stream, $\lfloor (n - 1) / T \rfloor$, which may be none. What is left over is dropped.
#
# A row now holds several documents, and the end of one can look at the beginning of another. What has a recipe to do
# with the football results before it? `document_mask` forbids it: place $i$ may look at place $j$ if $j$ is not later
# than $i$, and both belong to the same document. An eos belongs to the document that it *ends*: it may look back at
# it, and the token after it sees nothing of what came before.
#
# For the row 1 2 0 3:
#
# $$ \begin{pmatrix} 1 & 0 & 0 & 0 \\ 1 & 1 & 0 & 0 \\ 1 & 1 & 1 & 0 \\ 0 & 0 & 0 & 1 \end{pmatrix} $$
#
# Count the ends that stand before a place. Are two places with the same count in one document? And the eos itself, has
# it been counted already?

# %%
def pack(docs: list[list[int]], T: int, eos: int) -> tuple[Int[Tensor, "n T"], Int[Tensor, "n T"]]:
    """Rows of tokens and their targets, from documents laid end to end.

    Args:
        docs: documents as ids, without eos; at least one document, and some may be empty.
        T: tokens in a row, at least 1.
        eos: the id that follows each document, also the last.

    Returns:
        (x, y), both int64 of shape (n, T). The rows of x are the stream of all documents, T tokens each, one row
        behind the other; y holds for each token of x the one that follows it in the stream. n is as large as the
        stream allows, perhaps 0; tokens that fill no row with all its targets are dropped.

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
    """Which place of a packed row may look at which: those of its own document that are not later.

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
# A model that has seen a text can know it by heart. Whether it has learned anything shows only on texts that it has
# *not* seen, so before training some documents are put aside, to *validate* with.
#
# `split_documents` puts `n_valid` different documents aside, drawn at random, and gives two lists: the documents for
# training, and those to validate with.
#
# Texts from the web come in copies: the same news, the same license, a hundred times. If one copy is trained on and
# another measured with, the model has seen the answer, and its score is a lie that nobody notices. So **all** copies of
# a document go to the same side. `n_valid` counts *different* documents, and each set of that many has the same chance,
# however many copies there are. Nothing else changes: both lists keep the order of `docs`, and copies stay copies.
#
# What do you draw from, then: from the documents, or from the different ones among them?
#
# The random numbers come from the generator that you are given (as in 5.9 and 6.2), so that the split can be made
# again. Python's own `set` is no help with that: the order of its texts is another one in every new session. To ask for
# fewer than none, or for more than there are, is a ValueError.

# %%
def split_documents(docs: list[str], n_valid: int, generator: torch.Generator) -> tuple[list[str], list[str]]:
    """Splits documents at random into those to train on and those to validate with.

    Args:
        docs: documents; some may be copies of others.
        n_valid: how many different documents to validate with; it may be 0, and all.
        generator: where the random numbers come from.

    Returns:
        (train, valid). All copies of a document are in the same list. valid has n_valid different documents, each set
        of so many with the same chance; both lists are in the order of docs, and together they hold each document as
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
# Perplexity (6.4) is about tokens, so it compares models only if they have the same ones. With larger tokens there are
# fewer to predict, and each is harder. What stays the same whatever the tokenizer does? The bytes of the text.
#
# `bits_per_byte` turns the losses of some texts into the bits that the model needs for one byte. For each text you get
# the sum of $-\ln p$ over its tokens, in nats. A bit is $\ln 2$ nats:
#
# $$ \text{bits per byte} = \frac{\sum_i S_i}{\ln 2 \cdot \sum_i \text{bytes}_i} $$
#
# As in 6.4, add up first and divide once, so that a byte weighs the same in every text. A model that knows nothing and
# gives each byte the same chance needs 8 bits for it. And é is one character, but how many bytes?
#
# `compression` asks how good the tokens themselves are: how many bytes of text one token stands for. It learns merges
# from one text and measures on another, for several sizes: with the first 0 merges, the first 100, and so on. Learn
# once, with as many merges as the largest size asks for, and use the first of them for the others. Is that allowed?
# Look at the loop of 7.4: does it ever change a merge that it has made?
#
# Use your `train_bpe` and `encode`. When your function passes, open `tokens.html` beside this file: pages of this kit
# in your own tokens, and a Chinese sentence. The merges were learned from English. What does that mean for whoever pays
# by the token, or has a context of a fixed length?

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
        sizes: numbers of merges, at least one, in any order. Where train_text gives fewer merges, all there are count.

    Returns:
        For each size, in the order of sizes, the bytes (UTF-8) of test_text divided by its tokens, encoded with the
        first so many merges of train_text.

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
# And put it together with assignment 06: a vocabulary of 256 + 200 tokens in place of 23 characters, and `vocab_size`
# to match. The loss per token goes up, for the tokens are larger. `bits_per_byte` tells you whether the model got
# better.
#
# Real tokenizers do the same with more care for speed and for detail: GPT-2 cuts text into words by a longer rule that
# knows about apostrophes and numbers, and their training texts are a million times longer. Yours would be slow there,
# since it counts every pair anew after each merge. What changes when one pair is merged? Only the words that hold it.

# %% [markdown]
# ## What your functions draw
#
# Your `train_bpe`, `encode` and `compression` on pages of this kit: how many bytes a token stands for with more and
# more merges, for a sentence in English and for the same in Chinese; and, in `tokens.html`, the pages in colored
# tokens.
#
# In a notebook, the cell below draws it. In a terminal, `pytest` and `gradlings watch` write `compression.png` and
# `tokens.html` beside this file when 7.10 is right. They are there to be looked at, for no points. If one of the
# functions is not right yet, a sentence names it.
