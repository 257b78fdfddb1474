"""Fetching from hubs that hang, cut, refuse, lie, or are not there."""

import fcntl
import hashlib
import json
import shutil
import socket
import ssl
import subprocess
import sys
import urllib.error
from collections import namedtuple
from pathlib import Path
from types import SimpleNamespace

import pytest

from models import fetch_part
from models.errors import KnownError
from models.fetch import PAUSES_S, fetch
from models.fetch_part import Wanted
from models.fetch_process import LOCK
from models.fetch_trouble import Cut, NoNetwork, check_address, unreachable
from models.fetch_trust import BUNDLES, trusting
from tests.hub import Hub, cut, endless, ignores_range, redirect, running, silent, status

HOME = Path(__file__).resolve().parent.parent
BODY = bytes(range(256)) * 4000  # 1 MB
SHA256 = hashlib.sha256(BODY).hexdigest()


class Bringing:
    """Fetches a file of a hub into a folder, without waiting, and notes what was told."""

    def __init__(self, hub: Hub, folder: Path) -> None:
        self.hub, self.folder = hub, folder
        self.pauses: list[float] = []
        self.told: list[tuple[int, int | None]] = []

    def __call__(self, size: int | None = None, sha256: str | None = None) -> Path:
        return fetch(
            Wanted(f"{self.hub.url}/tower", "tower", size, sha256),
            self.folder,
            lambda done, of: self.told.append((done, of)),
            self.pauses.append,
            silence_s=0.3,
        )


