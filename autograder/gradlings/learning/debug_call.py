"""`python -m gradlings.learning.debug_call SCRIPT SOURCE FUNCTION...`: run a script and stop in a student's function.

SOURCE is the student's file without its suffix: code that comes from it, and from a notebook's cell of that name, is
the student's.
"""

from __future__ import annotations

import bdb
import contextlib
import pdb
import runpy
import sys
from types import FrameType
from typing import Any


def main(script: str, source: str, *functions: str) -> None:
    """Run the script until a function of these names is called, and debug from there on."""

    def on_call(frame: FrameType, event: str, _: Any) -> Any:
        code = frame.f_code
        if not code.co_filename.startswith(f"{source}.") or code.co_qualname.partition(".")[0] not in functions:
            return None
        sys.settrace(None)
        debugger = pdb.Pdb()
        debugger.set_trace(frame)
        return debugger.trace_dispatch

    sys.settrace(on_call)
    with contextlib.suppress(bdb.BdbQuit):  # the student has seen enough
        runpy.run_path(script, run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
