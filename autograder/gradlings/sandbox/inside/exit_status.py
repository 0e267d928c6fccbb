"""How the process of a worker may end: the statuses that are ours, and what each status means for a submission.

Code of a submission can end the process with any status. So where our own code fails in a worker, the worker reports it
where its output begins, between two copies of a word that came with the request for this worker; without that word, the
submission ended its own process. A submission that digs the word out of our frames and fakes a report makes its score
blank, not better, and its instructor is told.
"""

from __future__ import annotations

import os
import signal
import traceback

WORKER_FAILED, NEEDS_LATE_IMPORTS, WORKER_WITHOUT_MEMORY = 70, 71, 72
"""It failed outside of student code; would have to import what the zygote left out; failed as no memory was left to it.

Only the first is our fault: what fills the memory of a worker is the submission.
"""
EXIT_REASONS = {
    0: "it ended its own process (os._exit)",
    WORKER_WITHOUT_MEMORY: "it left no memory for its answer",
    -signal.SIGSEGV: "it crashed (segmentation fault): recursion without an end, or memory that is not its own",
    -signal.SIGABRT: "it crashed (abort)",
    -signal.SIGBUS: "it crashed (bus error)",
    -signal.SIGFPE: "it crashed (arithmetic fault)",
    -signal.SIGKILL: "it was stopped: it used up its memory or its processor time",
    -signal.SIGXCPU: "it used up its processor time",
    -signal.SIGSYS: "it was stopped at a system call of another architecture",
}
_MAX_REPORT_BYTES = 1 << 20


def end_after(error: BaseException, word: str, output: int) -> None:
    """End this worker after an error of our own code, and report it in the file that its output goes to."""
    if isinstance(error, MemoryError) or "can't allocate memory" in str(error):
        os._exit(WORKER_WITHOUT_MEMORY)
    report = f"{word} {traceback.format_exc()} {word}".encode("utf-8", "replace")
    os.pwrite(output, report, 0)  # over what was printed: the file may have reached its limit
    os._exit(WORKER_FAILED)


def reported(word: str, output: int) -> str:
    """Return the traceback that a failed worker reported; "" if there is no report, which is not our failure then."""
    before, *found = os.pread(output, _MAX_REPORT_BYTES, 0).split(word.encode())
    return found[0].decode("utf-8", "replace").strip() if found and not before else ""
