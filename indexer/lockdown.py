"""Take the network away from this process and all that it starts, for good.

Linux: a seccomp filter lets `socket` make local (Unix) sockets only. A Mac: its sandbox denies
the network but for local sockets. Neither can be undone. Where the kernel offers no such thing
nothing changes, and `deny_network` says so.
"""

import ctypes
import errno
import platform
import struct
import sys

PR_SET_NO_NEW_PRIVS = 38
SECCOMP_SET_MODE_FILTER = 1
SECCOMP_FILTER_FLAG_TSYNC = 1  # all threads of the process, should there be any yet
ALLOW = 0x7FFF0000
REFUSE = 0x00050000 | errno.EACCES  # the call fails with "permission denied"
LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # the four BPF instructions we need
AF_UNIX = 1
X32 = 0x40000000  # x86-64's second table of calls, which would lead around the filter

# machine: (audit architecture, socket, seccomp); io_uring, which can open sockets too, is 425
CALLS = {"x86_64": (0xC000003E, 41, 317), "aarch64": (0xC00000B7, 198, 277)}
IO_URING_SETUP = 425

# Apple's sandbox language; see sandbox-exec(1) and the profiles in /System/Library/Sandbox.
MAC_PROFILE = b"""(version 1)(allow default)(deny network*)
(allow network* (local unix-socket))(allow network* (remote unix-socket))"""


def deny_network() -> bool:
    """Deny this process every socket that is not local. Whether the system granted it."""
    if sys.platform == "darwin":
        return _deny_on_mac()
    return _deny_on_linux() if sys.platform == "linux" else False


def _deny_on_linux() -> bool:
    numbers = CALLS.get(platform.machine())
    if numbers is None:
        return False
    architecture, socket_call, seccomp_call = numbers
    filters = _filter(architecture, socket_call)
    buffer = ctypes.create_string_buffer(filters, len(filters))

    class Program(ctypes.Structure):
        _fields_ = (("length", ctypes.c_ushort), ("filter", ctypes.c_void_p))

    program = Program(len(filters) // 8, ctypes.addressof(buffer))
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0:
        return False
    flags = SECCOMP_FILTER_FLAG_TSYNC
    call = ctypes.c_long(seccomp_call)
    granted = libc.syscall(call, SECCOMP_SET_MODE_FILTER, flags, ctypes.byref(program))
    return bool(granted == 0)


def _filter(architecture: int, socket_call: int) -> bytes:
    """The BPF program over `struct seccomp_data`: call at 0, architecture at 4, arguments at 16.

    Jumps count the instructions to skip, if true and if false.
    """
    steps = (
        (LOAD, 0, 0, 4),
        (EQUAL, 1, 0, architecture),
        (RETURN, 0, 0, REFUSE),
        (LOAD, 0, 0, 0),
        (AT_LEAST, 5, 0, X32),
        (EQUAL, 4, 0, IO_URING_SETUP),
        (EQUAL, 0, 2, socket_call),
        (LOAD, 0, 0, 16),
        (EQUAL, 0, 1, AF_UNIX),
        (RETURN, 0, 0, ALLOW),
        (RETURN, 0, 0, REFUSE),
    )
    return b"".join(struct.pack("=HBBI", *step) for step in steps)


def _deny_on_mac() -> bool:
    libc = ctypes.CDLL("/usr/lib/libSystem.dylib", use_errno=True)
    message = ctypes.c_char_p()
    return bool(libc.sandbox_init(MAC_PROFILE, ctypes.c_uint64(0), ctypes.byref(message)) == 0)
