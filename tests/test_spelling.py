"""One spelling everywhere, that of torch's own names: normalize, optimizer, behavior."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

PROJECT = Path(__file__).parent.parent
FOLDERS = ("autograder", "assignments", "solutions", "docs", "benchmarks", "tests")
SUFFIXES = (".py", ".md", ".j2", ".json", ".ipynb")
BRITISH = re.compile(
    r"""
    (analy|cataly|paraly)s(e|ed|ing)\b
    | (behavi|col|endeav|fav|flav|harb|hon|hum|lab|neighb|rum|vap)our
    | (categor|character|custom|emphas|equal|final|general|initial|local|maxim|memo|minim|normal|optim|organ)is[ei]
    | (parallel|prior|quant|random|real|recogn|regular|serial|special|stabil|standard|summar|synchron|token)is[ei]
    | (util|vector|visual)is[ei]
    | (cancel|channel|label|level|model|signal|total|travel)l(ed|ing)
    | artefact | centre | defence | fibre | grey | judgement | learnt | licence | litre\b | maths\b | practise
    | programme[sd]?\b | towards | whilst
    """,
    re.IGNORECASE | re.VERBOSE,
)


def texts() -> Iterator[Path]:
    for folder in FOLDERS:
        for path in (PROJECT / folder).rglob("*"):
            if path.suffix in SUFFIXES and path != Path(__file__) and "__pycache__" not in path.parts:
                yield path
    yield from PROJECT.glob("*.md")


def british(text: str) -> list[str]:
    return [f"line {number}: {line.strip()}" for number, line in enumerate(text.split("\n"), 1) if BRITISH.search(line)]


def test_american_spelling() -> None:
    found = {
        str(path.relative_to(PROJECT)): british(path.read_text(encoding="utf-8", errors="replace")) for path in texts()
    }
    assert {name: lines for name, lines in found.items() if lines} == {}


@pytest.mark.parametrize(
    "word", ["Neighbours", "normalised", "an_optimiser", "behaviour", "labelled", "analysed", "grey"]
)
def test_british_spelling_is_found(word: str) -> None:
    assert british(f"a {word} text")


@pytest.mark.parametrize(
    "word", ["analyses", "realistic", "optimistic", "surprised", "exercises", "model led", "toward"]
)
def test_other_words_are_left_alone(word: str) -> None:
    assert not british(f"a {word} text")
