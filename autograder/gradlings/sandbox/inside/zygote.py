"""The process that workers are forked from: it has imported torch, runs one thread, and holds nothing secret.

Run as `python -I /proc/self/fd/BUNDLE SOCKET`. Over the socket it receives a configuration and then requests, each with
the descriptors of a new worker's channel and output. It sends a pidfd of itself, one of each worker, and later the exit
status of that worker.

What torch imports at the first use of an optimizer or of `torch.func` takes as long as torch itself, and few
submissions need it. With `late_imports` unset in the configuration it is left out: a worker that asks for it ends with
the status `NEEDS_LATE_IMPORTS`, and a request to import it makes up for it.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import gc
import io
import json
import os
import random
import select
import signal
import socket
import sys
import sysconfig
import warnings
from dataclasses import replace
from typing import Any

from gradlings.sandbox.inside.exit_status import NEEDS_LATE_IMPORTS, WORKER_FAILED, end_after

MAX_MESSAGE_BYTES = 1 << 20
_HUGE_PAGE_BYTES, _MADV_COLLAPSE = 2 << 20, 25
_LATE_IMPORTS = ("torch._dynamo", "sympy")
# Modules that ordinary submissions import: loaded once here, so that no worker has to read them.
_PRELOADED = """
    abc array ast bisect cmath collections.abc contextlib copy csv dataclasses datetime decimal enum fractions
    functools glob hashlib heapq inspect io itertools json logging math numbers operator os pathlib pprint queue
    random re secrets shutil statistics string struct tempfile textwrap threading time timeit types typing
    typing_extensions unittest uuid warnings weakref numpy numpy.random numpy.testing torch.nn.functional
    torch.nn.utils torch.optim torch.testing torch.utils.data torch.func torch.distributions torch.linalg
    torch.special torch.autograd.forward_ad jaxtyping
"""


def serve(control: socket.socket) -> None:
    """Fork a worker for every request, until the judge closes the socket."""
    config = json.loads(control.recv(MAX_MESSAGE_BYTES))
    _preload([tuple(rules) for rules in config["rules"]])
    if late_imports := config["late_imports"]:
        _import_late(sys.path)

    from gradlings.sandbox import settings
    from gradlings.sandbox.inside import lockdown, readable_paths, worker

    layers, limits = settings.ProtectionLayers(**config["layers"]), settings.WorkerLimits(**config["limits"])
    worker.rehearse()
    locks = lockdown.prepare_locks(layers, limits, readable_paths.readable(), readable_paths.listable())
    whole_path = sys.path[:]
    _remove_other_folders_from_path()
    status, maps = (io.FileIO(f"/proc/self/{name}") for name in ("status", "maps"))  # /proc itself may be gone later
    _settle(maps)
    startup = {"landlock": locks.ruleset.abi if locks.ruleset else 0, "missing": locks.missing}
    startup["threads"] = lockdown.number_in(status, "Threads")
    if config["in_bubblewrap"]:
        lockdown.unmount_proc()
    lockdown.close_to_siblings()
    myself = os.pidfd_open(os.getpid())
    socket.send_fds(control, [json.dumps(startup).encode()], [myself])
    os.close(myself)

    workers: dict[int, tuple[int, int]] = {}
    poll = select.poll()
    poll.register(control, select.POLLIN)
    while True:
        for descriptor, _ in poll.poll():
            if descriptor != control.fileno():
                poll.unregister(descriptor)
                _report_end(control, descriptor, *workers.pop(descriptor))
                continue
            data, received, *_ = socket.recv_fds(control, MAX_MESSAGE_BYTES, 2)
            if not data:
                return
            request = json.loads(data)
            if request["do"] == "import":
                _import_late(whole_path)
                late_imports = True
                _settle(maps)
                locks = replace(locks, memory=lockdown.memory_in_use(status))
                control.send(json.dumps({"threads": lockdown.number_in(status, "Threads")}).encode())
                continue
            if request["drivers"]:
                with contextlib.suppress(SyntaxError, ValueError):  # a worker that uses them reports it
                    worker.driver_code(request["drivers"])
            pid = os.fork()
            if pid == 0:
                _become_worker(worker, locks, request, received, late_imports=late_imports)
            for descriptor in received:
                os.close(descriptor)
            pidfd = os.pidfd_open(pid)
            socket.send_fds(control, [json.dumps({"worker": request["worker"]}).encode()], [pidfd])
            workers[pidfd] = (pid, request["worker"])
            poll.register(pidfd, select.POLLIN)


class _Ending:
    """A finder of modules that ends a worker which would have to import what the zygote left out."""

    def find_spec(self, name: str, *_: object) -> None:
        if name in _LATE_IMPORTS:
            os._exit(NEEDS_LATE_IMPORTS)


def _report_end(control: socket.socket, pidfd: int, pid: int, number: int) -> None:
    os.close(pidfd)
    _, status = os.waitpid(pid, 0)
    control.send(json.dumps({"worker": number, "status": os.waitstatus_to_exitcode(status)}).encode())


def _become_worker(
    worker: Any, locks: Any, request: dict[str, Any], received: list[int], *, late_imports: bool
) -> None:
    """Run the child of a fork. Whatever fails, it never returns into the zygote's loop."""
    try:
        if request["ends"] and not late_imports:
            sys.meta_path.insert(0, _Ending())
        channel, output = received
        worker.start(locks, request["uid"], channel, output)
    except BaseException as error:
        end_after(error, request["word"], 1)  # its output by now
    finally:
        os._exit(WORKER_FAILED)


