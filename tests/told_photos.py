"""Write photos whose files tell of them: EXIF, IPTC and XMP of a test's own making."""

import struct
from io import BytesIO
from pathlib import Path

import pillow_heif
from PIL import Image, PngImagePlugin
from PIL.ExifTags import GPS, IFD, Base

XPACKET = '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{}<?xpacket end="w"?>'
XMP_TAG = 700  # of a TIFF
SPACES = {
    "dc": "http://purl.org/dc/elements/1.1/",
    "xmp": "http://ns.adobe.com/xap/1.0/",
    "exif": "http://ns.adobe.com/exif/1.0/",
    "exifEX": "http://cipa.jp/exif/1.0/",
    "aux": "http://ns.adobe.com/exif/1.0/aux/",
    "tiff": "http://ns.adobe.com/tiff/1.0/",
    "photoshop": "http://ns.adobe.com/photoshop/1.0/",
}


def xmp(inside: str = "", **attributes: str) -> bytes:
    """A packet; `dc__title="x"` is an attribute dc:title, `inside` are elements."""
    spaces = " ".join(f'xmlns:{short}="{long}"' for short, long in SPACES.items())
    told = " ".join(f'{name.replace("__", ":")}="{text}"' for name, text in attributes.items())
    return XPACKET.format(
        '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {spaces} {told}>{inside}</rdf:Description>'
        "</rdf:RDF></x:xmpmeta>"
    ).encode()


def keywords(*words: str) -> str:
    """The element that holds keywords."""
    items = "".join(f"<rdf:li>{word}</rdf:li>" for word in words)
    return f"<dc:subject><rdf:Bag>{items}</rdf:Bag></dc:subject>"


def exif(taken: str | None = "2023:07:14 18:03:11", offset: str | None = "+02:00") -> Image.Exif:
    """What a telephone writes at the Eiffel Tower."""
    block = Image.Exif()
    block[Base.Make], block[Base.Model] = "Canon", "Canon EOS 6D"
    inner = block.get_ifd(IFD.Exif)
    inner[Base.LensModel] = "EF100mm f/2.8L Macro IS USM"
    if taken is not None:
        inner[Base.DateTimeOriginal] = taken
    if offset is not None:
        inner[Base.OffsetTimeOriginal] = offset
    block.get_ifd(IFD.GPSInfo).update(
        {
            GPS.GPSLatitudeRef: "N",
            GPS.GPSLatitude: (48.0, 51.0, 30.24),
            GPS.GPSLongitudeRef: "E",
            GPS.GPSLongitude: (2.0, 17.0, 40.2),
            GPS.GPSAltitudeRef: b"\0",
            GPS.GPSAltitude: 35.5,
        }
    )
    return block


def iptc(*records: tuple[int, int, bytes]) -> bytes:
    """A Photoshop segment of a JPEG with IPTC records (set, number, text)."""
    data = b"".join(
        struct.pack(">BBBH", 0x1C, kind, number, len(text)) + text for kind, number, text in records
    )
    told = b"Photoshop 3.0\x008BIM\x04\x04\0\0" + struct.pack(">I", len(data)) + data
    told += b"\0" * (len(data) % 2)
    return b"\xff\xed" + struct.pack(">H", len(told) + 2) + told


def write(path: Path, block: Image.Exif | None = None, packet: bytes = b"") -> Path:
    """A small grey photo of the kind that the name says, with EXIF and XMP."""
    pillow_heif.register_heif_opener()
    photo = Image.new("RGB", (64, 48), (128, 128, 128))
    told = block if block is not None else Image.Exif()
    if path.suffix == ".png":
        text = PngImagePlugin.PngInfo()
        text.add_itxt("XML:com.adobe.xmp", packet.decode())
        photo.save(path, exif=told, pnginfo=text)
    elif path.suffix == ".tiff":
        for number in (IFD.Exif, IFD.GPSInfo):
            told[number] = dict(told.get_ifd(number))  # else Pillow leaves them out of a TIFF
        if packet:
            told[XMP_TAG] = packet
        photo.save(path, exif=told)
    else:
        photo.save(path, exif=told.tobytes(), xmp=packet)
    return path


def jpeg(block: Image.Exif | None = None, packet: bytes = b"", segment: bytes = b"") -> bytes:
    """The bytes of a small JPEG, with an IPTC segment too."""
    buffer = BytesIO()
    told = block if block is not None else Image.Exif()
    Image.new("RGB", (64, 48)).save(buffer, "JPEG", exif=told.tobytes(), xmp=packet)
    data = buffer.getvalue()
    return data[:2] + segment + data[2:]
