"""Turn decoded pixels of any kind into RGB of sRGB, and make them smaller on the way.

Large pictures are taken strip by strip: beside the codec's own pixels only a few megabytes are
held, whatever has to be done to them.
"""

from functools import lru_cache
from io import BytesIO

from PIL import Image, ImageChops, ImageCms

STRIP_PIXELS = 1 << 20
WIDE = ("I", "F", "I;16", "I;16B", "I;16L", "I;16N")  # grey of 16 or 32 bits
CLEAR = ("RGBA", "LA", "PA", "La", "RGBa")  # may be transparent
SPACES = {"RGB": "RGB", "L": "GRAY", "CMYK": "CMYK"}  # a picture's mode, a profile's space
Range = tuple[float, float]


def shrunk(
    image: Image.Image, size: tuple[int, int], resample: Image.Resampling, gap: float = 2.0
) -> Image.Image:
    """`image`, loaded, at `size` px (w, h) as L, RGB or CMYK; what is transparent lies on white.

    Whole pixels are averaged first where it is more than `gap` times as large: what Pillow's
    `reducing_gap` does, but by strips.
    """
    w, h = image.size
    reach = _range(image)
    across, down = (max(1, int(have / want / gap)) for have, want in zip((w, h), size, strict=True))
    rows = max(1, STRIP_PIXELS // (w * down)) * down
    small = _reduced(image if rows >= h else image.crop((0, 0, w, rows)), across, down, reach)
    if rows < h:
        first, small = small, Image.new(small.mode, (small.width, -(-h // down)))
        small.paste(first, (0, 0))
        for top in range(rows, h, rows):
            strip = image.crop((0, top, w, min(h, top + rows)))
            small.paste(_reduced(strip, across, down, reach), (0, top // down))
    if small.size == size:
        return small
    return small.resize(size, resample, box=(0, 0, w / across, h / down))


def _reduced(image: Image.Image, across: int, down: int, reach: Range) -> Image.Image:
    """Any mode as L, RGB or CMYK, `across` times `down` pixels averaged to one."""
    image = _averageable(image, reach)
    if across > 1 or down > 1:
        image = image.reduce((across, down))
    return _on_white(image) if image.mode == "RGBa" else image


def _averageable(image: Image.Image, reach: Range) -> Image.Image:
    """Any mode as L, RGB, CMYK or RGBa, whose colours are multiplied by their alpha."""
    if image.mode in WIDE:
        return _to_eight_bits(image, *reach)
    if image.mode == "La":
        image = image.convert("LA")
    if image.mode in CLEAR or "transparency" in image.info:
        return image.convert("RGBA").convert("RGBa")
    if image.mode == "LAB":
        return _lab_to_rgb(image)
    if image.mode == "1":
        return image.convert("L")
    return image if image.mode in SPACES else image.convert("RGB")


def to_srgb(image: Image.Image, profile: bytes | None) -> Image.Image:
    """L, RGB or CMYK in the colours of an ICC profile to RGB in sRGB.

    Without a profile, or with one that is nonsense or of another kind of picture, the numbers are
    taken as they are.
    """
    transform = _transform(profile, image.mode) if profile else None
    if transform is None:
        return image if image.mode == "RGB" else image.convert("RGB")
    return ImageCms.applyTransform(image, transform) or image.convert("RGB")


@lru_cache(maxsize=8)  # a folder's photos share a few profiles, and a transform takes 3 ms to make
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """From the profile's colours to sRGB; None where there is nothing to be done."""
    try:
        source = ImageCms.ImageCmsProfile(BytesIO(profile))
        if source.profile.xcolor_space.strip() != SPACES[mode]:
            return None
        if "srgb" in ImageCms.getProfileDescription(source).lower():
            return None
        return ImageCms.buildTransform(source, ImageCms.createProfile("sRGB"), mode, "RGB")
    except (ImageCms.PyCMSError, OSError, ValueError, TypeError, AttributeError):
        return None


def _on_white(image: Image.Image) -> Image.Image:
    """RGBa to RGB: white shines through by what alpha leaves."""
    *colours, alpha = image.split()
    white = ImageChops.invert(alpha)
    return Image.merge("RGB", [ImageChops.add(colour, white) for colour in colours])


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # only in place it gives none
    return converted


def _range(image: Image.Image) -> Range:
    """The grey values (low, high) that become black and white, in a picture of more than 8 bits.

    The whole range where it looks like 16 bits, else what the picture holds.
    """
    if image.mode not in WIDE:
        return 0, 65535
    extrema = (image if image.mode in ("I", "F", "I;16") else image.convert("I")).getextrema()
    low, high = (float(value) for value in extrema if not isinstance(value, tuple))
    if low >= 0 and 255 < high <= 65535:
        return 0, 65535
    return low, max(high, low + 1e-6)


def _to_eight_bits(image: Image.Image, low: float, high: float) -> Image.Image:
    scale = 255 / (high - low)
    wide = image.convert("F").point(lambda value: value * scale + (0.5 - low * scale))
    grey = wide.convert("L")
    grey.info.pop("transparency", None)  # a value of 16 bits
    return grey
