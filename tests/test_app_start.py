"""What is loaded by the time the window is painted, and that a signal closes it."""

import os
import signal
import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).resolve().parent.parent

PAINTED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QApplication
from app.sources import real
from app.window import Window
from indexer.library import Library

class Watched(Window):
    def paintEvent(self, event):
        print(*sorted({name.partition(".")[0] for name in sys.modules}))
        QTimer.singleShot(0, self.close)
        super().paintEvent(event)

application = QApplication([])
window = Watched(real(Library.at(Path(sys.argv[1])), None))
window.show()
application.exec()
"""

OPENED = """
import sys
from pathlib import Path
from PySide6.QtCore import QTimer
from app import window
from indexer.library import Library

class Told(window.Window):
    def paintEvent(self, event):
        super().paintEvent(event)
        QTimer.singleShot(0, lambda: print("painted", flush=True))

window.Window = Told
sys.exit(window.open_window(Library.at(Path(sys.argv[1])), None, []))
"""


def test_nothing_heavy_is_loaded_before_the_first_paint(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", PAINTED, str(tmp_path / "none")],
        capture_output=True,
        text=True,
        cwd=HOME,
        check=False,
        timeout=60,
    )
    assert done.returncode == 0, done.stderr
    loaded = set(done.stdout.splitlines()[0].split())
    heavy = {"torch", "coremltools", "faiss", "onnxruntime", "PIL", "sqlite_utils", "open_clip"}
    assert loaded & heavy == set()
    assert not (tmp_path / "none").exists(), "looking at an empty library makes nothing"


def test_ctrl_c_closes_the_window(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", OPENED, str(tmp_path / "none")],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOME,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "painted\n"
        process.send_signal(signal.SIGINT)
        _, complaint = process.communicate(timeout=30)
    assert (process.returncode, complaint) == (0, "")
