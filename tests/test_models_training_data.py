"""Every layout gives the same pairs; what is broken is named or counted."""

import json
import tarfile
import zipfile
from io import BytesIO
from itertools import islice
from pathlib import Path

import numpy as np
import pytest

from models.ahead import Ahead
from models.data import Pack
from models.drawn import DrawnPhoto, draw_folder
from models.errors import BadData
from models.layouts import pairs_of, read_captions
from models.pack import pack
from models.photo_files import source_of, square
from models.shards import Shards
from models.skips import Skips


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> list[DrawnPhoto]:
    return draw_folder(tmp_path_factory.mktemp("photos"), 6, size=(96, 64), formats=("jpg",))


def lines(photos: list[DrawnPhoto], pattern: str) -> str:
    return "".join(
        pattern.format(file=photo.path.name, text=photo.sentence, number=0) for photo in photos
    )


def coco(photos: list[DrawnPhoto]) -> str:
    images = [{"id": n, "file_name": photo.path.name} for n, photo in enumerate(photos)]
    notes = [{"image_id": n, "caption": photo.sentence} for n, photo in enumerate(photos)]
    return json.dumps({"images": images, "annotations": notes})


TABLES = {
    "tabs.tsv": "{file}\t{text}\n",
    "splits.tsv": "set/{file}\ttrain\t{text}\n",
    "results_20130124.token": "{file}#{number}\t{text}\n",
    "results.csv": "{file}| {number}| {text}\n",
    "captions.txt": '{file},"{text}"\n',
    "captions_train2014.json": "",
}
HEADERS = {
    "results.csv": "image_name| comment_number| comment\n",
    "captions.txt": "image,caption\n",
}


@pytest.mark.parametrize("name", TABLES)
@pytest.mark.parametrize("kind", ["folder", "zip"])
def test_every_layout_gives_the_same_pairs(
    photos: list[DrawnPhoto], tmp_path: Path, name: str, kind: str
) -> None:
    text = coco(photos) if name.endswith("json") else lines(photos, TABLES[name])
    (tmp_path / name).write_text(HEADERS.get(name, "") + text)
    where = photos[0].path.parent
    if kind == "zip":
        where = tmp_path / "photos.zip"
        with zipfile.ZipFile(where, "w") as file:
            for photo in photos:
                file.write(photo.path, f"set/{photo.path.name}")
    skips = Skips()
    source = source_of(where)
    pairs = pairs_of(source, read_captions(tmp_path / name), "train", skips)
    assert [pair.captions for pair in pairs] == [(photo.sentence,) for photo in photos]
    assert source.read(pairs[2].name) == photos[2].path.read_bytes()
    assert not skips


