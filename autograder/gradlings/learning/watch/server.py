"""The check server: imports torch, collects each assignment's checks once, and runs them on request.

    python -m gradlings.learning.watch.server fork|once CHECKS...

It reads requests line by line from standard input, writes messages line by line to what was standard output, and ends
when its standard input does. With `fork` each request is answered by a child. `once` is for systems without a safe fork
(macOS, Windows): the server answers one request itself and ends, and the command keeps a spare server ready.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from gradlings.learning.watch.checks_cache import ChecksCache, run_request
from gradlings.learning.watch.messages import CheckRequest, MessageKind, ServerMessage
from gradlings.model.errors import InputError


def main() -> None:
    """Serve until standard input ends."""
    messages = os.fdopen(os.dup(1), "wb", buffering=0)
    requests = sys.stdin.buffer  # pytest replaces sys.stdin
    null = os.open(os.devnull, os.O_RDWR)  # for what torch and the student's code print
    os.dup2(null, 1)
    sys.stdout = os.fdopen(os.dup(null), "w")
    import torch

    torch.set_num_threads(1)  # a second thread in this process would hang every child that uses threads
    with ExitStack() as stack:
        checks = ChecksCache(stack)
        try:
            for path in sys.argv[2:]:
                checks.grader(Path(path).parent)
        except InputError as error:
            messages.write(ServerMessage(MessageKind.FAILED, text=str(error)).encode())
        messages.write(ServerMessage(MessageKind.READY).encode())
        if sys.argv[1] == "fork":
            from gradlings.learning.watch.fork_server import serve

            serve(checks, messages)
        else:
            _serve_once(checks, requests, messages)
        os._exit(0)  # nothing to tidy up, and pytest's end takes a while


def _serve_once(checks: ChecksCache, requests: BinaryIO, messages: BinaryIO) -> None:
    received: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, received), daemon=True).start()
    while received.empty() and checks.rehearse():
        pass
    run_request(checks, CheckRequest.decode(received.get()), lambda message: messages.write(message.encode()))


def _listen(requests: BinaryIO, received: queue.SimpleQueue[bytes]) -> None:
    """Pass the request on, and end this process when the command closes our input or dies."""
    line = requests.readline()
    if line.strip():
        received.put(line)
    requests.read()
    os._exit(0)


if __name__ == "__main__":
    main()
