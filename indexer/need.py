"""How much memory it takes to decode a picture, told by its header.

The pixels that Pillow keeps are not all: some codecs hold the picture several times over. The
figures were measured on pictures of 24 megapixels: `benchmarks/decoding.py --memory`.
"""

from PIL import Image
from PIL.TiffImagePlugin import TiffImageFile

MAX_NEED_BYTES = 2 << 30
MAX_PIXELS = 300_000_000  # a picture this large takes some 10 s
SMALL_PIXELS = {"1": 1, "L": 1, "P": 1, "LA": 4, "I;16": 2}  # bytes each; all other modes take 4
# Beside Pillow's own: the codec's planes, and the copies on the way from there. Bytes a pixel.
CODECS = {"WEBP": 13, "AVIF": 10}
HEIF, HEIF_DEEP = 5, 9  # of 8 bits, and of 10 or 12
PROGRESSIVE = 2  # a JPEG's coefficients: of each band, at full size however small it is decoded
ROWS_PER_STRIP = 278  # a TIFF's strip is unpacked whole; it may be all of the picture


def bytes_to_decode(image: Image.Image, full: tuple[int, int]) -> int:
    """What decoding `image` takes at its size of now, the one that it was drafted to.

    `full` is its size in px (w, h) before it was drafted. What `image.load` and the colours'
    strips take is in it, the file itself is not.
    """
    pixels = image.width * image.height
    own = SMALL_PIXELS.get(image.mode, 4)
    if image.format == "HEIF":
        codec = HEIF if image.info.get("bit_depth", 8) == 8 else HEIF_DEEP
    else:
        codec = CODECS.get(image.format or "", 0)
    total = pixels * (own + codec)
    if isinstance(image, TiffImageFile):
        rows = min(image.height, image.tag_v2.get(ROWS_PER_STRIP, image.height))
        total += rows * image.width * 4
    if image.info.get("progressive"):
        total += full[0] * full[1] * PROGRESSIVE * len(image.getbands())
    return total
