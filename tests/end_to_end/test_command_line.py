"""The command line as docs/command-line.md promises it, in processes of their own."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from indexer.library import Library
from indexer.lock import lock
from indexer.view import View
from models.drawn import draw_folder
from tests.tiny_encoder import write_tiny
from tests.waiting import wait_until_free

PROGRAM = [sys.executable, "-m", "app"]
HOME = Path(__file__).resolve().parent.parent.parent


def sightword(*arguments: object, status: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the program and check its exit status."""
    done = subprocess.run(
        [*PROGRAM, *map(str, arguments)], capture_output=True, text=True, cwd=HOME, timeout=120
    )
    assert done.returncode == status, done.stderr
    return done


def lines(text: str) -> list[dict[str, object]]:
    """The JSON objects of stdout, one a line and nothing else."""
    return [json.loads(line) for line in text.splitlines()]


def test_index_then_search_then_status(photo_folder: Path) -> None:
    (photo_folder / "broken.jpg").write_text("no photo")
    indexed = lines(sightword("index", photo_folder, "--json").stdout)
    assert {row["event"] for row in indexed[:-1]} <= {"progress"}
    done = indexed[-1]
    assert {key: done[key] for key in done if key != "seconds"} == {
        "event": "done",
        "found": 17,
        "indexed": 16,
        "unchanged": 0,
        "failed": 1,
        "missing": 0,
    }
    hits = lines(sightword("search", "a", "drawing", "--all", "--limit", 5, "--json").stdout)
    assert [hit["rank"] for hit in hits] == [1, 2, 3, 4, 5]
    scores = [hit["score"] for hit in hits]
    assert scores == sorted(scores, reverse=True)  # type: ignore[type-var]
    assert set(hits[0]) == {"rank", "path", "score", "confidence", "why", "taken", "place"}
    assert all(Path(str(hit["path"])).is_file() for hit in hits)
    status = lines(sightword("status", "--json").stdout)[0]
    assert (status["photos"], status["indexed"], status["failed"]) == (17, 16, 1)
    assert status["vectors"] == 16
    assert status["folders"] == [{"path": str(photo_folder), "photos": 17, "available": True}]
    assert status["problems"] == [
        {"path": str(photo_folder / "broken.jpg"), "reason": "We can't read this kind of file yet."}
    ]
    sizes = status["bytes"]
    assert isinstance(sizes, dict)
    assert sizes["database"] > 0
    assert sizes["thumbnails"] > 0
    again = lines(sightword("index", photo_folder, "--json").stdout)[-1]
    assert (again["unchanged"], again["indexed"], again["failed"]) == (16, 0, 1)


def test_a_photo_is_most_like_itself_and_only_its_folder_is_searched(
    photo_folder: Path, tmp_path: Path
) -> None:
    inner = photo_folder / "inner"
    inner.mkdir()
    one = sorted(photo_folder.glob("*.jpg"))[0].rename(inner / "one.jpg")
    sightword("index", photo_folder)
    hits = lines(sightword("search", "--like", one, "--json").stdout)
    assert hits[0]["path"] == str(one)
    assert hits[0]["score"] == pytest.approx(1.0, abs=2e-3)
    hits = lines(sightword("search", "a picture", "--in", inner, "--all", "--json").stdout)
    assert [hit["path"] for hit in hits] == [str(one)]
    outside = tmp_path / "outside.png"
    Image.new("RGB", (90, 90), "red").save(outside)
    assert sightword("search", "--like", outside, "--all").stdout


def test_embed_keeps_the_order_and_marks_what_it_could_not_read(
    photo_folder: Path, tmp_path: Path
) -> None:
    photos = sorted(photo_folder.glob("*.jpg"))[:3]
    broken = tmp_path / "broken.jpg"
    broken.write_text("no photo")
    (tmp_path / "texts.txt").write_text("a dog\n\na birthday cake\n")
    out = tmp_path / "vectors.npz"
    given = [photos[2], broken, photos[0], photos[1]]
    sightword("embed", "--out", out, "--texts", tmp_path / "texts.txt", *given)
    with np.load(out) as got:
        assert got["photos"].dtype == got["texts"].dtype == np.float32
        assert list(got["photo_ok"]) == [True, False, True, True]
        assert list(got["photo_paths"]) == [str(path) for path in given]
        assert got["texts"].shape == (3, got["photos"].shape[1])
        lengths = np.linalg.norm(got["photos"], axis=1)
        np.testing.assert_allclose(lengths, [1, 0, 1, 1], atol=1e-5)
        np.testing.assert_allclose(np.linalg.norm(got["texts"], axis=1), 1, atol=1e-5)
        one = got["photos"][2]
    sightword("embed", "--out", out, photos[0])
    with np.load(out) as got:
        np.testing.assert_allclose(got["photos"][0], one, atol=1e-4)
        assert got["texts"].shape[0] == 0


