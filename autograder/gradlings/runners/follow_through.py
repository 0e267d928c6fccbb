"""Judge a failed check again with right functions in place of those of earlier exercises.

Code that builds on a mistake is not a mistake. If the check passes with right functions, its own code is right: it gets
its points, and the page names the exercise to start with. If it still fails, what is said is said of its own mistake.
Only functions of earlier exercises are ever replaced, and only to judge a later one. Where no right one is at hand,
nobody knows whose mistake it is: then the exercise to start with is named, and nothing else is said.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace

from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import CheckResult, Verdict
from gradlings.model.text import listed
from gradlings.submission.right_functions import RightFunctions

ENDED = (Verdict.TIMEOUT, Verdict.CRASH, Verdict.MEMORY)
"""Verdicts of a call that never came back."""
_BROKEN = (*ENDED, Verdict.ERROR)
_FINAL = (Verdict.PASS, Verdict.NOT_ATTEMPTED, Verdict.GRADER_ERROR)


@dataclass(frozen=True)
class World:
    """A check's result with right functions in place of some."""

    result: CheckResult
    called: tuple[str, ...]
    """Which of them its code called, as far as the process said that ran it."""


Judge = Callable[[tuple[str, ...]], World]
"""Runs the check with right functions in place of those with these names."""


@dataclass(frozen=True)
class Followed:
    """What is reported of a check."""

    result: CheckResult
    stand_ins: tuple[str, ...] = ()
    """The names that right functions stood in for (none: it was judged as it is)."""
    blamed: tuple[str, ...] = ()
    """The functions of earlier exercises that it fails because of."""


@dataclass(frozen=True)
class Earlier:
    """The exercises before the one that is judged."""

    exercises: Mapping[str, Exercise]
    """By function."""
    right: RightFunctions
    roots: Callable[[str], tuple[str, ...]]
    """The functions because of which one of them fails its own checks: itself, or earlier ones; none if it passes."""
    at_fault: Collection[str] = ()
    """Those that are known to fail by themselves."""
    share: float = 1.0
    """Of its points that a check earns by follow-through."""
    for_marks: bool = False
    """Whether nobody judges it again later."""


def follow(first: CheckResult, exercise: Exercise, earlier: Earlier, judge: Judge) -> Followed:
    """Return what to report of a check that ended with `first` with the student's own functions."""
    if first.verdict in _FINAL or not earlier.exercises:
        return Followed(first)
    if earlier.right.from_solution:
        return _follow(first, exercise, earlier, judge)
    return _follow_without_solution(first, exercise, earlier, judge)


def _follow(first: CheckResult, exercise: Exercise, earlier: Earlier, judge: Judge) -> Followed:
    everything = tuple(name for name in earlier.exercises if name in earlier.right.texts)
    tries = dict.fromkeys([tuple(name for name in everything if name in earlier.at_fault), everything])
    best = Followed(first)
    for names in tries:
        world = judge(names) if names else None
        if world is None or not world.called:
            continue
        if world.result.verdict is Verdict.PASS:
            blamed = world.called if len(tries) == 2 and names != everything else _needed(world, names, judge)
            return right_but_for(first, exercise, blamed, earlier, names)
        if _says_more(world.result, first):
            best = Followed(world.result, names)
        if world.result.verdict is Verdict.ERROR:  # a right function may refuse what the student's own one takes
            for name in world.called:
                if len(names) > 1 and judge((name,)).result.verdict is Verdict.PASS:
                    return right_but_for(first, exercise, (name,), earlier, (name,))
    return best


def _follow_without_solution(first: CheckResult, exercise: Exercise, earlier: Earlier, judge: Judge) -> Followed:
    """Do the same with oracles of the checks. One that refuses its caller proves nothing; a check that passes does."""
    names = tuple(earlier.exercises)
    passed = Followed(first)
    while True:
        world = judge(names)
        right = world.result.verdict is Verdict.PASS and all(name in earlier.right.texts for name in world.called)
        sound = {name for name in world.called if name not in earlier.roots(name)}
        if right and (not passed.stand_ins or not sound):
            needed = _needed(world, names, judge)
            blamed = _roots(needed, earlier) or needed
            passed = right_but_for(first, exercise, blamed, earlier, names)
        if not sound:
            break
        names = tuple(name for name in names if name not in sound)  # as they are: an oracle may not fit in their place
    if passed.stand_ins or not world.called:
        return passed
    result, refused = world.result, any(name not in earlier.right.texts for name in world.called)
    if result.verdict in _BROKEN and (result.message, result.place) == (first.message, first.place):
        return Followed(first)  # whatever it calls
    if not refused and result.verdict not in _BROKEN and _says_more(result, first):
        return Followed(result, names)
    return undecided(first, exercise, _roots(world.called, earlier), earlier)


