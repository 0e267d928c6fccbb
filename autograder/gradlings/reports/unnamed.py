"""Wrong answers that no misconception explains, put together by what came back on the public probes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from gradlings.grading.results_store import Record
from gradlings.model.scorecard import CheckResult, ExerciseScore
from gradlings.model.text import without_control_characters
from gradlings.reports.examples import ANSWERED, Example, example_of

_WIDTH = 110
_WARNING = """\
# Entries for misconceptions.py, the most frequent first. Give each a name, a sentence and a hint.
# The functions are students' own: `gradlings build` and `verify` run them with your rights. Read them first.
"""


@dataclass(frozen=True)
class Cluster:
    """One mistake without a name: all who made it got the same results on the public probes."""

    exercise: str
    functions: tuple[str, ...]
    students: int
    example: Example
    claim: str
    """What the values look like, where the general signatures say something."""
    code: str
    """The shortest function with this mistake, without what tells whose it is; "" if none is on record."""
    skeleton: str
    """An entry for `misconceptions.py`, in which its name and two sentences are to be written."""


@dataclass(frozen=True)
class Unnamed:
    """The wrong answers of a class without a name."""

    clusters: tuple[Cluster, ...]
    """The largest first."""
    not_compared: int
    """Wrong answers without outcomes: right on the public probes, beside a check that never ended, or not kept."""


@dataclass(frozen=True)
class _Answer:
    checks: tuple[CheckResult, ...]
    code: str


def unnamed(records: Iterable[Record]) -> Unnamed:
    """Return the wrong answers without a name, by exercise, function and outcome."""
    found: dict[tuple[str, str, tuple[tuple[str, str], ...]], list[_Answer]] = {}
    order: dict[str, int] = {}
    not_compared = 0
    for record in records:
        for place, score in enumerate(record.result.card.exercises if record.result.card else ()):
            order.setdefault(score.id, place)
            for subject, checks in _unnamed_in(score).items():
                outcomes = tuple((check.check, check.outcome) for check in checks if check.outcome)
                if not outcomes:
                    not_compared += 1
                    continue
                texts = [record.functions[name] for name in subject.split(", ") if name in record.functions]
                found.setdefault((score.id, subject, outcomes), []).append(_Answer(checks, "\n\n\n".join(texts)))
    sized = sorted(found.items(), key=lambda each: (-len(each[1]), order[each[0][0]], each[0]))
    numbers = Counter[str]()
    clusters = []
    for (exercise, subject, _), answers in sized:
        numbers[exercise] += 1
        clusters.append(_cluster(exercise, tuple(subject.split(", ")), answers, numbers[exercise]))
    return Unnamed(tuple(clusters), not_compared)


def entries(clusters: Sequence[Cluster]) -> Iterator[str]:
    """Yield what is printed of clusters: an entry for `misconceptions.py` each, with a warning above all of them."""
    if not clusters:
        yield "No wrong answer without a name was put on record."
        return
    yield _WARNING
    yield from (cluster.skeleton for cluster in clusters)


def _unnamed_in(score: ExerciseScore) -> dict[str, tuple[CheckResult, ...]]:
    """Return by function the failed checks of those that are wrong and have no misconception."""
    wrong = {s for s, check in score.shown.items() if check.verdict in ANSWERED and check.call and s not in score.named}
    return {s: tuple(c for c in score.checks if c.subject == s and c.verdict in ANSWERED) for s in wrong if s}


def _cluster(exercise: str, functions: tuple[str, ...], answers: Sequence[_Answer], number: int) -> Cluster:
    shown = [answer.checks[0] for answer in answers]
    example = example_of(shown)
    claims = Counter(check.claim for check in shown if check.claim)
    code = min((answer.code for answer in answers if answer.code), key=lambda text: (len(text), text), default="")
    skeleton = _skeleton(exercise, functions, len(answers), example, code, number)
    return Cluster(
        exercise, functions, len(answers), example, claims.most_common(1)[0][0] if claims else "", code, skeleton
    )


def _skeleton(
    exercise: str, functions: tuple[str, ...], students: int, example: Example, code: str, number: int
) -> str:
    lines = [f"{exercise} {', '.join(functions)}: {students} {'student' if students == 1 else 'students'}"]
    lines += [example.call] if example.call else []
    lines += [f"{row.name} got {row.got}, expected {row.expected}".strip() for row in example.rows if not row.right]
    lines += [example.message] if example.message else []
    comment = "\n".join(f"# {' '.join(line.split())[:_WIDTH]}" for line in lines)
    body = code or f'def {functions[0]}(*args):\n    raise NotImplementedError("write what gives this answer")'
    text = f'''{comment}
@catalogue.misconception(
    "{exercise}",
    "unnamed-{number}",
    "State a fact about the result. Ask a question?",
    hint="Say what to try that uncovers it, never the solution.",
)
{body}
'''
    return without_control_characters(text)
