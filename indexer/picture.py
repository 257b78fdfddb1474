"""Open one photo file: upright, sRGB, no larger than needed. Runs in a decoder process only.

Everything here is fed with strangers' bytes. What goes wrong becomes an UnreadablePhoto with a
reason; what crashes takes the decoder process along, never the run.
"""

import hashlib
import struct
import warnings
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import AvifImagePlugin, Image, PngImagePlugin, UnidentifiedImageError

from indexer.colour import shrunk, to_srgb
from indexer.errors import Reason, UnreadablePhoto
from indexer.metadata import Metadata
from indexer.metadata_exif import exif_of, turn_of
from indexer.metadata_read import read_metadata
from indexer.need import MAX_NEED_BYTES, MAX_PIXELS, bytes_to_decode
from indexer.png import tells_late

MAX_FILE_BYTES = 512 << 20
MAX_ASPECT = 24.0  # beyond it a square crop of the whole height is all an encoder can see
HASH_BYTES = 16
KINDS = ("JPEG", "PNG", "GIF", "WEBP", "TIFF", "BMP", "HEIF", "AVIF")  # no other codec is fed
MAX_TEXT_BYTES = 4 << 20  # a text or profile of a PNG, unpacked
TURNS = {  # EXIF orientation: how to get upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
TELLING_TEXTS = {"Raw profile type exif", "XML:com.adobe.xmp", "xmp"}  # of a PNG; XMP turns, too
SIDEWAYS = (TURNS[5], TURNS[6], TURNS[7], TURNS[8])


def prepare() -> None:
    """Once a process: teach Pillow HEIC and our limits."""
    pillow_heif.register_heif_opener()
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS // 2  # Pillow refuses twice that by the header alone
    PngImagePlugin.MAX_TEXT_CHUNK = MAX_TEXT_BYTES
    warnings.simplefilter("ignore")  # Pillow warns of odd EXIF; the photo is what counts


def read_file(path: Path) -> bytes:
    """The bytes of a photo file. Raises UnreadablePhoto."""
    try:
        if path.stat().st_size > MAX_FILE_BYTES:
            raise UnreadablePhoto(Reason.TOO_LARGE)
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise UnreadablePhoto(Reason.GONE) from error
    except PermissionError as error:
        raise UnreadablePhoto(Reason.FORBIDDEN) from error
    except OSError as error:
        raise UnreadablePhoto(Reason.DISK) from error
    if not data:
        raise UnreadablePhoto(Reason.EMPTY)
    return data


def content_hash(data: bytes) -> bytes:
    """The 16 bytes by which the library knows this content."""
    return hashlib.blake2b(data, digest_size=HASH_BYTES).digest()


class OpenedPhoto:
    """A photo whose header was read: its upright size is known, its pixels are not yet."""

    def __init__(self, data: bytes, *, threads: int = 1, previews: bool = True) -> None:
        """`threads` is for kinds that can use several. Raises UnreadablePhoto.

        With `previews` a HEIC's own small picture serves where it is as large as is asked for, of
        the same shape, turn and colours.
        """
        pillow_heif.options.DECODE_THREADS = AvifImagePlugin.DEFAULT_MAX_THREADS = threads
        pillow_heif.options.THUMBNAILS = previews
        try:
            self.image = Image.open(BytesIO(data), formats=KINDS)
        except Exception as error:  # codecs raise whatever strangers' bytes provoke
            raise UnreadablePhoto(_reason(error, data)) from error
        self.stored = w, h = self.image.size
        self._file_bytes = len(data)
        self._exif = self._read_exif(data)
        turned_by_pillow = self.image.format == "TIFF"  # its size is upright from the beginning
        self._turn = None if turned_by_pillow else TURNS.get(turn_of(self._exif))
        self.width, self.height = (h, w) if self._turn in SIDEWAYS else (w, h)

    def metadata(self, path: Path) -> Metadata:
        """What the file tells, and an XMP file beside `path`. To be asked before `decode`."""
        return read_metadata(self.image, self._exif, path)

    def size_of(self, short_px: int) -> tuple[int, int]:
        """The upright size in px at which the short side is `short_px`; never larger than it is."""
        scale = min(1.0, short_px / min(self.width, self.height))
        return max(1, round(self.width * scale)), max(1, round(self.height * scale))

    def decode(
        self,
        size: tuple[int, int] | None = None,
        resample: Image.Resampling = Image.Resampling.BICUBIC,
        gap: float = 2.0,
    ) -> Image.Image:
        """The upright sRGB picture, whole or at `size` px (w, h), which is upright too.

        What is more than `gap` times as large is averaged before `resample` has its turn.
        Raises UnreadablePhoto.
        """
        upright = size or (self.width, self.height)
        w, h = upright[::-1] if self._turn in SIDEWAYS else upright
        image = self.image
        try:
            if size is not None:
                image.draft(None, (w, h))
            self._refuse_too_large()
            image.load()
            small = shrunk(image, (w, h), resample, gap)
            rgb = to_srgb(small, image.info.get("icc_profile"))
        except Exception as error:  # as above
            raise UnreadablePhoto(_reason(error, b"?")) from error
        return rgb if self._turn is None else rgb.transpose(self._turn)

    def _read_exif(self, data: bytes) -> Image.Exif:
        """Of a PNG too without its pixels, unless EXIF or XMP is told as text or behind them."""
        info = self.image.info
        if self.image.format == "PNG" and "exif" not in info:
            if not (tells_late(data) or TELLING_TEXTS & info.keys()):
                return Image.Exif()
            self._refuse_too_large()  # Pillow reads all pixels now
        return exif_of(self.image)

    def _refuse_too_large(self) -> None:
        """By the header. Raises UnreadablePhoto."""
        need = bytes_to_decode(self.image, self.stored) + self._file_bytes
        if need > MAX_NEED_BYTES:
            raise UnreadablePhoto(Reason.TOO_LARGE)


def for_encoder(picture: Image.Image) -> Image.Image:
    """`picture`, or its middle where it is so long that scaling it whole would fill the memory."""
    w, h = picture.size
    short = min(w, h)
    if max(w, h) <= short * MAX_ASPECT:
        return picture
    keep = int(short * MAX_ASPECT)
    left, top = max(0, (w - keep) // 2), max(0, (h - keep) // 2)
    return picture.crop((left, top, left + min(w, keep), top + min(h, keep)))


def mean_rgb(picture: Image.Image) -> int:
    """The mean colour as 0xRRGGBB."""
    pixel = picture.resize((1, 1), Image.Resampling.BOX).getpixel((0, 0))
    assert isinstance(pixel, tuple)
    red, green, blue = (int(value) for value in pixel[:3])
    return red << 16 | green << 8 | blue


def _reason(error: Exception, data: bytes) -> Reason:
    """What to tell a person about what a codec said."""
    if isinstance(error, UnreadablePhoto):
        return error.reason
    words = str(error).lower()
    too_large = any(word in words for word in ("too large", "too much memory"))
    if too_large or isinstance(error, MemoryError | Image.DecompressionBombError):
        return Reason.TOO_LARGE
    if any(word in words for word in ("truncated", "end of file", "eof", "not enough data")):
        return Reason.TRUNCATED
    if isinstance(error, EOFError | struct.error):
        return Reason.TRUNCATED
    if isinstance(error, UnidentifiedImageError):
        return Reason.DAMAGED if _looks_like_a_photo(data) else Reason.UNKNOWN_KIND
    return Reason.DAMAGED


def _looks_like_a_photo(data: bytes) -> bool:
    """Whether the first bytes are those of a kind that we read."""
    starts = (b"\xff\xd8\xff", b"\x89PNG", b"GIF8", b"BM", b"II*\0", b"MM\0*")
    is_webp = data[:4] == b"RIFF" and data[8:12] == b"WEBP"
    is_heif = data[4:8] == b"ftyp"
    return data.startswith(starts) or is_webp or is_heif