def test_evaluate_counts_what_it_measured(tmp_path: Path) -> None:
    drawn = draw_folder(tmp_path / "drawn", 8)
    rows = [f"{one.path.name}\t{one.sentence}" for one in drawn for _ in range(2)]
    (tmp_path / "captions.tsv").write_text("\n".join(rows) + "\nnone.jpg\tnothing\n")
    done = sightword(
        "evaluate", "--photos", drawn[0].path.parent, "--captions", tmp_path / "captions.tsv",
        "--json",
    )  # fmt: skip
    (figures,) = lines(done.stdout)
    assert (figures["photos"], figures["captions"]) == (8, 16)
    for direction in ("text_to_photo", "photo_to_text"):
        found = figures[direction]
        assert isinstance(found, dict)
        assert 0 <= found["R@1"] <= found["R@5"] <= found["R@10"] <= 1
        assert found["median_rank"] >= 1
    assert "1 of 9 photos are left out" in done.stderr


def test_each_bad_input_gets_one_sentence_and_its_status(tmp_path: Path) -> None:
    (tmp_path / "file.txt").touch()
    (tmp_path / "bare").mkdir()
    assert "does not exist" in sightword("index", tmp_path / "nowhere", status=1).stderr
    assert "is a file" in sightword("index", tmp_path / "file.txt", status=1).stderr
    empty = sightword("index", tmp_path / "bare")
    assert "no photos" in empty.stderr
    assert "Say what to look for" in sightword("search", "", status=2).stderr
    assert "Say what to look for" in sightword("search", status=2).stderr
    assert "usage" in sightword("index", status=2).stderr
    assert "no encoder called" in sightword("search", "dog", "--model", "x", status=1).stderr
    for command in (["status"], ["search", "dog"], ["index", tmp_path / "bare"]):
        refused = sightword(*command, "--library", tmp_path / "file.txt", status=1)
        assert "is a file" in refused.stderr
    (tmp_path / "bare" / "one.png").touch()
    sightword("index", tmp_path / "bare")
    missing = sightword("search", "dog", "--in", tmp_path / "nowhere", status=1)
    assert "does not exist" in missing.stderr
    nothing = sightword("search", "dog")
    assert (nothing.stdout, nothing.stderr.count("\n")) == ("", 1)
    assert "does not exist" in sightword("search", "--like", tmp_path / "no.jpg", status=1).stderr
    assert (
        "can't be read"
        in sightword(
            "evaluate", "--photos", tmp_path, "--captions", tmp_path / "no.tsv", status=1
        ).stderr
    )


def test_words_that_the_encoder_never_saw_are_said_to_be_so(photo_folder: Path) -> None:
    sightword("index", photo_folder)
    done = sightword("search", "誕生日ケーキ")
    assert done.stdout == ""
    assert "learned English" in done.stderr
    assert sightword("search", "誕生日ケーキ", "--all").stdout


def test_a_damaged_and_a_newer_database_are_refused_and_left_alone(photo_folder: Path) -> None:
    library = Library.at(Path(os.environ["SIGHTWORD_LIBRARY"]))
    library.root.mkdir()
    library.database.write_bytes(b"this is no database, whatever its name" * 100)
    for command in (["status"], ["search", "dog"], ["index", photo_folder]):
        assert "is damaged" in sightword(*command, status=1).stderr
    assert library.database.read_bytes().startswith(b"this is no database")
    library.database.unlink()
    sightword("index", photo_folder)
    newer = sqlite3.connect(library.database)
    newer.execute("PRAGMA user_version = 99")
    newer.close()
    for command in (["status"], ["search", "dog"], ["index", photo_folder]):
        assert "newer Sightword" in sightword(*command, status=1).stderr


