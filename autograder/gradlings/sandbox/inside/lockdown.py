"""Locks a worker down, after the fork and before it reads the first byte of a submission.

What can be prepared is prepared once, in the zygote. A layer that this kernel lacks is left out here; whether the
others suffice is decided by `self_check`, which tries to break out.
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import io
import os
import platform
import resource
import signal
import struct
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from gradlings.sandbox.inside.seccomp import MACHINES, allow_list
from gradlings.sandbox.settings import NOT_ASKED_FOR, ProtectionLayers, WorkerLimits

_libc = ctypes.CDLL(None, use_errno=True)

# Numbers of the kernel: prctl options and arguments, system calls, capabilities
_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_SECCOMP, _PR_SET_NO_NEW_PRIVS, _PR_CAP_AMBIENT = 1, 4, 22, 38, 47
_SECCOMP_MODE_FILTER, _PR_CAP_AMBIENT_CLEAR_ALL = 2, 4
_LANDLOCK_CREATE_RULESET, _LANDLOCK_ADD_RULE, _LANDLOCK_RESTRICT_SELF = 444, 445, 446  # the same on every machine
_CAP_SETGID, _CAP_SETUID, _MNT_DETACH = 6, 7, 2
_CAPSET = {"x86_64": 126, "aarch64": 91}

_FILE_RIGHTS_BY_ABI = {1: 13, 2: 14, 3: 15, 5: 16}
"""How many file rights each Landlock ABI has, from the lowest bit on."""
_READ_FILE, _READ_DIR = 1 << 2, 1 << 3

CHANNEL = 3
"""The descriptor of a worker's channel to the judge: the only one left open besides /dev/null and its output."""


class LayerFailed(Exception):
    """A layer could not be put on. The text is its name, and the call that failed with its error."""


def _checked(result: int, call: str) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), call)
    return result


def _reason(error: OSError) -> str:
    """Return the call that failed and its error number by name: `setgroups: EPERM, Operation not permitted`."""
    return f"{error.filename}: {errno.errorcode.get(error.errno or 0, error.errno)}, {error.strerror}"


def _prctl(option: int, first: int = 0, second: object = 0) -> None:
    arguments = [ctypes.c_ulong(first), second if not isinstance(second, int) else ctypes.c_ulong(second)]
    _checked(_libc.prctl(option, *arguments, ctypes.c_ulong(0), ctypes.c_ulong(0)), f"prctl({option})")


def landlock_abi() -> int:
    """Return the kernel's Landlock ABI; 0 if there is no Landlock that can be used."""
    with contextlib.suppress(OSError):
        return _landlock_abi()
    return 0


def _landlock_abi() -> int:
    """Return the ABI; raise `OSError` if Landlock is missing (ENOSYS), switched off (EOPNOTSUPP) or refused (EPERM)."""
    version = _libc.syscall(_LANDLOCK_CREATE_RULESET, None, ctypes.c_size_t(0), 1)
    return _checked(int(version), "landlock_create_ruleset")


class Ruleset:
    """A Landlock ruleset that allows no access but this.

    `readable` are files, and folders with all that is in them; `listable` are folders that may be listed, with their
    subfolders, without reading a file.
    """

    def __init__(self, readable: Iterable[str], listable: Iterable[str], abi: int) -> None:
        self.abi = abi
        rights = (1 << _FILE_RIGHTS_BY_ABI[max(version for version in _FILE_RIGHTS_BY_ABI if version <= abi)]) - 1
        network = 3 if abi >= 4 else 0  # TCP bind and connect
        scopes = 3 if abi >= 6 else 0  # abstract sockets and signals to the outside
        size = 24 if abi >= 6 else 16 if abi >= 4 else 8
        attributes = struct.pack("<QQQ", rights, network, scopes)
        descriptor = _libc.syscall(_LANDLOCK_CREATE_RULESET, attributes, ctypes.c_size_t(size), 0)
        self.descriptor = _checked(descriptor, "landlock_create_ruleset")
        for path in readable:
            self._allow(path, _READ_FILE | _READ_DIR)
        for path in listable:
            self._allow(path, _READ_DIR)

    def _allow(self, path: str, rights: int) -> None:
        try:
            descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
        except OSError:
            return  # a path that does not exist needs no rule
        try:
            if not os.path.isdir(path):
                rights &= ~_READ_DIR
            rule = struct.pack("<Qi", rights, descriptor)
            _checked(_libc.syscall(_LANDLOCK_ADD_RULE, self.descriptor, 1, rule, 0), f"landlock_add_rule for {path}")
        finally:
            os.close(descriptor)


class _Program(ctypes.Structure):
    _fields_ = [("length", ctypes.c_ushort), ("code", ctypes.c_void_p)]


@dataclass(frozen=True)
class Locks:
    """What a worker needs to lock itself down, prepared in the zygote."""

    layers: ProtectionLayers
    limits: WorkerLimits
    ruleset: Ruleset | None
    filter: bytes
    """The BPF program of the system-call filter; empty if there is none for this processor."""
    missing: dict[str, str]
    """Layers that are left out, by name, and why: the call that failed, or that it was not asked for."""
    memory: tuple[int, int]
    """Address space and data of the zygote, in bytes."""


