"""What this machine has: cores, memory, room on the disk, things that compute, a display."""

import ctypes
import importlib
import os
import platform
import shutil
import socket
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from app.commands.doctor_check import Check, State
from indexer.library import Library

LITTLE_MEMORY = 1 << 30  # bytes: under it a larger encoder pushes others out
LITTLE_ROOM, NO_ROOM = 2 << 30, 300 << 20  # bytes on the disk
PLUGIN = ("libxcb-cursor.so.0", "libxkbcommon-x11.so.0", "libEGL.so.1")  # of Qt's for X11


def cores() -> int:
    """Processor cores that we may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def memory() -> tuple[int, int]:
    """Bytes of memory in all, and those that a program could still have."""
    total = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    with suppress(OSError, ValueError, IndexError):
        for line in Path("/proc/meminfo").read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return total, int(line.split()[1]) * 1024
    return total, total // 2  # a Mac tells no such thing simply, and gives away what lies idle


def room(folder: Path) -> int:
    """Bytes that are free where `folder` is or would be made."""
    for place in (folder, *folder.parents):
        with suppress(OSError):
            return shutil.disk_usage(place).free
    return 0


def accelerators() -> list[str]:
    """What could run an encoder besides the processor, as far as we use it."""
    from models.installed import has_core_ml

    if has_core_ml():
        return ["Neural Engine", "GPU"]
    return []


def system() -> str:
    """The system in a few words: "Linux x86_64", "macOS 15.1 arm64"."""
    if sys.platform == "darwin":
        return f"macOS {platform.mac_ver()[0]} {platform.machine()}"
    return f"{platform.system()} {platform.machine()}"


def look(library: Library) -> Iterator[Check]:
    """The machine: its parts, the network that it must not have, and what the window needs."""
    total, available = memory()
    yield Check(
        "machine",
        "cores",
        "ok",
        f"{system()}, {cores()} cores",
        values={"system": system(), "cores": cores()},
    )
    yield _memory(total, available)
    yield _disk(library.root)
    yield _accelerators()
    yield _network()
    yield _window()


def _memory(total: int, available: int) -> Check:
    state: State = "ok" if available >= LITTLE_MEMORY else "warning"
    return Check(
        "machine",
        "memory",
        state,
        f"{total / 1e9:.1f} GB of memory, {available / 1e9:.1f} GB can be had",
        None if state == "ok" else "Close other programs while photos are being looked at.",
        {"total_bytes": total, "available_bytes": available},
    )


def _disk(root: Path) -> Check:
    free = room(root)
    state: State = "ok" if free >= LITTLE_ROOM else "warning" if free >= NO_ROOM else "problem"
    return Check(
        "machine",
        "disk",
        state,
        f"{free / 1e9:.1f} GB are free at {root}",
        None if state == "ok" else "Make room: an index takes about 40 KB a photo.",
        {"free_bytes": free},
    )


def _accelerators() -> Check:
    found = accelerators()
    values: dict[str, object] = {"accelerators": found}
    if found:
        return Check("machine", "accelerators", "ok", ", ".join(found), values=values)
    if sys.platform == "darwin" and platform.machine() == "arm64":
        words = "the Neural Engine is not used, for coremltools is not installed"
        todo = f"{Path(sys.executable).name} -m pip install coremltools"
        return Check("machine", "accelerators", "warning", words, todo, values)
    return Check(
        "machine", "accelerators", "ok", "no accelerator that we use: the cores work", values=values
    )


def _network() -> Check:
    """A connect to this machine itself, to a port where nothing is: refused before it is tried?"""
    try:
        with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as line:
            line.settimeout(1.0)
            line.connect(("127.0.0.1", 9))
    except PermissionError:
        return Check("machine", "network", "ok", "this program is locked out of the network")
    except OSError:
        pass
    return Check(
        "machine",
        "network",
        "warning",
        "this system could not lock this program out of the network; it still asks for nothing",
        "Linux with seccomp and a Mac can; a display that is reached over the network needs it.",
    )


def _window() -> Check:
    """Whether Qt's libraries can be loaded, and with a display those of its plugin."""
    from app.commands.window import has_display

    values: dict[str, object] = {"display": has_display()}
    try:
        importlib.import_module("PySide6.QtWidgets")
        for name in PLUGIN if sys.platform == "linux" and os.environ.get("DISPLAY") else ():
            ctypes.CDLL(name)
    except (ImportError, OSError) as error:
        todo = "On Debian or Ubuntu: sh packaging/system_libraries.sh names what to install."
        return Check("machine", "window", "problem", f"no window can open: {error}", todo, values)
    if not has_display():
        words = "the window could open, but there is no display here; commands work"
        return Check("machine", "window", "ok", words, values=values)
    return Check("machine", "window", "ok", "the window can open", values=values)
