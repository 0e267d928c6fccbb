"""What student code sets for the whole process ends with it: no oracle, no other exercise and no test runner sees it.

The rule, the same at home, in a worker and in a notebook: the cells of a submission run under the settings that they
make; its functions are called under torch's and Python's own, whatever the file set. So a setting that only suits the
author's machine (a default device, autocast, seeds) costs nothing, and two submissions with the same functions get the
same points. That includes the default dtype: a function that is right only while another one is set would be wrong for
everybody who imports it, so it must name the dtype of the tensors that it makes. Where a check fails, the student is
told what the file changes; whether that is the reason is for them to find out, we do not guess.
"""

from __future__ import annotations

import builtins
import contextlib
import re
import sys
import warnings
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from types import BuiltinFunctionType, FunctionType
from typing import Any

from gradlings.execution.python_state import PYTHON_SETTINGS, Setting
from gradlings.model.text import listed
from gradlings.submission.reader import Submission

_WARNINGS = "warnings into errors"
_MAX_NAMES_TOLD, _MAX_TAKEN = 4, 500


@dataclass(frozen=True)
class SideEffects:
    """What the cells of a submission did to the process, and which names they took from others or from themselves."""

    settings: tuple[str, ...] = ()
    """Names of settings that they changed, out of `setting_names()`."""
    taken: tuple[str, ...] = ()
    """Names of Python's built-in functions, or defined by the submission, that mean something else in the end."""

    def sentence(self, submission: Submission) -> str:
        """Return what to tell the student whose check failed, or "": facts, not a diagnosis.

        Of Python's names, only those count that the submission calls.
        """
        text = "\n".join(cell.source for cell in submission.cells)
        own = [name for name in self.taken if re.search(rf"^def {name}\b", text, re.MULTILINE)]
        used = [name for name in self.taken if name not in own and re.search(rf"(?<![\w.]){name}\s*[(\[]", text)]
        found = []
        if own:
            found.append(f"Your file defines {_listed(own)}, and something else has that name in the end (import *?).")
        if used:
            found.append(f"Your file gives a new meaning to Python's own {_listed(used)}. Is that meant?")
        if self.settings:
            found.append(f"Your file changes {_listed(self.settings)}; functions are called without that.")
        return "\n".join(found)


NO_SIDE_EFFECTS = SideEffects()
_TIMED = "<timed exec>"  # how IPython compiles a cell that begins with %%time


def _listed(names: Sequence[str]) -> str:
    names = names if len(names) <= _MAX_NAMES_TOLD else [*names[: _MAX_NAMES_TOLD - 1], "others"]
    return listed(names)


@cache
def setting_names() -> frozenset[str]:
    """Return the names of all settings that students may be told of. Imports torch."""
    from gradlings.execution.torch_state import TORCH_SETTINGS

    return frozenset({_WARNINGS, *(s.name for s in (*PYTHON_SETTINGS, *TORCH_SETTINGS) if s.name)})


def taken_names(namespace: Mapping[str, Any], submission: Submission) -> tuple[str, ...]:
    """Return the `SideEffects.taken` of the cells of a submission, which ran in a namespace. Runs none of its code."""
    files, pythons = submission.files, vars(builtins)
    found = []
    for name in (name for name in namespace if type(name) is str):
        value = namespace[name]
        if name in pythons and name[0] != "_":
            own = type(value) is FunctionType and value.__code__.co_filename in files
            if value is not pythons[name] and not own:
                found.append(name)
        elif name in submission.functions and _is_of_others(value, files):
            found.append(name)
    return tuple(sorted(found)[:_MAX_TAKEN])


def _is_of_others(value: Any, files: Collection[str]) -> bool:
    """Return whether a value certainly is no function of these files; one that was decorated may be."""
    if type(value) is FunctionType:
        return value.__code__.co_filename not in (*files, _TIMED) and "__wrapped__" not in vars(value)
    return type(value) is BuiltinFunctionType or type(value) is getattr(sys.modules.get("numpy"), "ufunc", None)


@contextlib.contextmanager
def kept_settings() -> Iterator[list[str]]:
    """Put back after the body what it set for the whole process, of Python, torch and NumPy.

    Yields a list which holds, after the body, the names of the changed settings that an answer may depend on. Nothing
    is read afterwards in order to put it back. Torch is not imported: if the body does, torch's own settings are set.
    """
    changed: list[str] = []
    torch_settings = _torch_settings()
    before = [(setting, setting.read()) for setting in (*PYTHON_SETTINGS, *torch_settings)]
    with warnings.catch_warnings():
        filters = warnings.filters[:]
        try:
            yield changed
        finally:
            if not torch_settings:
                before += [(s, s.standard(s.read())) for s in _torch_settings() if s.standard]
            for setting, value in before:
                if setting.name and _differs(setting, value):
                    changed.append(setting.name)
                setting.write(value)
            if any(entry[0] == "error" and entry not in filters for entry in warnings.filters):
                changed.append(_WARNINGS)


@contextlib.contextmanager
def standard_settings() -> Iterator[tuple[str, ...]]:
    """Run the body under torch's and NumPy's own settings and without warnings as errors; then put back what was set.

    For a notebook, whose kernel has settings of its own. Yields the names of those that were different. Imports torch.
    """
    import torch  # noqa: F401

    with kept_settings():
        changed = []
        for setting in _torch_settings():
            if setting.standard:
                value = setting.standard(setting.read())
                if setting.name and _differs(setting, value):
                    changed.append(setting.name)
                setting.write(value)
        filters: list[Any] = list(warnings.filters)
        lenient = [entry for entry in filters if entry[0] != "error" or _is_of_ipython(entry[2])]
        if lenient != filters:
            changed.append(_WARNINGS)
            warnings.resetwarnings()
            warnings.filters[:] = lenient  # type: ignore[index]
        yield tuple(sorted(changed))


def _is_of_ipython(category: type[Warning]) -> bool:
    """Return whether a warning is one of IPython's own, which it makes an error itself: that is no student's doing."""
    return category.__module__.partition(".")[0] == "IPython"


def _torch_settings() -> tuple[Setting, ...]:
    if "torch" not in sys.modules:
        return ()
    from gradlings.execution.torch_state import TORCH_SETTINGS

    return TORCH_SETTINGS


def _differs(setting: Setting, value: Any) -> bool:
    try:
        return bool(setting.read() != value)
    except Exception:  # only something that was set can make it unreadable
        return True
