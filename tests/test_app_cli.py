"""What the command line makes of what people type, and of streams that can't be written."""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from app import cli
from app.commands.unreadable import check_can_hold, check_photo
from indexer.client import Client
from indexer.errors import BadFolder, KnownError
from indexer.library import Library, absolute
from indexer.scan import check_folder
from models.installed import SHIPPED, find

HOME = Path(__file__).resolve().parent.parent
PROGRAM = [sys.executable, "-m", "app"]
FOLDERS = cli._folders
LONG = "n" * 300  # a name may have 255 bytes
NOBODY = 65534


@pytest.fixture
def private(tmp_path: Path) -> Iterator[Path]:
    """A folder that may not be searched; an ordinary user looks, even where root runs the tests."""
    folder = tmp_path / "private"
    (folder / "sub" / "encoders").mkdir(parents=True)
    (folder / "photo.jpg").touch()
    folder.chmod(0)
    with ordinary_user():
        yield folder
    folder.chmod(0o700)


@contextmanager
def ordinary_user() -> Iterator[None]:
    """Let the system refuse us what it refuses others."""
    if os.geteuid() != 0:
        yield
        return
    try:
        os.seteuid(NOBODY)
    except PermissionError:
        pytest.skip("this root may not become an ordinary user")
    try:
        yield
    finally:
        os.seteuid(0)


