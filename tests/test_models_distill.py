"""Learning from teachers: the space where they meet, and lessons that repeat."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from models.clip import Clip
from models.conv_tower import Block, ImageConfig
from models.data import PACK_SIDE, Photos, open_packs, rows_of_step, shuffled_by_length
from models.distill import BothLesson, ImageLesson, ImageStudent, TextLesson
from models.errors import BadData
from models.evaluate import retrieval
from models.phrases import phrases
from models.real_clip import RealClip, read_vectors
from models.settings import Settings
from models.space import Fitting, Pairs, Space, fit, pairs_of
from models.text_tower import TextConfig
from models.train import Objective, start_from, train

PHOTOS, CLASSES, MEANING = 120, 4, 6
SETTINGS = Settings(
    steps=2,
    batch=16,
    side=32,
    early_side=32,
    warmup_steps=1,
    bfloat16=False,
    threads=1,
    log_steps=1,
)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> tuple[Photos, Pairs]:
    """Photos whose features, and captions whose vectors, are two views of one hidden meaning.

    The first 60 have two captions each, the others one of four class names.
    """
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("world")
    meaning = rng.normal(size=(PHOTOS, MEANING))
    meaning[60:] = meaning[60 + np.arange(60) % CLASSES]
    pixels = rng.integers(0, 256, (PHOTOS, PACK_SIDE, PACK_SIDE, 3), dtype=np.uint8)
    pixels.tofile(folder / "world.bin")
    see, say = rng.normal(size=(MEANING, 40)), rng.normal(size=(MEANING, 20))
    features = (meaning @ see + 0.1 * rng.normal(size=(PHOTOS, 40))).astype(np.float16)
    np.save(folder / "world.teacher.npy", features)
    named = [("" if row < 60 else f"thing {row % CLASSES}") for row in range(PHOTOS)]
    table = "".join(f"{row}\t{row}.jpg\t{name}\n" for row, name in enumerate(named))
    (folder / "world.tsv").write_text(table)
    captions = [(row, f"photo {row} told {time}") for row in range(60) for time in (1, 2)]
    rows = "".join(f"{row}.jpg\ttrain\t{caption}\n" for row, caption in captions)
    (folder / "captions.tsv").write_text(rows)
    names = [(60 + kind, f"a photo of a thing {kind}") for kind in range(CLASSES)]
    lines = captions + names
    (folder / "lines.txt").write_text("".join(f"{line}\n" for _, line in lines))
    vectors = np.stack([meaning[row] @ say for row, _ in lines])
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    np.save(folder / "lines.txt.teacher.npy", vectors.astype(np.float16))
    photos = open_packs([folder / "world.bin"])
    return photos, pairs_of(photos, folder / "captions.tsv", [folder / "lines.txt"])


@pytest.fixture(scope="module")
def space(world: tuple[Photos, Pairs]) -> Space:
    how = Fitting(dimension=16, steps=150, batch=64, rate=1e-2, dropout=0.0)
    return fit(world[0].teacher(), world[1], how)


def test_captions_and_class_names_find_their_photos(world: tuple[Photos, Pairs]) -> None:
    assert [len(texts) for texts in world[1].of_photo] == [2] * 60 + [1] * 60
    assert len(set(map(int, np.concatenate(world[1].of_photo[60:])))) == CLASSES


def test_two_linear_maps_bring_the_teachers_together(
    world: tuple[Photos, Pairs], space: Space
) -> None:
    photos, pairs = world
    images = space.images(photos.teacher()[:60]).numpy()
    texts = space.texts(pairs.texts[:120]).numpy()
    figures = retrieval(images, texts, np.repeat(np.arange(60), 2))
    assert figures["text_to_photo"]["R@5"] > 0.9


def test_a_written_space_reads_the_same(space: Space, tmp_path: Path) -> None:
    space.write(tmp_path / "space.npz")
    again = Space.read(tmp_path / "space.npz")
    assert np.array_equal(space.image_map, again.image_map)
    (tmp_path / "space.npz").write_bytes(b"no")
    with pytest.raises(BadData, match=r"space\.npz"):
        Space.read(tmp_path / "space.npz")


def lessons(world: tuple[Photos, Pairs], space: Space) -> tuple[Clip, list[Objective]]:
    """A tiny Clip and its three lessons: image, text, both."""
    torch.manual_seed(0)
    blocks = (Block(8, stride=2, expansion=1),)
    image = ImageConfig(side=32, stem=8, blocks=blocks, width=16)
    clip = Clip(image, TextConfig(200, 8, 16, 2, 1), dimension=16)
    photos, pairs = world
    seeing = ImageLesson(ImageStudent(clip, 40), photos, pairs, space, SETTINGS)
    tokens = torch.randint(1, 198, (len(pairs.texts), 8)).short()
    tokens[:, 0], tokens[:, 5], tokens[:, 6:] = 198, 199, 0
    reading = TextLesson(clip, tokens, space.texts(pairs.texts), SETTINGS)
    return clip, [seeing, reading, BothLesson(clip, seeing, reading, tokens)]


def test_lessons_repeat_and_differ_from_step_to_step(
    world: tuple[Photos, Pairs], space: Space
) -> None:
    clip, each = lessons(world, space)
    clip.eval()
    for lesson in each:
        first, again, later = lesson(0), lesson(0), lesson(1)
        assert all(torch.isfinite(loss) for loss in first.values())
        assert first == again
        assert first != later


def test_each_tower_learns_in_its_own_lesson_and_both_in_the_last(
    world: tuple[Photos, Pairs], space: Space, tmp_path: Path
) -> None:
    for number, moves in enumerate(({"image"}, {"text"}, {"image", "text"})):
        clip, each = lessons(world, space)
        before = {name: weight.clone() for name, weight in clip.named_parameters()}
        train(clip, each[number], SETTINGS, tmp_path / str(number))
        moved = {
            name.split("_")[0]
            for name, weight in clip.named_parameters()
            if "tower" in name and not weight.equal(before[name])
        }
        assert moved == moves


def test_photos_without_a_teacher_are_refused(world: tuple[Photos, Pairs]) -> None:
    blind = Photos(tuple(replace(pack, teacher=None) for pack in world[0].packs))
    with pytest.raises(BadData, match="world"):
        blind.teacher()


def test_every_epoch_shows_each_row_once() -> None:
    first = np.concatenate([rows_of_step(3, step, 5, 20) for step in range(4)])
    second = np.concatenate([rows_of_step(3, step, 5, 20) for step in range(4, 8)])
    assert sorted(first.tolist()) == sorted(second.tolist()) == list(range(20))
    assert first.tolist() != second.tolist()


def test_sentences_of_one_batch_are_about_equally_long() -> None:
    lengths = np.random.default_rng(0).integers(3, 32, 400)
    batches = shuffled_by_length(lengths, 20, seed=0, epoch=1)
    assert sorted(np.concatenate(batches).tolist()) == list(range(400))
    assert max(np.ptp(lengths[batch]) for batch in batches) <= 6


def test_phrases_are_what_one_would_type() -> None:
    found = phrases("A small brown dog runs on the wet grass.")
    assert {"dog", "grass", "small brown dog", "wet grass"} <= found


def test_a_head_learns_where_a_real_clip_puts_words(tmp_path: Path) -> None:
    torch.manual_seed(0)
    text = TextConfig(vocabulary=60, context_length=8, width=16, heads=2, layers=1)
    image = ImageConfig(side=32, stem=8, blocks=(Block(16, stride=2, expansion=2),), width=16)
    clip = Clip(image, text, dimension=8)
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(12, 20)).astype(np.float32) + 3  # in a cone, as CLIP's are
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    path = tmp_path / "clip.npz"
    np.savez(path, text=[f"a thing {n}" for n in range(12)], text_vec=vectors)
    sentences, target = read_vectors(path)
    assert (len(sentences), target.shape) == (12, (12, 20))
    tokens = torch.randint(1, 58, (12, 8), dtype=torch.int16)
    tokens[:, -1] = 59
    settings = replace(SETTINGS, steps=60, rate=0.01)
    lesson = RealClip(clip, tokens, target, settings)
    before = float(lesson(0).detach())
    train(clip, lambda step: {"real_clip": lesson(step)}, settings, tmp_path / "run")
    assert float(lesson(0).detach()) < 0.2 < before
    again = Clip(image, text, dimension=8)
    start_from(again, tmp_path / "run")  # the head is left behind
    learnt, loaded = clip.text_tower.state_dict(), again.text_tower.state_dict()
    assert all(torch.equal(loaded[name], value) for name, value in learnt.items())


def test_a_file_without_vectors_is_named(tmp_path: Path) -> None:
    path = tmp_path / "clip.npz"
    np.savez(path, text=["one", "two"], text_vec=np.zeros((3, 4)))
    with pytest.raises(BadData, match=r"clip\.npz: 2 sentences"):
        read_vectors(path)
    path.write_bytes(b"nothing")
    with pytest.raises(BadData, match=r"clip\.npz holds no"):
        read_vectors(path)
