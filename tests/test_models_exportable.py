"""Any CLIP comes to one form: ours and open_clip's, with recipe, tokenizer and weights."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

from models.catalogue import Catalogue
from models.drawn import draw
from models.encoder import Encoder
from models.errors import BadEncoder
from models.export_plain import SelfAttention, plain
from models.exportable import of_open_clip, of_ours, of_recipe
from models.exportable_recipe import DEFAULT, PHOTO, Recipe, model_of, recipe_of
from models.exportable_tokenizer import learn_tokenizer, text_of
from models.reference import ReferenceEncoder
from models.tokenizer import Tokenizer
from models.train_tokenizer import learn

SENTENCES = [draw(seed, (32, 32)).sentence for seed in range(20)] + ["", "犬", "word " * 90]
TEXT = {"context_length": 12, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 2}
VIT = {"image_size": 32, "patch_size": 16, "width": 32, "head_width": 16, "layers": 2}
SIGLIP = {  # as SigLIP2's: looks both ways, is read at the last token, and has its own table
    **{"context_length": 12, "vocab_size": 600, "width": 16, "heads": 2, "layers": 2},
    **{"no_causal_mask": True, "proj_bias": True, "pool_type": "last"},
    **{"hf_tokenizer_name": "nobody/nothing", "tokenizer_kwargs": {"clean": "canonicalize"}},
}


def recipe(**parts: Any) -> Recipe:
    config = {"embed_dim": 16, "vision_cfg": VIT, "text_cfg": TEXT, **parts}
    return Recipe("tiny", None, config, dict(zip(PHOTO, DEFAULT, strict=True)))


def pixels(n: int, side: int) -> Tensor:
    chance = torch.Generator().manual_seed(0)
    return torch.randint(0, 256, (n, 3, side, side), dtype=torch.uint8, generator=chance)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Towers as small as these lose more by waiting for each other's threads than they gain."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture
def table(tmp_path: Path) -> Path:
    learn_tokenizer(SENTENCES, tmp_path / "tokenizer.json", 300)
    return tmp_path / "tokenizer.json"


def test_an_architecture_of_open_clip_gives_its_own_vectors_from_bytes() -> None:
    exportable = of_recipe(recipe(), seed=3)
    theirs = model_of(recipe(), seed=3)
    photos = pixels(3, 32)
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in DEFAULT[:2])
    want = theirs.encode_image((photos / 255 - mean) / std, normalize=True)
    torch.testing.assert_close(exportable.images(photos), want, atol=1e-6, rtol=0)
    tokens = torch.randint(1, 49407, (3, 12), generator=torch.Generator().manual_seed(0))
    tokens[:, 7] = 49407
    want = theirs.encode_text(tokens, normalize=True)
    torch.testing.assert_close(exportable.texts(tokens), want, atol=1e-6, rtol=0)
    # What stands behind the end changes nothing, and may be left out.
    torch.testing.assert_close(exportable.texts(tokens[:, :8]), want, atol=1e-6, rtol=0)
    assert not exportable.spec.text.fixed


def test_a_tower_that_looks_both_ways_wants_whole_rows(table: Path) -> None:
    siglip = recipe(text_cfg=SIGLIP, custom_text=True)
    exportable = of_recipe(siglip, tokenizer=table)
    theirs = model_of(siglip, seed=0)
    tokens = torch.randint(1, 299, (3, 12), generator=torch.Generator().manual_seed(0))
    want = theirs.encode_text(tokens, normalize=True)
    torch.testing.assert_close(exportable.texts(tokens), want, atol=1e-6, rtol=0)
    text = exportable.spec.text
    assert (text.fixed, text.kind, text.pad, text.clean) == (True, "tokenizers", 0, "canonicalize")


def test_every_kind_of_tokenizer_fills_rows_as_open_clip_does(tmp_path: Path) -> None:
    table = tmp_path / "tokenizer.json"
    vocab = [["<pad>", 0.0], ["</s>", 0.0], ["<unk>", 0.0]]
    table.write_text(json.dumps({"model": {"type": "Unigram", "vocab": vocab}}))
    named = {entry.architecture for entry in Catalogue.read().entries} - {"sightword"}
    for name in (*sorted(named), "ViT-B-16-SigLIP", "ViT-B-16-SigLIP-i18n-256"):
        spec, _ = text_of(recipe_of(name, None), False, table)
        # open_clip/tokenizer.py: SimpleTokenizer fills with zeros; SigLipTokenizer has
        # `pad_token_id = 0 if 'gemma' in tokenizer_name else 1`, and Gemma's is SigLIP2's.
        if "SigLIP" in name:
            pad = 0 if "SigLIP2" in name else 1
            assert (spec.kind, spec.pad, spec.clean) == ("tokenizers", pad, "canonicalize"), name
        else:
            assert (spec.kind, spec.pad) == ("clip", 0), name


def test_weights_of_one_seed_are_the_same_and_leave_chance_alone() -> None:
    torch.manual_seed(5)
    want = torch.rand(1)
    torch.manual_seed(5)
    one, two, other = (of_recipe(recipe(), seed=seed).images(pixels(1, 32)) for seed in (1, 1, 2))
    assert torch.equal(torch.rand(1), want)
    assert torch.equal(one, two)
    assert not torch.equal(one, other)


@pytest.mark.parametrize(
    ("name", "side", "resize", "interpolation", "mean"),
    [
        ("ViT-B-32", 224, "shortest", "bicubic", 0.48145466),
        ("MobileCLIP2-S0", 256, "shortest", "bilinear", 0.0),
        ("ViT-B-16-SigLIP2", 224, "squash", "bicubic", 0.5),
    ],
)
def test_the_recipe_is_what_is_published_for_an_architecture(
    name: str, side: int, resize: str, interpolation: str, mean: float
) -> None:
    found = recipe_of(name, None)
    assert found.config["vision_cfg"]["image_size"] == side
    assert found.published["resize_mode"] == resize
    assert found.image((side, side)).interpolation == interpolation
    assert found.image((side, side)).mean[0] == mean


def test_weights_get_the_activation_they_were_trained_with() -> None:
    assert recipe_of("ViT-B-32", "openai").config["quick_gelu"]
    assert not recipe_of("ViT-B-32", "laion2b_s34b_b79k").config["quick_gelu"]


@pytest.mark.parametrize(
    ("name", "tag", "said"),
    [
        ("ViT-B32", None, "ViT-B-32"),
        ("mobileclip2-s0", None, "MobileCLIP2-S0"),
        ("ViT-B-32", "datacomp", "datacomp_xl_s13b_b90k"),
        ("coca_ViT-B-32", None, "writes captions too"),
        ("xlm-roberta-base-ViT-B-32", None, "ViT-B-16-SigLIP2"),
        ("ViT-B-32", "openai", "Name the file"),
    ],
)
def test_what_can_not_be_had_is_said_with_the_nearest_that_can(
    name: str, tag: str | None, said: str
) -> None:
    with pytest.raises(BadEncoder, match=said):
        of_open_clip(name, tag)


def test_weights_of_a_file_take_the_place_of_all_random_ones(tmp_path: Path) -> None:
    theirs = model_of(recipe(), seed=8)
    save_file(theirs.state_dict(), tmp_path / "w.safetensors")
    torch.save({"state_dict": theirs.state_dict()}, tmp_path / "w.pt")
    want = of_recipe(recipe(), seed=8).images(pixels(2, 32))
    for name in ("w.safetensors", "w.pt"):
        got = of_recipe(recipe(), tmp_path / name).images(pixels(2, 32))
        assert torch.equal(got, want)


def test_weights_of_another_architecture_are_refused_even_where_they_could_be_stretched(
    tmp_path: Path,
) -> None:
    larger = recipe(vision_cfg={**VIT, "image_size": 64})  # open_clip would resize its places
    save_file(model_of(larger, 0).state_dict(), tmp_path / "larger.safetensors")
    with pytest.raises(BadEncoder, match=r"another architecture than tiny: visual\.positional"):
        of_recipe(recipe(), tmp_path / "larger.safetensors")
    wider = recipe(text_cfg={**TEXT, "layers": 3})
    save_file(model_of(wider, 0).state_dict(), tmp_path / "wider.safetensors")
    with pytest.raises(BadEncoder, match=r"has no place.*; and 7 more"):
        of_recipe(recipe(), tmp_path / "wider.safetensors")


def test_a_file_that_is_cut_or_no_weights_is_named(tmp_path: Path) -> None:
    state = model_of(recipe(), 0).state_dict()
    save_file(state, tmp_path / "w.safetensors")
    torch.save(state, tmp_path / "w.pt")
    for name in ("w.safetensors", "w.pt"):
        whole = (tmp_path / name).read_bytes()
        for part in (whole[: len(whole) // 2], whole[:20], b"", b"<html>not found</html>"):
            (tmp_path / name).write_bytes(part)
            with pytest.raises(BadEncoder, match=rf"{name} can not be read as weights"):
                of_recipe(recipe(), tmp_path / name)
    torch.save([1, 2], tmp_path / "w.pt")
    with pytest.raises(BadEncoder, match="holds no weights by name"):
        of_recipe(recipe(), tmp_path / "w.pt")
    state["visual.proj"][0, 0] = torch.nan
    save_file(state, tmp_path / "w.safetensors")
    with pytest.raises(BadEncoder, match=r"numbers that are none, in visual\.proj"):
        of_recipe(recipe(), tmp_path / "w.safetensors")
    with pytest.raises(BadEncoder, match="absent"):
        of_recipe(recipe(), tmp_path / "absent.safetensors")


def test_a_tokenizer_must_be_there_and_fit_its_tower(table: Path, tmp_path: Path) -> None:
    with pytest.raises(BadEncoder, match="needs the tokenizer of nobody/nothing"):
        of_recipe(recipe(text_cfg=SIGLIP, custom_text=True))
    few = recipe(text_cfg={**SIGLIP, "vocab_size": 100}, custom_text=True)
    with pytest.raises(BadEncoder, match="these towers know 100"):
        of_recipe(few, tokenizer=table)
    (tmp_path / "wrong.json").write_text("[]")
    with pytest.raises(BadEncoder, match=r"no tokenizer\.json"):
        of_recipe(few, tokenizer=tmp_path / "wrong.json")


@pytest.mark.parametrize("size", ["tiny-vit", "tiny-resnet"])
def test_our_sizes_come_with_their_own_tokenizer(size: str, tmp_path: Path) -> None:
    Tokenizer(learn(SENTENCES, 50)).write(tmp_path / "table")
    encoder: Encoder = ReferenceEncoder(of_ours(size, tmp_path / "table", "tiny"))
    photos = pixels(19, encoder.spec.image.side).numpy()
    for rows, n in ((encoder.images(photos), 19), (encoder.texts(SENTENCES), len(SENTENCES))):
        assert rows.shape == (n, 64)
        assert rows.dtype == np.float32
        assert np.allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    assert encoder.images(photos[:0]).shape == (0, 64)
    assert np.allclose(encoder.images(photos)[18], encoder.images(photos[18:])[0], atol=1e-5)


def test_attention_written_out_is_torch_s_own() -> None:
    exportable = of_recipe(recipe())
    tokens = torch.arange(24).reshape(2, 12)
    for tower, fed in ((exportable.images, pixels(2, 32)), (exportable.texts, tokens)):
        simple = plain(tower)
        torch.testing.assert_close(simple(fed), tower(fed), atol=1e-6, rtol=0)
        assert any(isinstance(layer, SelfAttention) for layer in simple.modules())
        assert any(isinstance(layer, nn.MultiheadAttention) for layer in tower.modules())
        mine = {weight.data_ptr() for weight in simple.parameters()}
        assert mine <= {weight.data_ptr() for weight in tower.parameters()}  # no second copy


def test_branches_that_are_fused_give_what_they_gave_apart() -> None:
    from timm.models.fastvit import MobileOneBlock, RepMixer

    torch.manual_seed(0)
    tower = nn.Sequential(
        MobileOneBlock(3, 8, 3, stride=2), RepMixer(8), MobileOneBlock(8, 8, 3, group_size=1)
    )
    photos = pixels(4, 32).float() / 255
    with torch.no_grad():
        for norm in tower.modules():
            if isinstance(norm, nn.BatchNorm2d):
                norm.momentum = None
                nn.init.normal_(norm.weight)
                nn.init.normal_(norm.bias)
        tower(photos)  # gives the norms averages that matter
        want = tower.eval()(photos)
        simple = plain(tower)
        torch.testing.assert_close(simple(photos), want, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(tower(photos), want, atol=0, rtol=0)
    assert not any(isinstance(layer, nn.BatchNorm2d) for layer in simple.modules())
