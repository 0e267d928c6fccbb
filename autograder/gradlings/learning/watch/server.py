"""The warm process: imports torch and collects each assignment's checks once, and runs them in a fork.

    python -m gradlings.learning.watch.server fork|once CHECKS...

Requests come line by line on standard input, answers go line by line to what was standard output. It ends when its
standard input does. `once` is for systems without a safe fork (macOS, Windows): it answers one request in this very
process and ends; whoever started it keeps a spare one ready.
"""

from __future__ import annotations

import os
import queue
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

from gradlings.learning.watch.checks_cache import Checks, run
from gradlings.learning.watch.messages import Answer, Kind, line, request
from gradlings.model.errors import InputError


def main() -> None:
    answers = os.fdopen(os.dup(1), "wb", buffering=0)
    requests = sys.stdin.buffer  # pytest puts another one in its place
    _close_standard_streams()
    import torch

    torch.set_num_threads(1)  # a second thread in this process would hang every child that uses threads
    with ExitStack() as stack:
        checks = Checks(stack)
        try:
            for path in sys.argv[2:]:
                checks.of(Path(path).parent)
        except InputError as error:
            answers.write(line(Answer(Kind.FAILED, message=str(error))))
        answers.write(line(Answer(Kind.READY)))
        if sys.argv[1] == "fork":
            from gradlings.learning.watch.fork_server import serve

            serve(checks, answers)
        else:
            _serve_once(checks, requests, answers)
        os._exit(0)  # nothing to tidy up, and pytest's end takes a while


def _close_standard_streams() -> None:
    """What student code or torch print is for nobody here; the answers have a channel of their own."""
    nowhere = os.open(os.devnull, os.O_RDWR)
    os.dup2(nowhere, 1)
    sys.stdout = os.fdopen(os.dup(nowhere), "w")


def _serve_once(checks: Checks, requests: BinaryIO, answers: BinaryIO) -> None:
    heard: queue.SimpleQueue[bytes] = queue.SimpleQueue()
    threading.Thread(target=_listen, args=(requests, heard), daemon=True).start()
    while heard.empty() and checks.rehearse():
        pass

    def send(made: Answer) -> None:
        answers.write(line(made))

    run(checks, request(heard.get()), send)


def _listen(requests: BinaryIO, heard: queue.SimpleQueue[bytes]) -> None:
    """Passes the request on, and ends this process once the command closes our input, or dies: nobody waits then."""
    data = requests.readline()
    if data.strip():
        heard.put(data)
    requests.read()
    os._exit(0)


if __name__ == "__main__":
    main()