def test_a_library_is_switched_by_name_and_asked_with_any_encoder_that_has_seen_it(
    photo_folder: Path, own_library_folder: Path
) -> None:
    write_tiny(own_library_folder / "encoders" / "tiny", "tiny", seed=1)
    sightword("index", photo_folder, "--model", "tiny")
    status = lines(sightword("status", "--json").stdout)[0]
    assert (status["model"], status["dimension"], status["vectors"]) == ("tiny", 32, 16)
    assert status["wanted"] is None
    again = lines(sightword("index", photo_folder, "--json").stdout)[-1]
    assert (again["indexed"], again["unchanged"]) == (0, 16)
    assert len(lines(sightword("search", "dog", "--all", "--json").stdout)) == 16
    unseen = sightword("search", "dog", "--model", "sightword-small")
    assert unseen.stdout == ""
    assert "index FOLDER --model sightword-small" in unseen.stderr

    said = lines(sightword("index", photo_folder, "--model", "sightword-small", "--json").stdout)
    assert {str(row["event"]) for row in said[:-1]} == {"progress"}
    assert said[-1]["event"] == "done"
    steps = [row["switching"] for row in said if "switching" in row]
    assert steps[0] == {"model": "sightword-small", "seen": 0, "total": 16}
    status = lines(sightword("status", "--json").stdout)[0]
    assert (status["model"], status["vectors"]) == ("sightword-small", 16)
    assert len(lines(sightword("search", "dog", "--all", "--json").stdout)) == 16
    tiny = lines(sightword("search", "dog", "--all", "--model", "tiny", "--json").stdout)
    assert len(tiny) == 16
    assert lines(sightword("status", "--model", "tiny", "--json").stdout)[0]["vectors"] == 16


def start_indexing(folder: Path) -> "subprocess.Popen[str]":
    """Begin to index and return after the first photos are in."""
    process = subprocess.Popen(
        [*PROGRAM, "index", str(folder), "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=HOME,
    )
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["indexed"] > 0:
            return process
    raise AssertionError("it ended before a photo was in")


@pytest.mark.slow
def test_ctrl_c_stops_within_two_seconds_and_keeps_what_was_done(tmp_path: Path) -> None:
    draw_folder(tmp_path / "many", 400)
    process = start_indexing(tmp_path / "many")
    process.send_signal(signal.SIGINT)
    _, words = process.communicate(timeout=2.0)
    assert process.returncode == 130, words
    library = Library.at(Path(os.environ["SIGHTWORD_LIBRARY"]))
    lock(library).close()  # nobody is left behind
    with View(library) as view:
        assert 0 < view.counts().indexed < 400


@pytest.mark.slow
@pytest.mark.parametrize(
    "victim",
    [
        "client",
        pytest.param(
            "indexer",
            marks=pytest.mark.skipif(sys.platform != "linux", reason="finds it in Linux's /proc"),
        ),
    ],
)
def test_a_kill_loses_nothing_that_was_committed(tmp_path: Path, victim: str) -> None:
    draw_folder(tmp_path / "many", 400)
    library = Library.at(Path(os.environ["SIGHTWORD_LIBRARY"]))
    process = start_indexing(tmp_path / "many")
    if victim == "client":
        process.kill()
        process.communicate()
        wait_until_free(library)
        with View(library) as view:
            kept = view.counts().indexed
        assert 0 < kept < 400
        done = lines(sightword("index", tmp_path / "many", "--json").stdout)[-1]
        assert (done["indexed"], done["unchanged"]) == (400 - kept, kept)
    else:
        for pid in indexers(library):
            os.kill(pid, signal.SIGKILL)
        out, words = process.communicate(timeout=120)  # it starts another one and goes on
        assert process.returncode == 0, words
        assert lines(out)[-1]["found"] == 400
    with View(library) as view:
        assert (view.counts().indexed, view.counts().vectors) == (400, 400)
    check = sqlite3.connect(library.database)
    assert check.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    check.close()


def indexers(library: Library) -> list[int]:
    """The processes that index this library."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            words = (folder / "cmdline").read_bytes().split(b"\0")
            if b"indexer.service" in words and os.fsencode(library.root) in words:
                found.append(int(folder.name))
    return found
