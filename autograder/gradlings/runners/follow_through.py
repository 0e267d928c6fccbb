"""Judge a failed check again with right functions in place of those of earlier exercises.

Code that builds on a mistake is not a mistake. If the check passes with right functions, its own code is right: it gets
its points, and the page names the exercise to start with. If it still fails, what is said is said of its own mistake.
Only functions of earlier exercises are ever replaced, and only to judge a later one.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from gradlings.model.exercise import Exercise
from gradlings.model.scorecard import CheckResult, Verdict

ENDED = (Verdict.TIMEOUT, Verdict.CRASH, Verdict.MEMORY)
"""Verdicts of a call that never came back."""
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
    """What is reported of a check, and the names that right functions stood in for (none: it was judged as it is)."""

    result: CheckResult
    stand_ins: tuple[str, ...] = ()


def follow(
    first: CheckResult,
    exercise: Exercise,
    earlier: Mapping[str, Exercise],
    at_fault: Collection[str],
    judge: Judge,
    share: float,
) -> Followed:
    """Return what to report of a check that failed.

    Args:
        first: its result with the student's own functions.
        exercise: the exercise it belongs to.
        earlier: the exercises before it, by those functions that there are right ones of.
        at_fault: functions whose own checks are known to fail.
        judge: runs the check again.
        share: of the points that follow-through gives.
    """
    if first.verdict in _FINAL or not earlier:
        return Followed(first)
    tries = dict.fromkeys([tuple(name for name in earlier if name in at_fault), tuple(earlier)])
    best = Followed(first)
    for names in tries:
        world = judge(names) if names else None
        if world is None or not world.called:
            continue
        if world.result.verdict is Verdict.PASS:
            blamed = world.called if len(tries) == 2 and names != tuple(earlier) else _needed(world, names, judge)
            return Followed(right_but_for(first, exercise, blamed, earlier, share), names)
        if _says_more(world.result, first):
            best = Followed(world.result, names)
        if world.result.verdict is Verdict.ERROR:  # a right function may refuse what the student's own one takes
            for name in world.called:
                if len(names) > 1 and judge((name,)).result.verdict is Verdict.PASS:
                    return Followed(right_but_for(first, exercise, (name,), earlier, share), (name,))
    return best


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
    first: CheckResult, exercise: Exercise, blamed: Collection[str], earlier: Mapping[str, Exercise], share: float
) -> CheckResult:
    """Return the result of a check that passes with right functions in place of those that are blamed."""
    culprits = [f"{name} ({earlier[name].id})" for name in blamed]
    listed = culprits[0] if len(culprits) == 1 else f"{', '.join(culprits[:-1])} and {culprits[-1]}"
    is_not, start = ("is not yet", "there") if len(culprits) == 1 else ("are not yet", f"with {culprits[0]}")
    own = first.subject or ", ".join(exercise.functions)
    # what another of its functions calls is not called by this one; that it is needed was seen
    verb = "calls" if all(earlier[name].id in exercise.builds_on for name in blamed) else "builds on"
    message = f"Your {own} is right. It {verb} {listed}, which {is_not}: start {start}."
    return CheckResult(
        exercise=first.exercise,
        check=first.check,
        title=first.title,
        verdict=Verdict.FOLLOWED_THROUGH,
        max_points=first.max_points,
        subject=first.subject,
        message=message,
        notes=first.notes,
        share=share,
    )


def _says_more(with_right: CheckResult, first: CheckResult) -> bool:
    """Return whether what a check says with right functions is of its own mistake, and of no new one."""
    if with_right.verdict is Verdict.GRADER_ERROR or with_right.probes_right < first.probes_right:
        return False
    broken = (*ENDED, Verdict.ERROR)
    return not (with_right.verdict in broken and first.verdict is Verdict.WRONG)
