"""Locks one worker down, after the fork and before the first byte of a submission.

What can be prepared is prepared once, in the zygote. A layer that this kernel does not have is left out here: whether
what remains is enough is decided by `selfcheck`, which tries.
"""

from __future__ import annotations

import contextlib
import ctypes
import fcntl
import os
import platform
import resource
import signal
import struct
from collections.abc import Iterable
from dataclasses import dataclass

from gradlings.sandbox.inside.seccomp import allow_list
from gradlings.sandbox.settings import ProtectionLayers, WorkerLimits

_libc = ctypes.CDLL(None, use_errno=True)

_PDEATHSIG, _DUMPABLE, _SECCOMP, _NO_NEW_PRIVS, _AMBIENT = 1, 4, 22, 38, 47
_FILTER, _CLEAR_ALL = 2, 4
_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446  # the same numbers on every machine
_CAP_SETGID, _CAP_SETUID, _DETACH = 6, 7, 2
_CAPSET = {"x86_64": 126, "aarch64": 91}

# Landlock: how many file rights each ABI knows
_FILE_RIGHTS = {1: 13, 2: 14, 3: 15, 5: 16}
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3

CHANNEL = 3
"""The descriptor of a worker's channel to the judge: the only one it keeps besides /dev/null and its output."""


def _checked(result: int, what: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{what}: {os.strerror(number)}")
    return result


def _prctl(option: int, first: int = 0, second: object = 0) -> None:
    arguments = [ctypes.c_ulong(first), second if not isinstance(second, int) else ctypes.c_ulong(second)]
    _checked(_libc.prctl(option, *arguments, ctypes.c_ulong(0), ctypes.c_ulong(0)), f"prctl {option}")


def landlock_abi() -> int:
    """The kernel's Landlock ABI; 0 if it has none or it is switched off."""
    return max(0, int(_libc.syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), 1)))


class Ruleset:
    """A Landlock ruleset that allows reading some paths and nothing else.

    Args:
        readable: files, and folders with all that is in them.
        listable: folders whose names (and those of their subfolders) may be listed, without reading a file.
        abi: the ABI to use.
    """

    def __init__(self, readable: Iterable[str], listable: Iterable[str], abi: int) -> None:
        self.abi = abi
        rights = (1 << _FILE_RIGHTS[max(known for known in _FILE_RIGHTS if known <= abi)]) - 1
        network = 3 if abi >= 4 else 0  # TCP bind and connect
        scopes = 3 if abi >= 6 else 0  # abstract sockets and signals to the outside
        size = 24 if abi >= 6 else 16 if abi >= 4 else 8
        attributes = struct.pack("<QQQ", rights, network, scopes)
        made = _libc.syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        self.descriptor = _checked(made, "landlock_create_ruleset")
        for path in readable:
            self._allow(path, _READ_FILE | _READ_DIR)
        for path in listable:
            self._allow(path, _READ_DIR)

    def _allow(self, path: str, rights: int) -> None:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # what is not there needs no rule
        try:
            if not os.path.isdir(path):
                rights &= ~_READ_DIR
            rule = struct.pack("<Qi", rights, descriptor)
            _checked(_libc.syscall(_ADD_RULE, self.descriptor, 1, rule, 0), f"landlock_add_rule {path}")
        finally:
            os.close(descriptor)

    def restrict(self, descriptor: int) -> None:
        """Applies the ruleset, now under another descriptor, to this process."""
        _checked(_libc.syscall(_RESTRICT_SELF, descriptor, 0), "landlock_restrict_self")


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


@dataclass(frozen=True)
class Locks:
    """Everything a worker needs to lock itself, prepared in the zygote."""

    layers: ProtectionLayers
    limits: WorkerLimits
    ruleset: Ruleset | None
    filter: bytes
    """The BPF program; empty if there is none for this processor."""
    memory: tuple[int, int]
    """Address space and data of the zygote, in bytes."""


def prepared(layers: ProtectionLayers, limits: WorkerLimits, readable: Iterable[str], listable: Iterable[str]) -> Locks:
    """The locks of this kernel and processor, as far as they exist."""
    abi = min(landlock_abi(), layers.landlock)
    ruleset = Ruleset(readable, listable, abi) if abi > 0 else None
    program = b""
    if layers.seccomp:
        with contextlib.suppress(KeyError):
            program = allow_list(platform.machine())
    return Locks(layers, limits, ruleset, program, _memory_in_use())


