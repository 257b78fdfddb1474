"""Manifests, and finding the encoders that they describe."""

import errno
import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from models import installed
from models.errors import BadEncoder, EncoderAway, KnownError
from models.reach import is_gone
from models.spec import (
    MANIFEST,
    Calibration,
    CoreMLSpec,
    EncoderSpec,
    ImageSpec,
    TextSpec,
    sha256_of,
    sha256_of_tree,
)

RELEASED = Path(__file__).parent / "released"
SMALL_DIGEST = "65fe83a56005998c9a7cda923ccc8a92ece02f08c971c34be4a54b091d01d0df"  # as released


def encoder(folder: Path, name: str = "tiny") -> EncoderSpec:
    """An encoder of which only the manifest is real."""
    folder.mkdir(parents=True)
    for file in ("image.onnx", "text.onnx", "tokens", "bank.npy"):
        (folder / file).write_bytes(file.encode())
    mean, std = (0.5, 0.5, 0.5), (0.2, 0.2, 0.2)
    sha = [sha256_of(folder / file) for file in ("image.onnx", "text.onnx")]
    image = ImageSpec(32, mean, std, "bicubic", "short-side", "image.onnx", sha[0])
    text = TextSpec(8, "tokens", "text.onnx", sha[1], ("LATIN",))
    spec = EncoderSpec(name, 4, image, text, Calibration("bank.npy", 2.5), "ours", "").sealed()
    spec.write(folder)
    return spec


def with_packages(folder: Path) -> EncoderSpec:
    """The same encoder with packages for Core ML beside it, of which only the names are real."""
    spec = encoder(folder)
    for package in ("image.mlpackage", "text.mlpackage"):
        (folder / package / "Data").mkdir(parents=True)
        (folder / package / "Manifest.json").write_text(package)
        (folder / package / "Data" / "weight.bin").write_bytes(b"weights")
    shas = [sha256_of_tree(folder / name) for name in ("image.mlpackage", "text.mlpackage")]
    coreml = CoreMLSpec(image_sha256=shas[0], text_sha256=shas[1])
    spec = replace(spec, coreml=coreml, version="2", author="us")
    spec.write(folder)
    return spec


