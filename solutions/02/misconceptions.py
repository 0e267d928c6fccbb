"""Mistakes that we expect in assignment 02: each is a complete wrong function, with what to tell who writes it."""

import json
import re

import torch

from gradlings.authoring import Catalogue

catalogue = Catalogue()

_KEYS = ("vocab_size", "context_length", "emb_dim", "n_heads", "n_layers", "drop_rate", "qkv_bias")
_SIZES = _KEYS[:5]


# 2.1 load_config


def _value(word):
    if word in ("True", "False"):
        return word == "True"
    return int(word) if word.lstrip("+-").isdigit() else float(word)


def _entries(text):
    """Each entry of a listing as (key, word, string): the value is the word, or the string where there is no word."""
    for line in text.splitlines():
        outside, *pieces = line.split('"')
        if not outside.strip() and pieces:
            yield pieces[0], pieces[1].partition("//")[0].strip(" \t:,"), pieces[2] if len(pieces) > 2 else ""


@catalogue.misconception(
    "2.1",
    "read-as-json",
    "A JSON reader stops at the first character of this text, the name before the brace. Which parts of the listing does JSON not know, and what is left for your code to read?",
    hint="Take the first three lines of the listing and say for each what a reader has to do with it. Only splitting and comparing strings is needed.",
)
def load_config(text):
    return json.loads(text)


@catalogue.misconception(
    "2.1",
    "braces-read-as-json",
    "The name is gone, but what stands between the braces is still read as JSON, which stops at what it does not know. How does JSON spell False, and does it have comments?",
    hint="JSON spells false in small letters and knows no comments. Read the lines one by one with string methods instead.",
)
def load_config(text):
    return json.loads(text[text.index("{") : text.rindex("}") + 1])


@catalogue.misconception(
    "2.1",
    "obeyed-as-python",
    "Python itself was asked to evaluate the listing, and stopped at the first comment with a SyntaxError. What else would it do if the text were not a config but a command?",
    hint="A reader that runs the text does whatever the text says. Read it with string methods: split, strip, compare.",
)
def load_config(text):
    return eval(text.partition("=")[2])


@catalogue.misconception(
    "2.1",
    "truth-words-stay-text",
    "True and False without quotes came back as strings, and a string that is not empty counts as true. What type should a flag have?",
    hint='Print `type()` and `bool()` of what you give for `qkv_bias`: str and True, though the listing says False. `bool("False")` is True as well, so converting does not help. What does a comparison of two strings give you?',
)
def load_config(text):
    def value_of(word):
        if word in ("True", "False"):
            return word
        return int(word) if word.lstrip("+-").isdigit() else float(word)

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "any-non-empty-text-is-true",
    "False was read as True: every text that is not empty is true for bool(). What does your code compare the word with?",
    hint='bool("False") is True, since the text has characters. Compare the text itself with the two words.',
)
def load_config(text):
    def value_of(word):
        return bool(word) if word in ("True", "False") else _value(word)

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "decimal-numbers-stay-text",
    "Whole numbers are ints, but what is not made of digits alone, such as 0.1, came back as a string. Which other kinds of number does the notation have?",
    hint='Ask `"0.1".isdigit()`, `"1e-5".isdigit()` and `"-1".isdigit()` in a Python session: False each time. Which of the three is a whole number all the same, and which conversion of Python reads all three?',
)
def load_config(text):
    def value_of(word):
        if word in ("True", "False"):
            return word == "True"
        return int(word) if word.isdigit() else word

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "everything-stays-text",
    "All values came back as strings. Where does your code decide whether a value is a number, a truth value or a string?",
    hint="Print `type()` of each value of the chapter's listing: five ints, one float and one bool are asked for. None of the seven stands in quotes. So ask for quotes first, and for the kind of value only where there are none.",
)
def load_config(text):
    return {key: word or string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "every-number-is-float",
    "Whole numbers came back as floats, 1024.0 for 1024. Can a table have 1024.0 rows?",
    hint="Try the conversion to a whole number first and fall back on the other one only if it fails.",
)
def load_config(text):
    def value_of(word):
        return word == "True" if word in ("True", "False") else float(word)

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "decimal-without-fraction-is-an-int",
    "A decimal number without a fraction, such as 2.0, comes out as an int. Did the listing write it with a point or without?",
    hint="Read the entries `2` and `2.0` and print the type of each value: one is int, the other float. Their values are equal, so no look at the value can tell them apart. What can?",
)
def load_config(text):
    def value(word):
        if word in ("True", "False"):
            return word == "True"
        number = float(word)
        return int(number) if number.is_integer() else number

    return {key: value(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "false-is-no-number",
    "The words True and False were handed to a conversion into a number, which raised an error. Which words have to be looked for before a value is taken for a number?",
    hint="Print each bare word that arrives at your conversion. Two of them are no numbers and have to be sorted out before.",
)
def load_config(text):
    def value_of(word):
        return int(word) if word.lstrip("+-").isdigit() else float(word)

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "every-double-slash-is-comment",
    "Strings that contain // were cut off there. Is a // between quotes a comment?",
    hint='Cut the line `"url": "https://example.org" // home` at its double quotes and number the pieces from 0. Which pieces stood between quotes? In which of them does a // start a comment?',
)
def load_config(text):
    config = {}
    for line in text.splitlines():
        outside, *pieces = line.partition("//")[0].split('"')
        if not outside.strip() and pieces:
            word = pieces[1].strip(" \t:,")
            config[pieces[0]] = _value(word) if word else pieces[2]
    return config


@catalogue.misconception("2.1", "every-double-slash-then-ends-cut", same_as="every-double-slash-is-comment")
def load_config(text):
    config = {}
    for line in text.splitlines():
        key, colon, rest = line.partition("//")[0].partition(":")
        word = rest.strip(" \t,")
        if colon:
            config[key.strip(' \t"')] = word[1:-1] if word.startswith('"') else _value(word)
    return config


@catalogue.misconception(
    "2.1",
    "quotes-removed-too-early",
    'Values in quotes came back as numbers and truth values: "0.1" as a float, "True" as a bool. Does your code still know that there were quotes when it decides on the type?',
    hint='Try the lines `"a": 0.1` and `"b": "0.1"`: the first value is a float, the second a str, and without the quotes they look the same. Which question has to be settled while the quotes are still there?',
)
def load_config(text):
    def value_of(word):
        try:
            return _value(word)
        except ValueError:
            return word

    config = {}
    for key, word, string in _entries(text):
        config[key] = _value(word) if word else value_of(string)
    return config


