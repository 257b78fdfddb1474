"""The catalogue: what it says is well formed and sourced, and its names are found again."""

import importlib.util
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from models.bundle_parity import PARITY
from models.catalogue import RESOURCES, Catalogue, Entry, Published, Ready
from models.catalogue_ready import assemble
from models.errors import BadEncoder, KnownError
from models.fetch_trouble import check_address
from models.installed import find
from models.onnx import OnnxEncoder
from models.spec import EncoderSpec

CATALOGUE = Catalogue.read()
ENTRIES = {entry.name: entry for entry in CATALOGUE.entries}


def test_it_names_what_a_person_may_want() -> None:
    assert {
        "sightword-small",
        "vit-b-32-datacomp",
        "vit-b-32-laion2b",
        "vit-b-32-openai",
        "vit-b-16-datacomp",
        "vit-b-16-siglip2",
        "mobileclip2-s0",
        "mobileclip2-s2",
        "mobileclip2-b",
    } <= set(ENTRIES)
    assert len(CATALOGUE.others()) > 150
    names = [entry.name for entry in (*CATALOGUE.entries, *CATALOGUE.others())]
    assert len(set(names)) == len(names)
    assert all(name == name.lower() and set(name).isdisjoint("/\\ ") for name in names)


@pytest.mark.parametrize("entry", CATALOGUE.entries, ids=lambda entry: entry.name)
def test_every_entry_says_where_its_figures_and_its_terms_come_from(entry: Entry) -> None:
    assert entry.figures is not None
    assert entry.licence.name
    for source in (entry.figures.source, entry.licence.url):
        assert source.startswith("https://") or (RESOURCES.parent / source).is_file()
    shares = [value for value in vars_of(entry) if value is not None]
    assert all(0 < share < 1 for share in shares)
    for url in (entry.weights, entry.tokenizer):
        if url is not None:
            check_address(url)


def vars_of(entry: Entry) -> list[float | None]:
    figures = entry.figures
    assert figures is not None
    names = [name for name in figures.__slots__ if name != "source"]
    return [getattr(figures, name) for name in names]


@pytest.mark.parametrize("entry", [e for e in ENTRIES.values() if e.ready], ids=lambda e: e.name)
def test_ready_made_files_are_those_that_the_recipe_names(entry: Entry) -> None:
    assert entry.ready is not None
    assert [file.name for file in entry.ready.files] == [
        entry.ready.image.file,
        entry.ready.text.file,
        entry.ready.text.tokenizer,
    ]
    assert entry.dimension
    for file in entry.ready.files:
        check_address(file.url)


def test_apple_s_licence_is_shown_whole_and_never_redistributed() -> None:
    apple = [entry for entry in ENTRIES.values() if entry.architecture.startswith("MobileCLIP")]
    apple += [entry for entry in CATALOGUE.others() if entry.architecture.startswith("MobileCLIP")]
    assert len(apple) > 5
    for entry in apple:
        assert entry.licence.accept
        assert not entry.licence.redistribute
        assert "exclusively for Research Purposes" in (entry.licence_text() or "")


@pytest.mark.parametrize("name", ["MobileCLIP2-S0", "mobileclip2-s0", "MobileCLIP2-S0/dfndr2b"])
def test_a_name_is_found_in_any_case_and_by_open_clip_s_own(name: str) -> None:
    assert CATALOGUE.find(name) is ENTRIES["mobileclip2-s0"]


def test_any_other_name_of_open_clip_leads_to_its_weights() -> None:
    entry = CATALOGUE.find("ViT-L-14/openai")
    assert entry.name == "vit-l-14-openai"
    assert entry.weights == (
        "https://huggingface.co/timm/vit_large_patch14_clip_224.openai"
        "/resolve/main/open_clip_model.safetensors"
    )
    assert not entry.licence.redistribute
    assert (CATALOGUE.find("ViTamin-B/datacomp1b").weights or "").endswith("/pytorch_model.bin")
    assert "ViT-L-16-SigLIP2-256" in (CATALOGUE.find("ViT-L-16-SigLIP2-256/webli").tokenizer or "")


@pytest.mark.parametrize(
    ("name", "near"),
    [("vit-b32-datacomp", "vit-b-32-datacomp"), ("mobileclip-s0", "mobileclip2-s0"),
     ("ViT-L-14/opnai", "ViT-L-14/openai"), ("siglip2", "vit-b-16-siglip2")],
)  # fmt: skip
def test_a_name_that_does_not_exist_gets_the_nearest(name: str, near: str) -> None:
    with pytest.raises(KnownError, match=r"no encoder called .* Nearest: ") as error:
        CATALOGUE.find(name)
    assert near in str(error.value)


def test_an_architecture_alone_gets_its_tags() -> None:
    with pytest.raises(KnownError, match=r"ViT-B-32/openai.*and 14 more"):
        CATALOGUE.find("ViT-B-32")


def test_the_list_of_open_clip_is_what_its_source_names() -> None:
    found = importlib.util.find_spec("open_clip")  # imports nothing: that takes seconds
    assert found is not None
    assert found.origin is not None
    source = Path(found.origin).with_name("pretrained.py").read_text("utf-8")
    for architecture, tags in CATALOGUE.weights.items():
        assert f'"{architecture.removesuffix("-quickgelu")}": ' in source
        for tag, hub in tags.items():
            assert f"{tag}=" in source or f'"{tag}"' in source
            assert hub in source


def as_published(fetched: Path, turned: bool = False) -> Entry:
    """Our own encoder as if somebody else offered it; `turned`: said to be scaled otherwise."""
    own = EncoderSpec.read(find())
    fetched.mkdir()
    names = (own.image.file, own.text.file, own.text.tokenizer)
    for name in names:
        shutil.copy(find() / name, fetched / name)
    files = tuple(Published(name, f"https://hub.example/{name}", 1.0) for name in names)
    image = replace(own.image, input="x", output="y", sha256="")
    if turned:  # what a wrong recipe does to pixels
        image = replace(image, takes="normalised", std=(9.0, 9.0, 9.0))
    ready = Ready("somebody", "https://hub.example", files, image, replace(own.text, sha256=""))
    return replace(ENTRIES["vit-b-32-openai"], name="theirs", dimension=own.dimension, ready=ready)


def test_towers_of_others_become_an_encoder_as_they_themselves_say(tmp_path: Path) -> None:
    spec = assemble(as_published(tmp_path / "fetched"), tmp_path / "fetched", tmp_path / "theirs")
    assert spec == EncoderSpec.read(tmp_path / "theirs")
    spec.verify(tmp_path / "theirs")
    assert (spec.image.input, spec.image.output) == ("images", "vectors")
    assert "exported by somebody" in spec.author
    assert (tmp_path / "theirs" / PARITY).is_file()
    words = ["a red boat"]
    ours, theirs = OnnxEncoder(find()).texts(words), OnnxEncoder(tmp_path / "theirs").texts(words)
    np.testing.assert_array_equal(ours, theirs)


def test_towers_that_are_fed_wrongly_are_found_out(tmp_path: Path) -> None:
    entry = as_published(tmp_path / "fetched", turned=True)
    with pytest.raises(BadEncoder, match=r"does not take|found by their own words"):
        assemble(entry, tmp_path / "fetched", tmp_path / "theirs")
    entry = as_published(tmp_path / "exchanged")
    shutil.copy(tmp_path / "exchanged" / "text.onnx", tmp_path / "exchanged" / "image.onnx")
    with pytest.raises(BadEncoder):
        assemble(entry, tmp_path / "exchanged", tmp_path / "again")
