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
from dataclasses import replace

import numpy as np
from torch import Tensor

from gradlings.checks.diagnosis import form
from gradlings.checks.diagnosis.claims import Claim
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
                if not any(is_row_of_numbers(pair.expected) for leaf in leaves for pair in leaf.wrong + leaf.right):
                    break
    return None


def _explanation(leaves: list[ResultLeaf]) -> str | None:
    """Word the claims that explain every wrong leaf."""
    candidates = {leaf: _candidates(leaf) for leaf in leaves if leaf.wrong}
    chosen: dict[str, Claim] = {}
    for leaf in candidates:
        claim = _chosen_claim(leaf, candidates)
        if claim is None:
            return None
        chosen[leaf.name] = claim
    return worded(chosen, {leaf.name for leaf in candidates if leaf.wrong[0].g.size == 1}) if chosen else None


def _explanation_of_graphs(leaves: list[ResultLeaf], calls: list[FailingCall]) -> str | None:
    """Word what is wrong with the autograd graph of a result that is right in everything else."""
    required = any(isinstance(v, Tensor) and v.requires_grad for call in calls for v in call.inputs.values())
    if required or any(leaf.wrong for leaf in leaves):
        return None
    claims = {leaf.name: claim for leaf in leaves for claim in _common_claims(form.wrong_graph, leaf).values()}
    return worded(claims) if claims else None


def _candidates(leaf: ResultLeaf) -> dict[_Key, Claim]:
    """Return all claims that hold in every call, in the order of the signatures."""
    found: dict[_Key, Claim] = {}
    for signature in SIGNATURES:
        for key, claim in _common_claims(signature, leaf).items():
            found.setdefault(key, claim)
    return found


def _common_claims(signature: Signature, leaf: ResultLeaf) -> dict[_Key, Claim]:
    """Return the claims of one signature that hold in every call, with the evidence of all calls."""
    common: dict[_Key, Claim] = {}
    for number, pair in enumerate(leaf.wrong + leaf.right):
        claims = {claim.key: claim for claim in claims_of(signature, pair)}
        if number:
            claims = {key: _added(common[key], claim) for key, claim in claims.items() if key in common}
        if not claims:
            return {}
        common = claims
    return common


def _added(claim: Claim, other: Claim) -> Claim:
    return replace(claim, evidence=claim.evidence + other.evidence, cost=max(claim.cost, other.cost))


def _chosen_claim(leaf: ResultLeaf, candidates: Mapping[ResultLeaf, Mapping[_Key, Claim]]) -> Claim | None:
    """Choose among the certain claims about a leaf: no fallback before others, then one that all wrong leaves share."""
    certain: list[tuple[bool, bool, Claim]] = []
    for key, claim in candidates[leaf].items():
        sharing = {other: claims[key] for other, claims in candidates.items() if key in claims}
        if _is_certain(leaf, sharing):
            certain.append((claim.fallback, len(sharing) < len(candidates), claim))
    certain.sort(key=lambda entry: entry[:2])  # stable: otherwise the order of the signatures stays
    return certain[0][2] if certain else None


def _is_certain(leaf: ResultLeaf, sharing: Mapping[ResultLeaf, Claim]) -> bool:
    """Return whether the evidence for a claim about a leaf is enough; `sharing` has it of every leaf it holds for."""
    claim = sharing[leaf]
    if claim.observed:
        return True
    if claim.needs_two_calls and len(leaf.wrong) < 2:
        return False
    distinct = [other.distinct_numbers for other in sharing]
    if all(distinct) and max(distinct) < 2 and not claim.one_number_suffices:
        return False
    total = sum(other.evidence for other in sharing.values()) - max(other.cost for other in sharing.values())
    return total >= _MIN_EVIDENCE_DIGITS and claim.evidence >= _MIN_OWN_EVIDENCE_DIGITS
