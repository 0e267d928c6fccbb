"""Which sentence of a hint ladder fits a mistake: the one that speaks of the same things.

It is found by the words and identifiers that it shares with what is said of the mistake, rare ones counting more. Where
they share too little nothing fits, and the author has to write a hint at the misconception.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from autograder.authoring.catalogue import Entry
from autograder.mistakes import Mistake

_LEAST = 3.0  # two rare words, or several that other ladders have, too; less was often beside the point
_REFERS = re.compile(r"\b(it|them|these|this|that|both|otherwise|nothing|neither|then)\b", re.IGNORECASE)
_TELLING = 10  # characters of a line of code that is worth keeping back
_DERIVATIVE = re.compile(r"\\partial\s*")
_SUBSCRIPT = re.compile(r"_\{?(?:\\text\{)?")
_COMMAND = re.compile(r"\\(?:frac|text|mathrm|mathbf|left|right|bigl|bigr|big|quad|ldots|dots|times|hat|cdot)\b")
_WORD = re.compile(r"[A-Za-z]\w*|\d+(?:\.\d+)?")
_COMMON = """
    a about all also an and answer any are as asked at back be become becomes been before both but by came can
    code come comes did do does each every exactly first for four from function gets give given gives has have
    here how if in into is it its itself keep last left like made make makes many may more much must no none
    not nothing number numbers of off on once one only or other others out over own put result right same
    should so some stand stands still take taken than that the their them then there they this those three
    times to too two up value values was were what when where which while who whose why will with without
    would wrong you your yours
"""
_COMMON_WORDS = frozenset(_COMMON.split())
# What the sentences of students' results and the formulas of a ladder call by different names.
_SAME = {
    "added": "add", "adds": "add", "sum": "add", "sums": "add", "summed": "add",
    "averaged": "mean", "average": "mean", "averages": "mean", "means": "mean",
    "divided": "divide", "division": "divide", "divides": "divide",
    "multiplied": "multiply", "product": "multiply", "products": "multiply", "factor": "multiply",
    "transposed": "transpose", "top": "transpose", "swapped": "swap", "exchanged": "swap",
    "squared": "square", "squares": "square", "sqrt": "root", "logarithm": "log", "logarithms": "log", "ln": "log",
    "exponential": "exp", "exponentials": "exp", "log_softmax": "softmax", "infinity": "inf", "infty": "inf",
    "infinite": "inf", "minus": "negative", "sign": "negative", "negate": "negative", "opposite": "negative",
    "derivatives": "derivative", "slope": "derivative", "slopes": "derivative", "written": "write", "writes": "write",
    "returned": "return", "returns": "return", "cleared": "clear", "clears": "clear", "axes": "axis",
    "indices": "index", "dimensions": "dimension", "copies": "copy",
}  # fmt: skip


def mistakes(entries: Iterable[Entry], ladders: Mapping[str, Sequence[str]]) -> tuple[Mistake, ...]:
    """The named mistakes of an assignment with their hints; entries that say the same of one exercise are one mistake.

    The hint is the author's where there is one, else the sentence of the exercise's ladder that fits, else empty.
    """
    spread = weights(list(ladders.values()))
    found: dict[tuple[str, str], Mistake] = {}
    for entry in entries:
        known = found.get((entry.exercise, entry.sentence))
        hint = entry.hint or (known.hint if known else "")
        name = known.name if known else entry.name
        found[entry.exercise, entry.sentence] = Mistake(entry.exercise, name, entry.sentence, hint)
    return tuple(
        mistake if mistake.hint else replace(mistake, hint=_step_for(mistake, ladders, spread))
        for mistake in found.values()
    )


def _step_for(mistake: Mistake, ladders: Mapping[str, Sequence[str]], spread: Mapping[str, float]) -> str:
    return best_step(f"{mistake.name}. {mistake.sentence}", ladders.get(mistake.exercise, ()), spread)


def leaks(text: str, solution: str) -> str:
    """The first line of a solution that a hint contains, white space aside; "" if there is none.

    Short lines without any computation in them (`else:`, `return loss`) give nothing away.
    """
    squeezed = "".join(text.split())
    for line in solution.splitlines():
        code = "".join(line.split())
        if len(code) >= _TELLING and any(sign in code for sign in "=([*/+-@") and code in squeezed:
            return line.strip()
    return ""


def words(text: str) -> Counter[str]:
    """The words and identifiers of a text or formula that say what it is about."""
    plain = _SUBSCRIPT.sub("", _COMMAND.sub(" ", _DERIVATIVE.sub("d", text.replace("'s ", " "))))
    found = (word if len(word) == 1 else word.lower() for word in _WORD.findall(plain))
    return Counter(_stem(word) for word in found if word.lower() not in _COMMON_WORDS)


def best_step(mistake: str, ladder: Sequence[str], spread: Mapping[str, float]) -> str:
    """What fits a mistake's sentence best: a step of a ladder, of its long last one the sentence; "" if nothing does.

    Of equal ones the gentlest.

    Args:
        spread: how much a word tells; see `weights`.
    """
    about = words(mistake)
    best, found = _LEAST, ""
    for step in ladder:
        parts = sentences(step)
        for place, part in enumerate(parts):
            score = sum(spread.get(word, 0.0) for word in words(part) if word in about)
            if score > best or (score == best and not found):
                refers = place > 0 and _REFERS.search(" ".join(part.split()[:4]))
                best, found = (
                    score,
                    step if step is not ladder[-1] else " ".join(parts[place - bool(refers) : place + 1]),
                )
    return " ".join(found.split())


def sentences(text: str) -> list[str]:
    """The sentences of a step; a formula is never cut."""
    return [part.strip() for part in re.split(r"(?<=[.?!])\s+(?=[A-Z$`\[])", " ".join(text.split())) if part.strip()]


def weights(ladders: Sequence[Sequence[str]]) -> dict[str, float]:
    """The weight of each word: the logarithm of how few of an assignment's ladders have it."""
    seen = Counter(word for ladder in ladders for word in set().union(*map(words, ladder)))
    return {word: math.log(1 + len(ladders) / count) for word, count in seen.items()}


def _stem(word: str) -> str:
    if word in _SAME:
        return _SAME[word]
    if len(word) > 4 and word.endswith("ies"):
        return word[:-3] + "y"
    if len(word) > 3 and word.endswith("s") and not word.endswith("ss"):
        word = word[:-1]
    return _SAME.get(word, word)
