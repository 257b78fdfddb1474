"""Read the file of weights inside an .mlpackage.

    header, 64 bytes      uint32 count, uint32 version (2), then nothing of use
    for each tensor       metadata, 64 bytes at a multiple of 64:
                            uint32 0xDEADBEEF, uint32 kind of number, uint64 size in bytes,
                            uint64 offset of its data, uint64 unused bits at its end
                          data, at a multiple of 64

All little-endian. A program names a tensor by the offset of its metadata. Numbers of fewer than
eight bits are packed without gaps, the first in the lowest bits.

The layout is that of `mlmodel/src/MILBlob/Blob/StorageFormat.hpp` in apple/coremltools; the code
is our own.
"""

import struct
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from models.mil.errors import BadPackage

VERSION = 2
SENTINEL = 0xDEADBEEF
ENTRY = struct.Struct("<IIQQQ")  # the used part of a tensor's metadata
ENTRY_BYTES = 64
GROUPS = 1 << 17  # packed numbers are opened a million at a time: each takes 8 bytes meanwhile


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of number: our name for it, its width, and the array that holds it."""

    name: str
    bits: int
    array: np.dtype


def _kind(name: str, bits: int, array: type) -> Kind:
    return Kind(name, bits, np.dtype(array).newbyteorder("<"))


# By the number that BlobDataType.hpp gives them. bfloat16 and both float8 are left out: numpy has
# none, and no export of ours writes them.
KINDS = {
    1: _kind("float16", 16, np.float16),
    2: _kind("float32", 32, np.float32),
    3: _kind("uint8", 8, np.uint8),
    4: _kind("int8", 8, np.int8),
    6: _kind("int16", 16, np.int16),
    7: _kind("uint16", 16, np.uint16),
    8: _kind("int4", 4, np.int8),
    9: _kind("uint1", 1, np.uint8),
    10: _kind("uint2", 2, np.uint8),
    11: _kind("uint4", 4, np.uint8),
    12: _kind("uint3", 3, np.uint8),
    13: _kind("uint6", 6, np.uint8),
    14: _kind("int32", 32, np.int32),
    15: _kind("uint32", 32, np.uint32),
}
BY_NAME = {kind.name: kind for kind in KINDS.values()}


class Blobs:
    """A file of weights, mapped: only what is asked for is read."""

    def __init__(self, path: Path) -> None:
        """Open it and check the header. Raises BadPackage."""
        self.path = path
        try:
            self._bytes = np.asarray(np.memmap(path, np.uint8, "r"))
        except (OSError, ValueError) as error:  # ValueError: an empty file can not be mapped
            raise BadPackage(
                f"{path} can not be read ({error}). Export the package again."
            ) from error
        if len(self._bytes) < ENTRY_BYTES or self._number(4) != VERSION:
            raise BadPackage(f"{path} is no file of weights that we know. Export it again.")

    def read(self, offset: int, kind: str, count: int) -> NDArray[np.generic]:
        """The `count` numbers whose metadata is at `offset`; of 1-D, and not to be changed.

        Raises BadPackage where the file is cut, or holds something else there.
        """
        if offset % ENTRY_BYTES or offset + ENTRY_BYTES > len(self._bytes):
            raise self._broken(offset, f"the file ends at {len(self._bytes)}")
        sentinel, code, size, at, _ = ENTRY.unpack_from(self._bytes.data, offset)
        if sentinel != SENTINEL:
            raise self._broken(offset, "no tensor begins there")
        there = KINDS.get(code)
        if there is None or there.name != kind:
            found = there.name if there else f"kind {code}"
            raise self._broken(offset, f"it holds {found}, and the program says {kind}")
        if size != -(-count * there.bits // 8):
            raise self._broken(offset, f"{size} bytes are no {count} numbers of {kind}")
        if at + size > len(self._bytes):
            raise self._broken(offset, f"its data reach {at + size}, the file {len(self._bytes)}")
        return unpack(self._bytes[at : at + size], there, count)

    def _number(self, at: int) -> int:
        return int.from_bytes(self._bytes[at : at + 4].tobytes(), "little")

    def _broken(self, offset: int, why: str) -> BadPackage:
        return BadPackage(
            f"{self.path} is damaged: tensor at {offset}, {why}. Export the package again."
        )


def unpack(data: NDArray[np.uint8], kind: Kind, count: int) -> NDArray[np.generic]:
    """The first `count` numbers of `kind` in `data`, (bytes,) uint8.

    >>> unpack(np.array([0b01_10_11_00, 0b11], np.uint8), BY_NAME["uint2"], 5)
    array([0, 3, 2, 1, 3], dtype=uint8)
    """
    if kind.bits >= 8:
        return data.view(kind.array)
    groups = -(-count // 8)  # eight numbers fill `bits` whole bytes
    whole = np.zeros((groups, kind.bits), np.uint8)
    whole.ravel()[: data.size] = data
    values = np.empty((groups, 8), np.uint8)
    shifts = np.arange(8, dtype=np.uint64) * np.uint64(kind.bits)
    for first in range(0, groups, GROUPS):
        some = np.zeros((min(GROUPS, groups - first), 8), np.uint8)
        some[:, : kind.bits] = whole[first : first + GROUPS]
        words = some.view("<u8")  # (groups, 1)
        values[first : first + GROUPS] = (words >> shifts) & np.uint64(2**kind.bits - 1)
    flat = values.ravel()[:count]
    if kind.name == "int4":  # two's complement: 8 to 15 stand for -8 to -1
        return ((flat ^ 8).astype(np.int8) - np.int8(8)).astype(np.int8)
    return flat
