"""The drawn pictures: the same each time, true to size, all different."""

from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from PIL import ExifTags, Image

from models.drawn import SCENES, draw, draw_folder, draw_varied


def test_a_seed_gives_the_same_picture_and_sentence_each_time() -> None:
    for seed in range(len(SCENES)):
        first, second = draw(seed), draw(seed)
        assert first.picture.tobytes() == second.picture.tobytes()
        assert first.sentence == second.sentence


@pytest.mark.parametrize("size", [(64, 48), (48, 64), (100, 100), (1601, 1000)])
def test_a_picture_has_the_size_asked_for(size: tuple[int, int]) -> None:
    picture = draw(3, size).picture
    assert (picture.size, picture.mode) == (size, "RGB")


def test_every_scene_draws_at_every_shape_and_fills_the_picture() -> None:
    for seed in range(3 * len(SCENES)):
        for size in ((96, 64), (64, 96)):
            pixels = np.asarray(draw(seed, size).picture)
            assert pixels.std() > 10, f"the picture of seed {seed} is nearly empty"


def test_a_sentence_names_what_is_drawn() -> None:
    sentences = [draw(seed, (32, 24)).sentence for seed in range(200)]
    for word in ("dog", "cat", "birthday cake", "car", "beach", "house", "boat", "receipt", "moon"):
        assert any(word in sentence for sentence in sentences)
    assert len(set(sentences)) > 100


def test_varied_pictures_are_the_same_each_time_and_no_two_have_one_sentence() -> None:
    varied, shorter = draw_varied(200, (48, 36)), draw_varied(7, (48, 36))
    assert len({drawn.sentence for drawn in varied}) == 200
    for one, other in zip(varied, shorter, strict=False):
        assert one.picture.tobytes() == other.picture.tobytes()
        assert one.sentence == other.sentence


def test_varied_pictures_differ_more_than_scenes_do() -> None:
    def alike(pictures: list[Image.Image]) -> float:
        rows = np.stack([np.asarray(picture, np.float32).ravel() for picture in pictures])
        rows -= rows.mean()
        rows /= np.linalg.norm(rows, axis=1, keepdims=True)
        return float((rows @ rows.T).mean())

    scenes = alike([draw(seed, (48, 36)).picture for seed in range(64)])
    assert alike([drawn.picture for drawn in draw_varied(64, (48, 36))]) < scenes / 2


def test_a_drawn_folder_holds_all_formats_with_dates_and_no_two_alike(tmp_path: Path) -> None:
    photos = draw_folder(tmp_path / "a new" / "folder", 20, size=(64, 48))
    assert [photo.path for photo in photos] == sorted((tmp_path / "a new" / "folder").iterdir())
    assert {photo.path.suffix for photo in photos} == {".jpg", ".png", ".webp"}
    assert len({photo.path.read_bytes() for photo in photos}) == 20
    for photo in photos:
        with Image.open(photo.path) as picture:
            written = picture.getexif().get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal]
            assert datetime.strptime(written, "%Y:%m:%d %H:%M:%S") == photo.taken
    assert len({photo.taken for photo in photos}) == 20


def test_a_folder_is_drawn_byte_for_byte_the_same_again(tmp_path: Path) -> None:
    one = draw_folder(tmp_path / "one", 8, seed=5, size=(64, 48))
    two = draw_folder(tmp_path / "two", 8, seed=5, size=(64, 48))
    assert [p.path.read_bytes() for p in one] == [p.path.read_bytes() for p in two]
