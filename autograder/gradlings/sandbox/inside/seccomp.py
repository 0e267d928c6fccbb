"""Builds the seccomp filter of a worker as a BPF program: an allow-list of system calls, all others are refused.

No process, thread, socket, exec, signal to others, mount, memfd, ptrace or io_uring; files can only be
opened for reading. Numbers are those of the kernel's own tables (asm/unistd_64.h and asm-generic/unistd.h).
"""

from __future__ import annotations

import errno
import struct

# name:number on x86_64,number on aarch64 ("-" where the call does not exist)
_ALLOWED = """
read:0,63 write:1,64 readv:19,65 writev:20,66 pread64:17,67 pwrite64:18,68 close:3,57 close_range:436,436 fstat:5,80
newfstatat:262,79 stat:4,- lstat:6,- statx:332,291 lseek:8,62 mmap:9,222 munmap:11,215 mprotect:10,226 mremap:25,216
madvise:28,233 brk:12,214 mincore:27,232 msync:26,227 futex:202,98 futex_wake:454,454 futex_wait:455,455
rt_sigaction:13,134 rt_sigprocmask:14,135 rt_sigreturn:15,139 rt_sigtimedwait:128,137 rt_sigpending:127,136
rt_sigsuspend:130,133 sigaltstack:131,132 getrandom:318,278 clock_gettime:228,113 clock_getres:229,114
gettimeofday:96,169 time:201,- times:100,153 nanosleep:35,101 clock_nanosleep:230,115 sched_yield:24,124 getpid:39,172
getppid:110,173 gettid:186,178 getuid:102,174 geteuid:107,175 getgid:104,176 getegid:108,177 getresuid:118,148
getresgid:120,150 getgroups:115,158 getpgrp:111,- getpgid:121,155 getsid:124,156 getcwd:79,17 chdir:80,49 fchdir:81,50
readlink:89,- readlinkat:267,78 access:21,- faccessat:269,48 faccessat2:439,439 getdents:78,- getdents64:217,61
dup:32,23 dup2:33,- dup3:292,24 pipe:22,- pipe2:293,59 poll:7,- ppoll:271,73 select:23,- pselect6:270,72
epoll_create1:291,20 epoll_ctl:233,21 epoll_wait:232,- epoll_pwait:281,22 eventfd2:290,19 exit:60,93 exit_group:231,94
set_robust_list:273,99 get_robust_list:274,100 rseq:334,293 getrlimit:97,163 getrusage:98,165 sysinfo:99,179
uname:63,160 sched_getaffinity:204,123 sched_getparam:143,121 sched_getscheduler:145,120 getpriority:140,141
getcpu:309,168 membarrier:324,283 restart_syscall:219,128 arch_prctl:158,- set_tid_address:218,96 alarm:37,-
getitimer:36,102 setitimer:38,103 timer_create:222,107 timer_settime:223,110 timer_gettime:224,108
timer_delete:226,111 umask:95,166 fadvise64:221,223 fstatfs:138,44 statfs:137,43 pause:34,- wait4:61,260 waitid:247,95
"""
# Allowed with some arguments only, or refused with an error number of their own
_SPECIAL = """
openat:257,56 open:2,- fcntl:72,25 ioctl:16,29 prctl:157,167 prlimit64:302,261 clone:56,220 clone3:435,435
openat2:437,437
"""
MACHINES = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}
"""The column in these tables and AUDIT_ARCH of linux/audit.h."""

_READ_ONLY = 0o3 | 0o100 | 0o1000 | 0o20000000
"""O_ACCMODE, O_CREAT, O_TRUNC, __O_TMPFILE: an open with none of these bits only reads (the same on both machines)."""


_FCNTL = (0, 1, 2, 3, 4, 1030)  # DUPFD GETFD SETFD GETFL SETFL DUPFD_CLOEXEC; not SETOWN or SETSIG: they signal others
_IOCTL = (0x5401, 0x5413, 0x541B, 0x5421, 0x5450, 0x5451)  # TCGETS TIOCGWINSZ FIONREAD FIONBIO FIONCLEX FIOCLEX
_PRCTL = (3, 15, 16, 21, 39)  # GET_DUMPABLE SET_NAME GET_NAME GET_SECCOMP GET_NO_NEW_PRIVS

