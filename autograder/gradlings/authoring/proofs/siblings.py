"""Prove that a file is judged for marks as it is at home: what a hidden probe shows, a public one shows, too."""

from __future__ import annotations

from gradlings.model.scorecard import ExerciseScore, Verdict

SIBLINGS = "entries × seeds: the same checks fail at home and in marks"


def unlike_at_home(entry: str, home: ExerciseScore, marks: ExerciseScore, seed: int) -> str:
    """Return which check is passed in only one of two gradings; "" if there is none.

    Args:
        entry: what was graded, for the sentence.
        home: on the public probes.
        marks: at a secret seed, with hidden probes.
        seed: the secret one.
    """
    for mine, found in zip(home.checks, marks.checks, strict=True):
        at_home, in_marks = mine.verdict is Verdict.PASS, found.verdict is Verdict.PASS
        if at_home and not in_marks:
            return (
                f"seed {seed}: {entry} passes {mine.check} at home and fails it in marks at "
                f"{found.call or found.message}: give {mine.check} a public probe of that kind"
            )
        if in_marks and not at_home:
            return (
                f"seed {seed}: {entry} fails {mine.check} at home and passes it in marks: what shows it at home is a "
                f"random probe, {mine.call or mine.message}; make a fixed one of it"
            )
    return ""
