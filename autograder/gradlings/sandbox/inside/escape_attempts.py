"""What the self-check runs as if it were a submission: it tries what must not work and reports what did.

Its text is loaded into a worker over the wire like any student's file; it is never imported.
"""

import ctypes
import os
import resource
import socket


def tried(canary, closed_files, folders, judge_pid, python_file):
    """The names of what succeeded, and facts about this process.

    canary: a file of the judge's. closed_files: others that must not be readable. folders: where nothing may be
    written. python_file: a file of Python's own that must be readable.
    """
    succeeded = []

    def attempt(name, action):
        try:
            action()
        except Exception:
            return
        succeeded.append(name)

    def read(path):
        with open(path, "rb") as file:
            file.read(1)

    def write(folder):
        descriptor = os.open(os.path.join(folder, "gradlings-self-check"), os.O_WRONLY | os.O_CREAT, 0o600)
        os.close(descriptor)

    def fork():
        if os.fork() == 0:
            os._exit(0)

    def thread():
        import _thread

        _thread.start_new_thread(int, ())

    def run():
        pid = os.posix_spawn("/bin/true", ["true"], {})
        os.waitpid(pid, 0)

    attempt("read a file of the grader", lambda: read(canary))
    for path in closed_files:
        attempt(f"read {path}", lambda path=path: read(path))
    for folder in folders:
        attempt(f"write into {folder}", lambda folder=folder: write(folder))
    attempt("write to the grader's file", lambda: os.close(os.open(canary, os.O_WRONLY)))
    attempt("start a process", fork)
    attempt("start a thread", thread)
    attempt("run a program", run)
    attempt("open a network socket", lambda: socket.socket(socket.AF_INET, socket.SOCK_STREAM).close())
    attempt("open an IPv6 socket", lambda: socket.socket(socket.AF_INET6, socket.SOCK_DGRAM).close())
    attempt("open a UNIX socket", lambda: socket.socket(socket.AF_UNIX).close())
    attempt("signal the grader", lambda: os.kill(judge_pid, 0))
    attempt("signal its parent", lambda: os.kill(os.getppid(), 0))
    for pid in (judge_pid, os.getppid()):
        for name in ("environ", "mem", "maps"):
            attempt(f"open /proc/{{grader}}/{name}", lambda pid=pid, name=name: read(f"/proc/{pid}/{name}"))
    attempt("list the grader's descriptors", lambda: os.listdir(f"/proc/{judge_pid}/fd"))
    succeeded += _by_system_calls(judge_pid)
    succeeded += _without_limits()
    open_ones = [number for number in range(1024) if _is_open(number)]
    if open_ones != [0, 1, 2, 3]:
        succeeded.append(f"keep the descriptors {open_ones}")
    if len(os.environ) or len(_environment()):
        succeeded.append("see environment variables")
    attempt_python = _readable(python_file)
    facts = {"uid": os.geteuid(), "gid": os.getegid(), "seccomp": _prctl(21), "no_new_privs": _prctl(39)}
    return {"succeeded": succeeded, "python_is_readable": attempt_python, **facts}


def _by_system_calls(pid):
    """Reading the judge's memory; not with PTRACE_ATTACH, which would freeze it where it works."""
    libc = ctypes.CDLL(None, use_errno=True)
    here = (ctypes.c_char * 16)()

    class Span(ctypes.Structure):
        _fields_ = [("address", ctypes.c_void_p), ("length", ctypes.c_size_t)]

    ctypes.set_errno(0)
    mine, its = Span(ctypes.addressof(here), 8), Span(8, 8)
    libc.process_vm_readv(pid, ctypes.byref(mine), 1, ctypes.byref(its), 1, 0)
    found = []
    if ctypes.get_errno() == 14:  # EFAULT: it may, and only the address is bad
        found.append("read the grader's memory")
    if os.uname().machine == "x86_64":
        for name, number in (("create memory files", 319), ("set up io_uring", 425)):
            if libc.syscall(number, ctypes.addressof(here), 0) >= 0:
                found.append(name)
    return found


def _without_limits():
    kinds = {"memory": resource.RLIMIT_AS, "processor time": resource.RLIMIT_CPU, "file size": resource.RLIMIT_FSIZE}
    return [
        f"use {name} without a limit"
        for name, kind in kinds.items()
        if resource.getrlimit(kind)[1] == resource.RLIM_INFINITY
    ]


def _is_open(descriptor):
    try:
        os.fstat(descriptor)
    except OSError:
        return False
    return True


def _environment():
    try:
        with open("/proc/self/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""


def _readable(path):
    try:
        with open(path, "rb") as file:
            file.read(1)
    except OSError:
        return False
    return True


def _prctl(option):
    return ctypes.CDLL(None).prctl(option, 0, 0, 0, 0)
