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


@dataclass(frozen=True, slots=True)
class Committed:
    """A batch is in the database; `change` is the highest number among its vectors."""

    photos: int
    change: int


@dataclass(frozen=True, slots=True)
class FoldersChanged:
    """A folder joined or left the library, went away or came back."""


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


@dataclass(frozen=True, slots=True)
class Trouble:
    """Something a person should know, as one sentence."""

    message: str
    is_the_end: bool = False  # the indexer can't go on: starting it again would not help
    folder: str | None = None  # the one that could not be looked at, if that is the trouble


Event = Progress | Committed | FoldersChanged | Done | Trouble
KINDS: dict[str, type[Event]] = {
    "progress": Progress,
    "committed": Committed,
    "folders": FoldersChanged,
    "done": Done,
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
    if kind is Done:
        values["requests"] = tuple(values["requests"])
    return kind(**values)