def _roots(names: Collection[str], earlier: Earlier) -> tuple[str, ...]:
    found = {root for name in names for root in earlier.roots(name)}
    return tuple(name for name in earlier.exercises if name in found)


def _needed(world: World, names: tuple[str, ...], judge: Judge) -> tuple[str, ...]:
    """Return those functions without whose right ones the check fails: the others are right themselves.

    `world` is that of right functions in place of `names`, in which the check passes.
    """
    needed: list[str] = []
    left, called = list(names), set(world.called)
    while candidates := [name for name in left if name in called and name not in needed]:
        name = candidates[-1]  # the nearest: once it is the student's own again, what it calls shows
        without = judge(tuple(other for other in left if other != name))
        if without.result.verdict is Verdict.PASS:
            left.remove(name)
            called |= set(without.called)
        else:
            needed.append(name)
    return tuple(name for name in names if name in needed) or world.called


def right_but_for(
    first: CheckResult, exercise: Exercise, blamed: tuple[str, ...], earlier: Earlier, stand_ins: tuple[str, ...]
) -> Followed:
    """Return what to report of a check that passes with right functions in place of those that are blamed."""
    own, culprits = _own(first, exercise), _culprits(blamed, earlier)
    message = f"Your {own} is right. It {_verb(exercise, blamed, earlier)} {culprits}"
    result = _about_others(first, Verdict.FOLLOWED_THROUGH, message, earlier.share)
    if result.points < result.max_points:
        it_gets = f"Until then it gets {result.points} of {result.max_points} points."
        result = replace(result, message=f"{message} {it_gets}")
    return Followed(result, stand_ins, blamed)


def undecided(first: CheckResult, exercise: Exercise, blamed: tuple[str, ...], earlier: Earlier) -> Followed:
    """Return what to report of a check that fails because of functions that no right ones are at hand for."""
    own, culprits = _own(first, exercise), _culprits(blamed, earlier)
    message = f"Your {own} {_verb(exercise, blamed, earlier)} {culprits} "
    if earlier.for_marks:
        message += f"Until then {own} gets no points, since nothing can be said of it."
    else:
        message += f"Whether {own} itself is right is decided when it is graded."
    return Followed(_about_others(first, Verdict.UNDECIDED, message), (), blamed)


def _own(first: CheckResult, exercise: Exercise) -> str:
    return first.subject or ", ".join(exercise.functions)


def _verb(exercise: Exercise, blamed: Collection[str], earlier: Earlier) -> str:
    """Tell what another of its functions calls, and this one does not; that it is needed was seen."""
    direct = all(earlier.exercises[name].id in exercise.builds_on for name in blamed)
    return "calls" if direct else "builds on"


def _culprits(blamed: Collection[str], earlier: Earlier) -> str:
    named = [f"{name} ({earlier.exercises[name].id})" for name in blamed]
    is_not, start = ("is not yet", "there") if len(named) == 1 else ("are not yet", f"with {named[0]}")
    return f"{listed(named)}, which {is_not}: start {start}."


def _about_others(first: CheckResult, verdict: Verdict, message: str, share: float = 1.0) -> CheckResult:
    return CheckResult(
        exercise=first.exercise,
        check=first.check,
        title=first.title,
        verdict=verdict,
        max_points=first.max_points,
        subject=first.subject,
        message=message,
        notes=first.notes,
        share=share,
    )


def _says_more(with_right: CheckResult, first: CheckResult) -> bool:
    """Return whether what a check says with right functions is of its own mistake, and of no new one.

    A wrong answer is, however few of them are right: by chance a mistake above may have hidden some.
    """
    if with_right.verdict in _BROKEN:  # right functions may refuse what the student's own ones take
        return first.verdict is not Verdict.WRONG and with_right.probes_right >= first.probes_right
    return with_right.verdict is not Verdict.GRADER_ERROR
