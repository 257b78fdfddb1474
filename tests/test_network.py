"""There is no network: a connect fails in each process of ours, and in what it starts."""

import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from indexer.decode import Decoder

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="asks Linux's /proc")

CONNECT = """
import socket, subprocess, sys
from indexer.lockdown import deny_network
listener = socket.create_server(("127.0.0.1", 0))
address = listener.getsockname()
socket.create_connection(address).close()
print("before: connected")
assert deny_network()
for family in (socket.AF_INET, socket.AF_INET6):
    try:
        socket.socket(family).connect(address)
    except OSError as error:
        print("after:", type(error).__name__)
left, right = socket.socketpair()
left.sendall(b"local"), print("local:", right.recv(5).decode())
child = "import socket; socket.socket().connect(('127.0.0.1', 9))"
print("child:", subprocess.run([sys.executable, "-c", child], stderr=subprocess.DEVNULL).returncode)
"""


def test_a_connect_fails_after_the_lock_down_and_in_children_too() -> None:
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", CONNECT], capture_output=True, text=True, cwd=home()
    )
    assert done.stdout.splitlines() == [
        "before: connected",
        "after: PermissionError",
        "after: PermissionError",
        "local: local",
        "child: 1",
    ], done.stderr


def home() -> Path:
    return Path(__file__).resolve().parent.parent


@linux_only
def test_a_decoder_runs_locked_down(tmp_path: Path) -> None:
    Image.new("RGB", (9, 9)).save(tmp_path / "photo.png")
    decoder = Decoder()
    decoder.picture(tmp_path / "photo.png", (9, 9))
    process = decoder._process
    assert process is not None
    try:
        assert is_locked_down(process.pid)
    finally:
        decoder.close()


def is_locked_down(pid: int) -> bool:
    """Whether the kernel filters this process's calls."""
    return "Seccomp:\t2" in Path(f"/proc/{pid}/status").read_text()


@linux_only
@pytest.mark.parametrize("module", ["app.main", "indexer.service"])
def test_programs_lock_down_before_they_do_anything_else(module: str) -> None:
    code = (
        f"import sys; from {module} import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "print(open('/proc/self/status').read())"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=home(), check=True
    )
    assert "Seccomp:\t2" in done.stdout
