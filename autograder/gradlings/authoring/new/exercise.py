"""The skeleton of an exercise in its four places: source, checks, misconceptions, variants.

It is right as it stands, so that it builds and runs, and marks with `TODO 3.13:` what is still to be written. `verify`
names every such line (`proofs/unfinished.py`), so that a skeleton is no exercise yet.
"""

from __future__ import annotations

import ast
import keyword
import re
from pathlib import Path

from gradlings.authoring.assignment import Assignment, find_assignments
from gradlings.model.errors import InputError
from gradlings.model.files import write_atomically

_IMPORTED_BY_CHECKS = ("agree", "exercise", "floats")
_TYPES = "\n\n# %%\nimport torch\nfrom jaxtyping import Float\nfrom torch import Tensor\n"
_CATALOGUE = (
    '"""{what} of assignment {id}."""\n\nfrom gradlings.authoring import Catalogue\n\ncatalogue = Catalogue()\n'
)

_SOURCE = '''

# %% [markdown] exercise="{id}"
# ## {id} {title}
# TODO {id}: say what is asked for and why it matters, with the formula; promise all that the checks ask for.


# %% solution="{id}"
def {name}(x: Float[Tensor, " n"]) -> Float[Tensor, " n"]:
    """TODO {id}: one line on the result, then arguments with shapes and an example."""
    ### BEGIN SOLUTION
    return 2 * x  # TODO {id}: the solution, and the type line above
    ### END SOLUTION


# %% [markdown] hints="{id}"
# 1. TODO {id}: a nudge.
# 2. TODO {id}: the formula.
# 3. TODO {id}: the plan in words; never the code.
'''
_CHECKS = '''

# {id}


def right_{name}(x):
    return x + x  # TODO {id}: the oracle: what is right by other means than the solution, best by torch's own function


def random_{name}(rng):
    return (rng.normal(rng.size(2, 5)),)  # TODO {id}: random arguments of the right shapes


@exercise("{id}", "{name}", points=5, minutes=10, difficulty=1)  # TODO {id}: points, minutes, builds_on=, forbids=
class Test{class_name}:
    def test_any_vector(self, student, probes):
        """TODO {id}: what this check looks at, for students to read"""
        hand_made = [(floats([1.5, -2.0, 0.5]),)]  # TODO {id}: inputs on which every misconception shows
        agree(student.{name}, probes(hand_made, random=random_{name}), right_{name})
'''
_MISCONCEPTIONS = (
    ("unchanged", "return 1 * x", "The answer is the input."),
    ("added", "return x + 2", "Every entry is larger by two."),
    ("squared", "return x * x", "Every entry is squared."),
)
_MISCONCEPTION = """

@catalogue.misconception(
    "{id}",
    "{what}",
    "TODO {id}: {says} Which question would help?",
    hint="TODO {id}: something small to try, print or work out that uncovers just this.",
)
def {name}(x):
    {code}
"""
_VARIANTS = (("a sum", "return x + x"), ("the other way round", "return x * 2"))
_VARIANT = """

@catalogue.variant("{id}", "{what}")  # TODO {id}: correct code that looks different
def {name}(x):
    {code}
"""


def write_exercise(root: Path, id: str, name: str) -> list[Path]:
    """Append the skeleton of an exercise to the files of its assignment; return those.

    Raises:
        InputError: the id or the name cannot be used or is taken, or there is no such assignment. Nothing is written.
    """
    if not re.fullmatch(r"[1-9]\d?\.[1-9]\d*", id):
        raise InputError(f"An exercise has an id such as 3.13, not {id!r}.")
    if not re.fullmatch(r"[a-z][a-z0-9_]*", name) or keyword.iskeyword(name):
        raise InputError(f"{name!r} cannot be the name of a function. Take lower-case words, such as count_zeros.")
    number = f"{int(id.partition('.')[0]):02d}"
    (assignment,) = find_assignments(root, (number,))
    _refuse_what_is_taken(assignment, id, name)
    words = {
        **{"id": id, "name": name, "title": name.replace("_", " ").capitalize()},
        "class_name": "".join(word.capitalize() for word in name.split("_")),
    }
    source = assignment.main.path
    text = source.read_text(encoding="utf-8")
    types = "" if re.search(r"^from jaxtyping import .*\bFloat\b", text, re.MULTILINE) else _TYPES
    wrong = assignment.solutions / "misconceptions.py"
    right = assignment.solutions / "variants.py"
    texts = {
        source: text.rstrip("\n") + "\n" + types + _SOURCE.format(**words),
        assignment.main.checks_file: _with_imports(assignment.main.checks_file) + _CHECKS.format(**words),
        wrong: _catalogue(wrong, "Wrong answers", number)
        + "".join(_MISCONCEPTION.format(what=w, code=c, says=s, **words) for w, c, s in _MISCONCEPTIONS),
        right: _catalogue(right, "Correct answers", number)
        + "".join(_VARIANT.format(what=what, code=code, **words) for what, code in _VARIANTS),
    }
    for path, content in texts.items():
        try:
            write_atomically(path, content.encode("utf-8"))
        except OSError as error:
            raise InputError(f"{path} cannot be written ({error.strerror}).") from None
    return list(texts)


def _refuse_what_is_taken(assignment: Assignment, id: str, name: str) -> None:
    for exercise in assignment.exercises:
        if exercise.id == id:
            raise InputError(f"There is an exercise {id} already: {', '.join(exercise.functions)}.")
        if name in exercise.functions:
            raise InputError(f"{name} is the function of exercise {exercise.id} already. Choose another name.")
    for path in (assignment.main.path, assignment.main.checks_file):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        if any(name in (getattr(node, "name", ""), getattr(node, "id", "")) for node in ast.walk(tree)):
            raise InputError(f"{path} has a {name} already. Choose another name.")


def _with_imports(path: Path) -> str:
    """Return a file of checks in which the names that the skeleton uses are imported from gradlings."""
    text = path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    lines = text.splitlines(keepends=True)
    for node in ast.parse(text).body:
        if isinstance(node, ast.ImportFrom) and node.module == "gradlings" and node.end_lineno:
            names = sorted({*(alias.name for alias in node.names if not alias.asname), *_IMPORTED_BY_CHECKS})
            renamed = [f"{alias.name} as {alias.asname}" for alias in node.names if alias.asname]
            lines[node.lineno - 1 : node.end_lineno] = [f"from gradlings import {', '.join([*names, *renamed])}\n"]
            return "".join(lines)
    first = next((node for node in ast.parse(text).body if not isinstance(node, ast.Expr)), None)
    at = first.lineno - 1 if first else len(lines)
    lines.insert(at, f"from gradlings import {', '.join(_IMPORTED_BY_CHECKS)}\n")
    return "".join(lines)


def _catalogue(path: Path, what: str, assignment: str) -> str:
    if path.is_file():
        return path.read_text(encoding="utf-8").rstrip("\n") + "\n"
    return _CATALOGUE.format(what=what, id=assignment)
