"""Tries what a worker must not be able to do, and reports what succeeded: the submission of the self-check.

Its text is loaded into a worker like any student's file; it is never imported.
"""

import _thread
import ctypes
import os
import resource
import socket
from collections.abc import Callable
from functools import partial
from typing import Any

_PR_GET_SECCOMP, _PR_GET_NO_NEW_PRIVS = 21, 39
_EFAULT = 14
_WANTED_DESCRIPTORS = [0, 1, 2, 3]


def escape_attempts(
    canary: str, closed_files: list[str], folders: list[str], judge_pid: int, python_file: str
) -> dict[str, Any]:
    """Return the names of the attempts that succeeded, by what must prevent them, and facts about this process.

    The judge's `canary` and `closed_files` must not be readable, and `folders` not writable; `python_file`, which
    belongs to the standard library, should be readable.
    """
    files: list[tuple[str, Callable[[], object]]] = [
        ("read a file of the grader", partial(_read, canary)),
        *((f"read {path}", partial(_read, path)) for path in closed_files),
        *((f"write into {folder}", partial(_write, folder)) for folder in folders),
        ("write to the grader's file", lambda: os.close(os.open(canary, os.O_WRONLY))),
        *(
            (f"open /proc/{{grader}}/{name}", partial(_read, f"/proc/{pid}/{name}"))
            for pid in (judge_pid, os.getppid())
            for name in ("environ", "mem", "maps")
        ),
        ("list the grader's descriptors", lambda: os.listdir(f"/proc/{judge_pid}/fd")),
    ]
    calls: list[tuple[str, Callable[[], object]]] = [
        ("start a process", _fork),
        ("start a thread", lambda: _thread.start_new_thread(int, ())),
        ("run a program", lambda: os.waitpid(os.posix_spawn("/bin/true", ["true"], {}), 0)),
        ("open a network socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close()),
        ("open an IPv6 socket", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close()),
        ("open a UNIX socket", lambda: socket.socket(socket.AF_UNIX).close()),
        ("signal the grader", lambda: os.kill(judge_pid, 0)),
        ("signal its parent", lambda: os.kill(os.getppid(), 0)),
    ]
    succeeded = {
        "files": [name for name, attempt in files if _succeeds(attempt)],
        "calls": [name for name, attempt in calls if _succeeds(attempt)] + _escapes_by_system_calls(judge_pid),
        "limits": _missing_limits(),
        "identity": ["act as root"] if os.geteuid() == 0 else [],
        "leftovers": [],
    }
    descriptors = [number for number in range(1024) if _succeeds(partial(os.fstat, number))]
    if descriptors != _WANTED_DESCRIPTORS:
        succeeded["leftovers"].append(f"keep the descriptors {descriptors}")
    environment = partial(_read, "/proc/self/environ")
    if len(os.environ) or (_succeeds(environment) and environment()):
        succeeded["leftovers"].append("see environment variables")
    return {
        "succeeded": succeeded,
        "python_is_readable": _succeeds(partial(_read, python_file)),
        "uid": os.geteuid(),
        "seccomp": _prctl(_PR_GET_SECCOMP),
        "no_new_privs": _prctl(_PR_GET_NO_NEW_PRIVS),
    }


def _succeeds(attempt: Callable[[], object]) -> bool:
    try:
        attempt()
    except Exception:
        return False
    return True


def _read(path: str) -> bytes:
    with open(path, "rb") as file:
        return file.read(1)


def _write(folder: str) -> None:
    os.close(os.open(os.path.join(folder, "gradlings-self-check"), os.O_WRONLY | os.O_CREAT, 0o600))


def _fork() -> None:
    if os.fork() == 0:
        os._exit(0)


def _escapes_by_system_calls(pid: int) -> list[str]:
    """Try to read the judge's memory, though not with PTRACE_ATTACH, which would stop the judge; and others."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = (ctypes.c_char * 16)()

    class Span(ctypes.Structure):
        _fields_ = [("address", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    ctypes.set_errno(0)
    local, remote = Span(ctypes.addressof(here), 8), Span(8, 8)
    libc.process_vm_readv(pid, ctypes.byref(local), 1, ctypes.byref(remote), 1, 0)
    succeeded = []
    if ctypes.get_errno() == _EFAULT:  # it may, and only the address is bad
        succeeded.append("read the grader's memory")
    if os.uname().machine == "x86_64":
        for name, number in (("create memory files", 319), ("set up io_uring", 425)):
            if libc.syscall(number, ctypes.addressof(here), 0) >= 0:
                succeeded.append(name)
    return succeeded


def _missing_limits() -> list[str]:
    kinds = {"memory": resource.RLIMIT_AS, "processor time": resource.RLIMIT_CPU, "file size": resource.RLIMIT_FSIZE}
    return [
        f"use {name} without a limit"
        for name, kind in kinds.items()
        if resource.getrlimit(kind)[1] == resource.RLIM_INFINITY
    ]


def _prctl(option: int) -> int:
    return int(ctypes.CDLL(None).prctl(option, 0, 0, 0, 0))
