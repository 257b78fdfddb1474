"""The photos a grid shows, as arrays in the order shown. No Qt."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from app.sections import Sections, by, flat

if TYPE_CHECKING:
    from indexer.view import PhotoTable


@dataclass(frozen=True, eq=False)
class Photos:
    """`n` photos. Ready to be painted from: nothing here is asked photo by photo."""

    ids: NDArray[np.int64]  # (n,)
    taken_s: NDArray[np.float64]  # (n,) local seconds since 1970
    hashes: NDArray[np.uint8]  # (n, 16)
    mean_rgb: NDArray[np.uint8]  # (n, 3)
    width: NDArray[np.int32]  # (n,) upright
    height: NDArray[np.int32]  # (n,)
    is_dated: bool = True  # newest first, under headings; else in an order of their own
    _sections: dict[str, Sections] = field(default_factory=dict)

    @classmethod
    def none(cls) -> "Photos":
        """No photo."""
        return cls(
            np.zeros(0, np.int64),
            np.zeros(0),
            np.zeros((0, 16), np.uint8),
            np.zeros((0, 3), np.uint8),
            np.zeros(0, np.int32),
            np.zeros(0, np.int32),
        )

    @classmethod
    def of(cls, table: "PhotoTable") -> "Photos":
        """The library's own order, newest first."""
        return cls(
            table.ids, table.taken_s, table.hashes, table.mean_rgb, table.width, table.height
        )

    def __len__(self) -> int:
        return len(self.ids)

    def sections(self, kind: str) -> Sections:
        """The photos grouped by "years", "months" or "days"; in one piece where not dated."""
        if not self.is_dated:
            return flat(len(self))
        if kind not in self._sections:
            self._sections[kind] = by(kind, self.taken_s)
        return self._sections[kind]

    def prepared(self) -> "Photos":
        """Itself, with all that takes time worked out: for the thread that reads."""
        for kind in ("years", "months", "days"):
            self.sections(kind)
        assert self._order is not None
        return self

    def picked(self, ids: Sequence[int]) -> "Photos":
        """Those of `ids` that are here, in the order of `ids`: the best first."""
        rows = self.rows(ids)
        rows = rows[rows >= 0]
        return Photos(
            self.ids[rows],
            self.taken_s[rows],
            self.hashes[rows],
            self.mean_rgb[rows],
            self.width[rows],
            self.height[rows],
            is_dated=False,
        )

    def rows(self, ids: Sequence[int] | NDArray[np.int64]) -> NDArray[np.int64]:
        """Where each of `ids` is, (len(ids),) int64; -1 where it is not here."""
        wanted = np.asarray(ids, dtype=np.int64)
        if not len(self) or not len(wanted):
            return np.full(len(wanted), -1, dtype=np.int64)
        place = np.minimum(np.searchsorted(self.ids, wanted, sorter=self._order), len(self) - 1)
        rows = self._order[place]
        return np.where(self.ids[rows] == wanted, rows, -1)

    def row(self, photo_id: int) -> int | None:
        """Where `photo_id` is."""
        found = int(self.rows([photo_id])[0])
        return found if found >= 0 else None

    def hash(self, row: int) -> bytes:
        """The content of photo `row`, 16 bytes."""
        return bytes(self.hashes[row])

    def hashes_of(self, rows: range) -> list[bytes]:
        """The contents of neighbouring photos, 16 bytes each."""
        together = self.hashes[rows.start : rows.stop].tobytes()
        return [together[i : i + 16] for i in range(0, len(together), 16)]

    def colour(self, row: int) -> tuple[int, int, int]:
        """The mean colour of photo `row`."""
        red, green, blue = self.mean_rgb[row].tolist()
        return red, green, blue

    @cached_property
    def _order(self) -> NDArray[np.int64]:
        return np.argsort(self.ids, kind="stable")
