"""Bundles: what goes in comes out, and what was tampered with, cut or built to harm does not."""

import hashlib
import json
import shutil
import stat
import zipfile
from collections import namedtuple
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from models import bundle, bundle_parity, bundle_zip
from models.bundle import ADDING, adding, admit, install, write
from models.bundle_parity import PARITY, Parity
from models.bundle_zip import DIGESTS
from models.errors import BadEncoder, KnownError, ParityError
from models.installed import find
from models.onnx import OnnxEncoder
from models.spec import MANIFEST, Calibration, EncoderSpec
from tests.small_encoder import small_encoder

Change = Callable[[dict[str, bytes]], None]


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A bundle of a small encoder, made once."""
    folder = tmp_path_factory.mktemp("bundle") / "mine"
    small_encoder(folder)
    out = folder.with_name("mine.sightword")
    write(folder, out)
    return out


def changed(source: Path, out: Path, change: Change, digests: bool = False) -> Path:
    """The bundle with its files changed; `digests`: with the list made to fit again."""
    with zipfile.ZipFile(source) as archive:
        files = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    change(files)
    if digests:
        names = {
            name: hashlib.sha256(data).hexdigest()
            for name, data in files.items()
            if name != DIGESTS
        }
        files[DIGESTS] = json.dumps({"format": 1, "files": names}).encode()
    with zipfile.ZipFile(out, "w") as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out


def listing(home: Path) -> list[str]:
    return sorted(path.name for path in home.iterdir() if not path.name.startswith(ADDING))


def test_an_encoder_comes_out_as_it_went_in(whole: Path, tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    spec = install(whole, tmp_path, lambda *words: told.append(words))
    assert listing(tmp_path) == ["mine"]
    assert not (tmp_path / ADDING).exists()
    assert spec == EncoderSpec.read(tmp_path / "mine")
    spec.verify(tmp_path / "mine")
    assert find("mine", tmp_path) == tmp_path / "mine"
    assert {what for what, _, _ in told} == {"unpacking", "checking"}
    assert told[-1] == ("checking", 1, 1)


def test_the_same_encoder_makes_the_same_bundle(whole: Path, tmp_path: Path) -> None:
    install(whole, tmp_path)
    write(tmp_path / "mine", tmp_path / "again.sightword")
    assert (tmp_path / "again.sightword").read_bytes() == whole.read_bytes()


def test_our_own_encoder_without_a_fixture_is_its_own_reference(tmp_path: Path) -> None:
    write(find(), tmp_path / "own.sightword")
    assert [path.name for path in tmp_path.iterdir()] == ["own.sightword"]
    assert install(tmp_path / "own.sightword", tmp_path / "home").name == find().name
    words = ["a dog on the grass"]
    here = OnnxEncoder(tmp_path / "home" / find().name).texts(words)
    np.testing.assert_array_equal(here, OnnxEncoder(find()).texts(words))


def flip(name: str) -> Change:
    """Turns one byte in the middle of a file over."""

    def change(files: dict[str, bytes]) -> None:
        data = bytearray(files[name])
        data[len(data) // 2] ^= 0xFF
        files[name] = bytes(data)

    return change


def put(name: str, data: bytes = b"x") -> Change:
    def change(files: dict[str, bytes]) -> None:
        files[name] = data

    return change


def drop(name: str) -> Change:
    def change(files: dict[str, bytes]) -> None:
        del files[name]

    return change


@pytest.mark.parametrize(
    ("change", "digests", "words"),
    [
        (flip("image.onnx"), False, "tampered"),
        (flip("tokens"), False, "tampered"),
        (drop("text.onnx"), False, "changed after it was made"),
        (drop("text.onnx"), True, "incomplete"),
        (put("more.txt"), False, "changed after it was made"),
        (drop(DIGESTS), False, "no encoder bundle"),
        (put(DIGESTS, b"{"), False, "can't be read"),
        (put(DIGESTS, b'{"format": 9, "files": {}}'), False, "format 9"),
        (flip("image.onnx"), True, "damaged"),  # the manifest has digests of its own
        (put(PARITY, b"nothing"), True, "can't be read"),
        (drop(PARITY), True, "can't be read"),
        (drop(MANIFEST), True, "holds no encoder"),
        (put("../evil"), True, "no name that a file"),
        (put("/evil"), True, "no name that a file"),
        (put("a/../../evil"), True, "no name that a file"),
        (put("C:evil"), True, "no name that a file"),
        (put("a\\evil"), True, "no name that a file"),
        (put(".hidden"), True, "no name that a file"),
        (put("Image.onnx"), True, "there twice"),
    ],
)
def test_what_was_tampered_with_leaves_no_trace(
    whole: Path, tmp_path: Path, change: Change, digests: bool, words: str
) -> None:
    wrong = changed(whole, tmp_path / "wrong.sightword", change, digests)
    with pytest.raises(BadEncoder, match=words):
        install(wrong, tmp_path / "home")
    assert listing(tmp_path / "home") == []
    assert not (tmp_path / "evil").exists()


@pytest.mark.parametrize("part", [0.0, 0.3, 0.999])
def test_a_cut_file_is_said_to_be_cut(whole: Path, tmp_path: Path, part: float) -> None:
    data = whole.read_bytes()
    cut = tmp_path / "cut.sightword"
    cut.write_bytes(data[: int(len(data) * part)])
    with pytest.raises(BadEncoder, match="cut short or damaged"):
        install(cut, tmp_path / "home")
    assert listing(tmp_path / "home") == []


def test_links_and_bombs_are_refused(tmp_path: Path) -> None:
    link, bomb = tmp_path / "link.sightword", tmp_path / "bomb.sightword"
    with zipfile.ZipFile(link, "w") as archive:
        entry = zipfile.ZipInfo("image.onnx")
        entry.external_attr = (stat.S_IFLNK | 0o777) << 16
        archive.writestr(entry, "/etc/passwd")
    with pytest.raises(BadEncoder, match="is a link"):
        install(link, tmp_path / "home")
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("image.onnx", bytes(64 << 20))
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(BadEncoder, match="would grow"):
        install(bomb, tmp_path / "home")
    with zipfile.ZipFile(bomb, "w") as archive:
        for number in range(bundle_zip.MOST_FILES + 1):
            archive.writestr(f"file{number}", b"")
    with pytest.raises(BadEncoder, match="more than an encoder has"):
        install(bomb, tmp_path / "home")


def test_an_entry_that_lies_about_its_size_fills_no_disk(whole: Path, tmp_path: Path) -> None:
    # The directory at the end of the zip says one byte; as much is read and no more.
    data = bytearray(whole.read_bytes())
    with zipfile.ZipFile(whole) as archive:
        size = archive.getinfo("image.onnx").file_size
    at = data.rfind(b"image.onnx")  # in the directory; its sizes lie 46 - 20 bytes before the name
    for place in (at - 26, at - 22):
        assert int.from_bytes(data[place : place + 4], "little") == size
        data[place : place + 4] = (1).to_bytes(4, "little")
    lie = tmp_path / "lie.sightword"
    lie.write_bytes(data)
    with pytest.raises(BadEncoder, match=r"damaged|tampered"):
        install(lie, tmp_path / "home")


def test_a_runtime_that_computes_otherwise_is_found(whole: Path, tmp_path: Path) -> None:
    with adding(tmp_path) as place:
        bundle_zip.unpack(whole, place, lambda *_: None)
        spec = EncoderSpec.read(place)
        parity = Parity.read(place, spec)
        assert parity.check(OnnxEncoder(place)) > 0.9999
        turned = parity.images[:, ::-1].copy()  # as if red and blue were exchanged here
        with pytest.raises(ParityError, match="other vectors here"):
            Parity(turned, parity.sentences, parity.answers).check(OnnxEncoder(place))
        Parity(turned, parity.sentences, parity.answers).write(place / PARITY)
        with pytest.raises(BadEncoder, match="is not used"):
            admit(place, tmp_path, "mine.sightword", lambda *_: None)
    assert listing(tmp_path) == []


def test_a_fixture_says_how_near_is_near_enough(whole: Path, tmp_path: Path) -> None:
    with adding(tmp_path) as place:
        bundle_zip.unpack(whole, place, lambda *_: None)
        spec = EncoderSpec.read(place)
        parity = Parity.read(place, spec)
        chance = np.random.default_rng(0).normal(size=parity.answers.photos.shape) * 0.01
        moved = replace(parity.answers, photos=parity.answers.photos + chance.astype(np.float32))
        with pytest.raises(ParityError):
            replace(parity, answers=moved).check(OnnxEncoder(place))
        replace(parity, answers=moved, least=0.98).write(place / PARITY)
        assert 0.98 < Parity.read(place, spec).check(OnnxEncoder(place)) < 0.999
        replace(parity, least=0.5).write(place / PARITY)  # anything would do
        with pytest.raises(BadEncoder, match="does not fit"):
            Parity.read(place, spec)


def test_a_fixture_that_proves_nothing_is_refused(whole: Path, tmp_path: Path) -> None:
    with adding(tmp_path) as place:
        bundle_zip.unpack(whole, place, lambda *_: None)
        parity = Parity.read(place, EncoderSpec.read(place))
        same = np.repeat(parity.images[:1], 8, axis=0)
        answers = replace(parity.answers, photos=np.repeat(parity.answers.photos[:1], 8, axis=0))
        with pytest.raises(BadEncoder, match="can't be proven"):
            Parity(same, parity.sentences, answers).check(OnnxEncoder(place))


def test_the_encoder_that_is_there_stays_unless_it_is_the_same(whole: Path, tmp_path: Path) -> None:
    install(whole, tmp_path)
    before = (tmp_path / "mine").stat().st_ino
    install(whole, tmp_path)
    assert (tmp_path / "mine").stat().st_ino == before  # it was never away
    (tmp_path / "mine" / "image.onnx").write_bytes(b"damaged by the disk")
    install(whole, tmp_path)  # mends it
    EncoderSpec.read(tmp_path / "mine").verify(tmp_path / "mine")
    other = json.loads((tmp_path / "mine" / MANIFEST).read_text()) | {"digest": "0" * 64}
    (tmp_path / "mine" / MANIFEST).write_text(json.dumps(other))
    with pytest.raises(KnownError, match="sightword models remove mine"):
        install(whole, tmp_path)
    assert json.loads((tmp_path / "mine" / MANIFEST).read_text())["digest"] == "0" * 64


@pytest.mark.parametrize("bank", [np.zeros((5, 7), np.float16), np.zeros((5, 48), np.int8), None])
def test_a_bank_that_no_search_could_be_cut_by_is_refused(
    bank: NDArray[np.generic] | None, whole: Path, tmp_path: Path
) -> None:
    install(whole, tmp_path / "made")
    folder = tmp_path / "made" / "mine"
    replace(EncoderSpec.read(folder), calibration=Calibration("bank.npy", 2.0)).write(folder)
    if bank is None:
        (folder / "bank.npy").write_bytes(b"hello")
    else:
        np.save(folder / "bank.npy", bank)
    write(folder, tmp_path / "bad.sightword")
    with pytest.raises(BadEncoder, match=r"bank\.npy is damaged"):
        install(tmp_path / "bad.sightword", tmp_path / "home")
    assert listing(tmp_path / "home") == []


def test_a_fixture_that_would_fill_the_memory_is_refused(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bundle_parity, "LARGEST_BYTES", 10_000)
    with pytest.raises(BadEncoder, match="too large"):
        install(whole, tmp_path)
    assert listing(tmp_path) == []


def test_what_a_killed_process_left_is_swept_away(whole: Path, tmp_path: Path) -> None:
    (tmp_path / ADDING / "bundle").mkdir(parents=True)
    (tmp_path / ADDING / "bundle" / "image.onnx").touch()
    install(whole, tmp_path)
    assert not (tmp_path / ADDING).exists()
    with adding(tmp_path), pytest.raises(KnownError, match="just now"):
        install(whole, tmp_path)


def test_a_full_disk_is_said_before_anything_is_unpacked(
    whole: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage(1, 1, bundle_zip.MARGIN_BYTES))
    with pytest.raises(KnownError, match="unpacks to"):
        install(whole, tmp_path / "home")
    assert listing(tmp_path / "home") == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk always full")
def test_a_bundle_without_room_leaves_nothing(tmp_path: Path) -> None:
    folder = tmp_path / "full"
    folder.mkdir()
    (folder / "own.sightword.part").symlink_to("/dev/full")
    with pytest.raises(KnownError, match="can't be written"):
        write(find(), folder / "own.sightword")
    assert list(folder.iterdir()) == []


def test_a_file_that_is_no_bundle_is_said_to_be_none(tmp_path: Path) -> None:
    (tmp_path / "text.sightword").write_text("no zip")
    for name in ("text.sightword", "nowhere.sightword"):
        with pytest.raises(KnownError):
            install(tmp_path / name, tmp_path / "home")
    assert bundle.SUFFIX == ".sightword"
