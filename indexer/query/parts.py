"""What a typed line is made of: frozen parts, each with its place in the line."""

from dataclasses import dataclass, field
from enum import StrEnum

from indexer.query.when import When


class Kind(StrEnum):
    """What sort of picture a file is. Only what files tell; a selfie is seen, not told."""

    PHOTO = "photo"
    SCREENSHOT = "screenshot"
    PANORAMA = "panorama"
    VIDEO = "video"
    RAW = "raw"
    LIVE = "live"
    ANIMATION = "animation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Something the line asks for. Where it stands makes no difference to what it is."""

    negated: bool = False  # what must not be there
    start: int = field(default=0, compare=False)  # of its characters in the line
    end: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class Words(Part):
    """What to see."""

    text: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Exact(Part):
    """Text as it stands in names, captions, keywords, or in the picture."""

    text: str


@dataclass(frozen=True, slots=True)
class Like(Part):
    """A photo to resemble. The path is as typed: relative, or with ~, perhaps."""

    path: str
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class DateIs(Part):
    """Taken at any of these times."""

    whens: tuple[When, ...]


@dataclass(frozen=True, slots=True)
class PlaceIs(Part):
    """Taken in any of these places; "Paris, France" is one."""

    names: tuple[str, ...]
    near: bool = False  # or around them


@dataclass(frozen=True, slots=True)
class CameraIs(Part):
    """Taken with any of these cameras; a part of the name is enough."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LensIs(Part):
    """Taken with any of these lenses; a part of the name is enough."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class KindIs(Part):
    """Any of these sorts of picture."""

    kinds: tuple[Kind, ...]


@dataclass(frozen=True, slots=True)
class ExtIs(Part):
    """A file name with any of these endings, in lower case, without the dot."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FolderIs(Part):
    """Below any of these folders: a path, or the name of one, as typed."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """Whole numbers from `least` to `most`, both inside; None where that side is open."""

    least: int | None
    most: int | None

    def holds(self, number: int) -> bool:
        """Whether the number is meant."""
        return (self.least is None or self.least <= number) and (
            self.most is None or number <= self.most
        )


@dataclass(frozen=True, slots=True)
class RatingIs(Part):
    """Any of these numbers of stars, 0 to 5."""

    stars: tuple[Between, ...]


@dataclass(frozen=True, slots=True)
class Bytes:
    """How large the file is."""

    size: Between


@dataclass(frozen=True, slots=True)
class Pixels:
    """How many pixels the picture has, width times height."""

    size: Between


@dataclass(frozen=True, slots=True)
class Sides:
    """How long the two sides are, in pixels, the picture standing or lying."""

    longer: Between
    shorter: Between

    def hold(self, width: int, height: int) -> bool:
        """Whether a picture of these sides is meant."""
        return self.longer.holds(max(width, height)) and self.shorter.holds(min(width, height))


Size = Bytes | Pixels | Sides


@dataclass(frozen=True, slots=True)
class SizeIs(Part):
    """Any of these sizes."""

    sizes: tuple[Size, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence for the person about a piece of the line that was not read as they may think."""

    text: str
    start: int = field(default=0, compare=False)
    end: int = field(default=0, compare=False)
