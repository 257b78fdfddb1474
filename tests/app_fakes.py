"""Small stand-ins for what feeds the window: a library that fills, a search, an indexer, a decoder.

`FakeLibrary` holds `total` photos of which the first `committed` can be seen. Thumbnails are real
files, one colour each with a white mark, so that what is painted can be told from a placeholder.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from queue import SimpleQueue

import numpy as np
from numpy.typing import NDArray
from PySide6.QtGui import QColor, QImage, QPainter
from pytestqt.qtbot import QtBot

from app.sources import Sources
from indexer.errors import Reason, UnreadablePhoto
from indexer.events import Event
from indexer.library import Library
from indexer.photo import Answer, Counts, Folder, FolderState, Photo, PhotoState, Problem
from indexer.query import Query
from indexer.search import Hit, Results
from indexer.thumbnails import thumbnail_path
from indexer.view import PhotoTable
from models.errors import KnownError

DAY_S = 86400.0
NEWEST_S = 1_700_000_000.0
MARK = (255, 255, 255)  # in the middle of each thumbnail, and nowhere else


def colour(row: int) -> tuple[int, int, int]:
    """The colour of photo `row`."""
    return 40 + row * 37 % 160, 40 + row * 59 % 160, 40 + row * 83 % 160


@dataclass
class FakeLibrary:
    """Photos that become visible as they are committed."""

    library: Library
    total: int
    committed: int = 0
    failed: int = 0
    problems: list[Problem] = field(default_factory=list)
    folders: list[Path] = field(default_factory=list)
    per_day: int = 5

    def hash(self, row: int) -> bytes:
        return row.to_bytes(16, "big")

    def draw_thumbnails(self, rows: Sequence[int]) -> None:
        for row in rows:
            for side in (256, 512):
                path = thumbnail_path(self.library, self.hash(row), side)
                path.parent.mkdir(parents=True, exist_ok=True)
                image = QImage(side * 4 // 3, side, QImage.Format.Format_RGB32)
                image.fill(QColor(*colour(row)))
                painter = QPainter(image)
                third = side // 3
                painter.fillRect(image.width() // 2 - third // 2, third, third, third, "white")
                painter.end()
                assert image.save(str(path))

    def table(self) -> PhotoTable:
        n = self.committed
        rows = np.arange(n)
        return PhotoTable(
            ids=(1000 + rows).astype(np.int64),
            taken_s=(NEWEST_S - (rows // self.per_day) * DAY_S).astype(np.float64),
            hashes=np.array([list(self.hash(row)) for row in range(n)], np.uint8).reshape(-1, 16),
            mean_rgb=np.array([colour(row) for row in range(n)], np.uint8).reshape(-1, 3),
            width=np.full(n, 640, np.int32),
            height=np.full(n, 480, np.int32),
        )


class FakeView:
    """A view of a FakeLibrary."""

    def __init__(self, fake: FakeLibrary) -> None:
        self.fake = fake

    def table(self) -> PhotoTable:
        return self.fake.table()

    def folders(self) -> list[Folder]:
        return [
            Folder(i, path, FolderState.AVAILABLE, self.fake.committed)
            for i, path in enumerate(self.fake.folders)
        ]

    def counts(self) -> Counts:
        n = self.fake.committed
        return Counts(n + self.fake.failed, n, 0, self.fake.failed, 0, n)

    def problems(self) -> list[Problem]:
        return list(self.fake.problems)

    def photo(self, photo_id: int) -> Photo | None:
        row = photo_id - 1000
        return Photo(
            id=photo_id,
            path=self.fake.library.root / "photos" / f"{row}.jpg",
            state=PhotoState.INDEXED,
            reason=None,
            hash=self.fake.hash(row),
            width=640,
            height=480,
            taken=datetime(2023, 11, 14),
            size_bytes=1,
            mtime_ns=1,
        )

    def close(self) -> None:
        pass


class FakeSearcher:
    """Finds the rows that are written in the words: "3 1 2"; a word finds nothing.

    `gate`, where there is one, is waited for before each answer, so that a test can type on.
    """

    def __init__(self, fake: FakeLibrary) -> None:
        self.fake = fake
        self.asked: list[str] = []
        self.gate: threading.Semaphore | None = None

    def warm_up(self) -> None:
        pass

    def search(self, query: Query) -> Results:
        self.asked.append(query.words)
        if self.gate is not None:
            assert self.gate.acquire(timeout=10)
        if query.words == "trouble":
            raise KnownError("The encoder is not there. Choose another one.")
        rows = [int(word) for word in query.words.split() if word.isdigit()]
        if query.everything:
            rows = list(range(min(10, self.fake.committed)))
        hits = tuple(
            Hit(1000 + row, Path(f"{row}.jpg"), 0.3, None, ("content",), None, None)
            for row in rows
            if row < self.fake.committed
        )
        return Results(hits, len(hits), self.fake.committed, None)

    def close(self) -> None:
        pass


class FakeClient:
    """Hands out the events that a test puts in; `die` ends them as a killed indexer would."""

    def __init__(self) -> None:
        self.added: list[Path] = []
        self.answers: list[tuple[Path, Answer]] = []
        self.refreshed = 0
        self.asked: list[str] = []  # to pause and to go on
        self.tried: list[Sequence[int] | None] = []
        self.closed = False
        self._events: SimpleQueue[Event | None] = SimpleQueue()

    def add(self, folders: Sequence[Path], answer: Answer | None = None) -> None:
        if answer is None:
            self.added += folders
        else:
            self.answers += [(folder, answer) for folder in folders]

    def refresh(self) -> None:
        self.refreshed += 1

    def pause(self) -> None:
        self.asked.append("pause")

    def resume(self) -> None:
        self.asked.append("resume")

    def try_again(self, photo_ids: Sequence[int] | None = None) -> None:
        self.tried.append(photo_ids)

    def put(self, event: Event) -> None:
        self._events.put(event)

    def die(self) -> None:
        self._events.put(None)

    def events(self) -> Iterator[Event]:
        while (event := self._events.get()) is not None:
            yield event

    def close(self) -> None:
        self.closed = True
        self._events.put(None)

    def wait(self, timeout_s: float) -> bool:  # noqa: ARG002 - as the real one
        return True


class FakeDecoder:
    """Pictures in the colour of their row; `gone` rows are no longer on the disk."""

    def __init__(self, gone: Sequence[int] = ()) -> None:
        self.gone = gone
        self.closed = False

    def picture(self, path: Path, fit: tuple[int, int]) -> NDArray[np.uint8]:  # noqa: ARG002
        row = int(path.stem)
        if row in self.gone:
            raise UnreadablePhoto(Reason.GONE)
        pixels = np.zeros((480, 640, 3), np.uint8)
        pixels[:] = colour(row)
        return pixels

    def close(self) -> None:
        self.closed = True


@dataclass
class Fakes:
    """Everything a window is fed from, kept for the test to look at."""

    fake: FakeLibrary
    searcher: FakeSearcher
    decoder: FakeDecoder
    clients: list[FakeClient] = field(default_factory=list)

    @classmethod
    def of(cls, root: Path, total: int, committed: int | None = None) -> "Fakes":
        root.mkdir(parents=True, exist_ok=True)
        n = total if committed is None else committed
        fake = FakeLibrary(Library.at(root), total, n)
        return cls(fake, FakeSearcher(fake), FakeDecoder())

    @property
    def client(self) -> FakeClient:
        return self.clients[-1]

    def connect(self, _: Callable[[], bool]) -> FakeClient:
        self.clients.append(FakeClient())
        return self.clients[-1]

    def sources(self) -> Sources:
        return Sources(
            library=self.fake.library,
            view=lambda: FakeView(self.fake),
            searcher=lambda: self.searcher,
            client=self.connect,
            decoder=lambda: self.decoder,
        )


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    """Wait until `condition` holds, however busy the machine is."""
    qtbot.waitUntil(condition, timeout=30_000)


def alive() -> set[str]:
    """The names of our threads that run."""
    return {t.name for t in threading.enumerate() if t is not threading.main_thread()}
