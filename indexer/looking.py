"""Look at the library's folders: when a client asks, and when they are heard to change.

What is found joins the run of `indexer.work`, or begins one.
"""

from collections.abc import Callable
from pathlib import Path

from indexer.events import Committed, Event, Trouble
from indexer.photo import Answer
from indexer.problems import try_again
from indexer.rescan import Rescan
from indexer.scan import known_as
from indexer.store import Store
from indexer.watch import Watcher
from indexer.work import Work

SHORT = (
    "The system can't watch all of {}: it has no watches left. What changes there is found a "
    "little later, or when you look again. On Linux, raise fs.inotify.max_user_watches."
)


class Looking:
    """The folders of one library, and who watches them."""

    def __init__(
        self,
        store: Store,
        work: Work,
        tell: Callable[[Event], None],
        watch_with: Callable[[], Watcher] = Watcher,
    ) -> None:
        self.store = store
        self.work = work
        self.tell = tell
        self.watch_with = watch_with
        self.watcher: Watcher | None = None  # from when a client asks for it
        stopped = work.stopping.is_set
        self.rescan = Rescan(store, tell, stopped, self._is_busy, work.begin)

    @property
    def folders(self) -> list[Path]:
        """The folders of the library."""
        return [path for _, path, _ in self.store.folders()]

    def look(self, folders: list[Path], request: str | None, answer: Answer | None = None) -> None:
        """Scan folders and let their photos join the run, or begin one."""
        tally = self.work.begin()
        if request is not None:
            tally.requests.append(request)
        for folder in folders:
            folder = known_as(folder, self.folders)
            self._watch_folders(folder)  # first, so that no change falls between
            changes = self.rescan.folder(folder, answer)
            if changes is not None:
                tally.scanned(folder, changes)
                self.work.waiting.folders.append(folder)
        self._watch_folders()
        self.work.look_again()

    def try_again(self, photo_ids: list[int] | None = None) -> None:
        """Let photos that could not be read join the run: those with these ids, or all."""
        count = try_again(self.store, photo_ids)
        self.work.begin().tries_again(count)
        self.work.waiting.folders += self.folders
        self.tell(Committed(0, 0))  # fewer have a problem now

    def watch(self) -> None:
        """Watch the library's folders from now on."""
        self.watcher = self.watcher or self.watch_with()
        self._watch_folders()

    def forget(self, folders: list[Path]) -> None:
        """Take folders out of the library."""
        for folder in folders:
            self.store.leave(folder)
        self._watch_folders()

    def notice(self) -> None:
        """Let what has settled in the folders that are watched join the run, or begin one."""
        if self.watcher is None or self.work.stopping.is_set():
            return
        settled = self.watcher.take()
        for root in self.watcher.take_short():
            self.tell(Trouble(SHORT.format(root)))
        for root, changes in self.rescan.settled(settled) if settled else ():
            self.work.begin().noticed(changes)
            self.work.waiting.folders.append(root)
            self.work.look_again()

    def close(self) -> None:
        """Watch no more."""
        if self.watcher is not None:
            self.watcher.close()

    def _watch_folders(self, *more: Path) -> None:
        """Watch the library's folders, where a client asked for it."""
        if self.watcher is not None:
            known = self.folders
            new = [one for one in more if not any(one in (at, *at.parents) for at in known)]
            self.watcher.watch([*known, *new])

    def _is_busy(self, path: str) -> bool:
        """Whether a file is being written, so that it is looked at when that has settled."""
        return self.watcher is not None and self.watcher.holds(path)
