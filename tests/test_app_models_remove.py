"""`sightword models remove`: what goes, what stays, and nothing by half."""

import shutil
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from app import cli
from app.commands import models_manage
from indexer.errors import KnownError
from indexer.library import Library
from indexer.store import Store
from models.installed import DEFAULT
from models.spec import EncoderSpec
from tests.models_command import models, rows


def test_one_encoder_under_two_names_is_listed_twice_and_serves_once(
    bundle: Path,
    photo_folder: Path,
    own_library_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    home = own_library_folder / "encoders"
    assert models("add", bundle) == 0
    shutil.copytree(home / "tiny", home / "twin")
    replace(EncoderSpec.read(home / "twin"), name="twin").write(home / "twin")
    assert cli.run(["index", str(photo_folder)]) == 0
    assert models("use", "tiny") == 0
    capsys.readouterr()
    assert models("list", "--json") == 0
    assert [row["name"] for row in rows(capsys) if row["in_use"]] == ["tiny"]
    with pytest.raises(KnownError, match="searched with tiny"):
        models("remove", "tiny")
    assert (home / "tiny" / "manifest.json").is_file()
    assert models("remove", "twin") == 0
    capsys.readouterr()
    assert models("list", "--json") == 0
    listed = {row["name"]: row for row in rows(capsys)}
    assert (listed["tiny"]["in_use"], listed["tiny"]["vectors"], "twin" in listed) == (
        True,
        16,
        False,
    )


def test_an_encoder_that_is_removed_while_it_is_chosen_is_there_or_not_but_never_half(
    bundle: Path, photo_folder: Path, own_library_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`use` in the moment in which `remove` has taken the folder away, and just before it."""
    home = own_library_folder / "encoders"
    assert models("add", bundle) == 0
    assert cli.run(["index", str(photo_folder)]) == 0
    check = models_manage._check_idle

    def use_first(*asked: Any) -> None:
        with pytest.raises(KnownError):
            models("use", "tiny")
        check(*asked)

    monkeypatch.setattr(models_manage, "_check_idle", use_first)
    assert models("remove", "tiny") == 0
    assert not (home / "tiny").exists()

    assert models("add", bundle) == 0
    library = Library.at(own_library_folder)
    with closing(Store(library)) as store:  # an indexer that has just begun to use it
        store.encoders.want(store.encoders.add(EncoderSpec.read(home / "tiny"), home / "tiny"))
    monkeypatch.setattr(models_manage, "_check_idle", check)
    with pytest.raises(KnownError, match="just seeing your photos"):
        models("remove", "tiny")
    assert (home / "tiny" / "manifest.json").is_file()


def test_vectors_of_an_encoder_that_is_nowhere_any_more_can_be_removed(
    bundle: Path,
    photo_folder: Path,
    own_library_folder: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert models("add", bundle) == 0
    assert cli.run(["index", str(photo_folder), "--model", "tiny"]) == 0
    assert models("use", DEFAULT) == 0
    shutil.rmtree(own_library_folder / "encoders" / "tiny")
    capsys.readouterr()
    assert models("remove", "tiny") == 0
    assert "The vectors of tiny are gone" in capsys.readouterr().err
    with pytest.raises(KnownError, match="no encoder called 'tiny'"):
        models("remove", "tiny")


def test_ours_stays_but_the_vectors_it_left_may_go(
    bundle: Path, photo_folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert models("add", bundle) == 0
    assert cli.run(["index", str(photo_folder)]) == 0
    assert models("use", "tiny") == 0
    capsys.readouterr()
    assert models("remove", DEFAULT) == 0
    assert f"The vectors of {DEFAULT} are gone" in capsys.readouterr().err
    with pytest.raises(KnownError, match="stays"):
        models("remove", DEFAULT)
    assert models("list", "--json") == 0
    listed = {row["name"]: row for row in rows(capsys)}
    assert (listed[DEFAULT]["vectors"], listed["tiny"]["vectors"]) == (0, 16)
