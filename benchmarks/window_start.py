"""Is our window painted at most 0.5 s after an empty PySide6 window would be?

Both start in fresh processes, in turn, on the same machine; medians are compared. The library
holds 5,000 photos (or `--photos`): real rows and thumbnails, made for the run, or an existing one
named with `--library`. Ends with status 1 above the bound.

    python benchmarks/window_start.py
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median

HOME = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HOME))

BOUND_S = 0.5
TURNS = 5
PHOTOS = 5000
DISTINCT = 40  # pictures that the photos share, so that making the library takes seconds
DAY_NS = 86_400_000_000_000


def main() -> int:
    """Measure and print; the exit status."""
    given = _arguments()
    if given.child:
        return _child(given.child, given.library, given.since)
    os.environ.setdefault("QT_QPA_PLATFORM", "" if os.environ.get("DISPLAY") else "offscreen")
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # compiled once, as where it is installed
    with tempfile.TemporaryDirectory() as scratch:
        os.environ["PYTHONPYCACHEPREFIX"] = str(Path(scratch, "compiled"))
        library = given.library or make_library(Path(scratch), given.photos)
        runs: dict[str, list[list[float]]] = {"empty": [], "window": []}
        for _ in range(given.turns + 1):  # the first turn fills the disk cache and is left out
            for kind, times in runs.items():
                times.append(_run(kind, library))
    empty = median(one[0] for one in runs["empty"][1:])
    painted = median(one[0] for one in runs["window"][1:])
    tiles = median(one[1] for one in runs["window"][1:])
    extra = painted - empty
    platform = os.environ["QT_QPA_PLATFORM"] or "xcb"
    print(f"{given.photos} photos, {given.turns} turns, medians, platform {platform}")
    print(f"{'an empty PySide6 window, painted':<40}{empty * 1000:>8.0f} ms")
    print(f"{'our window, painted':<40}{painted * 1000:>8.0f} ms")
    print(f"{'our window, with all its thumbnails':<40}{tiles * 1000:>8.0f} ms")
    print(f"{'painted later than the empty one by':<40}{extra * 1000:>8.0f} ms")
    print(f"{'bound':<40}{BOUND_S * 1000:>8.0f} ms")
    return 0 if extra <= BOUND_S else 1


def make_library(folder: Path, photos: int) -> Path:
    """A library of `photos` rows with thumbnails, as the indexer would leave it."""
    from PIL import Image

    from indexer.library import Library
    from indexer.scan import Found
    from indexer.store import Content, Finished, Store
    from indexer.thumbnails import SIDES, thumbnail_path
    from models.drawn import draw
    from tests.fakes import SPEC

    library = Library.at(folder / "library")
    pictures = folder / "photos"
    pictures.mkdir()
    store = Store(library)
    encoder = store.encoders.add(SPEC, folder)
    store.encoders.want(encoder)
    store.join(pictures)
    names = [str(pictures / f"{n:06d}.jpg") for n in range(photos)]
    now_ns = time.time_ns()
    store.add(Found(name, 1000, now_ns - n * DAY_NS // 7) for n, name in enumerate(names))
    finished = []
    for n, todo in enumerate(store.pending([pictures])):
        content = n.to_bytes(16, "big")
        finished.append(Finished(todo, Content(content, 640, 480, 0x808080), None))
        for side in SIDES:
            path = thumbnail_path(library, content, side)
            path.parent.mkdir(parents=True, exist_ok=True)
            shared = folder / f"{n % DISTINCT}-{side}.jpg"
            if not shared.exists():
                drawn: Image.Image = draw(n, (side * 4 // 3, side)).picture
                drawn.save(shared, quality=82)
            os.link(shared, path)
    store.commit(encoder.id, finished)
    store.close()
    return library.root


def _run(kind: str, library: Path) -> list[float]:
    """Start one window in a process of its own; seconds to its paints."""
    since = time.monotonic()
    command = [sys.executable, __file__, "--child", kind, "--library", str(library)]
    done = subprocess.run(
        [*command, "--since", str(since)], capture_output=True, text=True, cwd=HOME, check=False
    )
    if done.returncode:
        sys.exit(f"the {kind} window did not start:\n{done.stderr}")
    return [float(word) for word in done.stdout.split()[-2:]]


def _child(kind: str, library: Path, since: float) -> int:
    """Show one window, print when it was painted and when its tiles were, and end."""
    from PySide6.QtCore import QEvent, QObject, QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    application = QApplication([])
    window: QMainWindow
    if kind == "window":
        from app.sources import real
        from app.window import Window
        from indexer.library import Library

        made = Window(real(Library.at(library), None))
        made.showing.began.disconnect()  # no indexer: the window alone is measured
        window = made
        ready = _tiles_of(made)
    else:
        window = QMainWindow()
        window.resize(1280, 820)
        ready = _yes
    times: list[float] = []

    class Painted(QObject):
        """Notes the first paint, once it is through."""

        def eventFilter(self, watched: QObject, event: QEvent) -> bool:
            if event.type() == QEvent.Type.Paint:
                watched.removeEventFilter(self)
                QTimer.singleShot(0, self.note)
            return False

        def note(self) -> None:
            times.append(time.monotonic() - since)
            poll.start(5)

    def look() -> None:
        if ready():
            times.append(time.monotonic() - since)
            window.close()
            application.quit()

    poll = QTimer()
    poll.timeout.connect(look)
    painted = Painted()
    window.installEventFilter(painted)
    window.show()
    application.exec()
    print(*times)
    return 0


def _yes() -> bool:
    return True


def _tiles_of(window: object) -> Callable[[], bool]:
    """Whether all visible tiles of `window` are there."""
    from app.window import Window

    assert isinstance(window, Window)
    grid, thumbnails = window.grid, window.thumbnails

    def ready() -> bool:
        scene = grid.scene()
        rows = scene.layout.visible(scene.offset, scene.height)
        return bool(rows) and all(map(thumbnails.pixmap, scene.wanted(rows)))

    return ready


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--library", type=Path, help="an existing library to open")
    parser.add_argument("--photos", type=int, default=PHOTOS)
    parser.add_argument("--turns", type=int, default=TURNS)
    parser.add_argument("--child", choices=("empty", "window"), help=argparse.SUPPRESS)
    parser.add_argument("--since", type=float, default=0.0, help=argparse.SUPPRESS)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