def prepare_locks(
    layers: ProtectionLayers, limits: WorkerLimits, readable: Iterable[str], listable: Iterable[str]
) -> Locks:
    """Prepare the layers that are asked for, as far as this kernel and processor have them."""
    missing = {} if layers.limits else {"limits": NOT_ASKED_FOR}
    ruleset, program = None, b""
    try:
        abi = min(_landlock_abi(), layers.landlock)
        ruleset = Ruleset(readable, listable, abi) if abi > 0 else None
        missing |= {} if ruleset else {"landlock": NOT_ASKED_FOR}
    except OSError as error:
        missing["landlock"] = _reason(error)
    if not layers.seccomp:
        missing["seccomp"] = NOT_ASKED_FOR
    elif platform.machine() in MACHINES:
        program = allow_list(platform.machine())
    else:
        missing["seccomp"] = f"no filter is known for the processor {platform.machine()}"
    with io.FileIO("/proc/self/status") as status:
        return Locks(layers, limits, ruleset, program, missing, memory_in_use(status))


def memory_in_use(status: io.FileIO) -> tuple[int, int]:
    """Return address space and data of this process in bytes, from its open /proc/self/status."""
    return number_in(status, "VmSize") * 1024, number_in(status, "VmData") * 1024


def number_in(status: io.FileIO, name: str) -> int:
    """Return a number of an open /proc/self/status, as it is now."""
    status.seek(0)
    fields = dict(line.split(b":", 1) for line in status.read().splitlines())
    return int(fields[name.encode()].split()[0])


def arrange_descriptors(channel: int, output: int, locks: Locks) -> int:
    """Leave open only 0 (/dev/null), 1 (output), 2 (/dev/null), 3 (channel) and the ruleset's, which is returned."""
    null = os.open("/dev/null", os.O_RDWR)
    ruleset = locks.ruleset.descriptor if locks.ruleset else null
    above = [fcntl.fcntl(source, fcntl.F_DUPFD, 100) for source in (null, output, null, channel, ruleset)]
    for target, source in enumerate(above):
        os.dup2(source, target)
    _put_on("descriptors", _close_from, CHANNEL + 2)
    return CHANNEL + 1


def _close_from(first: int) -> None:
    _checked(_libc.close_range(ctypes.c_uint(first), ctypes.c_uint(0xFFFFFFFF), 0), "close_range")


def _put_on(layer: str, apply: Callable[..., None], *args: object) -> None:
    try:
        apply(*args)
    except OSError as error:
        raise LayerFailed(f"{layer}: {_reason(error)}") from error


def close_to_siblings() -> None:
    """Close the memory and `/proc` entries of this process to others of the same user id; children inherit that."""
    _prctl(_PR_SET_DUMPABLE, 0)


def unmount_proc() -> None:
    """Unmount /proc inside bubblewrap once it is not needed any more, and drop the capability to unmount."""
    _checked(_libc.umount2(b"/proc", _MNT_DETACH), "umount /proc")
    _set_capabilities(1 << _CAP_SETUID | 1 << _CAP_SETGID if os.geteuid() == 0 else 0)


def lock(locks: Locks, uid: int | None, ruleset: int) -> None:
    """Give up every right, in the only order that works: limits, identity, privileges, files, system calls.

    Changes to `uid` if there is one: a user id that no other process has. `ruleset` is the Landlock descriptor.

    Raises:
        LayerFailed: a layer could not be put on.
    """
    os.setsid()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGCHLD, signal.SIGALRM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    if locks.layers.limits:
        _put_on("limits", _set_limits, locks)
    if uid is not None:
        _put_on("user id", _change_identity, uid)
    _put_on("privileges", _drop_privileges, os.getppid())
    if locks.ruleset is not None:
        _put_on("landlock", _restrict_files, ruleset)
    os.close(ruleset)
    if locks.filter:
        _put_on("seccomp", _filter_calls, locks.filter)


def _change_identity(uid: int) -> None:
    for call, args in ((os.setgroups, ([],)), (os.setresgid, (uid,) * 3), (os.setresuid, (uid,) * 3)):
        try:
            call(*args)
        except OSError as error:
            raise OSError(error.errno, error.strerror, call.__name__) from None


def _drop_privileges(parent: int) -> None:
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)  # after the change of identity, which would clear it
    if os.getppid() != parent:
        os._exit(1)
    _set_capabilities(0)
    _prctl(_PR_SET_DUMPABLE, 0)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)


def _restrict_files(ruleset: int) -> None:
    _checked(_libc.syscall(_LANDLOCK_RESTRICT_SELF, ruleset, 0), "landlock_restrict_self")


def _filter_calls(program: bytes) -> None:
    code = ctypes.create_string_buffer(program, len(program))
    filter_program = _Program(len(program) // 8, ctypes.cast(code, ctypes.c_void_p))
    _prctl(_PR_SET_SECCOMP, _SECCOMP_MODE_FILTER, ctypes.byref(filter_program))


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
        try:
            hard = resource.getrlimit(kind)[1]
            value = value if hard == resource.RLIM_INFINITY else min(value, hard)
            resource.setrlimit(kind, (value, value))
        except (OSError, ValueError) as error:  # ValueError in place of EPERM or EINVAL
            number = getattr(error, "errno", None) or errno.EPERM
            raise OSError(number, os.strerror(number), "setrlimit") from None


def _set_capabilities(mask: int) -> None:
    """Set the effective, permitted and inheritable sets to a mask of the capabilities 0 to 31."""
    with contextlib.suppress(OSError):  # kernels before 4.3 have no ambient set
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_CLEAR_ALL)
    number = _CAPSET.get(platform.machine())
    if number is not None:
        header = struct.pack("<Ii", 0x20080522, 0)
        _checked(_libc.syscall(number, header, struct.pack("<6I", mask, mask, mask, 0, 0, 0)), "capset")
