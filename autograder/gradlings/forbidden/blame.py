"""Find the line of student code that is responsible for a call made further up the stack."""

from __future__ import annotations

import os
import sysconfig
from types import CodeType, FrameType

import torch

_STAND_INS: dict[int, CodeType] = {}
"""By identity: the code of right functions. A file name would do if student code could not compile under it, too."""
Place = tuple[str, int]
"""File and line."""

_TORCH = os.path.dirname(torch.__file__) + os.sep
_STDLIB = sysconfig.get_path("stdlib") + os.sep
_SITE = (sysconfig.get_path("purelib") + os.sep, sysconfig.get_path("platlib") + os.sep)

_WRAPPER_FILES = (  # files of torch that stand between a caller and an operation of its choice, whatever the rule
    "_ops.py",
    "_tensor.py",
    "functional.py",
    "overrides.py",
    "_jit_internal.py",
    "jit/",
    "_dynamo/",
    "_functorch/apis.py",
    "_functorch/vmap.py",
)


def trust(code: CodeType) -> None:
    """Blame no student code for what this code does, which is of a right function that stands in for a student's."""
    _STAND_INS[id(code)] = code
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            trust(constant)


def responsible_place(frame: FrameType | None, files: frozenset[str], wrapper_files: tuple[str, ...]) -> Place | None:
    """Return the innermost line of student code that is responsible for a call; None if there is none.

    In `wrapper_files` of torch (prefixes below its folder) a call counts as that of their caller.
    """
    between: set[str] = set()
    while frame is not None:
        name = frame.f_code.co_filename
        if _STAND_INS.get(id(frame.f_code)) is frame.f_code:
            return None  # a right function of the grader's, which the exercise may call
        if name in files:  # unless it only runs a function that the grader passed in
            return None if between and between & _harness_files(frame, files) else (name, frame.f_lineno)
        if not name.startswith(_TORCH):
            between.add(name)
        elif not name[len(_TORCH) :].replace(os.sep, "/").startswith(_WRAPPER_FILES + wrapper_files):
            return None  # the library's own business inside an allowed call
        frame = frame.f_back
    return None


def _harness_files(frame: FrameType | None, files: frozenset[str]) -> frozenset[str]:
    """Return the files that called into student code: checks, drivers, the grader. Not torch, not Python's own."""
    names: list[str] = []
    outermost = 0
    while frame is not None:
        names.append(frame.f_code.co_filename)
        if names[-1] in files:
            outermost = len(names)
        frame = frame.f_back
    return frozenset(
        name
        for name in names[outermost:]
        if not name.startswith(("<", _TORCH)) and (name.startswith(_SITE) or not name.startswith(_STDLIB))
    )
