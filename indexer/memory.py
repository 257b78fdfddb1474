"""How much memory another process of ours holds. Linux and Macs; elsewhere nobody knows."""

import ctypes
import os
import sys
from pathlib import Path

PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
RUSAGE_INFO_V0 = 0


class RusageInfo(ctypes.Structure):
    """`struct rusage_info_v0` of sys/resource.h on a Mac."""

    _fields_ = (
        ("uuid", ctypes.c_uint8 * 16),
        ("user_time", ctypes.c_uint64),
        ("system_time", ctypes.c_uint64),
        ("idle_wakeups", ctypes.c_uint64),
        ("interrupt_wakeups", ctypes.c_uint64),
        ("pageins", ctypes.c_uint64),
        ("wired_bytes", ctypes.c_uint64),
        ("resident_bytes", ctypes.c_uint64),
        ("footprint_bytes", ctypes.c_uint64),  # with what is compressed, as Activity Monitor shows
        ("started", ctypes.c_uint64),
        ("ended", ctypes.c_uint64),
    )


def held_bytes(process_id: int) -> int:
    """The memory that a process holds now; 0 where it has ended or the system does not tell."""
    if sys.platform == "darwin":
        return _on_mac(process_id)
    return _on_linux(process_id) if sys.platform == "linux" else 0


def _on_linux(process_id: int, proc: Path = Path("/proc")) -> int:
    try:
        pages = (proc / str(process_id) / "statm").read_bytes().split()
        return int(pages[1]) * PAGE_BYTES
    except (OSError, IndexError, ValueError):
        return 0


def _on_mac(process_id: int) -> int:
    info = RusageInfo()
    call = ctypes.CDLL("/usr/lib/libSystem.dylib").proc_pid_rusage
    failed = call(ctypes.c_int(process_id), ctypes.c_int(RUSAGE_INFO_V0), ctypes.byref(info))
    return 0 if failed else int(info.footprint_bytes)
