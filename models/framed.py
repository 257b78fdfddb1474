"""Carry arrays between two processes of ours: a line of JSON, then the bytes of an array."""

import json
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Header = dict[str, Any]


def send(stream: IO[bytes], header: Header, array: Array | None = None) -> None:
    """Write one message. Raises OSError where nobody reads any more."""
    what = None if array is None else {"shape": array.shape, "dtype": array.dtype.str}
    stream.write(json.dumps({**header, "array": what}).encode() + b"\n")
    if array is not None:
        stream.write(np.ascontiguousarray(array).tobytes())
    stream.flush()


def receive(stream: IO[bytes]) -> tuple[Header, Array | None]:
    """Read one message. Raises EOFError at the end, in the midst of a message too.

    The array may be written to: Core ML takes no other, though it only reads.
    """
    line = stream.readline()
    if not line.endswith(b"\n"):
        raise EOFError
    header = json.loads(line)
    what = header.pop("array")
    if what is None:
        return header, None
    array = np.empty(what["shape"], np.dtype(what["dtype"]))
    data = stream.read(array.nbytes)
    if len(data) < array.nbytes:
        raise EOFError
    array.reshape(-1)[:] = np.frombuffer(data, array.dtype)
    return header, array