def test_a_written_spec_reads_the_same(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    assert EncoderSpec.read(tmp_path / "tiny") == spec
    spec.verify(tmp_path / "tiny")


def test_the_digest_covers_all_that_changes_a_vector(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    others = [
        replace(spec, image=replace(spec.image, side=64)),
        replace(spec, image=replace(spec.image, sha256="0")),
        replace(spec, text=replace(spec.text, sha256="0")),
        replace(spec, text=replace(spec.text, context_length=9)),
        replace(spec, dimension=5),
    ]
    assert len({other.sealed().digest for other in [spec, *others]}) == 6


def test_the_digest_is_the_same_for_another_cut_or_name(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    assert replace(spec, calibration=None, name="other").sealed().digest == spec.digest


def test_a_manifest_from_before_new_fields_keeps_its_digest(tmp_path: Path) -> None:
    shutil.copyfile(RELEASED / "first_manifest.json", tmp_path / MANIFEST)
    for file in ("image.onnx", "text.onnx", "tokenizer.bpe", "background.npy"):
        (tmp_path / file).touch()
    small = EncoderSpec.read(tmp_path)
    assert small.digest == SMALL_DIGEST
    assert small.sealed().digest == SMALL_DIGEST
    assert (small.image.takes, small.text.kind, small.coreml) == ("bytes", "sightword", None)


def test_the_digest_covers_new_fields_that_say_something(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    others = [
        replace(spec, image=replace(spec.image, takes="normalised")),
        replace(spec, text=replace(spec.text, kind="clip")),
        replace(spec, text=replace(spec.text, pad=1)),
        replace(spec, text=replace(spec.text, fixed=True)),
        replace(spec, text=replace(spec.text, clean="lower")),
        replace(spec, text=replace(spec.text, tokenizer_sha256="0")),
    ]
    assert len({other.sealed().digest for other in [spec, *others]}) == 7


def test_packages_for_core_ml_are_files_of_the_encoder_and_outside_its_digest(
    tmp_path: Path,
) -> None:
    spec = with_packages(tmp_path / "tiny")
    assert EncoderSpec.read(tmp_path / "tiny") == spec
    assert spec.files()[-2:] == ("image.mlpackage", "text.mlpackage")
    assert spec.digest == replace(spec, coreml=None).sealed().digest
    spec.verify(tmp_path / "tiny")


@pytest.mark.parametrize("harm", ["byte", "name", "more", "gone", "link"])
def test_a_package_that_was_changed_is_found(tmp_path: Path, harm: str) -> None:
    spec = with_packages(tmp_path / "tiny")
    weights = tmp_path / "tiny" / "text.mlpackage" / "Data" / "weight.bin"
    if harm == "byte":
        weights.write_bytes(b"weighty")
    elif harm == "name":
        weights.rename(weights.with_name("weights.bin"))
    elif harm == "more":
        weights.with_name("more").write_bytes(b"")
    elif harm == "gone":
        weights.unlink()
    else:
        weights.rename(tmp_path / "elsewhere")
        weights.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(BadEncoder, match=r"text\.mlpackage"):
        spec.verify(tmp_path / "tiny")


def test_finder_may_leave_its_file_in_a_package(tmp_path: Path) -> None:
    spec = with_packages(tmp_path / "tiny")
    (tmp_path / "tiny" / "text.mlpackage" / ".DS_Store").write_bytes(b"view")
    spec.verify(tmp_path / "tiny")


def test_a_missing_package_stops_no_reading_but_fails_the_check(tmp_path: Path) -> None:
    with_packages(tmp_path / "tiny")
    (tmp_path / "tiny" / "image.mlpackage").rename(tmp_path / "elsewhere")
    spec = EncoderSpec.read(tmp_path / "tiny")
    with pytest.raises(BadEncoder, match=r"image\.mlpackage is missing"):
        spec.verify(tmp_path / "tiny")


def test_a_changed_tokenizer_is_found_where_its_digest_is_known(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    sha256 = sha256_of(tmp_path / "tiny" / "tokens")
    spec = replace(spec, text=replace(spec.text, tokenizer_sha256=sha256)).sealed()
    spec.verify(tmp_path / "tiny")
    (tmp_path / "tiny" / "tokens").write_bytes(b"tokenz")
    with pytest.raises(BadEncoder, match="tokens is damaged"):
        spec.verify(tmp_path / "tiny")


def test_a_folder_without_a_manifest_is_named(tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match=r"holds no encoder: manifest\.json"):
        EncoderSpec.read(tmp_path)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("image", {}),
        ("dimension", "many"),
        ("dimension", 0),
        ("dimension", 1 << 30),
        ("text", None),
        ("calibration", {"bank": 1}),
        ("calibration", {"bank": "../bank.npy", "cut_z": 1}),
        ("calibration", {"bank": "tokens", "cut_z": 1}),
        ("name", ".."),
        ("name", "a/b"),
        ("name", "--all"),
        ("name", "a\x1b[2Jb"),
        ("coreml", {"image": "text.onnx"}),
        ("coreml", {"image": "/tmp"}),
        ("coreml", {"image_batch": 0}),
        ("speed", 1),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, key: str, value: object) -> None:
    encoder(tmp_path / "tiny")
    path = tmp_path / "tiny" / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), key: value}))
    with pytest.raises(BadEncoder, match="not a manifest we understand"):
        EncoderSpec.read(tmp_path / "tiny")


