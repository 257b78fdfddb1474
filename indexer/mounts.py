"""Tell on which file system a folder lies, and whether that is one whose changes nobody reports."""

import os
import re
import select
import subprocess
import sys
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO

LINUX_TABLE = Path("/proc/self/mountinfo")
MAC_COMMAND = ("/sbin/mount",)
MAC_LINE = re.compile(r"^(?P<source>.+?) on (?P<point>/.*) \((?P<kind>[^,)]+)(?P<flags>[^)]*)\)$")

# Others change what lies there, and the kernel does not hear of it. Linux names from
# filesystems(5) and the FUSE programs; shares of a virtual machine's host are such ones too.
SHARES = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "9p", "afs", "ceph", "coda", "ncpfs", "lustre"}
    | {"beegfs", "glusterfs", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "afpfs", "webdav", "davfs"}
)
LOCAL_FUSE = frozenset({"fuseblk", "fuse.ntfs-3g", "fuse.exfat", "fuse.lxcfs", "fuse.mergerfs"})


@dataclass(frozen=True, slots=True)
class Mount:
    """One file system and where it hangs in the tree."""

    point: str
    kind: str  # as the system calls it: "ext4", "apfs", "nfs4"
    source: str  # its device or server: another drive at the same point differs in it
    is_share: bool


class MountTable:
    """The system's table of mounts, and whether it has changed since it was last asked."""

    def __init__(self) -> None:
        self._file: IO[bytes] | None = None
        self._poll = select.poll()
        if sys.platform == "linux":
            with suppress(OSError):  # without /proc nobody tells
                self._file = LINUX_TABLE.open("rb")
                self._poll.register(self._file, select.POLLPRI | select.POLLERR)

    def read(self) -> tuple[Mount, ...]:
        """All that are mounted now, oldest first."""
        return mounts()

    def has_changed(self) -> bool:
        """Whether something was mounted or unmounted since the last call.

        One system call: proc_pid_mounts(5). A Mac tells its FSEvents streams instead.
        """
        return bool(self._poll.poll(0))

    def close(self) -> None:
        """Let go of the table."""
        if self._file is not None:
            self._file.close()


def mounts() -> tuple[Mount, ...]:
    """All that are mounted now, oldest first; none where the system does not say."""
    try:
        if sys.platform == "darwin":
            done = subprocess.run(MAC_COMMAND, capture_output=True, text=True, check=False)
            return read_mac(done.stdout)
        return read_linux(LINUX_TABLE.read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        return ()


def read_linux(table: str) -> tuple[Mount, ...]:
    """The mounts of /proc/self/mountinfo; proc_pid_mountinfo(5).

    >>> read_linux("36 35 0:98 / /my\\\\040pictures rw,noatime - nfs4 nas:/photos rw")
    (Mount(point='/my pictures', kind='nfs4', source='0:98 nas:/photos', is_share=True),)
    """
    found = []
    for line in table.splitlines():
        before, _, after = line.partition(" - ")
        words, rest = before.split(" "), after.split(" ")
        if len(words) < 5 or len(rest) < 2:
            continue
        kind, source = rest[0], f"{words[2]} {_unescaped(rest[1])}"
        is_share = kind in SHARES or (kind.startswith("fuse") and kind not in LOCAL_FUSE)
        found.append(Mount(_unescaped(words[4]), kind, source, is_share))
    return tuple(found)


def read_mac(table: str) -> tuple[Mount, ...]:
    """The mounts that mount(8) prints on a Mac, where it says itself which are local.

    >>> read_mac("//me@nas/photos on /Volumes/photos (smbfs, nodev, nosuid, mounted by me)")
    (Mount(point='/Volumes/photos', kind='smbfs', source='//me@nas/photos', is_share=True),)
    """
    found = []
    for line in table.splitlines():
        if match := MAC_LINE.match(line):
            is_local = "local" in match["flags"].replace(",", " ").split()
            found.append(Mount(match["point"], match["kind"], match["source"], not is_local))
    return tuple(found)


def concerning(folder: Path, table: tuple[Mount, ...]) -> tuple[Mount, ...]:
    """The mount that holds `folder`, and before it all that hang below; none if not in `table`."""
    real = os.path.realpath(folder)
    below = [one for one in table if f"{one.point}/".startswith(f"{real}/") and one.point != real]
    holding = [one for one in table if f"{real}/".startswith(f"{one.point.rstrip('/')}/")]
    # Of two at one point the later hides the earlier.
    nearest = max(enumerate(holding), key=lambda at: (len(at[1].point), at[0]), default=None)
    return (*below, nearest[1]) if nearest is not None else tuple(below)


def is_share(folder: Path, table: tuple[Mount, ...]) -> bool:
    """Whether `folder` lies on a share, so that nobody reports what others change in it."""
    found = concerning(folder, table)
    return bool(found) and found[-1].is_share


def _unescaped(word: str) -> str:
    r"""Undo the kernel's \040 for a blank and its like.

    >>> _unescaped("a\\040b\\134c")
    'a b\\c'
    """
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), word)
