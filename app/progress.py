"""Follow the indexer's events, and say in words how far it is. No widgets."""

from dataclasses import dataclass, field, replace
from pathlib import PurePath

from app import words
from indexer.events import Done, Event, Manners, Progress, Switched, Switching

SAID_S = 4.0  # how long the end of indexing is announced
TELLING = 0.05  # what it costs to ask an old file again, against reading a new photo


@dataclass(frozen=True, slots=True)
class Run:
    """How the present run of the indexer stands, or the last one ended."""

    is_on: bool = False
    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    failed: int = 0
    told: int = 0  # old files that were asked again
    to_tell: int = 0
    rate_per_s: float = 0.0
    left_s: float | None = None
    folder: str = ""  # of the photo just done
    seen: int = 0  # by an encoder that sees the photos anew, behind the run
    to_see: int = 0  # 0 where none does
    manners: Manners = field(default_factory=Manners)
    share: float = 0.0  # how much is done, 0..1; never less than it was in this run

    def after(self, event: Event) -> "Run":
        """How it stands after `event`."""
        if isinstance(event, Progress):
            run = replace(
                self,
                is_on=True,
                found=event.found,
                indexed=event.indexed,
                unchanged=event.unchanged,
                failed=event.failed,
                told=event.told,
                to_tell=event.to_tell,
                rate_per_s=event.rate_per_s,
                left_s=event.left_s,
                folder=event.folder or "",
                seen=0,
                to_see=0,
            )
            return replace(run, share=max(run.done_share, self.share if self.is_on else 0.0))
        if isinstance(event, Done):
            return Run(
                found=event.found,
                indexed=event.indexed,
                unchanged=event.unchanged,
                failed=event.failed,
                manners=self.manners,
            )
        if isinstance(event, Switching):
            share = event.seen / max(1, event.total)
            return replace(
                self,
                seen=event.seen,
                to_see=event.total,
                rate_per_s=event.rate_per_s,
                left_s=event.left_s,
                folder="",
                share=max(share, self.share if self.to_see else 0.0),
            )
        if isinstance(event, Switched):
            return replace(self, seen=0, to_see=0)
        if isinstance(event, Manners):
            return replace(self, manners=event)
        return self

    def stopped(self) -> "Run":
        """The indexer is gone."""
        return replace(self, is_on=False, seen=0, to_see=0, manners=Manners())

    @property
    def done(self) -> int:
        """Photos of this run that can be searched."""
        return self.indexed + self.unchanged

    @property
    def left(self) -> int:
        """Photos that have not been looked at yet."""
        return max(0, self.found - self.done - self.failed) if self.is_on else 0

    @property
    def done_share(self) -> float:
        """How much is done as counted now. It sinks where more is found."""
        all_of_it = self.found + TELLING * self.to_tell
        open_of_it = self.left + TELLING * (self.to_tell - self.told)
        return 1 - open_of_it / all_of_it if all_of_it else 0.0

    @property
    def is_telling(self) -> bool:
        """Whether all photos are read, and old files are asked again what they tell."""
        return self.is_on and not self.left and self.told < self.to_tell

    @property
    def is_seen(self) -> bool:
        """Whether the ring shows: there is something to do, or a person has paused it."""
        return self.is_on or bool(self.to_see) or self.manners.is_paused

    def _searchable(self, in_library: int) -> tuple[int, int]:
        """How many photos are searchable, and of how many; where the run is about all: of all."""
        if self.is_on and in_library <= self.found:
            return self.done, self.found
        return in_library, in_library + self.left

    def sentence(self, in_library: int, oldest_s: float | None) -> str:
        """For the status line, while it is on; `oldest_s`: the library's oldest photo shown.

        How far back it reaches is said only where the run is about the whole library.
        """
        if self.manners.is_full:
            return words.DISK_FULL
        if self.manners.is_paused:
            return words.paused(*self._searchable(in_library))
        if not self.is_on:
            return words.learning(self.seen, self.to_see) if self.to_see else ""
        if self.is_telling:
            return words.asking(self.told, self.to_tell)
        if not self.done:
            return words.LOOKING
        if not self.left:
            return ""
        whole = in_library <= self.found
        return words.searchable(self.done, self.found, oldest_s if whole else None)

    def headline(self, in_library: int) -> str:
        """For the pop-over, in bold: how much is done, or that it rests."""
        if self.manners.is_paused:
            return words.PAUSED
        if self.is_telling or (self.to_see and not self.is_on):
            done, of = (self.told, self.to_tell) if self.is_telling else (self.seen, self.to_see)
            return words.counted(done, of)
        if self.is_on and self.found:
            return words.counted(self.done, self.found)
        return words.photos(in_library) if in_library else words.LOOKING

    def account(self, in_library: int) -> str:
        """For the pop-over: what goes on."""
        if self.manners.is_full:
            return words.DISK_FULL
        if self.manners.is_paused:
            return words.are_searchable(*self._searchable(in_library))
        if self.is_telling:
            return words.ASKING
        return words.LEARNING if self.to_see and not self.is_on else words.RING

    def details(self) -> list[str]:
        """For the pop-over: how long it will take, where it is, and why it is slow."""
        if self.manners.is_paused or self.manners.is_full:
            return []
        said = [words.time_left(self.left_s, self.rate_per_s)]
        if self.folder and self.left:
            said.append(words.now_in(PurePath(self.folder).name or self.folder))
        if self.manners.is_slow:
            said.append(words.SLOWLY)
        return [one for one in said if one]