# Opcodes, return values and offsets of linux/bpf_common.h and linux/seccomp.h
_LOAD, _JUMP_EQUAL, _JUMP_AT_LEAST, _AND, _RETURN = 0x20, 0x15, 0x35, 0x54, 0x06
_ALLOW, _ERRNO, _KILL = 0x7FFF0000, 0x00050000, 0x80000000
_NUMBER, _ARCHITECTURE, _ARGUMENTS = 0, 4, 16
_X32 = 0x40000000


def allow_list(machine: str) -> bytes:
    """Return the program for `prctl(PR_SET_SECCOMP)`, 8 bytes per instruction.

    Raises:
        KeyError: there are no tables for this processor.
    """
    column, architecture = MACHINES[machine]
    special = _numbers(_SPECIAL, column)
    code = [
        *(_op(_LOAD, _ARCHITECTURE), _op(_JUMP_EQUAL, architecture, 1, 0), _op(_RETURN, _KILL)),
        *(_op(_LOAD, _NUMBER), _op(_JUMP_AT_LEAST, _X32, 0, 1), _op(_RETURN, _KILL)),
    ]
    for number in _numbers(_ALLOWED, column).values():
        code += [_op(_JUMP_EQUAL, number, 0, 1), _op(_RETURN, _ALLOW)]
    code += _for_call(special["openat"], [_op(_LOAD, _argument(2)), _op(_AND, _READ_ONLY), *_allow_equal((0,))])
    if "open" in special:
        code += _for_call(special["open"], [_op(_LOAD, _argument(1)), _op(_AND, _READ_ONLY), *_allow_equal((0,))])
    code += _for_call(special["fcntl"], [_op(_LOAD, _argument(1)), *_allow_equal(_FCNTL)])
    code += _for_call(special["ioctl"], [_op(_LOAD, _argument(1)), *_allow_equal(_IOCTL)])
    code += _for_call(special["prctl"], [_op(_LOAD, _argument(0)), *_allow_equal(_PRCTL)])
    read_only_prlimit = [  # prlimit64 with a null pointer for the new limits, both halves of it
        *(_op(_LOAD, _argument(2)), _op(_JUMP_EQUAL, 0, 0, 3)),
        *(_op(_LOAD, _argument(2) + 4), *_allow_equal((0,))),
    ]
    code += _for_call(special["prlimit64"], read_only_prlimit)
    code += _for_call(special["clone"], [_op(_RETURN, _ERRNO | errno.EAGAIN)])  # "can't start new thread"
    code += _for_call(special["clone3"], [_op(_RETURN, _ERRNO | errno.ENOSYS)])  # then the C library tries clone
    code += _for_call(special["openat2"], [_op(_RETURN, _ERRNO | errno.ENOSYS)])  # its flags lie in memory
    code.append(_op(_RETURN, _ERRNO | errno.EPERM))
    return b"".join(code)


def _numbers(table: str, column: int) -> dict[str, int]:
    numbers = {}
    for entry in table.split():
        name, _, columns = entry.partition(":")
        number = columns.split(",")[column]
        if number != "-":
            numbers[name] = int(number)
    return numbers


def _op(code: int, value: int, then: int = 0, otherwise: int = 0) -> bytes:
    return struct.pack("<HBBI", code, then, otherwise, value)


def _argument(index: int) -> int:
    """Return the offset of the lower half of an argument; the kernel takes these arguments as 32 bits."""
    return _ARGUMENTS + 8 * index


def _allow_equal(values: tuple[int, ...]) -> list[bytes]:
    """Allow if the loaded word is one of the values, refuse otherwise."""
    code = []
    for value in values:
        code += [_op(_JUMP_EQUAL, value, 0, 1), _op(_RETURN, _ALLOW)]
    return [*code, _op(_RETURN, _ERRNO | errno.EPERM)]


def _for_call(number: int, body: list[bytes]) -> list[bytes]:
    """Run the body, which ends in a return, for this system call only."""
    return [_op(_JUMP_EQUAL, number, 0, len(body)), *body]
