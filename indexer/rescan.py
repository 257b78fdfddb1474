"""Note in the database what is found in the library's folders, and tell what people should know.

Nothing is taken for gone lightly. A folder that can not be looked at keeps its photos. A photo
that is elsewhere now keeps its row and its vector. And where a look would turn more than a fifth
of a folder's photos missing, nothing is changed until the person has answered.
"""

import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from indexer.changes import Changes, Known, compare
from indexer.errors import BadFolder
from indexer.events import Committed, Doubt, Event, FoldersChanged, Trouble
from indexer.glance import Glance
from indexer.moves import Gone, Lost, content_hash, match
from indexer.photo import Answer, FolderState, PhotoState
from indexer.scan import Found, Scan, ScanStopped, check_folder
from indexer.settle import Settled
from indexer.store import Store

HANDFUL = 10  # so many photos may go from any folder without a question
SHARE = 5  # and of a folder one in so many
READERS = 2  # threads that hash: as many as a slow disk bears
AT_ONCE = 200  # moves written down together,
AT_ONCE_BYTES = 1 << 27  # or fewer, so that a slow disk tells something each second or two


@dataclass(slots=True)
class Rescan:
    """Looks at folders of `store`, and at parts of them."""

    store: Store
    tell: Callable[[Event], None]
    is_stopped: Callable[[], bool]
    is_busy: Callable[[str], bool] = lambda _: False  # whether a file is being written just now
    moves: Callable[[], object] = lambda: None  # called when some that moved were written down

    def folder(
        self, folder: Path, answer: Answer | None = None, *, is_asked: bool = True
    ) -> Changes | None:
        """What changed in `folder`, which joins the library; None where nothing could be seen.

        What a person who did not ask (`is_asked`) need not know is not told.
        """
        scan = Scan(folder, self.is_stopped)
        home, before = self._home(folder)
        try:
            changes = compare(scan, self._known(folder), self.is_busy)
            is_news = self.store.join(folder)  # moves may lead into it
            self._find_moves(changes)
        except ScanStopped:
            return None
        except BadFolder as error:
            self._note_away(folder, error, is_asked=is_asked)
            return None
        state = self._decide(home, before, changes, answer, is_asked=is_asked)
        where = folder if state is FolderState.AVAILABLE else home
        if self.store.set_folder_state(where, state) or is_news:
            self.tell(FoldersChanged())
        self._write(changes)
        changes.told = self._note_sidecars(folder, scan)
        if scan.unreadable and is_asked:
            self.tell(_unreadable(scan.unreadable))
        return changes

    def settled(self, settled: Settled) -> Iterator[tuple[Path, Changes]]:
        """What is news of files and folders that were watched, by the library's folders."""
        for _, root, _ in self.store.folders():
            inside = f"{root}".rstrip("/") + "/"
            folders = [path for path in settled.folders if f"{path}/".startswith(inside)]
            files = [path for path in settled.files if path.startswith(inside)]
            if folders or files:
                changes = self._part(root, folders, files)
                if changes is not None and changes.is_news:
                    yield root, changes

    def _part(self, root: Path, folders: Sequence[str], files: Sequence[str]) -> Changes | None:
        """What changed in parts of a folder of the library."""
        if str(root) in folders:
            return self.folder(root, is_asked=False)
        try:
            check_folder(root)
            glance = Glance(files, [root])
            walks = {Path(folder): self._below(root, folder) for folder in folders}
            known = Known(iter(()), self.store.rows_at(files), self.store.rows_at)
            changes = compare(glance, known, self.is_busy)
            for folder, walk in walks.items():
                changes.join(compare(walk, self._known(folder), self.is_busy))
            self._find_moves(changes)
        except ScanStopped:
            return None
        except BadFolder:
            return self.folder(root, is_asked=False)
        if self._is_too_much(root, changes):
            return self.folder(root, is_asked=False)  # who moves much may be half way
        self._write(changes)
        changes.told += self.store.metadata.note_sidecars_at(glance.sidecars)
        for folder, walk in walks.items():
            changes.told += self._note_sidecars(folder, walk)
        return changes

    def _known(self, folder: Path) -> Known:
        """What the database knows below a folder."""
        places = self.store.places
        return Known(places.searchable(folder), places.others(folder), self.store.rows_at)

    def _note_sidecars(self, folder: Path, walk: Scan | Glance) -> int:
        found = {path: at for path, at in walk.sidecars.items() if at is not None}
        return self.store.metadata.note_sidecars(folder, found, walk.unreadable)

    def _below(self, root: Path, folder: str) -> Scan | Glance:
        """A walk over a folder below a root; over nothing where it is none any more."""
        if os.path.isdir(folder) and not os.path.islink(folder):  # noqa: PTH112, PTH114
            return Scan(Path(folder), self.is_stopped)
        return Glance([], [root])

    def _find_moves(self, changes: Changes) -> None:
        """Tell the photos that are elsewhere now from those that are new or gone.

        Files have to be read for that, so what is known is written down some at a time: it shows
        that something happens, and who stops here loses nothing.
        """
        lost = self._lost(changes)
        likely = [found for found in changes.new if found[1:] in lost]
        if not likely:
            return
        homes = [(number, path) for number, path, _ in self.store.folders()]
        with ThreadPoolExecutor(READERS, thread_name_prefix="moves") as threads:
            for some in _in_parts(likely):
                moved = match(some, lost, lambda paths: threads.map(self._hash, paths))
                self.store.places.move(moved, homes)
                changes.moved += moved
                self.moves()
                self.tell(Committed(0, 0))
        changes.unchanged += len(changes.moved)
        ids = {one.id for one in changes.moved}
        there = {one.found for one in changes.moved}
        changes.new = [found for found in changes.new if found not in there]
        changes.missing = {p: row for p, row in changes.missing.items() if row.id not in ids}

    def _lost(self, changes: Changes) -> dict[tuple[int, int], Lost]:
        """The photos that are gone, now or since long, by size and time of files that are new."""
        places = self.store.places
        if not changes.new or not (changes.missing or places.has_missing()):
            return {}
        gone: dict[tuple[int, int], list[Gone]] = {found[1:]: [] for found in changes.new}
        for path, row in changes.missing.items():
            if (like := gone.get((row.size_bytes, row.mtime_ns))) is not None:
                like.append(Gone(row.id, path, places.content_hash(row.id)))
        for mtime_ns in {found.mtime_ns for found in changes.new}:
            for size, one in places.missing_since(mtime_ns):
                if (like := gone.get((size, mtime_ns))) is not None:
                    like.append(one)
        return {stamp: Lost(like) for stamp, like in gone.items() if like}

    def _hash(self, path: str) -> bytes | None:
        """The content of a file, on a thread. Raises ScanStopped."""
        return content_hash(path, self._check)

    def _check(self) -> None:
        if self.is_stopped():
            raise ScanStopped

    def _is_too_much(self, root: Path, changes: Changes) -> bool:
        """Whether more is gone than a person is likely to have deleted."""
        gone = len(changes.missing)
        return gone > HANDFUL and gone * SHARE > self.store.places.count(root)

    def _home(self, folder: Path) -> tuple[Path, FolderState | None]:
        """The folder of the library that holds `folder`, and its state so far."""
        for _, path, state in self.store.folders():
            if path in (folder, *folder.parents):
                return path, state
        return folder, None

    def _decide(
        self,
        folder: Path,
        before: FolderState | None,
        changes: Changes,
        answer: Answer | None,
        *,
        is_asked: bool,
    ) -> FolderState:
        """The state that a folder has now; nothing is missing from one that is doubtful or kept."""
        if answer is Answer.FORGET or not self._is_too_much(folder, changes):
            return FolderState.AVAILABLE
        gone = len(changes.missing)
        changes.missing = {}
        if answer is Answer.KEEP or (answer is None and before is FolderState.KEPT):
            return FolderState.KEPT
        if is_asked or before is not FolderState.DOUBTFUL:
            self.tell(Doubt(str(folder), gone, self.store.places.count(folder)))
        return FolderState.DOUBTFUL

    def _note_away(self, folder: Path, error: BadFolder, *, is_asked: bool) -> None:
        is_there = os.path.exists(folder)  # noqa: PTH110 - Path.exists raises where forbidden
        state = FolderState.FORBIDDEN if is_there else FolderState.AWAY
        if self.store.set_folder_state(folder, state):
            self.tell(FoldersChanged())
        if is_asked:
            self.tell(Trouble(str(error), folder=str(folder)))

    def _write(self, changes: Changes) -> None:
        """Each of them whole; a crash between two is healed by the next look."""
        store = self.store
        store.add(changes.to_add)
        store.set_states([row.id for row in changes.missing.values()], PhotoState.MISSING)
        store.set_states(changes.returned, PhotoState.INDEXED)
        if changes.missing or changes.returned or changes.moved:
            self.tell(Committed(0, 0))


def _in_parts(files: Iterable[Found]) -> Iterator[list[Found]]:
    """Files a few at a time, large ones in smaller parts."""
    some: list[Found] = []
    for found in files:
        some.append(found)
        if len(some) == AT_ONCE or sum(one.size_bytes for one in some) > AT_ONCE_BYTES:
            yield some
            some = []
    if some:
        yield some


def _unreadable(folders: list[str]) -> Trouble:
    others = f" and {len(folders) - 1} more folders" if folders[1:] else ""
    return Trouble(
        f"You don't have permission to read {folders[0]}{others}. The rest is searchable."
    )
