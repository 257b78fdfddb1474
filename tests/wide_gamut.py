"""A profile of Display P3, as phones use it, and what its colours are in sRGB."""

import struct

import numpy as np
from numpy.typing import NDArray
from PIL import ImageCms

# D50-adapted primaries as Apple's Display P3 profile has them, and sRGB's; CIE XYZ by column.
P3 = np.array(
    [[0.51512, 0.29198, 0.15710], [0.24120, 0.69225, 0.06657], [-0.00105, 0.04189, 0.78407]]
)
SRGB = np.array(
    [[0.43607, 0.38515, 0.14307], [0.22249, 0.71687, 0.06061], [0.01392, 0.09708, 0.71410]]
)


def p3_profile() -> bytes:
    """A Display P3 profile: sRGB's curve with other primaries, and a name that is not sRGB's."""
    data = bytearray(ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes())
    data = data.replace("sRGB".encode("utf-16-be"), "wide".encode("utf-16-be"))
    for at in range(132, 132 + 12 * int.from_bytes(data[128:132], "big"), 12):
        name, offset = bytes(data[at : at + 4]), int.from_bytes(data[at + 4 : at + 8], "big")
        if name in (b"rXYZ", b"gXYZ", b"bXYZ"):
            column = (P3[:, "rgb".index(chr(name[0]))] * 65536).round().astype(int)
            data[offset + 8 : offset + 20] = struct.pack(">3i", *column)
    return bytes(data)


def p3_to_srgb(colours: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(n, 3) bytes of Display P3 to sRGB 0..255, what lies outside cut off."""
    part = colours / 255
    linear = np.where(part <= 0.04045, part / 12.92, ((part + 0.055) / 1.055) ** 2.4)
    wanted = np.clip(linear @ P3.T @ np.linalg.inv(SRGB).T, 0, 1)
    curved = np.where(wanted <= 0.0031308, wanted * 12.92, 1.055 * wanted ** (1 / 2.4) - 0.055)
    return np.asarray(curved * 255)