@catalogue.misconception(
    "2.1",
    "keys-keep-their-quotes",
    "The keys of your dictionary contain quote characters. Do the quotes belong to the name, or do they only mark where it starts and ends?",
    hint='Print `len()` of your first key: it is 12, and `vocab_size` has 10 characters, so `config["vocab_size"]` finds nothing. What is left of a line if you cut it exactly at its double quotes?',
)
def load_config(text):
    return {f'"{key}"': _value(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "unknown-words-become-text",
    "A value without quotes that is neither a number nor True or False came back as a string. Who will notice the mistake in the config if your code does not?",
    hint='Try the value `yes` without quotes: the docstring names it under Raises. `float("yes")` raises just this kind of error. Does your code ever come to such a conversion, and does it let the error pass?',
)
def load_config(text):
    def value_of(word):
        try:
            return _value(word)
        except ValueError:
            return word

    return {key: value_of(word) if word else string for key, word, string in _entries(text)}


@catalogue.misconception(
    "2.1",
    "entry-needs-comma",
    "Entries without a comma behind them are missing from your dictionary. Does the last entry of the listing have one?",
    hint="Remove a comma at the end if there is one, and go on in both cases. Do not look for it to find out whether the line is an entry.",
)
def load_config(text):
    config = {}
    for key, string, word in re.findall(r'^\s*"([^"]*)"\s*:\s*(?:"([^"]*)"|([^",\s/]+))\s*,', text, re.MULTILINE):
        config[key] = _value(word) if word else string
    return config


@catalogue.misconception(
    "2.1",
    "comment-read-as-entry",
    "An entry in a line that is a comment from its start came back as a setting. What has to stand before the first quote of an entry?",
    hint='Cut the lines `"emb_dim": 8,` and `// "emb_dim": 9,` at their first double quote and print what is left of it: nothing before the entry, and two slashes before the comment.',
)
def load_config(text):
    config = {}
    for line in text.splitlines():
        _, *pieces = line.split('"')
        if pieces:
            word = pieces[1].partition("//")[0].strip(" \t:,")
            config[pieces[0]] = _value(word) if word else pieces[2]
    return config


# 2.2 validate_config


def _offending(
    cfg,
    whole=lambda size: type(size) is int and size >= 1,
    share=lambda rate: type(rate) in (int, float) and 0 <= rate < 1,
    flag=lambda bias: type(bias) is bool,
    heads_fit=lambda cfg: cfg["emb_dim"] % cfg["n_heads"] == 0,
    blamed="n_heads",
):
    """The solution with its rules as parameters, so that one of them can be wrong."""
    wrong = {key for key in _SIZES if not whole(cfg.get(key))}
    if not wrong & {"emb_dim", "n_heads"} and not heads_fit(cfg):
        wrong.add(blamed)
    if not share(cfg.get("drop_rate")):
        wrong.add("drop_rate")
    if not flag(cfg.get("qkv_bias")):
        wrong.add("qkv_bias")
    return [key for key in _KEYS if key in wrong]


@catalogue.misconception(
    "2.2",
    "heads-need-not-fit",
    "Your answer never reports a number of heads that does not divide emb_dim. With emb_dim 768 and 10 heads of 76 numbers each, how many of the 768 have a head?",
    hint=r"$768 = 10 \cdot 76 + 8$: eight numbers are left over, and with 12 heads of 64 none is. How do you ask Python for what is left over? And when, by the docstring, may you ask?",
)
def validate_config(cfg):
    return _offending(cfg, heads_fit=lambda cfg: True)


@catalogue.misconception(
    "2.2",
    "heads-divided-wrong-way-round",
    "A valid config is reported because of its heads, and twice as many heads as emb_dim pass your check. Which of the two numbers has to be a multiple of the other?",
    hint="Print `12 % 768` and `768 % 12`: 12 and 0, and 12 heads are valid. It is the 768 numbers that are handed out to the heads in equal shares. Which of the two is your remainder?",
)
def validate_config(cfg):
    return _offending(cfg, heads_fit=lambda cfg: cfg["n_heads"] % cfg["emb_dim"] == 0)


@catalogue.misconception(
    "2.2",
    "emb-dim-is-blamed",
    "When the heads do not divide emb_dim, your answer names emb_dim. Which of the two keys does the specification blame?",
    hint="The docstring's second example has 768 numbers and 10 heads: which of the two keys stands in its answer? The rule about dividing is also written beside one of the keys only.",
)
def validate_config(cfg):
    return _offending(cfg, blamed="emb_dim")


@catalogue.misconception(
    "2.2",
    "both-are-blamed",
    "When the heads do not divide emb_dim, your answer names both keys. Which of the two does the specification blame?",
    hint="The docstring's second example has 768 numbers and 10 heads: which of the two keys stands in its answer? The rule about dividing is also written beside one of the keys only.",
)
def validate_config(cfg):
    wrong = {*_offending(cfg), *_offending(cfg, blamed="emb_dim")}
    return [key for key in _KEYS if key in wrong]


@catalogue.misconception(
    "2.2",
    "percent-accepted-as-share",
    "A drop_rate of 10 passes your check. Is 10 a share of the activations, and what is the largest share that may be dropped?",
    hint="Write the allowed range of a share on a line and mark 0, 0.1, 1 and 10 on it. Which of them does your test let through?",
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: type(rate) in (int, float) and rate >= 0)


@catalogue.misconception(
    "2.2",
    "rate-of-1-accepted",
    "A drop_rate of exactly 1.0 passes your check. How many activations are kept then, and what would their sum be divided by?",
    hint="With a rate of 1 the survivors would be divided by 1 - 1. The range is open at that end.",
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: type(rate) in (int, float) and 0 <= rate <= 1)


@catalogue.misconception(
    "2.2",
    "rate-of-0-rejected",
    "A drop_rate of 0 is reported, both 0 and 0.0. Is a model without dropout wrong?",
    hint='0 and 0.0 are both in order. Does your test use "greater than" where "at least" is meant, or the truth of the number itself?',
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: type(rate) in (int, float) and 0 < rate < 1)


@catalogue.misconception(
    "2.2",
    "rate-must-be-float",
    "A drop_rate of 0 is reported because it is an int. Which types may a rate have?",
    hint="A rate of 0 is in order, and it is an int. Allow both kinds of number, and no bool.",
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: type(rate) is float and 0 <= rate < 1)


@catalogue.misconception(
    "2.2",
    "nan-accepted",
    "A drop_rate of nan passes your check. What do nan < 0 and nan >= 1 give, and what does 0 <= nan < 1 give?",
    hint='Every comparison with nan is False. So a test "is it outside?" lets nan through, and a test "is it inside?" does not.',
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: type(rate) in (int, float) and not (rate < 0 or rate >= 1))


@catalogue.misconception(
    "2.2",
    "type-of-rate-never-asked",
    "Comparing a drop_rate that is no number raised an error, and a bool passes as a rate. Is the type of the rate looked at before its size?",
    hint='Try drop_rate="0.1" and drop_rate=True. Ask for the type first, and compare only what is a number.',
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: 0 <= rate < 1)


@catalogue.misconception(
    "2.2",
    "true-accepted-as-size",
    "A size of True passes your check, because Python's bool is a kind of int. How can a test tell the two apart?",
    hint="isinstance(True, int) is true. Rule out bool before you look at the number.",
)
def validate_config(cfg):
    return _offending(cfg, whole=lambda size: isinstance(size, int) and size >= 1)


@catalogue.misconception(
    "2.2",
    "false-accepted-as-rate",
    "A drop_rate of False passes your check, because Python's bool is a kind of int. How can a test tell the two apart?",
    hint="isinstance(False, int) is true. Rule out bool before you look at the number.",
)
def validate_config(cfg):
    return _offending(cfg, share=lambda rate: isinstance(rate, int | float) and 0 <= rate < 1)


@catalogue.misconception(
    "2.2",
    "true-accepted-as-number",
    "True as a size and False as a rate pass your check, because Python's bool is a kind of int. How can a test tell them apart?",
    hint="isinstance(True, int) is true. Rule out bool before you look at the number, for the sizes and for the rate.",
)
def validate_config(cfg):
    return _offending(
        cfg,
        whole=lambda size: isinstance(size, int) and size >= 1,
        share=lambda rate: isinstance(rate, int | float) and 0 <= rate < 1,
    )


@catalogue.misconception(
    "2.2",
    "only-types-are-looked-at",
    "Sizes of zero and below pass your check. How many rows, heads or layers does a model need at least?",
    hint="Try `n_layers` = 0 and `emb_dim` = -768: both are ints, and no model comes of them. The docstring's rule for the five sizes has two halves. Which one does your code ask?",
)
def validate_config(cfg):
    return _offending(
        cfg,
        whole=lambda size: type(size) is int,
        heads_fit=lambda cfg: cfg["n_heads"] == 0 or cfg["emb_dim"] % cfg["n_heads"] == 0,
    )


@catalogue.misconception(
    "2.2",
    "zero-divides",
    "With n_heads = 0 your function stopped with a division by zero. Should the heads be divided before it is known that their number is valid?",
    hint="Read in the docstring when divisibility is judged at all. Look at the five sizes for themselves first: which two keys must not be among the offending ones before you divide?",
)
def validate_config(cfg):
    wrong = {key for key in _SIZES if type(cfg.get(key)) is not int or cfg[key] < 1}
    if type(cfg.get("n_heads")) is int and type(cfg.get("emb_dim")) is int and cfg["emb_dim"] % cfg["n_heads"] != 0:
        wrong.add("n_heads")
    rest = _offending(cfg)
    return [key for key in _KEYS if key in wrong or key in rest]


@catalogue.misconception(
    "2.2",
    "whole-floats-accepted",
    "A size of 1024.0 passes your check. Is a float a size, even if it has no fraction?",
    hint="1024.0 == 1024 is true, and so is 1024.0 % 1 == 0. Ask for the type of the value instead.",
)
def validate_config(cfg):
    return _offending(cfg, whole=lambda size: type(size) in (int, float) and size >= 1 and size == int(size))


@catalogue.misconception(
    "2.2",
    "any-truth-value-is-flag",
    "A qkv_bias that is no bool, such as 0 or the string False, passes your check. What would the string False count as in an if?",
    hint='bool("False") is True, so no conversion helps here. Only two values are flags, and both have one type.',
)
def validate_config(cfg):
    return _offending(cfg, flag=lambda bias: bias is not None)


@catalogue.misconception(
    "2.2",
    "0-and-1-are-flags",
    "A qkv_bias of 0 passes your check: 0 == False holds in Python. Does the specification ask for an equal value, or for a bool?",
    hint="0 == False is true, and so is 1 == True. Ask for the type of the value, not for equality.",
)
def validate_config(cfg):
    return _offending(cfg, flag=lambda bias: bias in (True, False))


@catalogue.misconception(
    "2.2",
    "stops-at-first-mistake",
    "With several wrong keys your answer holds only the first of them. Does your function return before it has looked at all keys?",
    hint="Count the return statements. There is one, at the end, after all rules have added to the list.",
)
def validate_config(cfg):
    return _offending(cfg)[:1]


@catalogue.misconception(
    "2.2",
    "raises-instead-of-reporting",
    "Your function raises an error for a wrong config. How can a caller learn about a second wrong key then?",
    hint="Keep a list, add the name of each wrong key to it, and return it at the end. No rule raises anything.",
)
def validate_config(cfg):
    wrong = _offending(cfg)
    if wrong:
        raise ValueError(f"invalid config: {wrong[0]}")
    return []


@catalogue.misconception(
    "2.2",
    "missing-keys-stop-check",
    "A config with a key missing ended your function with a KeyError. How can a dictionary be asked for a key that may not be there?",
    hint='Ask "is the key there?" first, or use the dict method that gives a value of your choice for a missing key.',
)
def validate_config(cfg):
    for key in _KEYS:
        cfg[key]
    return _offending(cfg)


@catalogue.misconception(
    "2.2",
    "missing-keys-are-fine",
    "A key that is missing is not reported. Can a model be built without it?",
    hint="Call your function with an empty dict: all seven keys have to be in the answer.",
)
def validate_config(cfg):
    return [key for key in _offending(cfg) if key in cfg]


@catalogue.misconception(
    "2.2",
    "unknown-keys-are-reported",
    "A key that is none of the seven was reported. What does the specification say about other keys?",
    hint="Walk over the seven names in KEYS, not over the keys of the config.",
)
def validate_config(cfg):
    return _offending(cfg) + [key for key in cfg if key not in _KEYS]


@catalogue.misconception(
    "2.2",
    "n-heads-is-judged-twice",
    "When emb_dim or n_heads is itself wrong, n_heads is reported for not dividing, or is reported twice. When is the division to be judged?",
    hint="Look at the division only when neither of its two numbers is on the list yet.",
)
def validate_config(cfg):
    wrong = [key for key in _KEYS if key in _offending(cfg)]
    if {"emb_dim", "n_heads"} & set(wrong):
        wrong.insert(wrong.index("emb_dim") + 1 if "emb_dim" in wrong else wrong.index("n_heads"), "n_heads")
    return wrong


@catalogue.misconception(
    "2.2",
    "verdict-instead-of-keys",
    "Your function returned a truth value. Which keys should the reader of the answer correct?",
    hint="The docstring's two examples answer `[]` and `['n_heads', 'drop_rate']`. Collect names on the way instead of a yes or no at the end. What does your collection hold for a valid config?",
)
def validate_config(cfg):
    return not _offending(cfg)


# 2.3 linear_params


@catalogue.misconception(
    "2.3",
    "bias-forgotten",
    "Your count is the weight matrix alone, also where there is a bias. What does the b in Wx + b add?",
    hint="For 3 inputs and 2 outputs the docstring says 8 with a bias, and $W$ alone has 6 entries. Where do the other 2 come from: from the inputs or from the outputs?",
)
def linear_params(in_features, out_features, bias):
    return in_features * out_features


@catalogue.misconception(
    "2.3",
    "bias-as-long-as-input",
    "Your bias has as many numbers as the input. What is it added to: to x, or to Wx?",
    hint="With 3 inputs and 2 outputs Wx has 2 numbers, and the bias is added to these.",
)
def linear_params(in_features, out_features, bias):
    return in_features * out_features + (in_features if bias else 0)


@catalogue.misconception(
    "2.3",
    "single-bias",
    "Your bias adds a single number. Do all outputs share one bias?",
    hint="For 3 inputs and 2 outputs you give 7, and 8 is right. Write $y = W x + b$ out as one line for each output. How many different numbers of $b$ do you need?",
)
def linear_params(in_features, out_features, bias):
    return in_features * out_features + (1 if bias else 0)


@catalogue.misconception(
    "2.3",
    "bias-always-counted",
    "Your count includes a bias even where bias is False. Where does your code look at the flag?",
    hint="Work out 3 inputs and 2 outputs with and without bias: 8 and 6. Your two answers are the same.",
)
def linear_params(in_features, out_features, bias):
    return (in_features + 1) * out_features


@catalogue.misconception(
    "2.3",
    "bias-for-both-sides",
    "Your bias has as many numbers as input and output together. How many of them does one output need?",
    hint="For 3 inputs and 2 outputs you give 11, and 8 is right. Write $y = W x + b$ out as one line for each output: a weighted sum of three inputs, plus what? Count the numbers of $b$ in both lines.",
)
def linear_params(in_features, out_features, bias):
    return in_features * out_features + (in_features + out_features if bias else 0)


@catalogue.misconception(
    "2.3",
    "sizes-added",
    "Your weights are as many as inputs and outputs added. How many weights does a single output need, one for each input?",
    hint="For 3 inputs and 2 outputs without a bias you give 5. Draw three dots on the left, two on the right, and an arrow from each to each: every arrow is a weight. How many are there?",
)
def linear_params(in_features, out_features, bias):
    return in_features + out_features + (out_features if bias else 0)


@catalogue.misconception(
    "2.3",
    "flag-turned-round",
    "Your count includes a bias where bias is False, and none where it is True. Which of the two cases does your condition pick?",
    hint="Work out 3 inputs and 2 outputs with and without bias: 8 and 6. Yours are the other way round, so look at the condition.",
)
def linear_params(in_features, out_features, bias):
    return in_features * out_features + (0 if bias else out_features)


# 2.4 embedding_params


@catalogue.misconception(
    "2.3",
    "counted-one-by-one",
    "The counts are right, and for a layer with a billion outputs they take longer than the time limit. Does your function count in steps what a product gives at once?",
    hint="Time `linear_params(3, 10_000_000, True)`: it should take no time that you can notice. How many rounds does your loop make, and what do all rounds have in common?",
)
def linear_params(in_features, out_features, bias):
    return sum(in_features + (1 if bias else 0) for _ in range(out_features))


@catalogue.misconception(
    "2.4",
    "no-position-table",
    "Your count is the token table alone. GPT-2 learns its position vectors: where are they counted, or did you take them for sines and cosines, which cost nothing?",
    hint="Count for V = 10, T = 4, D = 2: 20 numbers for tokens and 8 for places. You have only the 20.",
)
def embedding_params(cfg):
    return cfg["vocab_size"] * cfg["emb_dim"]


@catalogue.misconception(
    "2.4",
    "no-token-table",
    "Your count is the position table alone. Where do the tokens get their vectors from?",
    hint="Count for V = 10, T = 4, D = 2: 20 numbers for tokens and 8 for places. You have only the 8.",
)
def embedding_params(cfg):
    return cfg["context_length"] * cfg["emb_dim"]


@catalogue.misconception(
    "2.4",
    "biases-added",
    "Your count is too large by 2 times emb_dim, as if each table had a bias. What would a bias be added to when a row is looked up?",
    hint="Take 5 tokens, 3 positions and D = 2: the tables hold 10 and 6 numbers, and you give 20 instead of 16. A bias belongs to a weighted sum. Looking up picks a row and leaves it as it is.",
)
def embedding_params(cfg):
    return (cfg["vocab_size"] + 1) * cfg["emb_dim"] + (cfg["context_length"] + 1) * cfg["emb_dim"]


@catalogue.misconception(
    "2.4",
    "one-table-for-each-pair",
    "Your count multiplies vocab_size by context_length. Does a token have another row for each position, or are two rows added?",
    hint="Take 5 tokens, 3 positions and D = 2: you give 30. Draw both tables, one with 5 rows and one with 3, two numbers in each row. How many boxes have you drawn in all?",
)
def embedding_params(cfg):
    return cfg["vocab_size"] * cfg["context_length"] * cfg["emb_dim"]


@catalogue.misconception(
    "2.4",
    "rows-counted-not-numbers",
    "Your count is the number of rows of both tables. How many numbers does each row hold?",
    hint="Take 5 tokens, 3 positions and D = 2: you give 8. Draw both tables and fill them with numbers: a row is a whole vector. How many boxes have you filled?",
)
def embedding_params(cfg):
    return cfg["vocab_size"] + cfg["context_length"]


@catalogue.misconception(
    "2.4",
    "positions-are-single-numbers",
    "Your position table holds one number for each position. How long must a position's vector be, so that it can be added to a token's?",
    hint="Take 5 tokens, 3 positions and D = 2: you give 13. Write a token's row, (0.1, 0.2), and below it the position's row that is added place by place. How many numbers does it need?",
)
def embedding_params(cfg):
    return cfg["vocab_size"] * cfg["emb_dim"] + cfg["context_length"]


@catalogue.misconception(
    "2.4",
    "positions-against-positions",
    "Your position table is context_length times context_length. How long is the vector that is looked up for one position?",
    hint="Position 3 is looked up as one row. It is added to a token's row, so both have the same length.",
)
def embedding_params(cfg):
    return cfg["vocab_size"] * cfg["emb_dim"] + cfg["context_length"] ** 2


@catalogue.misconception(
    "2.4",
    "tables-in-every-layer",
    "Your count is n_layers times too large. Does each block look up its own embeddings, or only the model once at the bottom?",
    hint="The config holds the number of layers, but the tables lie below all of them, once. Leave that key out of your count.",
)
def embedding_params(cfg):
    return (cfg["vocab_size"] + cfg["context_length"]) * cfg["emb_dim"] * cfg["n_layers"]


# 2.5 layernorm_params


@catalogue.misconception(
    "2.5",
    "scale-or-shift-forgotten",
    "Your count is emb_dim: one of the two learned vectors. Which of gamma and beta is missing?",
    hint="The docstring says 6 for D = 3, and you give 3. Write the formula out for $i$ = 1, 2 and 3, and underline every symbol that training changes. How many have you underlined?",
)
def layernorm_params(emb_dim):
    return emb_dim


@catalogue.misconception(
    "2.5",
    "nothing-is-learned",
    "Your count is 0. The normalizing learns nothing, but what happens to the numbers afterwards?",
    hint="Read the formula from left to right: two of its letters are not computed from x. Those are learned.",
)
def layernorm_params(emb_dim):
    return 0


@catalogue.misconception(
    "2.5",
    "pair-for-each-position",
    "Your count is 1,024 times too large, as if every position had vectors of its own. Do gamma and beta carry an index for the position?",
    hint="The docstring says 6 for D = 3, and you give 6,144. Nobody tells the function how long a text is, and it gets along without. Which is the only index in the formula, and how far does it run?",
)
def layernorm_params(emb_dim):
    return 2 * 1024 * emb_dim


@catalogue.misconception(
    "2.5",
    "two-single-numbers",
    "Your count is 2 whatever emb_dim is. Do all places share one scale and one shift?",
    hint="With D = 3 there are 3 scales and 3 shifts, for the formula has an index at both Greek letters.",
)
def layernorm_params(emb_dim):
    return 2


@catalogue.misconception(
    "2.5",
    "many-scales-one-shift",
    "Your count is emb_dim + 1. Do all places share the same shift?",
    hint="With D = 3 there are 3 scales and 3 shifts. You have 3 and 1.",
)
def layernorm_params(emb_dim):
    return emb_dim + 1


@catalogue.misconception(
    "2.5",
    "mean-and-variance-counted",
    "Your count is 4 times emb_dim, twice what one layer norm learns. Did you take mean and variance for learned, or count both layer norms of a block?",
    hint="With D = 3 one layer norm learns 6 numbers: mean and variance are computed anew for each input, and one norm is asked for.",
)
def layernorm_params(emb_dim):
    return 4 * emb_dim


@catalogue.misconception(
    "2.5",
    "epsilon-counted",
    "Your count is too large by 1. Is epsilon learned, or a constant?",
    hint="Epsilon is written in the code and never changes. Count only what training changes.",
)
def layernorm_params(emb_dim):
    return 2 * emb_dim + 1


@catalogue.misconception("2.5", "both-norms-of-block", same_as="mean-and-variance-counted")
def layernorm_params(emb_dim):
    return 2 * (2 * emb_dim)


@catalogue.misconception(
    "2.5",
    "built-to-be-counted",
    "The counts are right, and where the vectors would not fit into memory there is none. Does your function make them only to count them?",
    hint="Call it with 10**15: what stops it? The count of a vector is known before there is one, from its length.",
)
def layernorm_params(emb_dim):
    return torch.empty(2, emb_dim).numel()


# 2.6 attention_params


@catalogue.misconception(
    "2.6",
    "whole-matrices-for-each-head",
    "Your queries, keys and values grow with n_heads. Does each head get a D x D matrix of its own, or a share of one?",
    hint="Take D = 6. With 1, 2 or 3 heads the count is the same, since each head gives only D / H numbers.",
)
def attention_params(cfg):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    return H * 3 * linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "everything-for-each-head",
    "Your count is n_heads times too large. Do more heads mean more parameters, or thinner heads?",
    hint="Take D = 6. With 1, 2 or 3 heads the count is the same, since the heads share the D outputs among them.",
)
def attention_params(cfg):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    return H * (3 * linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, True))


