"""The claims that are made, as one text: facts and questions, with the leaves of the result they are about."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gradlings.checks.diagnosis.claims import Claim
from gradlings.model.text import listed

_MAX_LISTED = 4


def worded(claims: Mapping[str, Claim], numbers: Collection[str] = ()) -> str:
    """Return one text; leaves with the same claim are named together.

    `claims` go by the leaf's name, "" for a result that is a single value; `numbers` are the leaves that are a number.
    """
    if len(claims) == 2:
        a, b = claims
        if [claim.key for claim in claims.values()] == [("belongs", b), ("belongs", a)]:
            return f"{a} and {b} are swapped: each holds what the other should be. Is the order of the results right?"
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, claim in claims.items():
        groups.setdefault(claim.key, []).append(name)
    parts: list[str] = []
    last_question = ""
    for names in groups.values():
        claim = claims[names[0]]
        single = all(name in numbers for name in names)
        each = ("the value" if names[0] else "the result") if single else "every value"
        fact = claim.fact.replace("{each}", each)
        if claim.question == last_question:  # asked once, after the last of the facts
            parts.pop()
        parts.append((f"{_listed(names)}: {fact}" if names[0] else fact[:1].upper() + fact[1:]) + ".")
        parts.append(claim.question)
        last_question = claim.question
    return " ".join(parts)


def _listed(names: list[str]) -> str:
    if len(names) > _MAX_LISTED:
        names = [*names[: _MAX_LISTED - 1], f"{len(names) - _MAX_LISTED + 1} more"]
    return listed(names)
