"""The towers of the paper, at tiny size and alone."""

from dataclasses import replace

import pytest
import torch
from torch import Tensor

from models.errors import BadData
from models.openai_names import TEXT, VIT, copy_in, their_name
from models.sizes import SIZES, build, size_of, weights_of
from models.towers import TwoTowers

START, END = 598, 599
DOG = [START, 7, 8, 9, END]


@pytest.fixture(params=["tiny-vit", "tiny-resnet"])
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def tiny(name: str) -> TwoTowers:
    torch.manual_seed(0)
    return build(size_of(name)).eval()


def pictures(clip: TwoTowers, count: int) -> Tensor:
    """(count, 3, s, s) uint8 noise of the side that the tower wants."""
    side = 32 if hasattr(clip.image_tower, "patches") else 64
    chance = torch.Generator().manual_seed(1)
    return torch.randint(0, 256, (count, 3, side, side), dtype=torch.uint8, generator=chance)


def padded(*rows: list[int], length: int = 16) -> Tensor:
    return torch.tensor([row + [0] * (length - len(row)) for row in rows])


def their_state(clip: TwoTowers) -> dict[str, Tensor]:
    """The weights of a tiny ViT as open_clip would name and turn them."""
    state = {}
    for ours, value in clip.state_dict().items():
        theirs = their_name(ours, TEXT | VIT)
        state[theirs.removesuffix(".T")] = (value.T if theirs.endswith(".T") else value).clone()
    return state


def test_both_halves_give_unit_rows_of_one_space(name: str) -> None:
    clip = tiny(name)
    for rows in (clip.images(pictures(clip, 3)), clip.texts(padded(DOG, [START, END], DOG))):
        assert rows.shape == (3, 64)
        assert rows.dtype == torch.float32
        torch.testing.assert_close(rows.norm(dim=1), torch.ones(3))


def test_a_loss_reaches_every_weight(name: str) -> None:
    clip = tiny(name).train()
    similar = clip.scale() * clip.images(pictures(clip, 2)) @ clip.texts(padded(DOG, DOG[1:])).T
    similar.sum().backward()  # type: ignore[no-untyped-call]  # torch has no types here
    assert [name for name, weight in clip.named_parameters() if weight.grad is None] == []


def test_a_picture_of_bytes_is_a_picture_of_floats_and_a_batch_is_its_rows(name: str) -> None:
    clip = tiny(name)
    batch = pictures(clip, 3)
    want = clip.images(batch)
    torch.testing.assert_close(clip.images(batch.float()), want)
    torch.testing.assert_close(torch.cat([clip.images(one[None]) for one in batch]), want)


def test_what_stands_behind_the_end_of_a_sentence_changes_nothing() -> None:
    clip = tiny("tiny-vit")
    want = clip.texts(padded(DOG, length=5))
    torch.testing.assert_close(clip.texts(padded(DOG)), want)
    torch.testing.assert_close(clip.texts(padded([*DOG, 3, 4, 5])), want)
    assert not torch.allclose(clip.texts(padded([START, 7, 8, 10, END])), want)


def test_a_patch_counts_and_so_does_its_place() -> None:
    clip = tiny("tiny-vit")
    picture = pictures(clip, 1)
    elsewhere = picture.roll(8, dims=3)  # the same patches, each one place to the right
    assert not torch.allclose(clip.images(picture), clip.images(elsewhere), atol=1e-3)


def test_the_scale_starts_where_clip_s_does_and_stops_at_a_hundred() -> None:
    clip = tiny("tiny-vit")
    assert float(clip.scale().detach()) == pytest.approx(1 / 0.07)
    clip.log_scale.data.fill_(9.0)
    assert float(clip.scale().detach()) == pytest.approx(100.0)


@pytest.mark.parametrize(
    ("named", "count"),
    [("ViT-B-32", 151_277_313), ("ViT-B-16", 149_620_737), ("RN50", 102_007_137)],
)
def test_the_sizes_of_the_paper_learn_as_many_numbers_as_the_paper_s(
    named: str, count: int
) -> None:
    assert weights_of(SIZES[named]) == count
    assert weights_of(SIZES[f"{named}-quickgelu"]) == count


def test_every_size_has_two_towers() -> None:
    with torch.device("meta"):
        for named, size in SIZES.items():
            clip = build(size)
            assert clip.image_projection.out_features == size.dimension, named
            assert clip.text_projection.out_features == size.dimension, named


def test_a_size_that_is_not_there_is_answered_with_those_that_are() -> None:
    with pytest.raises(BadData, match=r"no size huge.*tiny-vit.*RN50"):
        size_of("huge")


def test_weights_are_copied_in_by_name() -> None:
    source, clip = tiny("tiny-vit"), build(SIZES["tiny-vit"]).eval()
    copy_in(clip, their_state(source))
    torch.testing.assert_close(clip.texts(padded(DOG)), source.texts(padded(DOG)))


def test_weights_of_another_model_are_refused_by_name_and_nothing_is_changed() -> None:
    clip = tiny("tiny-vit")
    state = their_state(clip) | {"visual.extra": torch.zeros(1)}
    del state["ln_final.bias"]
    state["visual.proj"] = torch.zeros(64, 7)
    before = {key: value.clone() for key, value in clip.state_dict().items()}
    with pytest.raises(BadData) as caught:
        copy_in(clip, state)
    message = str(caught.value)
    assert "ln_final.bias is missing" in message
    assert "visual.proj is (64, 7) and should be (64, 64)" in message
    assert "visual.extra has no place" in message
    assert all(torch.equal(before[key], value) for key, value in clip.state_dict().items())


def test_weights_of_a_deeper_tower_are_refused() -> None:
    size = SIZES["tiny-vit"]
    deeper = build(replace(size, text=replace(size.text, layers=3)))
    with pytest.raises(BadData, match=r"transformer\.resblocks\.2\..*has no place.*and 7 more"):
        copy_in(build(size), their_state(deeper))


def test_nobody_else_has_weights_for_the_tower_of_the_default_encoder() -> None:
    with torch.device("meta"):
        clip = build(SIZES["default"])
    with pytest.raises(BadData, match="ImageTower"):
        copy_in(clip, {})
