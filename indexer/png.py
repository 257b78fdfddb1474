"""Look at a PNG's chunks without unpacking any.

What tells of the photo usually comes before its pixels. It may come after them too, and Pillow
decodes the whole picture to see; a walk over the chunks costs nothing.
"""

SIGNATURE = b"\x89PNG\r\n\x1a\n"
TELLING = (b"eXIf", b"tEXt", b"zTXt", b"iTXt")


def tells_late(data: bytes) -> bool:
    """Whether something is told behind the pixels.

    >>> tells_late(SIGNATURE + bytes(4) + b"IDAT" + bytes(8) + b"tEXt" + bytes(4))
    True
    """
    at, pixels = len(SIGNATURE), False
    while at + 8 <= len(data):
        kind = data[at + 4 : at + 8]
        if pixels and kind in TELLING:
            return True
        pixels = pixels or kind == b"IDAT"
        at += 12 + int.from_bytes(data[at : at + 4], "big")
    return False