@catalogue.misconception(
    "2.6",
    "one-head-only",
    "Your queries, keys and values are those of a single head, D numbers to D / n_heads. How many heads are there?",
    hint="Take D = 6 and 3 heads: each gives 2 numbers, and all three together give 6. You count the 2 once.",
)
def attention_params(cfg):
    D, d = cfg["emb_dim"], cfg["emb_dim"] // cfg["n_heads"]
    return 3 * linear_params(D, d, cfg["qkv_bias"]) + linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "heads-see-only-their-own-piece",
    "Your queries, keys and values are n_heads small square matrices of D / n_heads. Does a head see the whole token vector, or only its own piece of it?",
    hint="Each head gets all D numbers of a token in and gives D / H out. For all H heads together that is one D x D matrix.",
)
def attention_params(cfg):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    return 3 * H * linear_params(D // H, D // H, cfg["qkv_bias"]) + linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "output-projection-forgotten",
    "Your count has queries, keys and values only. Which layer mixes what the heads found?",
    hint="After the heads there is one more D-to-D layer, with a bias of its own. Your count is three layers long.",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 3 * linear_params(D, D, cfg["qkv_bias"])


@catalogue.misconception(
    "2.6",
    "output-bias-follows-flag",
    "Where qkv_bias is False your count is too small by emb_dim. Whose biases does the flag switch off, going by its name?",
    hint="Take D = 2 with `qkv_bias` False: you give 16, the four matrices, and 18 is right. The other 2 are a bias that is always there. How many of your four layers may follow the flag?",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 4 * linear_params(D, D, cfg["qkv_bias"])


@catalogue.misconception(
    "2.6",
    "output-bias-forgotten",
    "Your count is too small by emb_dim, with and without qkv_bias. Does the output projection have a bias?",
    hint="Compare with D = 1 and no qkv bias: 4 weights and still 1 bias. The fourth layer always has it.",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 3 * linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, False)


@catalogue.misconception(
    "2.6",
    "biases-always-counted",
    "Where qkv_bias is False your count is too large by 3 times emb_dim. Does your code look at the flag?",
    hint="Take D = 2 with `qkv_bias` False and True: 18 and 24 are right, and you give 24 twice. The 6 in between are three biases. Whose are they, and what would switch them off?",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 4 * linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "qkv-biases-never-counted",
    "Where qkv_bias is True your count is too small by 3 times emb_dim. Does your code look at the flag?",
    hint="Take D = 2 with `qkv_bias` False and True: 18 and 24 are right, and you give 18 twice. The missing 6 are three biases of 2 numbers. Which argument of `linear_params` brings a bias in?",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 3 * linear_params(D, D, False) + linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "no-biases-at-all",
    "Your count is that of the four weight matrices alone. Which of the four layers have a bias, and when?",
    hint="Take D = 2 with `qkv_bias` False and True: 18 and 24 are right, and you give 16 twice. Write the four layers below each other, with a yes or a no for a bias, once for each value of the flag.",
)
def attention_params(cfg):
    return 4 * cfg["emb_dim"] ** 2


@catalogue.misconception(
    "2.6",
    "one-bias-for-three",
    "Where qkv_bias is True your count is too small by 2 times emb_dim. Do queries, keys and values share one bias?",
    hint="Queries, keys and values are three layers. Where the flag is set, each of them adds D numbers.",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return 4 * D * D + D + (D if cfg["qkv_bias"] else 0)


@catalogue.misconception(
    "2.6",
    "one-matrix-for-three",
    "Queries, keys and values take only one D x D layer in your count. Are they the same three times?",
    hint="Take D = 2 with `qkv_bias` False: you give 10, and 18 is right. The missing 8 are two matrices of 4. Name all the layers that the text lists, one by one, and tick off those in your sum.",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, True)


@catalogue.misconception(
    "2.6",
    "in-every-layer",
    "Your count is n_layers times too large. Is the function asked for one block, or for all of them?",
    hint="The docstring asks for one block. Leave the number of layers out; 2.8 multiplies by it.",
)
def attention_params(cfg):
    D = cfg["emb_dim"]
    return cfg["n_layers"] * (3 * linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, True))


# 2.7 feedforward_params


@catalogue.misconception(
    "2.7",
    "not-widened",
    "Your middle is as narrow as emb_dim. How many times wider does mult make it?",
    hint="With D = 2 and mult = 4 the three widths are 2, 8, 2. Which one do you have in the middle?",
)
def feedforward_params(cfg, mult=4):
    return 2 * linear_params(cfg["emb_dim"], cfg["emb_dim"], True)


@catalogue.misconception(
    "2.7",
    "always-four-times",
    "With another mult your count stays that of 4. Where does your code use mult?",
    hint="Call your function with mult = 1 and mult = 2. If both give the same, there is a fixed 4 in it.",
)
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return linear_params(D, 4 * D, True) + linear_params(4 * D, D, True)


@catalogue.misconception(
    "2.7",
    "biases-dropped",
    "Your count is that of the two weight matrices alone. Do the layers of the feed-forward network have biases?",
    hint="With D = 2 and mult = 4 there are 16 + 16 weights and 8 + 2 biases.",
)
def feedforward_params(cfg, mult=4):
    return 2 * mult * cfg["emb_dim"] ** 2


@catalogue.misconception(
    "2.7",
    "one-layer-only",
    "Your count is that of the first layer, which widens. What brings the numbers back to emb_dim?",
    hint="With D = 2 and mult = 4 the widths are 2, 8, 2, so there are two arrows and two layers. You count the first.",
)
def feedforward_params(cfg, mult=4):
    return linear_params(cfg["emb_dim"], mult * cfg["emb_dim"], True)


@catalogue.misconception(
    "2.7",
    "both-biases-narrow",
    "Your two biases have emb_dim numbers each. What is the first one added to, and how long is that?",
    hint="With D = 2 and mult = 4 the widths are 2, 8, 2. A bias is as long as what its layer gives: 8 and 2.",
)
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return 2 * mult * D * D + 2 * D


@catalogue.misconception(
    "2.7",
    "both-biases-wide",
    "Your two biases are both as long as the middle. What is the second one added to, and how long is that?",
    hint="With D = 2 and mult = 4 the widths are 2, 8, 2. A bias is as long as what its layer gives: 8 and 2.",
)
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return 2 * linear_params(D, mult * D, True)


@catalogue.misconception(
    "2.7",
    "first-bias-only",
    "Your count has the bias of the first layer but not that of the second, and is too small by emb_dim. Does the second layer have one?",
    hint="With D = 2 and `mult` = 4 you give 40, and 42 is right. The formula has two letters $b$. To a vector of which length is the second one added?",
)
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return linear_params(D, mult * D, True) + linear_params(mult * D, D, False)


@catalogue.misconception(
    "2.7",
    "biases-follow-qkv-bias",
    "Where qkv_bias is False your count has no biases. Whose biases does that flag switch off, going by its name?",
    hint="The q, k and v in the flag's name are the three layers it speaks of. None of them is here.",
)
def feedforward_params(cfg, mult=4):
    D, bias = cfg["emb_dim"], cfg["qkv_bias"]
    return linear_params(D, mult * D, bias) + linear_params(mult * D, D, bias)


@catalogue.misconception(
    "2.7",
    "third-layer-in-middle",
    "Your count has one layer too many, as wide in as out. How many linear layers does the formula show?",
    hint="With D = 2 and `mult` = 4 you give 114, and 42 is right: 72 too many, which is a layer from 8 to 8. What stands between $W_1$ and $W_2$ in the formula, and how much does it learn?",
)
def feedforward_params(cfg, mult=4):
    D, wide = cfg["emb_dim"], mult * cfg["emb_dim"]
    return linear_params(D, wide, True) + linear_params(wide, wide, True) + linear_params(wide, D, True)


@catalogue.misconception(
    "2.7",
    "widened-to-mult",
    "Your middle has mult numbers. Is mult the width of the middle, or how many times wider it is than emb_dim?",
    hint="With D = 2 and mult = 4 the widths are 2, 8, 2. You have 2, 4, 2.",
)
def feedforward_params(cfg, mult=4):
    D = cfg["emb_dim"]
    return linear_params(D, mult, True) + linear_params(mult, D, True)


# 2.8 gpt_params


def _total(cfg, tied, *, embeddings=None, norms=2, attention=None, feedforward=None, final_norm=1, head=None):
    """The solution with its parts as parameters, so that one of them can be wrong."""
    D, V = cfg["emb_dim"], cfg["vocab_size"]
    feedforward = 8 * D * D + 5 * D if feedforward is None else feedforward
    attention = 4 * D * D + D + 3 * D * cfg["qkv_bias"] if attention is None else attention
    embeddings = (V + cfg["context_length"]) * D if embeddings is None else embeddings
    head = (0 if tied else V * D) if head is None else head
    return embeddings + cfg["n_layers"] * (norms * 2 * D + attention + feedforward) + final_norm * 2 * D + head


@catalogue.misconception(
    "2.8",
    "always-tied",
    "Your total has no head of its own, also where tied is False. Where does your code look at the flag, or was the head forgotten?",
    hint="Print both totals for the chapter's config: you give 124,412,160 twice, and 163,009,536 is right for `tied=False`. In between are 38,597,376, which is 50,257 times 768. Which of your functions counts a layer of this shape?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, True)


@catalogue.misconception(
    "2.8",
    "never-tied",
    "Your total counts the head, also where tied is True. How often does a matrix count that two layers share?",
    hint="Print both totals for the chapter's config: you give 163,009,536 twice. With `tied=True` it must be 38,597,376 less, since the token table has these numbers already. What does a tied head add to them?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, False)


@catalogue.misconception(
    "2.8",
    "flag-turned-round",
    "Your totals with and without tied are those of the other case. Which of the two models has a head with numbers of its own?",
    hint="Print both totals for the chapter's config: the tied one must be the smaller, 124,412,160. Read your line with the flag aloud: does it add the head when `tied` is true, or when it is not?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, not tied)


@catalogue.misconception(
    "2.8",
    "tying-removes-token-table-too",
    "Where tied is True your total is too small by the token table. The head and the table share one matrix: is it counted once, or not at all?",
    hint="For the chapter's config you give 85,814,784 when tied, and 124,412,160 is right. A token's row has to be looked up, tied or not. So which of the two parts must not depend on the flag?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied) - (cfg["vocab_size"] * cfg["emb_dim"] if tied else 0)


@catalogue.misconception(
    "2.8",
    "final-layer-norm-forgotten",
    "Your total is too small by 2 times emb_dim: one layer norm in the whole model. What stands between the last block and the head?",
    hint="For the chapter's config your total is 1,536 too small, and `layernorm_params(768)` is 1,536. Read the text's list from bottom to top and tick off what your sum has. Which item has no tick?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, final_norm=0)


@catalogue.misconception(
    "2.8",
    "one-layer-norm-per-block",
    "Your total is too small by 2 times emb_dim for each layer. How many layer norms does a block have?",
    hint="Print your count of one block for the chapter's config: it is 1,536 below 7,085,568. The text says which two parts of a block have a norm in front. Are there two in your sum?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, norms=1)


@catalogue.misconception(
    "2.8",
    "no-layer-norms-in-blocks",
    "Your total is too small by 4 times emb_dim for each layer. Which small layers stand before attention and before the feed-forward network?",
    hint="Print your count of one block for the chapter's config: it is 3,072 below 7,085,568. Call `layernorm_params(768)`. How often does this number go into the difference, and where in a block does the text put them?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, norms=0)


@catalogue.misconception(
    "2.8",
    "no-layer-norms-at-all",
    "Your total has no layer norms, neither in the blocks nor at the end. Do they learn nothing?",
    hint="For the chapter's config your total is 38,400 too small, which is 25 times 1,536. `layernorm_params(768)` is 1,536. How many of the 25 places are in each of the 12 blocks, and where is the odd one?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, norms=0, final_norm=0)


@catalogue.misconception(
    "2.8",
    "final-layer-norm-in-every-block",
    "Your total has three layer norms for each layer. Which of them occurs only once in the model?",
    hint="Try `n_layers` = 1 and then 2: the first total is right, the second too large by 2 times `emb_dim`. So something that belongs behind the blocks stands inside the part that you multiply.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, norms=3, final_norm=0)


@catalogue.misconception(
    "2.8",
    "head-with-bias",
    "Where the head has a matrix of its own, your total is too large by vocab_size. Does the head have a bias?",
    hint="For the chapter's config your total is 50,257 too large with `tied=False`: one number for each token. Read the text's sentence about the head, and then the arguments with which you count it.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, head=0 if tied else cfg["vocab_size"] * (cfg["emb_dim"] + 1))


@catalogue.misconception(
    "2.8",
    "feed-forward-biases-dropped",
    "Your total is too small by 5 times emb_dim for each layer: the biases of the feed-forward networks. Do these layers have biases?",
    hint="Your count of the feed-forward network is that of 2.7, with both of its biases.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, feedforward=8 * cfg["emb_dim"] ** 2)


@catalogue.misconception(
    "2.8",
    "feed-forward-not-widened",
    "Your total has feed-forward networks whose middle is no wider than emb_dim. How many times wider is it in GPT-2?",
    hint="Your count of the feed-forward network is that of 2.7. In GPT-2 the middle is four times wider.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, feedforward=feedforward_params(cfg, 1))


@catalogue.misconception(
    "2.8",
    "no-position-table",
    "Your total is too small by context_length times emb_dim. Where are the vectors of the positions?",
    hint="Your function for the embeddings counts two tables. Is it the one you call here, with the whole config?",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, embeddings=cfg["vocab_size"] * cfg["emb_dim"])


@catalogue.misconception(
    "2.8",
    "whole-matrices-for-each-head",
    "Your total is too large by n_heads - 1 further sets of query, key and value layers in each block. Does each head get D x D matrices of its own, or a share?",
    hint="Your count of attention is that of 2.6. Does its result grow with n_heads? It must not.",
)
def gpt_params(cfg, tied=False):
    D, H = cfg["emb_dim"], cfg["n_heads"]
    return _total(cfg, tied, attention=3 * H * linear_params(D, D, cfg["qkv_bias"]) + linear_params(D, D, True))


@catalogue.misconception(
    "2.8",
    "output-projection-forgotten",
    "Your total is too small by emb_dim times (emb_dim + 1) for each layer. Which layer of attention mixes what the heads found?",
    hint="Your count of attention is that of 2.6. For the chapter's config one block has 7,085,568 numbers: compare part by part.",
)
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    return _total(cfg, tied, attention=3 * linear_params(D, D, cfg["qkv_bias"]))


@catalogue.misconception(
    "2.8",
    "output-bias-follows-flag",
    "Where qkv_bias is False your total is too small by emb_dim for each layer. Whose biases does the flag switch off, going by its name?",
    hint="Your count of attention (2.6) has an output layer whose bias is there in any case. Hand the flag to the other three only.",
)
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    return _total(cfg, tied, attention=4 * linear_params(D, D, cfg["qkv_bias"]))


@catalogue.misconception(
    "2.8",
    "qkv-biases-always-counted",
    "Where qkv_bias is False your total is too large by 3 times emb_dim for each layer. Does your count of attention look at the flag?",
    hint="Your count of attention is that of 2.6. Hand it the flag of the config.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg, tied, attention=4 * linear_params(cfg["emb_dim"], cfg["emb_dim"], True))


@catalogue.misconception(
    "2.8",
    "qkv-biases-never-counted",
    "Where qkv_bias is True your total is too small by 3 times emb_dim for each layer. Does your count of attention look at the flag?",
    hint="Your count of attention is that of 2.6. Hand it the flag of the config.",
)
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    return _total(cfg, tied, attention=4 * D * D + D)


@catalogue.misconception(
    "2.8",
    "single-block",
    "Your total has the parameters of one block only. How many blocks are stacked?",
    hint="Count with n_layers = 1 and n_layers = 2. The difference is one whole block.",
)
def gpt_params(cfg, tied=False):
    return _total(cfg | {"n_layers": 1}, tied)


@catalogue.misconception(
    "2.8",
    "everything-in-every-layer",
    "Your total multiplies more than the blocks by n_layers. Which parts occur only once, at the bottom and at the top?",
    hint="Print the totals for `n_layers` = 1 and 2: one more layer must cost one block, 7,085,568 for the chapter's config. Yours costs 85,068,288. What else is in there? Go through it: which of it does a second layer need?",
)
def gpt_params(cfg, tied=False):
    return cfg["n_layers"] * _total(cfg | {"n_layers": 1}, tied)


@catalogue.misconception(
    "2.8",
    "through-float",
    "Your total is right for real models but off for one with a billion dimensions. Does it pass through a float, which keeps about 16 digits?",
    hint="A division with / gives a float, and so does multiplying by a float. Use whole numbers all the way.",
)
def gpt_params(cfg, tied=False):
    return int(float(_total(cfg, tied)))


@catalogue.misconception(
    "2.8",
    "rule-of-thumb",
    "Your total is the embeddings, 12 times emb_dim squared for each layer, and the head. Which small parts does the rule of thumb leave out?",
    hint="For the chapter's config $12 D^2$ is 7,077,888, and one block has 7,085,568. In between are 10 times 768: layer norms and biases. Your functions of 2.5 to 2.7 know each of them.",
)
def gpt_params(cfg, tied=False):
    D = cfg["emb_dim"]
    return _total(cfg, tied, norms=0, final_norm=0, attention=4 * D * D, feedforward=8 * D * D)


# 2.9 count_parameters


@catalogue.misconception(
    "2.9",
    "summed-over-state-dict",
    "Your count includes buffers, counts a shared tensor under each of its names, and finds nothing trainable. What does state_dict() list, and is it made for counting?",
    hint="Print `requires_grad` for the tensors in `nn.Linear(3, 2).state_dict()`: False for both, though both are trained. This view is made for saving. The text names three more; which one lists what training changes?",
)
def count_parameters(module, trainable_only=False):
    tensors = module.state_dict().values()
    return sum(tensor.numel() for tensor in tensors if tensor.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "state-dict-flag-ignored",
    "Your count includes buffers, counts a shared tensor under each of its names, and is the same with and without trainable_only. What does state_dict() list, and where does the flag come in?",
    hint="Try `nn.BatchNorm1d(2)`: it learns 4 numbers and you count 9. Print the names in its `state_dict()`. The text names three more views; look for the one of learned tensors only, and ask each of them if it is frozen.",
)
def count_parameters(module, trainable_only=False):
    return sum(tensor.numel() for tensor in module.state_dict().values())


@catalogue.misconception(
    "2.9",
    "state-dict-where-frozen-ones-count",
    "Without trainable_only your count includes buffers and counts a shared tensor under each of its names. What does state_dict() list, and is it made for counting?",
    hint="Try `nn.BatchNorm1d(2)`: it learns 4 numbers, and you count 9 without the flag and 4 with it. You know two views of a module. Which of them lists what training changes, frozen or not?",
)
def count_parameters(module, trainable_only=False):
    if trainable_only:
        return sum(p.numel() for p in module.parameters() if p.requires_grad)
    return sum(tensor.numel() for tensor in module.state_dict().values())


@catalogue.misconception(
    "2.9",
    "tensors-counted",
    "Your count is the number of parameter tensors. How many numbers does each of them hold?",
    hint="Take nn.Linear(3, 2): 2 tensors with 8 numbers in all. You have the 2.",
)
def count_parameters(module, trainable_only=False):
    return sum(1 for p in module.parameters() if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "rows-counted",
    "Your count adds up the first size of each tensor. What does len() or shape[0] of a matrix leave out?",
    hint="Try `nn.Linear(3, 2)`: you give 2 + 2, and 8 is right. Print the shapes of its tensors: (2, 3) and (2,). A tensor can tell you how many numbers it holds, whatever its shape is.",
)
def count_parameters(module, trainable_only=False):
    return sum(p.shape[0] for p in module.parameters() if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "frozen-ones-always-counted",
    "With trainable_only your count still includes frozen parameters. Where does your code look at requires_grad?",
    hint="Freeze the weight of `nn.Linear(3, 2)` with `layer.weight.requires_grad = False`: with `trainable_only` 2 is right, and you give 8. Print `requires_grad` of each parameter on the way. What would you need to do at a False, and in which case only?",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters())


@catalogue.misconception(
    "2.9",
    "frozen-ones-never-counted",
    "Without trainable_only your count leaves out frozen parameters. Is a frozen parameter still a part of the model?",
    hint="Freeze the weight of `nn.Linear(3, 2)` with `layer.weight.requires_grad = False`: 8 is right without `trainable_only` and 2 with it, and you give 2 for both. When must nobody ask whether a parameter is frozen?",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if p.requires_grad)


@catalogue.misconception(
    "2.9",
    "frozen-ones-instead",
    "With trainable_only your count is that of the frozen parameters. What does requires_grad=True mean?",
    hint="Print `requires_grad` for the parameters of a fresh `nn.Linear(3, 2)`: True twice, and nothing is frozen. With `trainable_only` 8 is right, and you give 0. Which of the two does your condition let pass?",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if not (trainable_only and p.requires_grad))


@catalogue.misconception(
    "2.9",
    "trainable-means-has-gradient",
    "With trainable_only your count is 0. Does a parameter have a .grad before the first backward pass?",
    hint="Print `p.grad` and `p.requires_grad` for the parameters of a fresh `nn.Linear(3, 2)`: None and True. The one says whether a gradient is there already. And the other?",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if p.grad is not None or not trainable_only)


@catalogue.misconception(
    "2.9",
    "buffers-counted",
    "Your count includes the buffers. Does training change them?",
    hint="A buffer is saved with the model and moves with it, but no optimizer changes it. Which view of a module lists only what an optimizer gets?",
)
def count_parameters(module, trainable_only=False):
    buffers = 0 if trainable_only else sum(b.numel() for b in module.buffers())
    return buffers + sum(p.numel() for p in module.parameters() if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "shared-ones-counted-for-each-layer",
    "Your count has a shared parameter once for each layer that holds it. How can you tell that two layers hold the same tensor?",
    hint="Tie two layers with `b.weight = a.weight`, put both into an `nn.Sequential`, and print `id()` of each tensor that your loop meets: one comes twice. Does it also come twice if you ask only the outermost module?",
)
def count_parameters(module, trainable_only=False):
    return sum(
        p.numel()
        for layer in module.modules()
        for p in layer.parameters(recurse=False)
        if p.requires_grad or not trainable_only
    )


@catalogue.misconception(
    "2.9",
    "equal-ones-counted-once",
    "Your count leaves out parameters that have the same values as another one. Are two fresh layer norms one parameter, or two that happen to be equal?",
    hint="Try `nn.Sequential(nn.LayerNorm(3), nn.LayerNorm(3))`: 12 is right, and you give 6. The first training step makes them differ. So what counts is which tensor it is, not which values it has.",
)
def count_parameters(module, trainable_only=False):
    seen = []
    for p in module.parameters():
        if not any(torch.equal(p, other) for other in seen):
            seen.append(p)
    return sum(p.numel() for p in seen if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "one-per-shape",
    "Your count has one tensor for each shape. Can two different tensors have the same shape?",
    hint="Try `nn.LayerNorm(3)`: it learns 3 scales and 3 shifts, so 6, and you give 3. Print what your collection holds: two tensors have left a single entry in it.",
)
def count_parameters(module, trainable_only=False):
    shapes = {p.shape for p in module.parameters() if p.requires_grad or not trainable_only}
    return sum(shape.numel() for shape in shapes)


@catalogue.misconception(
    "2.9",
    "own-level-only",
    "Your count is 0: the outer module holds no parameters directly, its layers do. Does your code look into them?",
    hint="Try `nn.Linear(3, 2)` alone and inside an `nn.Sequential`: you give 8 and 0. Read what `help(nn.Module.parameters)` says about `recurse`, and compare it with the way in which your code asks.",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters(recurse=False))


@catalogue.misconception(
    "2.9",
    "weight-and-bias-by-name",
    "Your count leaves out parameters that are called neither weight nor bias. Who decides how a parameter is called?",
    hint="Make `m = nn.Module()`, put `m.factors = nn.Parameter(torch.ones(3))` into it, and count: 3 is right, and you give 0. Which view of a module finds its parameters without knowing their names?",
)
def count_parameters(module, trainable_only=False):
    named = [getattr(layer, name, None) for layer in module.modules() for name in ("weight", "bias")]
    found = {id(p): p for p in named if p is not None}.values()
    return sum(p.numel() for p in found if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "matrices-only",
    "Your count leaves out vectors such as biases. Are they not learned?",
    hint="Take nn.Linear(3, 2): 6 weights and 2 biases, so 8. You have 6.",
)
def count_parameters(module, trainable_only=False):
    return sum(p.numel() for p in module.parameters() if p.dim() > 1 and (p.requires_grad or not trainable_only))


@catalogue.misconception(
    "2.9",
    "bytes-counted",
    "Your count is that of bytes, several for each number. Is the size in memory asked for, or how many numbers there are?",
    hint="Take nn.Linear(3, 2): 8 numbers. Which tensor method gives how many entries there are, however many bytes each has?",
)
def count_parameters(module, trainable_only=False):
    return sum(p.nbytes for p in module.parameters() if p.requires_grad or not trainable_only)


@catalogue.misconception(
    "2.9",
    "four-bytes-per-number",
    "Your count is twice the right one, for this model's numbers are float64. Does a count from bytes hold for every dtype?",
    hint="Take nn.Linear(3, 2).double(): still 8 numbers. Count entries and leave bytes out of it.",
)
def count_parameters(module, trainable_only=False):
    return sum(p.nbytes // 4 for p in module.parameters() if p.requires_grad or not trainable_only)


# 2.10 model_bytes, model_mebibytes


@catalogue.misconception(
    "2.10",
    "always-four-bytes",
    "Your memory is that of 4-byte numbers whatever the dtype. How wide is a bfloat16 or an int8?",
    hint="Try `model_bytes(10, torch.int8)`: 10 is right, and you give 40. Print `dir(torch.int8)`: a dtype can tell you several things about itself, and one of them is its width.",
)
def model_bytes(n, dtype):
    return 4 * n


@catalogue.misconception(
    "2.10",
    "bits-for-bytes",
    "Your memory is 8 times too large. Does the number in a dtype's name count bits or bytes?",
    hint="Try `model_bytes(10, torch.int8)`: 10 is right, and you give 80. Print the width that you multiply by: is it that of the name, 8, or what those bits are in bytes?",
)
def model_bytes(n, dtype):
    return 8 * n * dtype.itemsize


@catalogue.misconception(
    "2.10",
    "floating-point-only",
    "Your function stops with a TypeError for int8, for finfo knows floating-point types only. What do all dtypes tell about their width?",
    hint="Print `dir(torch.int8)` and `dir(torch.float32)`: what stands in both can be asked of any dtype, whatever kind of number it is. One of these attributes is the width.",
)
def model_bytes(n, dtype):
    return n * torch.finfo(dtype).bits // 8


@catalogue.misconception(
    "2.10",
    "bytes-as-float",
    "Your bytes are right as a number but a float. Can there be a fraction of a byte?",
    hint="Print `160 / 8` and `160 // 8`: 20.0 and 20. A division with / gives a float even where nothing is left over. If you start from bytes and not from bits, do you have to divide at all?",
)
def model_bytes(n, dtype):
    return n * dtype.itemsize * 8 / 8


@catalogue.misconception(
    "2.10",
    "training-counted",
    "Your memory is 4 times too large, as if gradients and Adam's averages were included. Is the memory of training asked for, or that of the numbers alone?",
    hint="The function gets a number of numbers and a dtype, and nothing about training. So nothing is to be multiplied by 4.",
)
def model_bytes(n, dtype):
    return 4 * n * dtype.itemsize


@catalogue.misconception(
    "2.10",
    "megabytes-for-mebibytes",
    "Your mebibytes are 4.9 % too large: they are megabytes. How many bytes has a mebibyte?",
    hint="Try 1,048,576 numbers of `torch.int8`: this is 1 MiB by the text, and you give 1.048576. Print the number that you divide by, and find out which of the text's two units it belongs to.",
)
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) / 1_000_000


@catalogue.misconception(
    "2.10",
    "kibibytes-for-mebibytes",
    "Your mebibytes are 1,024 times too large. How often must bytes be divided by 1,024?",
    hint="Try 1,048,576 numbers of `torch.int8`: this is 1 MiB by the text, and you give 1024.0. Kibi, mebi, gibi: each is 1,024 of the one before. Which of them have you reached?",
)
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) / 1024


@catalogue.misconception(
    "2.10",
    "gibibytes-for-mebibytes",
    "Your mebibytes are 1,024 times too small. How often must bytes be divided by 1,024?",
    hint="Try 1,048,576 numbers of `torch.int8`: this is 1 MiB by the text, and you give 0.0009765625. Kibi, mebi, gibi: each is 1,024 of the one before. Which of them have you reached?",
)
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) / 1024**3


@catalogue.misconception(
    "2.10",
    "fraction-cut-off",
    "Your mebibytes have lost their fraction. Which division keeps it?",
    hint="Try 524,288 numbers of `torch.int8`: this is half of a MiB, 0.5, and you give 0. Python has two signs for division, and one of them rounds down. Is there a rounding in your code?",
)
def model_mebibytes(n, dtype):
    return model_bytes(n, dtype) // 2**20


@catalogue.misconception(
    "2.10",
    "rounded",
    "Your mebibytes are rounded to two decimals. Should a function round, or the one who prints?",
    hint="Return the number as it is. Whoever prints it can round it.",
)
def model_mebibytes(n, dtype):
    return round(model_bytes(n, dtype) / 2**20, 2)


@catalogue.misconception(
    "2.10",
    "mebibits",
    "Your mebibytes are 8 times too large: they are mebibits. Are bits or bytes divided?",
    hint="Try 1,048,576 numbers of `torch.int8`: this is 1 MiB by the text, and you give 8.0. Print what you divide, and compare it with `model_bytes` for the same numbers.",
)
def model_mebibytes(n, dtype):
    return 8 * model_bytes(n, dtype) / 2**20


# 2.11 apply_dropout


@catalogue.misconception(
    "2.11",
    "survivors-not-scaled",
    "Your survivors are as large as before, so the average over all masks is smaller than x. By what factor must they grow to make up for what is dropped?",
    hint="Suppose a 9 is kept in nine of ten steps and 0 in one, as with p = 0.1. The mean over the ten must be 9 again. How large does a kept one have to be? The docstring's example shows it.",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask if training else x


@catalogue.misconception(
    "2.11",
    "divided-by-dropped-share",
    "Your survivors are divided by p. Is p the share that is dropped, or the one that is kept?",
    hint="In the docstring's example 9 becomes 10, and you give 90. With p = 0.1, which share of the numbers is kept? And try p = 0, where nothing is dropped and nothing may change.",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask / p if training else x


@catalogue.misconception(
    "2.11",
    "multiplied-by-kept-share",
    "Your survivors became smaller. Must they make up for what is dropped, or shrink with it?",
    hint=r"In the docstring's example 9 becomes 10, and you give 8.1. Over ten steps that drop it once the mean is $9 \cdot 8.1 / 10 = 7.29$, and it has to be 9. You have the right share; what must be done with it?",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask * (1 - p) if training else x


@catalogue.misconception(
    "2.11",
    "always-active",
    "Your function drops and scales outside training, too. What should a model that is in use give for the same text twice?",
    hint="Call it twice with training=False: x must come back both times. Does your code look at that argument?",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask / (1 - p)


@catalogue.misconception(
    "2.11",
    "modes-swapped",
    "Your function drops outside training and leaves x alone in training. Which of the two modes does your condition pick?",
    hint="With training=False x must come back. Print the flag in the branch that drops.",
)
def apply_dropout(x, keep_mask, p, training):
    return x if training else x * keep_mask / (1 - p)


@catalogue.misconception(
    "2.11",
    "scaled-out-of-training-instead",
    "Your survivors are not scaled in training, and outside it all numbers shrink. In which mode does the formula scale, and in which direction?",
    hint="The scaling belongs to the same branch as the mask: what is dropped is made up for at once. The other branch does nothing.",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask if training else x * (1 - p)


@catalogue.misconception(
    "2.11",
    "scaled-in-both-modes",
    "Outside training your numbers are still scaled. Is there anything to make up for when nothing is dropped?",
    hint="With training=False x comes back as it is, without mask and without factor. Is the factor outside of your if?",
)
def apply_dropout(x, keep_mask, p, training):
    return (x * keep_mask if training else x) / (1 - p)


@catalogue.misconception(
    "2.11",
    "mask-turned-round",
    "Your zeros are where the mask says keep. What does True in keep_mask mean?",
    hint="Print mask and result beside each other: a number stands where the mask is True.",
)
def apply_dropout(x, keep_mask, p, training):
    return x * ~keep_mask / (1 - p) if training else x


@catalogue.misconception(
    "2.11",
    "dropped-numbers-removed",
    "Your answer has fewer numbers than x: those dropped are gone. Does dropout remove numbers, or set them to zero?",
    hint="Print the shapes: the result has that of x. Picking with a mask shortens; multiplying by it does not.",
)
def apply_dropout(x, keep_mask, p, training):
    return x[keep_mask] / (1 - p) if training else x


@catalogue.misconception(
    "2.11",
    "nothing-dropped",
    "Your dropped numbers are not zero: all numbers are scaled and none is dropped. Where does the mask come in?",
    hint="In the docstring's example you give 10, 10, -20, and the middle one must be 0. Print `keep_mask` beside your result. What do True and False count as in a product?",
)
def apply_dropout(x, keep_mask, p, training):
    return x / (1 - p) if training else x


@catalogue.misconception(
    "2.11",
    "scaled-by-what-mask-really-keeps",
    "Your survivors are scaled by the share this mask happens to keep, not by the one that p promises. Which of the two does the formula divide by?",
    hint="In the docstring's example you give 13.5, and 10 is right: this mask keeps two of three, but p = 0.1 promises nine of ten. Try a mask of False alone, too: the scale must be the same for every mask.",
)
def apply_dropout(x, keep_mask, p, training):
    return x * keep_mask / keep_mask.to(x.dtype).mean() if training else x


@catalogue.misconception(
    "2.11",
    "written-into-input",
    "Your function wrote zeros into the x it was given. Who else may still need that tensor?",
    hint="Print x before and after the call. A product is a new tensor; writing zeros into x is not.",
)
def apply_dropout(x, keep_mask, p, training):
    if not training:
        return x
    x[~keep_mask] = 0
    return x / (1 - p)


@catalogue.misconception(
    "2.11",
    "graph-cut",
    "The values are right, but no gradient flows back to x: the layers before the dropout would never learn. Where does your result leave the graph?",
    hint="Try it with `x = torch.ones(3, requires_grad=True)` and print the result: it must end in `grad_fn=...`. Print it after each step, and see where that disappears. Numbers that went through `detach()`, `tolist()` or `torch.tensor(...)` have forgotten where they come from.",
)
def apply_dropout(x, keep_mask, p, training):
    return x.detach() * keep_mask / (1 - p) if training else x