def _preload(rules: list[tuple[str, ...]]) -> None:
    import torch

    torch.set_num_threads(1)  # a second thread here would hang every child that uses threads
    torch.set_num_interop_threads(1)
    for name in ("utf-8-sig", "cp1252", "latin-1", "ascii", "utf-16", "idna"):
        codecs.lookup(name)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name in _PRELOADED.split():
            try:
                __import__(name)
            except Exception:  # not installed
                continue
    _preload_torch(torch, rules)


def _preload_torch(torch: Any, rules: list[tuple[str, ...]]) -> None:
    """Run backward passes, recorded ones too: the first of each loads more of torch."""
    from gradlings.forbidden.runtime_recorder import CallRecorder

    layer = torch.nn.Linear(4, 4)
    torch.nn.functional.cross_entropy(layer(torch.ones(2, 4)), torch.tensor([0, 1])).backward()
    for names in rules:
        with CallRecorder(names, ["<nobody>"]):
            torch.ones(2, requires_grad=True).sum().backward()
    torch.tensor([1.5], dtype=torch.float64).numpy()
    repr(torch.ones(2))


def _import_late(path: list[str]) -> None:
    """Make steps of optimizers: the first loads most of what torch leaves for later, from the folders of `path`."""
    import torch

    narrow_path, sys.path = sys.path, path
    layer = torch.nn.Linear(4, 4)
    for make in (lambda p: torch.optim.SGD(p, lr=0.1), torch.optim.AdamW):
        optimizer = make(layer.parameters())
        layer(torch.ones(2, 4)).sum().backward()
        optimizer.step()
        optimizer.zero_grad()
    sys.path = narrow_path


def _settle(maps: io.FileIO) -> None:
    """Make all forks begin alike, with memory arranged so that they copy little of it."""
    random.seed(0)
    sys.modules["numpy"].random.seed(0)
    sys.modules["torch"].manual_seed(0)
    gc.disable()  # until a worker has read its submission, most of which is no garbage
    gc.collect()
    gc.freeze()
    _collapse_to_huge_pages(maps)


def _collapse_to_huge_pages(maps: io.FileIO) -> None:
    """Move memory into huge pages where the kernel can (Linux 6.1): a fork then copies fewer page-table entries."""
    libc = ctypes.CDLL(None)
    maps.seek(0)
    spans = [line.split() for line in maps.read().decode("ascii", "replace").splitlines()]
    for span in spans:
        start, end = (int(number, 16) for number in span[0].split("-"))
        anonymous = len(span) == 5 or span[5] == "[heap]"
        if anonymous and span[1].startswith("rw") and end - start >= _HUGE_PAGE_BYTES:
            libc.madvise(ctypes.c_void_p(start), ctypes.c_size_t(end - start), _MADV_COLLAPSE)


def _remove_other_folders_from_path() -> None:
    """Leave on `sys.path` only what workers may read: this package is in memory already."""
    folders = {os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "platstdlib", "purelib", "platlib")}
    folders |= {os.path.join(folder, "lib-dynload") for folder in folders}
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) in folders]


def main() -> None:
    """Serve the socket whose descriptor is the first argument, then end the process."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    serve(socket.socket(fileno=int(sys.argv[1])))
    os._exit(0)  # an orderly shutdown of torch takes long
