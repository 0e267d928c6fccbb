"""What a worker reports of a submission's source, before the first byte of it has run."""

from __future__ import annotations

import ast
import builtins
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from gradlings.execution.kept_settings import SideEffects, setting_names
from gradlings.model.exercise import Exercise
from gradlings.model.given import NOTHING_GIVEN, Given
from gradlings.model.rules import Breach
from gradlings.model.text import map_text, without_control_characters
from gradlings.sandbox.budget import OverBudget
from gradlings.sandbox.processes import WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches
from gradlings.sandbox.wire.channel import ChannelClosed, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.facts import MAX_NAMES, Digest, NamesReply, SourceFacts, Unread, checked
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.cells import Cell, Function, notebook_cell_file
from gradlings.submission.helpers.files import NO_HELPERS, Helpers
from gradlings.submission.reader import Submission, SyntaxProblem, shown


@dataclass(frozen=True)
class Material:
    """What a worker is given."""

    data: bytes
    filename: str
    drivers: str
    exercises: tuple[Exercise, ...] = ()
    """Those whose forbidden names are looked for in the source before it runs."""
    in_float64: bool = False
    """Whether its float32 steps are run in float64."""
    helpers: Helpers = NO_HELPERS
    functions: tuple[str, ...] = ()
    """Those of all exercises: each is judged on the last function that its name stood for."""
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """The texts of right functions that stand in for its own, by name."""
    given: Given = NOTHING_GIVEN

    def load_request(
        self,
        exercises: Sequence[Exercise],
        *,
        skip: Sequence[int] = (),
        run: bool = True,
        shapes: bool = False,
        code: Collection[str] = (),
    ) -> dict[str, Any]:
        """Return the request to read the source, look for what exercises forbid, and run the cells but `skip`.

        With `shapes`, those of its functions are reported, too; of the functions in `code`, the text.
        """
        return {
            "do": "load",
            "run": run,
            "file": self.filename,
            "source": self.data,
            "drivers": self.drivers if run else "",
            "exercises": [(exercise.functions, exercise.forbids) for exercise in exercises],
            "skip": list(skip),
            "shapes": shapes,
            "code": list(code),
            "in_float64": self.in_float64,
            "helpers": [(helper.path, helper.file, helper.data) for helper in self.helpers.files],
            "functions": list(self.functions),
            "stand_ins": dict(self.stand_ins),
            "given": (self.given.functions, self.given.borrows, self.given.code),
        }


def unreadable(path: Path, reason: str) -> Submission:
    """Return a submission that cannot be read."""
    return Submission(path, (), {}, problem=f"{shown(path)} cannot be read: {reason}")


def facts_from(
    answer: Any, path: Path, exercises: Sequence[Exercise], helpers: Helpers = NO_HELPERS
) -> tuple[Submission, dict[str, tuple[Breach, ...]]]:
    """Read a worker's answer to a load request: the submission, and by exercise what its source uses but may not.

    Raises:
        MalformedMessage: it is no such answer, or of another file.
    """
    if type(answer) is dict and "problem" in answer:
        return unreadable(path, without_control_characters(checked(answer, Unread, "what is wrong").problem)), {}
    facts: SourceFacts = checked(answer, SourceFacts, "what the source says")
    cells = tuple(Cell(*row) for row in facts.cells)
    functions = tuple(Function(*row) for row in facts.functions)
    problems = map_text(tuple(SyntaxProblem(*row) for row in facts.syntax), without_control_characters)
    breaches = [parse_breaches(rows) for rows in facts.breaches]
    submission = Submission(path, cells, {function.name: function for function in functions}, problems)
    submission = replace(submission, shapes=facts.shapes, code=facts.code, helpers=helpers)
    named = {function.file for function in functions} | {problem.file for problem in problems}
    named |= {breach.file for found in breaches for breach in found}
    if not (named <= submission.files and all(_belongs_to(cell.file, path) for cell in cells)):
        raise MalformedMessage("the name of a file")
    return submission, {exercise.id: found for exercise, found in _paired(exercises, breaches)}


def _belongs_to(file: str, path: Path) -> bool:
    """Return whether a cell of a submission can have this name in tracebacks."""
    if path.suffix != ".ipynb":
        return file == str(path)
    number = file.removeprefix(notebook_cell_file(path, 0)[:-1])
    return number.isascii() and number.isdecimal()


def _paired(
    exercises: Sequence[Exercise], breaches: Sequence[tuple[Breach, ...]]
) -> Iterable[tuple[Exercise, tuple[Breach, ...]]]:
    if len(breaches) != len(exercises):
        raise MalformedMessage("breaches of other exercises")
    return zip(exercises, breaches, strict=True)


@dataclass(frozen=True)
class Names:
    """What the cells of a submission defined, and changed besides."""

    types: dict[str, str]
    """By name, as `SubmissionRunner.type_of` has it."""
    side_effects: SideEffects
    rebound: dict[str, str]
    """See `SubmissionRunner.rebound`."""


def names_from(answer: Any, functions: Collection[str], judged: Collection[str] = ()) -> Names:
    """Read what a worker says when it has run the cells, which define these functions.

    The names of those that are `judged` may stand for something else in the end.

    Raises:
        MalformedMessage: it is no such answer.
        OverBudget: they are more than are read.
    """
    facts: NamesReply = checked(answer, NamesReply, "names")
    names = facts.names
    if isinstance(names, int):
        raise OverBudget(
            f"Your file defines {names:,} names outside of functions (import * adds many); at most {MAX_NAMES:,} short "
            "ones are read."
        )
    if not (setting_names() >= set(facts.settings) and {*dir(builtins), *functions} >= set(facts.taken)):
        raise MalformedMessage("what the cells changed")
    if not set(facts.rebound) <= set(judged):
        raise MalformedMessage("which functions the cells lost")
    effects = SideEffects(tuple(sorted(set(facts.settings))), tuple(sorted(set(facts.taken))))
    types = {without_control_characters(name): without_control_characters(kind) for name, kind in names.items()}
    rebound = {name: without_control_characters(kind) for name, kind in facts.rebound.items()}
    return Names(types, effects, rebound)


def digest_in_worker(worker: WorkerProcess, data: bytes, filename: str, seconds: float) -> str:
    """Return the SHA-256 of a submission's code, computed within `seconds` without running it.

    Raises:
        ValueError: there was no proper answer.
    """
    deadline = time.monotonic() + seconds
    try:
        worker.channel.send(pack({"do": "digest", "file": filename, "source": data}, REQUEST_LIMITS), deadline)
        digest: str = checked(worker.channel.receive(deadline=deadline), Digest, "a digest").digest
    except (ReplyTimeout, ChannelClosed, MalformedMessage) as error:
        reason: Exception = worker.exit_reason() if isinstance(error, ChannelClosed) else error
        raise ValueError(f"{filename} cannot be read: {failure_text(reason, 'reading it')}") from None
    if not digest:
        raise ValueError(f"{filename} is not a notebook")
    return digest


@lru_cache(maxsize=64)
def names_used_by_driver(drivers: str, name: str) -> frozenset[str]:
    """Return the names in the code of one driver: read from the judge's own copy, not run."""
    for node in ast.parse(drivers).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            module = compile(ast.Module([node], []), "drivers.py", "exec")
            codes = [constant for constant in module.co_consts if isinstance(constant, CodeType)]
            return frozenset(code_name for code in codes if code.co_name == name for code_name in code.co_names)
    raise KeyError(name)
