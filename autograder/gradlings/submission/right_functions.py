"""What stands in for functions of an assignment: right ones from its solution, else from its checks, else none.

An oracle of the checks says what is right by other means than the solution (torch's own functions), so it is not always
fit for the place of a student's function: it may take other arguments, or give no graph. Where nothing right is there,
a function that only refuses takes the place, so that it shows who calls it.
"""

from __future__ import annotations

import ast
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from gradlings.submission.reference_functions import cut, stand_ins_for

_REFUSES = 'def {0}(*args, **kwargs):\n    raise LookupError("there is no right {0} at hand")\n'
_DELEGATES = "\n\ndef {0}(*args, **kwargs):\n    return {1}(*args, **kwargs)\n"


@dataclass(frozen=True)
class RightFunctions:
    """The functions of an assignment that can stand in for a submission's own."""

    texts: Mapping[str, str] = field(default_factory=dict)
    """By name: the text of a module that defines it."""
    from_solution: bool = False
    """Whether they are those of the solution. If not, they are oracles: a caller that they refuse may be right."""

    def sources(self, names: Collection[str]) -> dict[str, str]:
        """Return what is to stand in for functions of these names: right ones, or one that only refuses."""
        return {name: self.texts.get(name) or _REFUSES.format(name) for name in names}


def right_functions(root: Path | None, checks_file: Path, source_name: str, names: Collection[str]) -> RightFunctions:
    """Return what can stand in for functions of the assignment that a file of checks belongs to.

    Args:
        root: the folder of the kit; its `solutions/` come first, then those that ship with the package.
        checks_file: where the oracles are, if no solution is installed.
        source_name: of the student's file, without its suffix.
        names: of the functions.
    """
    texts = stand_ins_for(root, checks_file.parent.name, source_name, names)
    if texts:
        return RightFunctions(texts, from_solution=True)
    return RightFunctions(oracles_in(checks_file.read_text(encoding="utf-8"), names))


def oracles_in(checks: str, names: Collection[str]) -> dict[str, str]:
    """Return, for each function that checks compare with one oracle directly, the text of a module that has it.

    Args:
        checks: the text of a file of checks.
        names: of the functions.
    """
    oracle_of: dict[str, set[str]] = {}
    for node in ast.walk(ast.parse(checks)):
        match node:
            case ast.Call(
                func=ast.Name("agree"), args=[ast.Attribute(ast.Name("student"), name), _, ast.Name(oracle), *_]
            ) if name in names:
                oracle_of.setdefault(name, set()).add(oracle)
    single = {name: oracles.pop() for name, oracles in oracle_of.items() if len(oracles) == 1}
    texts = cut(checks, single.values())
    return {name: texts[oracle] + _DELEGATES.format(name, oracle) for name, oracle in single.items() if oracle in texts}
