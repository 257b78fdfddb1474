"""Follow the indexer's events, and say in words how far it is. No widgets."""

from dataclasses import dataclass, replace

from app import words
from indexer.events import Done, Event, Progress, Switched, Switching

SAID_S = 4.0  # how long the end of indexing is announced


@dataclass(frozen=True, slots=True)
class Run:
    """How the present run of the indexer stands, or the last one ended."""

    is_on: bool = False
    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    failed: int = 0
    rate_per_s: float = 0.0
    left_s: float | None = None
    seen: int = 0  # by an encoder that sees the photos anew, behind the run
    to_see: int = 0  # 0 where none does

    def after(self, event: Event) -> "Run":
        """How it stands after `event`."""
        if isinstance(event, Progress):
            return Run(
                is_on=True,
                found=event.found,
                indexed=event.indexed,
                unchanged=event.unchanged,
                failed=event.failed,
                rate_per_s=event.rate_per_s,
                left_s=event.left_s,
            )
        if isinstance(event, Done):
            return Run(
                found=event.found,
                indexed=event.indexed,
                unchanged=event.unchanged,
                failed=event.failed,
            )
        if isinstance(event, Switching):
            return replace(self, seen=event.seen, to_see=event.total)
        if isinstance(event, Switched):
            return replace(self, seen=0, to_see=0)
        return self

    def stopped(self) -> "Run":
        """The indexer is gone."""
        return replace(self, is_on=False, seen=0, to_see=0)

    @property
    def done(self) -> int:
        """Photos of this run that can be searched."""
        return self.indexed + self.unchanged

    @property
    def left(self) -> int:
        """Photos that have not been looked at yet."""
        return max(0, self.found - self.done - self.failed) if self.is_on else 0

    @property
    def share(self) -> float:
        """How much is done, 0..1."""
        return 1 - self.left / self.found if self.found else 0.0

    def sentence(self, in_library: int, oldest_s: float | None) -> str:
        """For the status line, while it is on; `oldest_s`: the library's oldest photo shown.

        How far back it reaches is said only where the run is about the whole library.
        """
        if not self.is_on:
            return words.learning(self.seen, self.to_see) if self.to_see else ""
        if not self.done:
            return words.LOOKING
        if not self.left:
            return ""
        whole = in_library <= self.found
        return words.searchable(self.done, self.found, oldest_s if whole else None)

    def details(self) -> str:
        """For the ring's tooltip."""
        left = words.time_left(self.left_s, self.rate_per_s)
        return (words.RING + " " + left).strip()
