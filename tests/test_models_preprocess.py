"""Preprocessing: CLIP's steps, number by number."""

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models.drawn import draw
from models.exportable_recipe import recipe_of
from models.preprocess import middle, normalise, preprocess, short_side_to
from models.pretrained import open_clip
from models.spec import ImageSpec

CLIP = ImageSpec(
    side=224,
    mean=(0.48145466, 0.4578275, 0.40821073),
    std=(0.26862954, 0.26130258, 0.27577711),
    interpolation="bicubic",
    resize="short-side",
    file="",
    sha256="",
)


def small(side: int, resize: str = "short-side") -> ImageSpec:
    return ImageSpec(side, CLIP.mean, CLIP.std, "bicubic", resize, "", "")  # type: ignore[arg-type]


def noise(w: int, h: int, mode: str = "RGB") -> Image.Image:
    values = np.random.default_rng(0).integers(0, 256, (h, w, 4), dtype=np.uint8)
    return Image.fromarray(values).convert(mode)


@pytest.mark.parametrize(("w", "h"), [(50, 50), (51, 90), (200, 33), (16, 16), (7, 300), (1, 1)])
def test_the_square_is_cut_from_the_middle_of_the_resized_picture(w: int, h: int) -> None:
    picture = noise(w, h)
    got = preprocess(picture, small(32))
    # The same by other means: numpy does the cutting, and the sizes come from whole numbers.
    if w >= h:
        sized = picture.resize((32 * w // h, 32), Image.Resampling.BICUBIC)
    else:
        sized = picture.resize((32, 32 * h // w), Image.Resampling.BICUBIC)
    left, top = (np.round((np.array(sized.size) - 32) / 2)).astype(int)
    want = np.asarray(sized)[top : top + 32, left : left + 32].transpose(2, 0, 1)
    assert got.shape == (3, 32, 32)
    assert got.dtype == np.uint8
    assert np.array_equal(got, want)


def test_squashing_keeps_all_of_the_picture() -> None:
    picture = Image.new("RGB", (90, 30), (255, 0, 0))
    picture.paste((0, 0, 255), (60, 0, 90, 30))
    got = preprocess(picture, small(30, "squash"))
    assert got[0, 15, 2] == 255
    assert got[2, 15, 28] == 255


@pytest.mark.parametrize("mode", ["L", "1", "P", "CMYK", "RGBA", "LA"])
def test_pictures_of_all_modes_become_rgb(mode: str) -> None:
    assert preprocess(noise(40, 30, mode), small(16)).shape == (3, 16, 16)


def test_the_picture_stays_as_it_is() -> None:
    picture = noise(40, 30)
    before = picture.tobytes()
    preprocess(picture, small(16))
    assert picture.tobytes() == before
    assert picture.size == (40, 30)


def test_known_sizes_of_the_original() -> None:
    # torchvision's Resize(224) and CenterCrop(224) on a 640 x 427 photo, computed by hand
    assert short_side_to(224, 640, 427) == (335, 224)
    assert short_side_to(224, 427, 640) == (224, 335)
    assert middle(224, 335, 224) == (56, 0, 280, 224)  # 55.5 rounds to the even 56
    assert middle(224, 337, 224) == (56, 0, 280, 224)  # 56.5 as well


def test_normalising_is_what_the_formula_says() -> None:
    batch = np.zeros((1, 3, 1, 1), np.uint8)
    batch[0, :, 0, 0] = (0, 128, 255)
    got = normalise(batch, CLIP)[0, :, 0, 0]
    want = [-0.48145466 / 0.26862954, (128 / 255 - 0.4578275) / 0.26130258, 2.14589699]
    assert got.dtype == np.float32
    assert np.allclose(got, want, atol=1e-6)


@pytest.mark.parametrize("name", ["ViT-B-32", "MobileCLIP2-S0", "ViT-B-16-SigLIP2"])
def test_the_square_is_that_of_open_clip_s_own_transform(name: str) -> None:
    recipe = recipe_of(name, None)
    side = recipe.config["vision_cfg"]["image_size"]
    spec = recipe.image(side)
    library = open_clip()
    theirs = library.transform.image_transform_v2(
        library.transform.PreprocessCfg(size=side, **recipe.published), is_train=False
    )
    sizes = [(640, 427), (427, 640), (224, 224), (337, 225), (901, 90), (31, 70)]
    pictures = [draw(seed, size).picture for seed, size in enumerate(sizes)]
    pictures += [noise(300, 260), noise(333, 251, "L"), noise(256, 333, "P")]
    for picture in pictures:
        # Theirs resizes before it turns to RGB, palettes by leaving pixels out. Ours turns first.
        want = theirs(picture.convert("RGB")).numpy()
        got = normalise(preprocess(picture, spec)[None], spec)[0]
        assert np.abs(got - want).max() == 0, (picture.size, picture.mode)


@pytest.mark.skipif("SIGHTWORD_GOLDEN" not in os.environ, reason="SIGHTWORD_GOLDEN not set")
def test_the_golden_photo_comes_out_as_from_the_original() -> None:
    golden = Path(os.environ["SIGHTWORD_GOLDEN"])
    with Image.open(golden / "preprocess_input.jpg") as picture:
        got = normalise(preprocess(picture, CLIP)[None], CLIP)
    assert np.abs(got - np.load(golden / "preprocess_expected.npy")).max() == 0
