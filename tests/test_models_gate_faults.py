"""Packages on disk that are broken in one place: the gate refuses each, whatever the tower."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.conv_tower import Block, ImageConfig
from models.encoder import Encoder, Images
from models.errors import ParityError
from models.export_coreml import Batches, write_coreml
from models.export_onnx import write_onnx
from models.exportable import of_ours
from models.gate import HALF, WOKEN, Answers, ask, compare, judge, refuse_degenerate, samples
from models.installed import find
from models.mil.encoder import MilEncoder
from models.prove_export_break import break_packages, replaced, run_broken
from models.prove_export_faults import ARRAYS, Fault, changed, faults, planted
from models.reference import ReferenceEncoder
from models.resnet import ResNetConfig
from models.sizes import TINY_TEXT, Size
from models.spec import EncoderSpec, sha256_of_tree
from models.vit import VitConfig
from models.wake import PICTURES, wake

ASKED = 40
TEXT = replace(TINY_TEXT, width=32, layers=1)
CONV = ImageConfig(
    side=64,
    stem=16,
    width=64,
    blocks=(
        Block(24, stride=2, expansion=2),
        Block(24, stride=1, expansion=2),
        Block(32, stride=2, expansion=2),
    ),
)
TOWERS: dict[str, VitConfig | ResNetConfig | ImageConfig] = {
    "vit": VitConfig(side=32, patch=8, width=48, heads=2, layers=2),
    "resnet": ResNetConfig(side=64, blocks=(1, 1, 1, 1), width=8, heads=4),
    "conv": CONV,
}


@dataclass(frozen=True, slots=True)
class Proven:
    """An exported encoder that passes the gate, and all that judging it takes."""

    folder: Path
    photos: Images
    sentences: list[str]
    reference: Encoder
    want: Answers
    sound: Answers

    @property
    def spec(self) -> EncoderSpec:
        return EncoderSpec.read(self.folder)


@pytest.fixture(scope="module", autouse=True)
def one_thread() -> Iterator[None]:
    """Towers as small as these lose more by waiting for each other's threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module", params=list(TOWERS))
def proven(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Proven:
    name = str(request.param)
    folder = tmp_path_factory.mktemp(name)
    exportable = of_ours(Size(TOWERS[name], TEXT, 48), find() / "tokenizer.bpe", name)
    photos, sentences = samples(exportable.spec, PICTURES + ASKED)
    wake(exportable, photos, sentences)
    photos, sentences = photos[PICTURES:], sentences[PICTURES:]
    spec = write_onnx(exportable, folder)
    coreml = write_coreml(exportable, folder, batches=Batches(image=8, text=4))
    replace(spec, coreml=coreml).write(folder)
    reference = ReferenceEncoder(exportable)
    want = ask(reference, photos, sentences)
    refuse_degenerate(want, WOKEN)
    sound = ask(MilEncoder(folder), photos, sentences)
    return Proven(folder, photos, sentences, reference, want, sound)


def test_the_sound_packages_pass_and_every_array_that_is_turned_in_them_is_seen(
    proven: Proven,
) -> None:
    assert compare(proven.want, proven.sound).complaints(HALF) == []
    packages = [proven.folder / "image.mlpackage", proven.folder / "text.mlpackage"]
    before = [sha256_of_tree(package) for package in packages]
    broken = break_packages(
        proven.folder, proven.photos, proven.sentences, proven.want, proven.sound, count=None
    )
    assert broken.unseen == ()
    assert broken.planted - broken.refused > 30, "most faults leave a program that runs"
    assert [sha256_of_tree(package) for package in packages] == before


def test_blue_for_red_is_seen(proven: Proven) -> None:
    package = proven.folder / "image.mlpackage"
    (channels,) = [one for one in faults(package, 2) if one.kind == "channels"]
    got = run_broken(package, channels, proven.photos[:8], proven.spec.dimension)
    assert got is not None
    verdict = compare(proven.want, replaced(proven.sound, got, is_image=True))
    assert verdict.photos.worst < 0.9


def test_the_gate_itself_refuses_packages_with_one_array_turned(proven: Proven) -> None:
    for name in ("image.mlpackage", "text.mlpackage"):
        package = proven.folder / name
        arrays = [one for one in faults(package) if one.kind in ("sign", "transposed")]
        with planted(package, arrays[len(arrays) // 2]), pytest.raises(ParityError):
            judge(
                proven.reference,
                MilEncoder(proven.folder),
                proven.photos,
                proven.sentences,
                HALF,
                WOKEN,
            )


def test_all_kinds_of_faults_are_planted(proven: Proven) -> None:
    kinds = {fault.kind for fault in faults(proven.folder / "image.mlpackage")}
    kinds |= {fault.kind for fault in faults(proven.folder / "text.mlpackage")}
    assert kinds == {"sign", "reversed", "transposed", "channels", "transpose left out"}


def test_few_faults_are_spread_from_the_first_layer_to_the_last(proven: Proven) -> None:
    package = proven.folder / "image.mlpackage"
    every, few = faults(package), faults(package, 8)
    names = [fault.name for fault in every]
    assert len(few) <= 8 + 1, "the order of channels comes on top"
    assert few[0].kind == "channels"
    assert [fault.name for fault in few if fault.name not in names] == []


def test_a_package_is_mended_even_when_judging_fails(proven: Proven) -> None:
    package = proven.folder / "image.mlpackage"
    before = sha256_of_tree(package)
    for fault in faults(package, 8):
        with pytest.raises(ZeroDivisionError):
            fail_with(package, fault)
        assert sha256_of_tree(package) == before


def fail_with(package: Path, fault: Fault) -> None:
    """Stop in the middle, with the fault in place."""
    sound = sha256_of_tree(package)
    with planted(package, fault):
        assert sha256_of_tree(package) != sound
        raise ZeroDivisionError


def test_a_fault_keeps_shape_and_numbers_of_an_array() -> None:
    array = np.arange(24, dtype=np.float16).reshape(4, 6)
    for kind in ARRAYS:
        turned = changed(array, kind)
        assert turned.shape == array.shape
        assert not np.array_equal(turned, array)
        assert sorted(np.abs(turned).ravel()) == sorted(array.ravel())
