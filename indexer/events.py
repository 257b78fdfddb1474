"""What the indexer tells its clients, as frozen values that travel as JSON lines."""

import json
from dataclasses import asdict, dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the present run is. Sent at least each second while there is work."""

    found: int  # photo files seen by the scans of this run
    indexed: int  # looked at in this run
    unchanged: int  # known already, and the same
    failed: int  # can't be read, now or when last tried
    rate_per_s: float = 0.0  # photos looked at, over the last seconds
    left_s: float | None = None  # None while it can't be told
    folder: str | None = None  # the folder of the photo just done
    told: int = 0  # files of photos known already that were asked again what they tell
    to_tell: int = 0  # how many are to be asked


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch is in the database; `change` is the highest number among its vectors."""

    photos: int
    change: int


@dataclass(frozen=True, slots=True)
class Manners:
    """How the indexer behaves from now on. Who connects while either is so hears it first."""

    is_paused: bool = False  # nothing is read until a person goes on; what changes is noted
    is_slow: bool = False  # one core alone, for the computer runs on its battery
    is_full: bool = (
        False  # the disk has no room: it waits, and goes on by itself when there is some
    )


@dataclass(frozen=True, slots=True)
class FoldersChanged:
    """A folder joined or left the library, went away or came back."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """So many photos are gone from a folder that nothing is changed until the person answers."""

    folder: str
    missing: int
    photos: int  # that the library knew there


@dataclass(frozen=True, slots=True)
class Done:
    """A run has ended, and with it the requests whose numbers are named."""

    found: int
    indexed: int
    unchanged: int
    failed: int
    missing: int
    seconds: float
    requests: tuple[str, ...] = ()
    goes_on: bool = False  # photos are seen anew by the encoder that is wanted: Switched follows


@dataclass(frozen=True, slots=True)
class Switching:
    """How far it is to see all photos anew, behind everything else there is to do.

    Counts contents: copies share one. Sent at least each second meanwhile.
    """

    encoder: str  # its name
    digest: str
    seen: int
    total: int  # of those that can be read now
    rate_per_s: float = 0.0
    left_s: float | None = None  # None while it can't be told


@dataclass(frozen=True, slots=True)
class Switched:
    """Nothing is left to be seen anew: this encoder serves. Ends the requests that are named."""

    encoder: str
    digest: str
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Forgotten:
    """The vectors of an encoder are deleted, and with it the request."""

    digest: str
    requests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a person should know, as one sentence."""

    message: str
    is_the_end: bool = False  # the indexer can't go on: starting it again would not help
    folder: str | None = None  # the one that could not be looked at, if that is the trouble
    requests: tuple[str, ...] = ()  # they have ended, undone


Event = (
    Progress
    | Committed
    | Manners
    | FoldersChanged
    | Doubt
    | Done
    | Switching
    | Switched
    | Forgotten
    | Trouble
)
KINDS: dict[str, type[Event]] = {
    "progress": Progress,
    "committed": Committed,
    "manners": Manners,
    "folders": FoldersChanged,
    "doubt": Doubt,
    "done": Done,
    "switching": Switching,
    "switched": Switched,
    "forgotten": Forgotten,
    "trouble": Trouble,
}
NAMES = {kind: name for name, kind in KINDS.items()}


def to_json(event: Event) -> str:
    """One line, without its end.

    >>> to_json(Committed(photos=16, change=48))
    '{"event": "committed", "photos": 16, "change": 48}'
    """
    return json.dumps({"event": NAMES[type(event)], **asdict(event)})


def from_json(line: str) -> Event:
    """The event of one line. Raises ValueError or TypeError for any other line."""
    values: dict[str, Any] = json.loads(line)
    kind = KINDS.get(values.pop("event", ""))
    if kind is None:
        raise ValueError(f"no event: {line!r}")
    if "requests" in values:
        values["requests"] = tuple(values["requests"])
    return kind(**values)