def left(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_a_file_comes_whole_with_progress_and_nothing_beside_it(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        bring = Bringing(hub, tmp_path)
        assert bring(len(BODY), SHA256).read_bytes() == BODY
    assert left(tmp_path) == ["tower"]
    assert bring.told[0] == (0, len(BODY))
    assert bring.told[-1] == (len(BODY), len(BODY))


def test_a_line_that_is_cut_is_gone_on_with_where_it_stopped(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [cut(300_000), silent(hub), cut(200_000)]
        bring = Bringing(hub, tmp_path)
        assert bring(len(BODY), SHA256).read_bytes() == BODY
    assert hub.ranges == [None, "bytes=300000-", "bytes=300000-", "bytes=500000-"]
    assert bring.pauses == [PAUSES_S[0], PAUSES_S[1], PAUSES_S[0]]  # anew once it went on


def test_a_later_try_goes_on_with_what_is_kept(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [cut(400_000), *[cut(0)] * len(PAUSES_S), cut(0)]
        bring = Bringing(hub, tmp_path)
        with pytest.raises(KnownError, match="400,000 bytes are kept") as error:
            bring(len(BODY), SHA256)
        assert "the connection was cut" in str(error.value)
        hub.answers.clear()
        bring(len(BODY), SHA256)
    assert hub.ranges[-1] == "bytes=400000-"
    assert left(tmp_path) == ["tower"]


def test_a_file_that_changed_meanwhile_is_fetched_from_its_beginning(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [cut(300_000), *[cut(0)] * 9]
        bring = Bringing(hub, tmp_path)
        with pytest.raises(KnownError):
            bring()
        hub.answers.clear()
        hub.files["tower"] = BODY[1:]
        assert bring().read_bytes() == BODY[1:]


def test_a_hub_that_knows_no_ranges_sends_it_all_again(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [cut(300_000), ignores_range]
        assert Bringing(hub, tmp_path)(len(BODY), SHA256).read_bytes() == BODY


def test_a_silent_hub_is_given_up_in_time(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [silent(hub)] * 9
        bring = Bringing(hub, tmp_path)
        with pytest.raises(KnownError, match=r"it is silent\. Try again later"):
            bring()
    assert bring.pauses == list(PAUSES_S)


@pytest.mark.parametrize(
    ("code", "words"), [(404, "no such file"), (403, "browser"), (401, "browser")]
)
def test_a_refusal_is_said_at_once(tmp_path: Path, code: int, words: str) -> None:
    with running(tower=BODY) as hub:
        hub.answers.append(status(code))
        bring = Bringing(hub, tmp_path)
        with pytest.raises(KnownError, match=words) as error:
            bring()
    assert f"{hub.url}/tower" in str(error.value)
    assert bring.pauses == []


def test_a_busy_hub_is_asked_again(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers += [status(503), status(429)]
        bring = Bringing(hub, tmp_path)
        assert bring().stat().st_size == len(BODY)
    assert len(bring.pauses) == 2


def test_a_file_of_another_size_is_refused_before_it_comes(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        bring = Bringing(hub, tmp_path)
        with pytest.raises(KnownError, match="another file than the one we know"):
            bring(len(BODY) - 1)
    assert bring.told == []
    assert left(tmp_path) == []


def test_more_than_was_said_is_refused(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers.append(endless)
        with pytest.raises(KnownError, match="sends more than the 1,024,000 bytes"):
            Bringing(hub, tmp_path)(len(BODY))
    assert left(tmp_path) == []


def test_another_content_is_taken_away(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        with pytest.raises(KnownError, match="exchanged at the hub"):
            Bringing(hub, tmp_path)(len(BODY), "0" * 64)
        assert left(tmp_path) == []
        named = redirect(f"{hub.url}/bytes", X_Linked_ETag=f'"{"0" * 64}"')
        hub.answers.append(named)
        hub.files["bytes"] = BODY
        with pytest.raises(KnownError, match=f"{SHA256}, and 000"):
            Bringing(hub, tmp_path)()  # the hub itself names a digest
    assert left(tmp_path) == []


def test_a_redirect_leads_to_safe_addresses_only(tmp_path: Path) -> None:
    with running(tower=BODY, bytes=BODY) as hub:
        hub.answers.append(redirect(f"{hub.url}/bytes"))
        assert Bringing(hub, tmp_path)().read_bytes() == BODY
        (tmp_path / "tower").unlink()
        for to in ("file:///etc/passwd", "http://example.org/tower", "ftp://127.0.0.1/x"):
            hub.answers.append(redirect(to))
            with pytest.raises(KnownError, match=r"only https|leads nowhere"):
                Bringing(hub, tmp_path)()
    assert left(tmp_path) == []


@pytest.mark.parametrize("url", ["http://example.org/x", "ftp://x/y", "https://", "https://a b/c"])
def test_only_https_is_fetched(url: str) -> None:
    with pytest.raises(KnownError, match="only https"):
        check_address(url)


def test_a_full_disk_is_said_before_anything_comes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, fetch_part.MARGIN_BYTES))
    with running(tower=BODY) as hub, pytest.raises(KnownError, match="needs 1 MB in"):
        Bringing(hub, tmp_path)()
    assert left(tmp_path) == []


def test_no_network_is_no_bad_line() -> None:
    gone = urllib.error.URLError(socket.gaierror(-3, "Temporary failure in name resolution"))
    without = unreachable(gone, "https://hub.example/tower")
    assert isinstance(without, NoNetwork)
    assert "hub.example can't be reached from here (Temporary failure" in str(without)
    assert isinstance(unreachable(urllib.error.URLError(TimeoutError()), "https://x/"), Cut)


def test_a_packed_python_takes_the_system_s_certificates(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system = next((Path(one) for one in BUNDLES if Path(one).is_file()), None)
    if system is None:
        pytest.skip("this system keeps its certificates elsewhere")
    nothing = SimpleNamespace(cafile=None, capath=None)
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: nothing)
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("SSL_CERT_DIR", str(tmp_path))
    assert trusting([]).cert_store_stats()["x509_ca"] == 0
    context = trusting(["/no/such/file", str(system)])
    assert context.cert_store_stats()["x509_ca"] > 20
    assert context.verify_mode is ssl.CERT_REQUIRED


def ask(line: str) -> tuple[int, list[dict[str, object]]]:
    """What the process of its own answers to one line; its stdin stays open until it ends."""
    command = [sys.executable, "-m", "models.fetch_process"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, cwd=HOME) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        process.stdin.write(line)
        process.stdin.flush()
        said = [json.loads(words) for words in process.stdout]
        return process.wait(timeout=20), said


def test_the_process_fetches_what_it_is_told_and_keeps_to_its_folder(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        one = {"url": f"{hub.url}/tower", "name": "tower", "size": len(BODY), "sha256": SHA256}
        ended, said = ask(json.dumps({"folder": str(tmp_path), "files": [one]}) + "\n")
    assert ended == 0
    assert said[-2:] == [
        {"file": "tower", "done": len(BODY), "of": len(BODY)},
        {"fetched": True},
    ]
    assert left(tmp_path) == ["tower"]
    wrong = {"folder": str(tmp_path), "files": [one, one | {"name": "../tower"}]}
    ended, said = ask(json.dumps(wrong) + "\n")
    assert ended == 1
    assert "no name for a file" in str(said[0]["trouble"])
    assert ask("\n") == (0, [])


def test_two_processes_do_not_write_the_same_part(tmp_path: Path) -> None:
    with running(tower=BODY) as hub, (tmp_path / LOCK).open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        one = {"url": f"{hub.url}/tower", "name": "tower"}
        ended, said = ask(json.dumps({"folder": str(tmp_path), "files": [one]}) + "\n")
    assert ended == 1
    assert "Another process fetches" in str(said[0]["trouble"])


def test_the_process_ends_when_its_starter_is_gone(tmp_path: Path) -> None:
    with running(tower=BODY) as hub:
        hub.answers.append(silent(hub))
        one = {"url": f"{hub.url}/tower", "name": "tower"}
        done = subprocess.run(  # writes the line and closes stdin
            [sys.executable, "-m", "models.fetch_process"],
            input=json.dumps({"folder": str(tmp_path), "files": [one]}) + "\n",
            text=True,
            cwd=HOME,
            timeout=20,
            check=False,
        )
    assert done.returncode == 1
