"""Read what a photo's file tells of it, from EXIF, IPTC, XMP and an XMP file beside it.

Whom to believe follows the Metadata Working Group's guidelines: what a camera measures from EXIF,
what a person wrote from XMP, which software of today writes; and the file beside the photo goes
first, for it is newer than the photo. Runs in a decoder process only.

https://web.archive.org/web/20180919181934/http://www.metadataworkinggroup.org/pdf/mwg_guidance.pdf
"""

from pathlib import Path

from PIL import Image

from indexer import metadata_exif, metadata_iptc, metadata_xmp
from indexer.metadata import FACTS, TEXTS, Metadata, first_of


def read_metadata(image: Image.Image, exif: Image.Exif, path: Path | None = None) -> Metadata:
    """Everything of an opened image with its `exif`, before its pixels are read.

    With `path`, an XMP file beside the photo counts too. Raises nothing.
    """
    packet = metadata_xmp.properties_of(metadata_xmp.packet_of(image))
    sidecar = metadata_xmp.properties_of(metadata_xmp.sidecar_of(path)) if path else {}
    camera = metadata_exif.read(exif)
    xmp = metadata_xmp.read(packet)
    beside = metadata_xmp.read(sidecar)
    iptc = metadata_iptc.read(metadata_iptc.records_of(image))
    found = first_of(TEXTS, (beside, xmp, iptc, camera), Metadata(turn=camera.turn))
    found = first_of(FACTS, (beside, camera, xmp, iptc), found)
    if found.taken is not None:
        return found
    vague = (metadata_exif.changed(exif), metadata_xmp.created(sidecar or packet))
    return first_of(FACTS[:1], vague, found)
