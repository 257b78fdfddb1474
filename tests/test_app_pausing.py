"""The commands that pause, go on and try again, over an indexer on a thread of the test."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PIL import Image

from app import cli
from indexer.errors import KnownError
from indexer.library import Library
from indexer.view import View
from tests.fakes import write_encoder
from tests.serving import Serving, until
from tests.waiting import wait_until_free

Command = Callable[..., str]


@pytest.fixture
def library(tmp_path: Path) -> Library:
    return Library.at(tmp_path / "library")


@pytest.fixture
def serving(library: Library, tmp_path: Path) -> Iterator[Serving]:
    write_encoder(tmp_path / "fake")
    serving = Serving(library, tmp_path / "fake")
    yield serving
    serving.end()


@pytest.fixture
def sightword(library: Library, capsys: pytest.CaptureFixture[str]) -> Command:
    """Run a command; what it says on stdout and then on stderr."""

    def run(*arguments: object) -> str:
        assert cli.run(["--library", str(library.root), *map(str, arguments)]) == 0
        said = capsys.readouterr()
        return said.out + said.err

    return run


def last(words: str) -> dict[str, object]:
    """The last JSON object of a command's stdout."""
    return dict(json.loads([line for line in words.splitlines() if line.startswith("{")][-1]))


def test_a_library_is_paused_and_goes_on_when_somebody_waits_for_photos(
    serving: Serving, sightword: Command, photo_folder: Path
) -> None:
    client = serving.client()
    until(client, client.add([photo_folder]))
    words = sightword("pause")
    assert words == ("Paused. 16 of 16 photos are searchable. `sightword resume` goes on.\n")
    assert last(sightword("status", "--json"))["paused"] is True
    assert "`sightword resume` lets" in sightword("status")
    Image.new("RGB", (50, 50), "red").save(photo_folder / "red.png")
    done = last(sightword("index", photo_folder, "--json"))
    assert (done["event"], done["indexed"]) == ("done", 1)
    assert last(sightword("status", "--json"))["paused"] is False


def test_a_pause_holds_though_no_indexer_runs(
    serving: Serving, library: Library, sightword: Command, photo_folder: Path
) -> None:
    client = serving.client()
    until(client, client.add([photo_folder]))
    client.close()
    wait_until_free(library)
    assert last(sightword("pause", "--json")) == {"paused": True, "indexed": 16, "pending": 0}
    assert serving.client().is_paused
    assert sightword("resume") == "Not paused. 16 photos can be searched.\n"
    assert not serving.client().is_paused


def test_there_is_nothing_to_pause_where_there_is_no_library(sightword: Command) -> None:
    with pytest.raises(KnownError, match="There is no library"):
        sightword("pause")


def test_photos_with_problems_are_listed_by_reason_and_tried_again(
    serving: Serving, library: Library, sightword: Command, photo_folder: Path
) -> None:
    for name in ("one.jpg", "two.jpg"):
        (photo_folder / name).write_bytes(b"\xff\xd8\xff\xe0 half a photo")
    (photo_folder / "empty.png").touch()
    client = serving.client()
    until(client, client.add([photo_folder]))
    words = sightword("status")
    assert "3 photos couldn't be read. They may be damaged," in words
    with View(library) as view:
        reason = next(one.reason for one in view.problems() if one.path.name == "one.jpg")
    two = f"{reason} 2 photos:\n  {photo_folder / 'one.jpg'}\n  {photo_folder / 'two.jpg'}\n"
    one = f"The file is empty. 1 photo:\n  {photo_folder / 'empty.png'}\n"
    assert words.index(two) < words.index(one)
    Image.new("RGB", (50, 50), "red").save(photo_folder / "one.jpg")
    done = last(sightword("index", "--try-again", "--json"))
    assert (done["found"], done["indexed"], done["failed"]) == (3, 1, 2)
    with pytest.raises(SystemExit):
        sightword("index")