def _memory_in_use() -> tuple[int, int]:
    found = {"VmSize": 0, "VmData": 0}
    with open("/proc/self/status", encoding="ascii", errors="replace") as status:
        for line in status:
            name, _, rest = line.partition(":")
            if name in found:
                found[name] = int(rest.split()[0]) * 1024
    return found["VmSize"], found["VmData"]


def arrange_descriptors(channel: int, output: int, locks: Locks) -> int:
    """Leaves 0 (/dev/null), 1 (output), 2 (/dev/null), 3 (channel), and the ruleset's, whose number is returned."""
    null = os.open("/dev/null", os.O_RDWR)
    ruleset = locks.ruleset.descriptor if locks.ruleset else null
    above = [fcntl.fcntl(source, fcntl.F_DUPFD, 100) for source in (null, output, null, channel, ruleset)]
    for target, source in enumerate(above):
        os.dup2(source, target)
    kept = CHANNEL + 2
    _checked(_libc.close_range(ctypes.c_uint(kept), ctypes.c_uint(0xFFFFFFFF), 0), "close_range")
    return CHANNEL + 1


def close_to_siblings() -> None:
    """Closes the memory and `/proc` entries of this process to others of the same user id; children inherit that."""
    _prctl(_DUMPABLE, 0)


def take_proc_away() -> None:
    """In a bubble, once nothing has to be looked up any more: unmounts /proc, and gives up the right to unmount."""
    _checked(_libc.umount2(b"/proc", _DETACH), "umount /proc")
    identity = 1 << _CAP_SETUID | 1 << _CAP_SETGID if os.geteuid() == 0 else 0
    _set_capabilities(identity)


def lock(locks: Locks, uid: int | None, ruleset: int) -> None:
    """Gives up everything, in the one order that works: limits, identity, privileges, files, system calls.

    Args:
        uid: a user id of nobody else, to be taken on; only root can.
        ruleset: the descriptor of the Landlock ruleset.

    Raises:
        OSError: a layer that should hold could not be put on.
    """
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    parent = os.getppid()
    if locks.layers.limits:
        _set_limits(locks)
    if uid is not None:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    _prctl(_PDEATHSIG, signal.SIGKILL)  # after the change of identity, which would clear it
    if os.getppid() != parent:
        os._exit(1)
    _set_capabilities(0)
    _prctl(_DUMPABLE, 0)
    _prctl(_NO_NEW_PRIVS, 1)
    if locks.ruleset is not None:
        locks.ruleset.restrict(ruleset)
    os.close(ruleset)
    if locks.filter:
        code = ctypes.create_string_buffer(locks.filter, len(locks.filter))
        program = _Program(len(locks.filter) // 8, ctypes.cast(code, ctypes.c_void_p))
        _prctl(_SECCOMP, _FILTER, ctypes.byref(program))


def _set_limits(locks: Locks) -> None:
    size, data = locks.memory
    budget = locks.limits.memory_mb << 20
    values = {
        resource.RLIMIT_AS: size + budget,  # shared anonymous memory counts here only
        resource.RLIMIT_DATA: data + budget,
        resource.RLIMIT_CPU: locks.limits.cpu_seconds,
        resource.RLIMIT_FSIZE: locks.limits.printed_bytes,
        resource.RLIMIT_NOFILE: locks.limits.descriptors,
        resource.RLIMIT_CORE: 0,
    }
    for kind, value in values.items():
        hard = resource.getrlimit(kind)[1]
        value = value if hard == resource.RLIM_INFINITY else min(value, hard)
        resource.setrlimit(kind, (value, value))


def _set_capabilities(kept: int) -> None:
    """Effective, permitted and inheritable: these and no others (a mask; all of it in the lower 32 bits)."""
    with contextlib.suppress(OSError):  # kernels before 4.3 have no ambient set
        _prctl(_AMBIENT, _CLEAR_ALL)
    number = _CAPSET.get(platform.machine())
    if number is not None:
        header = struct.pack("<Ii", 0x20080522, 0)
        _checked(_libc.syscall(number, header, struct.pack("<6I", kept, kept, kept, 0, 0, 0)), "capset")
