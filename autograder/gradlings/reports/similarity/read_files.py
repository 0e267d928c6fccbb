"""Have submissions read by processes with limits. What comes back is checked for its form; nothing in it is run."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from queue import Empty, SimpleQueue
from types import TracebackType

import msgspec

from gradlings.reports.similarity.reading_limits import CPU_SECONDS, MAX_REPLY_BYTES
from gradlings.reports.similarity.reading_process import FileParts, Request

_MODULE = "gradlings.reports.similarity.reading_process"
_ENDED = f"Reading it took more than {CPU_SECONDS:.0f} seconds or too much memory, and was ended."


class Reader:
    """A process that reads; another one takes its place when a file ends it."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Reader:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end()

    def read(self, request: Request) -> FileParts:
        """Return what was read of a submission, or why nothing was."""
        if self._process is None:
            # -P: the folder that the command was started in may hold strangers' files, which are not to be imported
            command = [sys.executable, "-P", "-m", _MODULE]
            pipe = subprocess.PIPE
            self._process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL)
        assert self._process.stdin
        assert self._process.stdout
        try:
            self._process.stdin.write(msgspec.json.encode(request) + b"\n")
            self._process.stdin.flush()
            line = self._process.stdout.readline(MAX_REPLY_BYTES)
            return msgspec.json.decode(line, type=FileParts)
        except (OSError, msgspec.MsgspecError, UnicodeDecodeError):
            self._end()
            return FileParts(problem=_ENDED)

    def code_digest(self, data: bytes, filename: str) -> str:
        """Return the digest of the code of a file, as the build recorded that of the original."""
        return self.read(Request(filename, data, only_digest=True)).digest

    def _end(self) -> None:
        if self._process is not None:
            self._process.kill()
            with contextlib.suppress(OSError):  # what was not sent yet
                self._process.communicate()
            self._process = None


def read_all(requests: Sequence[Request], processes: int, done: Callable[[], None] = lambda: None) -> list[FileParts]:
    """Return what was read of each of some submissions, in their order.

    Args:
        requests: the submissions.
        processes: how many read side by side.
        done: called after each.
    """
    waiting: SimpleQueue[tuple[int, Request]] = SimpleQueue()
    for numbered in enumerate(requests):
        waiting.put(numbered)
    found: dict[int, FileParts] = {}

    def work() -> None:
        with Reader() as reader, contextlib.suppress(Empty):
            while True:
                number, request = waiting.get_nowait()
                found[number] = reader.read(request)
                done()

    with ThreadPoolExecutor(processes) as pool:
        for each in [pool.submit(work) for _ in range(processes)]:
            each.result()
    return [found[number] for number in range(len(requests))]
