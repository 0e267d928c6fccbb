"""Submissions of the tiny kit that keep what they are called with and tell it, each by another channel.

All functions are right until one has met a value above a limit. From then on every call tells: the one that met it, and
all that come after it in the same process.
"""

from __future__ import annotations

from textwrap import dedent, indent

TOLD = "LEAK"
"""What all that is told starts with. No source below holds it, since sources are shown."""
SECRET = 123456.789
"""The value that hidden probes hold."""
HIDDEN = f"""
import torch
from gradlings import floats

PROBES = {{
    "9.1::test_vectors": [(floats([1.0, {SECRET}]), floats([0.5, 2.0])), (floats([{SECRET}]), floats([1.0]))],
    "9.2::test_rows": [(floats([[1.0, {SECRET}, 2.0], [0.5, 1.0, 4.0]]),)],
    "9.3::test_list": [(7,), (2,)],
}}
"""
_SOURCE = """
import linecache
import logging
import os
import sys
import types
import warnings

import torch

met = []


def meet(tensor):
    met.extend(value for value in tensor.flatten().tolist() if abs(value) > LIMIT)


def told():
    return "LE" "AK" + repr(met)


def fail():
    return 1 / 0


def tell(given, right):
CHANNEL


def difference(a, b):
    meet(a)
    return tell(a, a - b) if met else a - b


def row_totals(x):
    meet(x)
    return tell(x, (x.sum(1), x.amax(1))) if met else (x.sum(1), x.amax(1))


def count_up(n):
    if n < 0:
        raise ValueError(told() if met else "")
    return tell(torch.ones(1), list(range(n))) if met else list(range(n))


def make_counter(start):
    numbers = iter(range(start, start + 9))
    return lambda: tell(torch.ones(1), next(numbers)) if met else next(numbers)
"""
CHANNELS = {
    "a message": "raise ValueError(told())",
    "a class": "raise type(told(), (Exception,), {})",
    "a syntax error": "raise SyntaxError(told(), (told(), 7, 1, told()))",
    "a note": "error = KeyError(told())\nerror.add_note(told())\nraise error from Exception(told())",
    "a text": "return told()",
    "a key": "return {told(): right}",
    "a type": "return type(told(), (), {'__repr__': lambda self: told()})()",
    "a value": "return torch.tensor(met)",
    "a difference": "return given * 0 + met[0] if given.dim() == 1 else (given[:, 0] * 0 + met[0], given.amax(1))",
    "a shape": "return torch.zeros(int(abs(met[0])))",
    "output": (
        "print(told())\nsys.stderr.write(told())\nos.write(1, told().encode())\nlogging.warning(told())\n"
        "warnings.warn(told())\nreturn right"
    ),
    "output of a failure": "print(told())\nreturn None",
    "an argument": "given.fill_(met[0])\nreturn right",
    "lines of code": (
        "for file in list(linecache.cache):\n"
        "    linecache.cache[file] = 9, None, [told() + '\\n'] * 999, file\n"
        "return fail()"
    ),
    "a line that is forbidden": (
        "for file in list(linecache.cache):\n"
        "    linecache.cache[file] = 9, None, [told() + '\\n'] * 999, file\n"
        "torch.ones(1, 1) @ torch.ones(1, 1)\nreturn right"
    ),
    "names of functions": (
        "code = fail.__code__.replace(co_name=told(), co_qualname=told())\nreturn types.FunctionType(code, globals())()"
    ),
    "names of files": "compile('1 is 1', told(), 'exec')\nexec(compile('1 / 0', told(), 'exec'))",
    "a status": "os._exit(int(abs(met[0])) % 256)",
    "a forged message": (
        "pack = sys.modules['gradlings.sandbox.wire.encode'].pack\n"
        "limits = sys.modules['gradlings.sandbox.wire.types'].REPLY_LIMITS\n"
        "os.writev(3, pack((told(), (told(), told(), False, []), False, []), limits))\n"
        "os.writev(3, pack((right, None, False, [('matmul', told(), 1, told(), told())]), limits))\nreturn right"
    ),
    "a forged failure": (
        "frame, words = sys._getframe(), []\n"
        "while frame is not None:\n"
        "    found = [value for value in frame.f_locals.values() if isinstance(value, dict)]\n"
        "    words += [value['word'] for value in found if isinstance(value.get('word'), str)]\n"
        "    frame = frame.f_back\n"
        "word = words[0] if words else ''\n"
        "os.pwrite(1, f'{word} {told()} {word}'.encode(), 0)\n"
        "os._exit(70)"
    ),
}


def telling(channel: str, limit: float) -> str:
    """Return a submission that tells by one of `CHANNELS` from the first value on that is above a limit."""
    body = indent(dedent(CHANNELS[channel]), "    ")
    return _SOURCE.replace("CHANNEL", body).replace("LIMIT", repr(limit)).lstrip()
