"""What a worker reports of a submission's source, before the first byte of it has run."""

from __future__ import annotations

import ast
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from types import CodeType
from typing import Any

from gradlings.model.exercise import Exercise
from gradlings.model.rules import Breach
from gradlings.model.text import without_control_characters
from gradlings.sandbox.processes import WorkerProcess
from gradlings.sandbox.reply_validation import failure_text, parse_breaches, require_fields, require_row
from gradlings.sandbox.wire.channel import ChannelClosed, ReplyTimeout
from gradlings.sandbox.wire.encode import pack
from gradlings.sandbox.wire.types import REQUEST_LIMITS, MalformedMessage
from gradlings.submission.cells import Cell, Function
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
    stand_ins: Mapping[str, str] = field(default_factory=dict)
    """The texts of right functions that stand in for its own, by name."""

    def load_request(
        self, exercises: Sequence[Exercise], *, skip: Sequence[int] = (), run: bool = True
    ) -> dict[str, Any]:
        """Return the request to read the source, look for what exercises forbid, and run the cells but `skip`."""
        return {
            "do": "load",
            "run": run,
            "file": self.filename,
            "source": self.data,
            "drivers": self.drivers if run else "",
            "exercises": [(exercise.functions, exercise.forbids) for exercise in exercises],
            "skip": list(skip),
            "in_float64": self.in_float64,
            "stand_ins": dict(self.stand_ins),
        }


def unreadable(path: Path, reason: str) -> Submission:
    """Return a submission that cannot be read."""
    return Submission(path, (), {}, problem=f"{shown(path)} cannot be read: {reason}")


def facts_from(
    answer: Any, path: Path, exercises: Sequence[Exercise]
) -> tuple[Submission, dict[str, tuple[Breach, ...]]]:
    """Read a worker's answer to a load request: the submission, and by exercise what its source uses but may not.

    Raises:
        MalformedMessage: it is no such answer.
    """
    if type(answer) is dict and answer.keys() == {"problem"} and type(answer["problem"]) is str:
        return unreadable(path, without_control_characters(answer["problem"])), {}
    facts = require_fields(answer, "problem", "cells", "functions", "syntax", "breaches")
    cells = tuple(Cell(*require_row(row, str, str, int)) for row in facts["cells"])
    functions = [Function(*require_row(row, str, str, int, bool)) for row in facts["functions"]]
    problems = tuple(SyntaxProblem(*require_row(row, str, int, str, str)) for row in facts["syntax"])
    rows = facts["breaches"]
    if type(rows) is not list or len(rows) != len(exercises):
        raise MalformedMessage("breaches")
    submission = Submission(path, cells, {function.name: function for function in functions}, problems)
    return submission, {exercise.id: parse_breaches(row) for exercise, row in zip(exercises, rows, strict=True)}


def names_from(answer: Any) -> dict[str, str]:
    """Return the type of each name that the cells defined, as `SubmissionRunner.type_of` has it.

    Raises:
        MalformedMessage: it is no such answer.
    """
    names = require_fields(answer, "names")["names"]
    if type(names) is not dict or not all(type(k) is str and type(v) is str for k, v in names.items()):
        raise MalformedMessage("names")
    return names


def digest_in_worker(worker: WorkerProcess, data: bytes, filename: str, seconds: float) -> str:
    """Return the SHA-256 of a submission's code, computed within `seconds` without running it.

    Raises:
        ValueError: there was no proper answer.
    """
    deadline = time.monotonic() + seconds
    try:
        worker.channel.send(pack({"do": "digest", "file": filename, "source": data}, REQUEST_LIMITS), deadline)
        (answer,) = require_fields(worker.channel.receive(deadline=deadline), "digest").values()
    except (ReplyTimeout, ChannelClosed, MalformedMessage) as error:
        raise ValueError(f"{filename} cannot be read: {failure_text(error, 'reading it')}") from None
    if type(answer) is not str or not re.fullmatch("[0-9a-f]{64}", answer):
        raise ValueError(f"{filename} is not a notebook")
    return answer


@lru_cache(maxsize=64)
def names_used_by_driver(drivers: str, name: str) -> frozenset[str]:
    """Return the names in the code of one driver: read from the judge's own copy, not run."""
    for node in ast.parse(drivers).body:
        if isinstance(node, ast.FunctionDef) and node.name == name:
            module = compile(ast.Module([node], []), "drivers.py", "exec")
            codes = [constant for constant in module.co_consts if isinstance(constant, CodeType)]
            return frozenset(code_name for code in codes if code.co_name == name for code_name in code.co_names)
    raise KeyError(name)
