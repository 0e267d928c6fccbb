"""Say in a sentence what is wrong with a result, from observed values alone; used after the misconception catalogue.

A *signature* looks at one wrong value beside the right one and *claims* relations between them: the sign is opposite,
the axes are swapped, a factor N is missing. This module decides which claims are made. A claim is made about a leaf of
the result (a member of the returned tuple or dict, or all of it) only if

1. it holds in every failing call, also in one where this leaf is right (as a sign does where the value is 0),
2. every other wrong leaf is explained, too, by this claim or one of its own,
3. an accident is too unlikely: the evidence, summed over the calls and over all leaves with the same claim, less the
   claim's cost, is at least `_MIN_EVIDENCE_DIGITS`, of which the leaf itself gives `_MIN_OWN_EVIDENCE_DIGITS`.

`evidence_weight` says how evidence is counted. Where no set of claims meets the three conditions nothing is said.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from torch import Tensor

from gradlings.checks.diagnosis import form
from gradlings.checks.diagnosis.claims import Claim, Pair
from gradlings.checks.diagnosis.failing_calls import FailingCall, is_row_of_numbers
from gradlings.checks.diagnosis.result_leaves import ResultLeaf, result_leaves
from gradlings.checks.diagnosis.signatures import SIGNATURES, Signature, claims_of
from gradlings.checks.diagnosis.wording import worded
from gradlings.execution.tolerances import DEFAULT_TOLERANCES, Tolerances

__all__ = ["FailingCall", "diagnose"]

# Some forty signatures look at a wrong answer. If each claims something by accident in one of 10**4.5 = 30,000 answers,
# all of them together do in about one of 800. tests/test_diagnosing.py counts false claims over 10,000 wrong answers.
_MIN_EVIDENCE_DIGITS = 4.5
# A leaf must not be carried by the others: one in ten by itself.
_MIN_OWN_EVIDENCE_DIGITS = 1.0
_MAX_CALLS = 12

_Key = tuple[object, ...]


def diagnose(
    calls: Sequence[FailingCall], names: Sequence[str] = (), tolerances: Tolerances = DEFAULT_TOLERANCES
) -> str | None:
    """Explain a wrong result.

    Args:
        calls: the failing calls of one check, smallest first; those after the twelfth are not looked at.
        names: the names of the members of a returned tuple; a dict's entries go by their keys.
        tolerances: those of the check. What it finds right is right here; where no relation holds up to the default
            tolerances, one that holds up to its own is enough.

    Returns:
        A fact and a question for each distinct claim, with the leaves it is about; None if nothing is certain enough.
    """
    examined = list(calls)[:_MAX_CALLS]
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for loose in (False, True) if tolerances.wider else (False,):
            # A tuple of numbers is looked at as one row (a shape reversed), then member by member.
            for as_rows in (True, False):
                leaves = result_leaves(examined, tuple(names), tolerances, as_rows=as_rows, loose=loose)
                if leaves is None:
                    continue
                message = _explanation(leaves) or _explanation_of_graphs(leaves, examined)
                if message:
                    return message
                if not any(is_row_of_numbers(pair.expected) for leaf in leaves for pair in leaf.pairs):
                    break
    return None


@dataclass(frozen=True)
class _Candidate:
    """A claim that holds in every failing call of a leaf."""

    claim: Claim
    evidence: float
    cost: float
    calls: int
    distinct_numbers: int
    """Different right numbers among those calls, if each call has a single number; else 0."""


def _explanation(leaves: list[ResultLeaf]) -> str | None:
    """Word the claims that explain every wrong leaf."""
    wrong = [leaf for leaf in leaves if leaf.wrong]
    candidates: dict[str, dict[_Key, _Candidate]] = {}
    for leaf in wrong:
        candidates[leaf.name] = _candidates(leaf)
    if not wrong or not all(candidates.values()):
        return None
    chosen: dict[str, Claim] = {}
    for leaf in wrong:
        claim = _chosen_claim(leaf.name, candidates)
        if claim is None:
            return None
        chosen[leaf.name] = claim
    return worded(chosen, {leaf.name for leaf in wrong if leaf.wrong[0].g.size == 1})


def _explanation_of_graphs(leaves: list[ResultLeaf], calls: list[FailingCall]) -> str | None:
    """Word what is wrong with the autograd graph of a result that is right in everything else."""
    required = any(isinstance(v, Tensor) and v.requires_grad for call in calls for v in call.inputs.values())
    if required or any(leaf.wrong for leaf in leaves):
        return None
    chosen: dict[str, Claim] = {}
    for leaf in leaves:
        for candidate in _common_claims(form.wrong_graph, leaf.pairs, leaf.pairs).values():
            chosen[leaf.name] = candidate.claim
    return worded(chosen) if chosen else None


def _candidates(leaf: ResultLeaf) -> dict[_Key, _Candidate]:
    """Return all claims that hold in every call, in the order of the signatures."""
    found: dict[_Key, _Candidate] = {}
    for signature in SIGNATURES:
        for key, candidate in _common_claims(signature, leaf.wrong + leaf.right, leaf.wrong).items():
            found.setdefault(key, candidate)
    return found


def _common_claims(signature: Signature, pairs: tuple[Pair, ...], wrong: tuple[Pair, ...]) -> dict[_Key, _Candidate]:
    """Return the claims of one signature that it makes for each of the pairs."""
    by_pair: list[dict[_Key, Claim]] = []
    for pair in pairs:
        claims = {claim.key: claim for claim in claims_of(signature, pair)}
        if by_pair:
            claims = {key: claim for key, claim in claims.items() if key in by_pair[-1]}
        if not claims:
            return {}
        by_pair.append(claims)
    single_numbers = all(pair.scalar for pair in wrong)
    distinct = _count_distinct([float(pair.e.ravel()[0]) for pair in wrong if pair.e.size]) if single_numbers else 0
    return {
        key: _Candidate(
            claim=by_pair[0][key],
            evidence=sum(claims[key].evidence for claims in by_pair),
            cost=max(claims[key].cost for claims in by_pair),
            calls=len(wrong),
            distinct_numbers=distinct,
        )
        for key in by_pair[-1]
    }


def _count_distinct(numbers: list[float]) -> int:
    """Count numbers that differ by more than float32 rounding: a probe may come twice, once in float32."""
    distinct: list[float] = []
    for number in numbers:
        if not any(abs(number - other) <= 1e-4 * max(abs(number), abs(other)) for other in distinct):
            distinct.append(number)
    return len(distinct)


def _chosen_claim(name: str, candidates: Mapping[str, Mapping[_Key, _Candidate]]) -> Claim | None:
    """Choose among the certain claims about a leaf: no fallback before others, then one that all wrong leaves share."""
    certain: list[tuple[bool, bool, Claim]] = []
    for key, candidate in candidates[name].items():
        sharing = [by_key[key] for by_key in candidates.values() if key in by_key]
        if _is_certain(candidate, sharing):
            certain.append((candidate.claim.fallback, len(sharing) < len(candidates), candidate.claim))
    certain.sort(key=lambda entry: entry[:2])  # stable: otherwise the order of the signatures stays
    return certain[0][2] if certain else None


def _is_certain(candidate: _Candidate, sharing: list[_Candidate]) -> bool:
    """Return whether the evidence is enough.

    Args:
        candidate: the claim about one leaf.
        sharing: the same claim about every leaf it holds for, this one included.
    """
    claim = candidate.claim
    if claim.observed:
        return True
    if claim.needs_two_calls and candidate.calls < 2:
        return False
    distinct = [other.distinct_numbers for other in sharing]
    if all(distinct) and max(distinct) < 2 and not claim.one_number_suffices:
        return False
    total = sum(other.evidence for other in sharing) - max(other.cost for other in sharing)
    return total >= _MIN_EVIDENCE_DIGITS and candidate.evidence >= _MIN_OWN_EVIDENCE_DIGITS