def shell(line: str, *arguments: object) -> "subprocess.CompletedProcess[str]":
    """Run a line of shell with its arguments as "$@"; Python keeps its output back, as it does."""
    words = ["sh", "-c", line.replace("sightword", f'"{sys.executable}" -m app'), "sh"]
    return subprocess.run(
        [*words, *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=HOME,
        env={key: value for key, value in os.environ.items() if key != "PYTHONUNBUFFERED"},
        check=False,
    )


def into_a_closed_pipe(*arguments: object) -> tuple[int, str]:
    """The exit status and stderr of the program where nobody reads its stdout."""
    read, write = os.pipe()
    os.close(read)
    try:
        done = subprocess.run(
            [*PROGRAM, *map(str, arguments)],
            stdout=write,
            stderr=subprocess.PIPE,
            text=True,
            cwd=HOME,
            check=False,
        )
    finally:
        os.close(write)
    return done.returncode, done.stderr


def test_a_place_that_may_not_be_searched_is_said_to_be_so(private: Path) -> None:
    with pytest.raises(KnownError, match="permission to read"):
        check_folder(private / "sub")
    with pytest.raises(KnownError, match="permission to open"):
        check_photo(private / "photo.jpg")
    with pytest.raises(KnownError, match="permission to use"):
        check_can_hold(private / "sub", "vectors.npz")
    with pytest.raises(KnownError, match="can't be looked at"):
        find(None, private / "sub" / "encoders")


def test_a_name_that_is_too_long_is_a_name_of_nothing(tmp_path: Path) -> None:
    for check in (check_folder, check_photo):
        with pytest.raises(KnownError, match="does not exist"):
            check(tmp_path / LONG)
    with pytest.raises(KnownError, match="does not exist"):
        check_can_hold(tmp_path / LONG, "vectors.npz")
    with pytest.raises(KnownError, match="no encoder called"):
        find(LONG)
    with pytest.raises(KnownError, match="can't be looked at"):
        find(None, tmp_path / LONG)


def test_a_home_of_nobody_gets_a_sentence() -> None:
    with pytest.raises(KnownError, match="no home folder ~nosuch"):
        absolute(Path("~nosuch/x"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
def test_an_output_without_room_gets_one_sentence() -> None:
    for line in ("sightword status --json >/dev/full", "sightword --help >/dev/full"):
        done = shell(line)
        assert (done.returncode, done.stderr.count("\n")) == (1, 1), done.stderr
        assert "can't be written: No space left" in done.stderr


def test_words_for_a_missing_stderr_do_not_reach_stdout(tmp_path: Path) -> None:
    done = shell('sightword index "$@" 2>&-', tmp_path / "nowhere")
    assert (done.returncode, done.stdout) == (1, "")
    done = shell("sightword status --json <&- >&- 2>&-")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    done = shell('sightword index "$@" >&-', tmp_path / "nowhere")
    assert (done.returncode, done.stderr.count("\n")) == (1, 1)


def test_a_closed_pipe_cuts_indexing_short_and_ends_other_commands_quietly(
    photo_folder: Path,
) -> None:
    status, words = into_a_closed_pipe("index", photo_folder, "--json")
    assert (status, words.count("\n")) == (1, 1), words
    assert "Nobody reads" in words
    assert into_a_closed_pipe("status", "--json") == (0, "")


def test_common_options_may_come_before_the_command(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--library", str(tmp_path / "there"), "--json"]
    assert cli.run([*options, "status"]) == 0
    before = capsys.readouterr().out
    assert cli.run(["status", *options]) == 0
    assert json.loads(before) == json.loads(capsys.readouterr().out)
    with pytest.raises(KnownError, match="no encoder called 'x'"):
        cli.run(["--model=x", "search", "dog"])


@pytest.mark.parametrize("arguments", [["search", "dog", "--lim", "3"], ["--lib", "x", "status"]])
def test_options_are_not_shortened(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.run(arguments)
    assert leaving.value.code == 2
    assert "unrecognized" in capsys.readouterr().err


def test_options_may_stand_between_folders(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with pytest.raises(BadFolder, match="nowhere does not exist"):  # all three were understood
        cli.run(["index", str(tmp_path / "a"), "--watch", str(tmp_path / "nowhere")])
    assert cli.run(["index", str(tmp_path / "a"), "--json", str(tmp_path / "b")]) == 0


def test_what_stands_behind_two_dashes_is_no_option(tmp_path: Path) -> None:
    library = str(tmp_path / "library")
    assert cli.run(["--library", library, "search", "--limit", "3", "--", "-leash"]) == 0
    with pytest.raises(BadFolder, match="-nowhere does not exist"):
        cli.run(["--library", library, "index", "--", "-nowhere"])


def test_a_mistyped_command_is_answered_with_the_commands(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as leaving:
        cli.run(["--json", "serch", "dog", "--limit", "3"])
    assert leaving.value.code == 2
    words = capsys.readouterr().err
    assert "There is no command or folder called 'serch'" in words
    assert "index, search, status, pause, resume, models, embed, evaluate and doctor" in words
    for path in (f".{os.sep}serch", f"serch{os.sep}dog"):
        with pytest.raises(KnownError, match="does not exist"):
            cli.run([path])


def test_an_encoder_of_the_library_embeds_and_is_measured(
    tmp_path: Path, own_library_folder: Path
) -> None:
    mine = own_library_folder / "encoders" / "mine"
    shutil.copytree(find(), mine)
    manifest = mine / "manifest.json"
    manifest.write_text(json.dumps(json.loads(manifest.read_text("utf-8")) | {"name": "mine"}))
    assert not (SHIPPED / "mine").exists()
    (tmp_path / "texts.txt").write_text("a dog\n")
    out = tmp_path / "vectors.npz"
    done = shell(f'sightword embed --model mine --texts "{tmp_path}/texts.txt" --out "$@"', out)
    assert done.returncode == 0, done.stderr
    with np.load(out) as got:
        assert got["texts"].shape[0] == 1
    (tmp_path / "captions.tsv").write_text("none.jpg\tnothing\n")
    given = ["--model", "mine", "--photos", str(tmp_path), "--captions"]
    with pytest.raises(KnownError, match="None of the photos"):
        cli.run(["evaluate", *given, str(tmp_path / "captions.tsv")])


def test_a_folder_given_twice_or_inside_another_is_named_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    outer, inner, hidden = tmp_path / "a", tmp_path / "a" / "b" / "c", tmp_path / "a" / ".d"
    beside, link = tmp_path / "ab", tmp_path / "a" / "link"
    for folder in (inner, hidden, beside):
        folder.mkdir(parents=True)
    link.symlink_to(beside)
    monkeypatch.chdir(tmp_path)
    assert FOLDERS([inner, Path("a/"), outer, Path("a/../a")]) == [outer]
    assert FOLDERS([outer, beside]) == [outer, beside]
    # A walk enters no hidden folder and follows no link: what lies there must be named.
    assert FOLDERS([outer, hidden, link]) == [outer, hidden, link]
    with pytest.raises(KnownError, match="does not exist"):
        FOLDERS([outer, outer / "nowhere"])


@pytest.mark.slow
def test_a_run_that_is_done_ends_though_its_indexer_lives_on_for_others(
    photo_folder: Path, own_library_folder: Path
) -> None:
    command = [*PROGRAM, "index", str(photo_folder), "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=HOME) as process:
        assert process.stdout is not None
        process.stdout.readline()  # the indexer runs, started by the program itself
        other = Client.connect(Library.at(own_library_folder), find())
        assert any('"done"' in line for line in process.stdout)  # stops reading there
        said_s = time.monotonic()
        assert process.wait(timeout=60) == 0
        took_s = time.monotonic() - said_s
        other.close()
    assert took_s < 5
