"""A wrong result into a sentence, from observed values alone: the second layer, after the catalogue of misconceptions.

A signature looks at one wrong value beside the right one and claims relations between them. Here those claims are
weighed: one is made only if it holds on every failing trial, if every wrong member of a tuple or dict is explained,
and if the agreement would be too surprising for an accident. Otherwise nothing is said.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from torch import Tensor

from gradlings.checks.diagnosis import (
    form,
    order,
    scale,
    shape,
    structure,
    terms,
    values,
)
from gradlings.checks.diagnosis.members import Member, members_of
from gradlings.checks.diagnosis.trials import Claim, Pair, Trial, is_row_of_numbers

__all__ = ["Trial", "diagnose"]

Signature: TypeAlias = Callable[[Pair], Iterator[Claim]]

# Digits a claim must be worth after its cost. Some forty signatures look at a wrong answer, so that one accident in
# 30,000 for each keeps the whole below one in a thousand.
_ENOUGH = 4.5
_OWN_SHARE = 1.0  # digits each member must add to a claim it shares with others
_MOST_TRIALS = 12

# Most telling first: of several claims that hold, the first one is made.
_SIGNATURES: tuple[Signature, ...] = (
    *form.SIGNATURES,
    *scale.FIRST,
    *structure.SIGNATURES,
    *shape.SIGNATURES,
    *order.SIGNATURES,
    *scale.SIGNATURES,
    *terms.SIGNATURES,
    *values.SIGNATURES,
    *order.BY_INPUT,
    *structure.LATER,
    *order.LATER,
    *form.LAST,
    *scale.LAST,
    *terms.LAST,
    *structure.LAST,
)


def diagnose(trials: Sequence[Trial], names: Sequence[str] = ()) -> str | None:
    """One message on what is wrong, or None.

    Args:
        trials: the failing probes of one check, smallest first.
        names: the names of the members of a returned tuple; a dict's members go by their keys.

    Returns:
        A fact and a question for each distinct claim, with the members it is about; None if nothing is certain enough.
    """
    chosen = list(trials)[:_MOST_TRIALS]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        # A tuple of numbers is looked at as one row (a shape reversed), then member by member.
        for as_rows in (True, False):
            members = members_of(chosen, tuple(names), as_rows)
            if members is None:
                continue
            message = _message(members) or _message_on_graphs(members, chosen)
            if message:
                return message
            if not any(is_row_of_numbers(pair.expected) for member in members for pair in member.pairs):
                return None
    return None


@dataclass(frozen=True)
class _Survivor:
    """A claim that held on every failing trial of a member."""

    claim: Claim
    digits: float
    cost: float
    trials: int
    numbers: int  # different right numbers among those trials, if all were single numbers; else 0


def _message(members: list[Member]) -> str | None:
    """The claims that explain every wrong member, as one text."""
    wrong = [member for member in members if member.wrong]
    if not wrong:
        return None
    surviving = {member.name: _survivors(member, _SIGNATURES) for member in wrong}
    if not all(surviving.values()):
        return None
    made: dict[str, Claim] = {}
    for member in wrong:
        claim = _first_certain(member, wrong, surviving)
        if claim is None:
            return None
        made[member.name] = claim
    return _worded(made, {member.name: member.wrong[0].g.size == 1 for member in wrong})


def _message_on_graphs(members: list[Member], trials: list[Trial]) -> str | None:
    """What is right in everything else may still carry, or have lost, its autograd graph."""
    asked_for = any(isinstance(v, Tensor) and v.requires_grad for trial in trials for v in trial.inputs.values())
    if asked_for or any(member.wrong for member in members):
        return None
    made: dict[str, Claim] = {}
    for member in members:
        for survivor in _intersection(form.graph, member.pairs, member.pairs).values():
            made[member.name] = survivor.claim
    return _worded(made, {}) if made else None


def _survivors(member: Member, signatures: Iterable[Signature]) -> dict[tuple[object, ...], _Survivor]:
    """All claims that hold on every trial of a member, most telling first."""
    found: dict[tuple[object, ...], _Survivor] = {}
    for signature in signatures:
        for key, survivor in _intersection(signature, member.wrong + member.right, member.wrong).items():
            found.setdefault(key, survivor)
    return found


def _intersection(
    signature: Signature, pairs: tuple[Pair, ...], wrong: tuple[Pair, ...]
) -> dict[tuple[object, ...], _Survivor]:
    """The claims of one signature that are made for each of the pairs."""
    per_pair: list[dict[tuple[object, ...], Claim]] = []
    for pair in pairs:
        claims = {claim.key: claim for claim in _safely(signature, pair)}
        if per_pair:
            claims = {key: claim for key, claim in claims.items() if key in per_pair[-1]}
        if not claims:
            return {}
        per_pair.append(claims)
    numbers = _different([float(pair.e.ravel()[0]) for pair in wrong if pair.e.size])
    only_numbers = all(pair.scalar for pair in wrong)
    return {
        key: _Survivor(
            claim=per_pair[0][key],
            digits=sum(claims[key].digits for claims in per_pair),
            cost=max(claims[key].cost for claims in per_pair),
            trials=len(wrong),
            numbers=numbers if only_numbers else 0,
        )
        for key in per_pair[-1]
    }


def _safely(signature: Signature, pair: Pair) -> list[Claim]:
    """The claims of a signature; a signature that fails makes none, so that a bug here never costs a student a page."""
    try:
        return list(signature(pair))
    except Exception:
        return []


def _different(numbers: list[float]) -> int:
    """How many of the numbers differ by more than float32 rounding (a probe may be there twice, once in float32)."""
    kept: list[float] = []
    for number in numbers:
        if not any(abs(number - other) <= 1e-4 * max(abs(number), abs(other)) for other in kept):
            kept.append(number)
    return len(kept)


def _first_certain(
    member: Member, wrong: list[Member], surviving: Mapping[str, Mapping[tuple[object, ...], _Survivor]]
) -> Claim | None:
    """The claim to make about a member: a telling one before a vague one, one that all wrong members share first."""
    certain: list[tuple[bool, bool, Claim]] = []
    for key, survivor in surviving[member.name].items():
        sharing = [surviving[other.name][key] for other in wrong if key in surviving[other.name]]
        if _is_certain(survivor, sharing):
            certain.append((survivor.claim.vague, len(sharing) < len(wrong), survivor.claim))
    certain.sort(key=lambda entry: entry[:2])  # stable: otherwise the order of the signatures stays
    return certain[0][2] if certain else None


def _is_certain(survivor: _Survivor, sharing: list[_Survivor]) -> bool:
    claim = survivor.claim
    if claim.literal:
        return True
    if claim.twice and survivor.trials < 2:
        return False
    numbers = [other.numbers for other in sharing]
    if all(numbers) and max(numbers) < 2 and not claim.alone:
        return False
    total = sum(other.digits for other in sharing) - max(other.cost for other in sharing)
    return total >= _ENOUGH and survivor.digits >= _OWN_SHARE


def _worded(made: Mapping[str, Claim], is_number: Mapping[str, bool]) -> str:
    """One text; members with the same claim are named together."""
    swapped = _swapped(made)
    if swapped:
        return swapped
    groups: dict[tuple[object, ...], list[str]] = {}
    for name, claim in made.items():
        groups.setdefault(claim.key, []).append(name)
    parts: list[str] = []
    last_question = ""
    for names in groups.values():
        claim = made[names[0]]
        single = all(is_number.get(name, False) for name in names)
        each = ("the value" if names[0] else "the result") if single else "every value"
        fact = claim.fact.replace("{each}", each)
        if claim.question == last_question:  # asked once, after the last of the facts
            parts.pop()
        parts.append((f"{_listed(names)}: {fact}" if names[0] else fact[:1].upper() + fact[1:]) + ".")
        parts.append(claim.question)
        last_question = claim.question
    return " ".join(parts)


def _swapped(made: Mapping[str, Claim]) -> str | None:
    if len(made) != 2 or any(claim.key[0] != "belongs" for claim in made.values()):
        return None
    first, second = made
    if made[first].key[1] != second or made[second].key[1] != first:
        return None
    return f"{first} and {second} are swapped: each holds what the other should be. Is the order of the results right?"


def _listed(names: list[str]) -> str:
    if len(names) > 4:
        names = [*names[:3], f"{len(names) - 3} more"]
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + " and " + names[-1]