def test_only_a_tokenizer_json_may_pad_with_something_else_than_zero(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    replace(spec, text=replace(spec.text, pad=1, kind="tokenizers")).check()
    with pytest.raises(ValueError, match="pad must be 0"):
        replace(spec, text=replace(spec.text, pad=1, kind="clip")).check()


def test_broken_json_and_missing_files_are_refused(tmp_path: Path) -> None:
    encoder(tmp_path / "tiny")
    (tmp_path / "tiny" / "text.onnx").unlink()
    with pytest.raises(BadEncoder, match=r"text\.onnx is missing"):
        EncoderSpec.read(tmp_path / "tiny")
    (tmp_path / "tiny" / "manifest.json").write_text("{")
    with pytest.raises(BadEncoder, match="not a manifest"):
        EncoderSpec.read(tmp_path / "tiny")


def test_a_flipped_bit_is_found(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    (tmp_path / "tiny" / "image.onnx").write_bytes(b"image.onnY")
    with pytest.raises(BadEncoder, match=r"image\.onnx is damaged"):
        spec.verify(tmp_path / "tiny")


def test_a_changed_recipe_is_found(tmp_path: Path) -> None:
    spec = encoder(tmp_path / "tiny")
    changed = replace(spec, image=replace(spec.image, side=64))
    with pytest.raises(BadEncoder, match="changed by hand"):
        changed.verify(tmp_path / "tiny")


def test_added_encoders_are_found_beside_ours(tmp_path: Path) -> None:
    encoder(tmp_path / "tiny")
    names = [one.spec.name for one in installed.installed(tmp_path)]
    assert "tiny" in names
    assert installed.find("tiny", tmp_path) == tmp_path / "tiny"


def test_the_default_encoder_is_installed_and_whole() -> None:
    folder = installed.find()
    EncoderSpec.read(folder).verify(folder)
    assert sum(path.stat().st_size for path in folder.iterdir()) <= 30_000_000


def test_an_unknown_name_lists_what_there_is(tmp_path: Path) -> None:
    encoder(tmp_path / "tiny")
    with pytest.raises(KnownError, match=r"'vast'.*tiny"):
        installed.find("vast", tmp_path)


def test_a_damaged_encoder_says_what_is_wrong_with_it(tmp_path: Path) -> None:
    encoder(tmp_path / "tiny")
    (tmp_path / "tiny" / "tokens").unlink()
    assert "tiny" not in [one.spec.name for one in installed.installed(tmp_path)]
    with pytest.raises(BadEncoder, match="tokens is missing"):
        installed.find("tiny", tmp_path)


def test_a_disk_that_stumbles_does_not_make_an_encoder_gone(tmp_path: Path) -> None:
    passing = (errno.EIO, errno.EACCES, errno.ESTALE, errno.ENODEV, errno.EMFILE)
    assert not any(is_gone(tmp_path / "a", OSError(code, "")) for code in passing)
    assert is_gone(tmp_path / "a", FileNotFoundError(errno.ENOENT, ""))


@pytest.mark.parametrize("part", ["", MANIFEST, "text.onnx"])
def test_an_encoder_behind_a_link_that_leads_nowhere_now_is_away(tmp_path: Path, part: str) -> None:
    encoder(tmp_path / "drive")
    here = tmp_path / "here"
    if part:
        shutil.copytree(tmp_path / "drive", here)
        (here / part).unlink()
    (here / part).symlink_to(tmp_path / "drive" / part)
    EncoderSpec.read(here)
    (tmp_path / "drive").rename(tmp_path / "unplugged")
    with pytest.raises(EncoderAway, match="Connect its drive"):
        EncoderSpec.read(here)


def test_an_encoder_whose_files_are_gone_is_not_awaited(tmp_path: Path) -> None:
    encoder(tmp_path / "here")
    (tmp_path / "here" / "text.onnx").unlink()
    for folder in (tmp_path / "here", tmp_path / "nowhere"):
        with pytest.raises(BadEncoder, match="Install") as found:
            EncoderSpec.read(folder)
        assert not isinstance(found.value, EncoderAway)