def test_a_photo_may_have_many_captions_and_only_its_split_counts(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    first, second = photos[0].path.name, photos[1].path.name
    rows = [f"{first}\ttrain\tone", f"{second}\tdev\tother", f"{first}\ttrain\ttwo"]
    (tmp_path / "t.tsv").write_text("\n".join(rows))
    source = source_of(photos[0].path.parent)
    (pair,) = pairs_of(source, read_captions(tmp_path / "t.tsv"), "train", Skips())
    assert pair.captions == ("one", "two")


def test_empty_captions_and_missing_photos_are_counted(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    rows = [f"{photos[0].path.name}\ta dog", f"{photos[1].path.name}\t ", "gone.jpg\ta cat"]
    (tmp_path / "t.tsv").write_text("\n".join(rows))
    skips = Skips()
    source = source_of(photos[0].path.parent)
    assert len(pairs_of(source, read_captions(tmp_path / "t.tsv"), "train", skips)) == 1
    assert "1 without a caption (first: photo-00001.jpg)" in str(skips)
    assert "(first: gone.jpg)" in str(skips)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("t.tsv", b"a.jpg\tone\nb.jpg\n", "line 2"),
        ("t.tsv", b"\xff\xfe\x00", "can not be read"),
        ("captions.txt", b"image,caption\na.jpg\n", "line 2"),
        ("captions_val.json", b'{"images": []', "no table of COCO captions"),
        ("captions_val.json", b'{"images": [], "annotations": [{"image_id": 1}]}', "COCO"),
    ],
)
def test_a_broken_table_is_named(tmp_path: Path, name: str, content: bytes, said: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(BadData, match=said) as raised:
        read_captions(tmp_path / name)
    assert name in str(raised.value)


def test_a_split_that_is_not_there_says_which_are(photos: list[DrawnPhoto], tmp_path: Path) -> None:
    (tmp_path / "t.tsv").write_text(f"{photos[0].path.name}\tdev\ta dog\n")
    with pytest.raises(BadData, match="has the splits dev"):
        pairs_of(source_of(photos[0].path.parent), read_captions(tmp_path / "t.tsv"), "x", Skips())


def test_a_missing_folder_and_a_broken_zip_are_named(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"nowhere is not there"):
        source_of(tmp_path / "nowhere")
    (tmp_path / "half.zip").write_bytes(b"PK\x03\x04 and no end")
    with pytest.raises(BadData, match=r"half\.zip"):
        source_of(tmp_path / "half.zip")


def test_a_damaged_photo_inside_a_zip_is_named(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "p.zip", "w") as file:
        file.writestr("a.jpg", b"0123456789")
    data = (tmp_path / "p.zip").read_bytes().replace(b"0123456789", b"0123456780")
    (tmp_path / "p.zip").write_bytes(data)
    with pytest.raises(BadData, match=r"a\.jpg in .*p\.zip"):
        source_of(tmp_path / "p.zip").read("a.jpg")


@pytest.mark.parametrize("cut", [0, 10, 700])
def test_a_truncated_photo_is_named(photos: list[DrawnPhoto], cut: int) -> None:
    with pytest.raises(BadData, match=r"dog\.jpg is no photo"):
        square(photos[0].path.read_bytes()[:cut], 160, "dog.jpg")


def test_a_pack_holds_the_readable_photos_and_counts_the_others(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for photo in photos:
        (folder / photo.path.name).write_bytes(photo.path.read_bytes())
    (folder / photos[1].path.name).write_bytes(b"no photo")
    (tmp_path / "t.tsv").write_text(lines(photos, "{file}\t{text}\n"))
    skips, source = Skips(), source_of(folder)
    pairs = pairs_of(source, read_captions(tmp_path / "t.tsv"), "train", skips)
    kept = pack(source, pairs, tmp_path / "out.bin", skips)
    opened = Pack.open(tmp_path / "out.bin")
    assert opened.files == tuple(pair.name for pair in kept)
    assert len(opened.pixels) == 5
    assert np.array_equal(opened.pixels[4], square(photos[5].path.read_bytes(), 160, ""))
    assert "1 unreadable (first: photo-00001.jpg is no photo" in str(skips)


def test_a_pack_never_writes_over_a_table_of_captions(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    table = tmp_path / "holidays.tsv"
    table.write_text(lines(photos, "{file}\t{text}\n"))
    before = table.read_text()
    source, skips = source_of(photos[0].path.parent), Skips()
    pairs = pairs_of(source, read_captions(table), "train", skips)
    with pytest.raises(BadData, match=r"holidays\.tsv is there and is no pack's"):
        pack(source, pairs, tmp_path / "holidays.bin", skips)
    assert table.read_text() == before
    pack(source, pairs, tmp_path / "other.bin", skips)
    pack(source, pairs[:2], tmp_path / "other.bin", skips)  # a pack may be made anew
    assert len(Pack.open(tmp_path / "other.bin").pixels) == 2


def shard(path: Path, photos: list[DrawnPhoto], sidecar: str = "txt") -> Path:
    with tarfile.open(path, "w") as file:
        for photo in photos:
            text = photo.sentence
            data = json.dumps({"caption": text}) if sidecar == "json" else text
            for suffix, content in (("jpg", photo.path.read_bytes()), (sidecar, data.encode())):
                entry = tarfile.TarInfo(f"{photo.path.stem}.{suffix}")
                entry.size = len(content)
                file.addfile(entry, BytesIO(content))
    return path


def test_shards_give_every_pair_once_an_epoch(photos: list[DrawnPhoto], tmp_path: Path) -> None:
    paths = [shard(tmp_path / "0.tar", photos[:3]), shard(tmp_path / "1.tar", photos[3:], "json")]
    skips = Skips()
    first, second = islice(Shards(paths, 0, skips).batches(6), 2)
    assert sorted(first.captions) == sorted(photo.sentence for photo in photos)
    assert sorted(second.captions) == sorted(first.captions)
    assert second.captions != first.captions, "each epoch is shuffled anew"
    assert first.pixels.shape == (6, 160, 160, 3)
    by_text = {photo.sentence: photo.path.read_bytes() for photo in photos}
    for pixels, text in zip(first.pixels, first.captions, strict=True):
        assert np.array_equal(pixels, square(by_text[text], 160, ""))
    assert not skips


def test_a_run_over_shards_goes_on_where_it_was(photos: list[DrawnPhoto], tmp_path: Path) -> None:
    paths = [shard(tmp_path / "0.tar", photos[:3]), shard(tmp_path / "1.tar", photos[3:])]
    whole = list(islice(Shards(paths, 7, Skips()).batches(2), 5))
    later = list(islice(Shards(paths, 7, Skips()).batches(2, first=3), 2))
    assert [batch.captions for batch in later] == [batch.captions for batch in whole[3:]]


def test_a_missing_shard_is_named_before_anything_is_read(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"not there: .*gone\.tar"):
        Shards([tmp_path / "gone.tar"], 0, Skips())


def test_a_truncated_shard_gives_what_it_has_and_is_counted(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    whole, cut = shard(tmp_path / "whole.tar", photos[:3]), shard(tmp_path / "cut.tar", photos[3:])
    first_end = 512 * 4 + 512 * -(-len(photos[3].path.read_bytes()) // 512)
    cut.write_bytes(cut.read_bytes()[: first_end - 512 + 700])
    skips = Skips()
    (batch,) = islice(Shards([whole, cut], 0, skips).batches(4), 1)
    assert set(batch.captions) == {photo.sentence for photo in photos[:4]}
    assert "broken shards" in str(skips)
    assert "cut.tar" in str(skips)


def test_a_shard_that_holds_nothing_is_no_endless_search(tmp_path: Path) -> None:
    (tmp_path / "empty.tar").write_bytes(b"")
    with pytest.raises(BadData, match=r"empty\.tar: no sample can be read"):
        next(Shards([tmp_path / "empty.tar"], 0, Skips()).batches(2))


def test_a_broken_photo_in_a_shard_leaves_no_gap_in_its_batch(
    photos: list[DrawnPhoto], tmp_path: Path
) -> None:
    bad = tmp_path / "bad.jpg"
    bad.write_bytes(b"no photo")
    some = [*photos[:3], DrawnPhoto(bad, "broken", photos[0].taken)]
    skips = Skips()
    batch = next(Shards([shard(tmp_path / "0.tar", some)], 0, skips).batches(4))
    assert len(batch.captions) == 4
    assert sorted(batch.owner.tolist()) == [0, 0, 1, 2]
    assert "1 unreadable (first: bad in 0.tar" in str(skips)


def test_batches_drawn_ahead_are_those_drawn_when_asked_for() -> None:
    drawn: list[int] = []

    def draw(step: int) -> int:
        drawn.append(step)
        return step * 10

    with Ahead(draw, steps=7, depth=2) as ahead:
        assert [ahead(step) for step in range(3, 7)] == [30, 40, 50, 60]
    assert sorted(drawn) == [3, 4, 5, 6], "each once, and none beyond the last"


def test_what_goes_wrong_ahead_is_raised_at_its_step() -> None:
    def draw(step: int) -> int:
        if step == 2:
            raise BadData("photo 2 is broken")
        return step

    with Ahead(draw, steps=5, depth=3) as ahead:
        assert [ahead(0), ahead(1)] == [0, 1]
        with pytest.raises(BadData, match="photo 2"):
            ahead(2)
