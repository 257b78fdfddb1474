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
from PIL import Image, ImageCms, UnidentifiedImageError

from indexer.errors import Reason, UnreadablePhoto
from indexer.metadata import Metadata
from indexer.metadata_exif import exif_of, turn_of
from indexer.metadata_read import read_metadata

MAX_FILE_BYTES = 512 << 20
MAX_PIXELS = 300_000_000  # read from the header; 300 MP decode to 0.9 GB
MAX_ASPECT = 24.0  # beyond it a square crop of the whole height is all an encoder can see
HASH_BYTES = 16
TURNS = {  # EXIF orientation: how to get upright
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
SIDEWAYS = (TURNS[5], TURNS[6], TURNS[7], TURNS[8])


def prepare() -> None:
    """Once a process: teach Pillow HEIC, and leave the size limit to us."""
    pillow_heif.register_heif_opener(thumbnails=False)
    Image.MAX_IMAGE_PIXELS = None  # ours is checked from the header, with a reason
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

    def __init__(self, data: bytes) -> None:
        """Raises UnreadablePhoto."""
        try:
            self._image = Image.open(BytesIO(data))
        except Exception as error:  # codecs raise whatever strangers' bytes provoke
            raise UnreadablePhoto(_reason(error, data)) from error
        w, h = self._image.size
        if w * h > MAX_PIXELS:
            raise UnreadablePhoto(Reason.TOO_LARGE)
        self._exif = exif_of(self._image)
        self._turn = TURNS.get(turn_of(self._exif))
        self.width, self.height = (h, w) if self._turn in SIDEWAYS else (w, h)

    def metadata(self, path: Path) -> Metadata:
        """What the file tells, and an XMP file beside `path`. To be asked before `decode`."""
        return read_metadata(self._image, self._exif, path)

    def decode(self, short_px: int | None = None) -> Image.Image:
        """The upright sRGB picture; a JPEG may come smaller, its short side >= `short_px`.

        Raises UnreadablePhoto.
        """
        image = self._image
        try:
            if short_px is not None:
                w, h = image.size
                scale = short_px / min(w, h)
                image.draft(None, (int(w * scale) + 1, int(h * scale) + 1))
            image.load()
            rgb = _as_rgb(image)
        except Exception as error:  # as above
            raise UnreadablePhoto(_reason(error, b"?")) from error
        return rgb if self._turn is None else rgb.transpose(self._turn)


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


def _as_rgb(image: Image.Image) -> Image.Image:
    """Any mode to RGB in sRGB; what is transparent lies on white."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I;16") or image.mode in ("I", "F"):
        image = _to_eight_bits(image)
    if image.mode in ("RGBA", "LA", "PA", "La", "RGBa") or "transparency" in image.info:
        image = image.convert("RGBA")
        ground = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(ground, image).convert("RGB")
    elif profile and image.mode in ("RGB", "CMYK", "L"):
        image = _through_profile(image, profile)
    return image if image.mode == "RGB" else image.convert("RGB")


def _to_eight_bits(image: Image.Image) -> Image.Image:
    """Grey of 16 or 32 bits to 8: whole range where it looks like 16 bits, else stretched."""
    wide = image.convert("F")
    low, high = wide.getextrema()
    assert isinstance(low, float | int)
    assert isinstance(high, float | int)
    if low >= 0 and 255 < high <= 65535:
        return wide.point(lambda value: value * (1 / 257) + 0).convert("L")
    span = max(high - low, 1e-6)
    return wide.point(lambda value: value * (255 / span) - low * 255 / span).convert("L")


def _through_profile(image: Image.Image, profile: bytes) -> Image.Image:
    """Colours of an ICC profile to sRGB; as they are where the profile is nonsense."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return image
        target = ImageCms.createProfile("sRGB")
        converted = ImageCms.profileToProfile(image, source, target, outputMode="RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError):
        return image
    return converted or image


def _reason(error: Exception, data: bytes) -> Reason:
    """What to tell a person about what a codec said."""
    if isinstance(error, UnreadablePhoto):
        return error.reason
    words = str(error).lower()
    if isinstance(error, MemoryError):
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
