"""Ours is CLIP: with the same weights it gives what open_clip gives, and cuts words as it does.

`make check-all CAPTIONS=captions.txt.gz` also compares the tokens of 100,000 lines of a file.
"""

import gzip
import os
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import torch
from torch import Tensor, nn

from models.clip_bpe import MERGES, ClipTokenizer
from models.drawn import draw
from models.errors import BadEncoder
from models.openai_names import copy_in
from models.pixels import CLIP_MEAN, CLIP_STD
from models.pretrained import clip_table, open_clip
from models.sizes import SIZES, Size, build
from models.text_tower import TextConfig
from models.vit import VitConfig

CAPTIONS = os.environ.get("CAPTIONS")  # a file of captions, a line each, .txt or .txt.gz
MANY = 100_000
LARGEST_ERROR = 1e-5  # of any number, before and after rows are made unit rows
LARGEST_COSINE = 0.95  # between two pictures: encoders that see no difference agree on anything

ODD = (
    *("<end_of_text>", "<start_of_text>", "<|endoftext|>", "<ſtart_of_text>", "</w>", "<br/>"),
    *("don't", "WE'LL", "it'ſ", "'S", "’ve", "''", "rock'n'roll", "#tag", "@me", "_", "__a_b"),
    *("&amp;lt;b&gt;", "&nbsp;", "&eacute;", "&", "&#x80;", "12345", "3.14", "Ⅷ", "²", "½", "٣"),
    *("CafÃ©", "â€œquoteâ€\x9d", "ﬁ", "ｆｕｌｌ", "é", "e\u0301", "İ", "ẞ", "\u212a", "ꟑ"),
    *(
        "日本語",
        "नमस्ते",
        "مرحبا",
        "ไทย",
        "👩‍👩‍👧",
        "🏽",
        "\U0003ffff",
        "\U00011fff",
        "\ufeff",
        "\u200b",
    ),
    *("\ud800", "\x00", "\x85", "\xa0", "\u2028", "\x1b[31m", "\r\n", "\t \n", "…", "—", "“", "”"),
)


@pytest.fixture(autouse=True)
def one_thread() -> Iterator[None]:
    """Sums of many threads come in another order."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tokenizer() -> ClipTokenizer:
    return ClipTokenizer.read(clip_table())


@pytest.fixture(scope="module")
def sentences() -> list[str]:
    """2,000 sentences, half of them true of a drawn picture, half spoilt in every known way."""
    chance = random.Random(0)
    plain = [draw(seed, (24, 18)).sentence for seed in range(1000)]
    return plain + [spoilt(sentence, chance) for sentence in plain]


def spoilt(sentence: str, chance: random.Random) -> str:
    ways: tuple[Callable[[str], str], ...] = (str.upper, str.title, str)
    words = [chance.choice(ways)(word) for word in sentence.split()]
    for _ in range(chance.randrange(1, 6)):
        words.insert(chance.randrange(len(words) + 1), chance.choice(ODD))
    return chance.choice(["", " ", "  "]).join(words * chance.choice([1, 1, 1, 6]))


def shake(model: nn.Module) -> None:
    """Give every layer weights of normal scale: what is zero or one at the start hides mistakes."""
    chance = torch.Generator().manual_seed(0)
    for name, weight in model.named_parameters():
        noise = torch.randn(weight.shape, generator=chance)
        if name.endswith(("proj", "text_projection")):  # matrices that stand on their side
            weight.data = noise * weight.shape[0] ** -0.5
        elif "embedding" in name:
            weight.data = noise * 0.7
        elif weight.ndim >= 2:
            weight.data = noise * weight[0].numel() ** -0.5
        elif weight.ndim == 1:
            weight.data = noise * 0.1 + (1 if is_gain(name) else 0)


def is_gain(name: str) -> bool:
    """Whether `name` is what a normalisation multiplies by."""
    layer = name.split(".")[-2]
    return name.endswith(".weight") and (layer.startswith(("ln_", "bn")) or layer == "1")


@contextmanager
def measuring(model: nn.Module) -> Iterator[None]:
    """Within, batch normalisations take mean and spread from what they see, as in training."""
    norms = [layer for layer in model.modules() if isinstance(layer, nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
        norm.train()
    yield
    model.eval()


def normalised(pixels: Tensor) -> Tensor:
    """(n, 3, s, s) uint8 -> what open_clip's towers want."""
    mean, std = (torch.tensor(values).reshape(3, 1, 1) for values in (CLIP_MEAN, CLIP_STD))
    return (pixels / 255 - mean) / std


def drawn(count: int, side: int) -> Tensor:
    """(count, 3, side, side) uint8."""
    pictures = [draw(seed, (side, side)).picture.tobytes() for seed in range(count)]
    rows = [torch.frombuffer(bytearray(row), dtype=torch.uint8) for row in pictures]
    return torch.stack(rows).reshape(count, side, side, 3).permute(0, 3, 1, 2).contiguous()


@torch.no_grad()
def assert_same(theirs: Any, size: Size, pixels: Tensor, tokens: Tensor) -> None:
    """Both models agree on every vector once ours has their weights, and tell rows apart."""
    shake(theirs.eval())
    with measuring(theirs):
        theirs.encode_image(normalised(pixels))
    ours = build(size).eval()
    copy_in(ours, theirs.state_dict())
    images = ours.image_projection(ours.image_tower(pixels)), ours.images(pixels)
    texts = ours.text_projection(ours.text_tower(tokens)), ours.texts(tokens)
    wanted = theirs.encode_image(normalised(pixels)), theirs.encode_text(tokens)
    for want, (got, rows) in zip(wanted, (images, texts), strict=True):
        unit = nn.functional.normalize(want, dim=1)
        torch.testing.assert_close(rows, unit, atol=LARGEST_ERROR, rtol=0)
        torch.testing.assert_close(got, want, atol=LARGEST_ERROR, rtol=0)
        assert float((unit @ unit.T).fill_diagonal_(0).max()) < LARGEST_COSINE
    assert float(ours.log_scale) == float(theirs.logit_scale)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["ViT-B-32", "RN50"])
def test_both_towers_give_what_open_clip_gives(
    name: str, tokenizer: ClipTokenizer, sentences: list[str]
) -> None:
    theirs = open_clip().create_model(name)
    # Two of the spoilt ones are longer than 77 tokens.
    tokens = torch.from_numpy(tokenizer.batch([*sentences[:4], *sentences[-4:]], 77))
    assert_same(theirs, SIZES[name], drawn(6, 224), tokens)


@pytest.mark.slow
def test_quick_gelu_is_open_clip_s() -> None:
    image = VitConfig(side=32, patch=8, width=64, heads=1, layers=6, activation="quick-gelu")
    text = TextConfig(600, 16, width=64, heads=2, layers=6, activation="quick-gelu")
    theirs = open_clip().CLIP(
        embed_dim=48,
        vision_cfg={"image_size": 32, "patch_size": 8, "width": 64, "head_width": 64, "layers": 6},
        text_cfg={"context_length": 16, "vocab_size": 600, "width": 64, "heads": 2, "layers": 6},
        quick_gelu=True,
    )
    chance = torch.Generator().manual_seed(0)
    pixels = torch.randint(0, 256, (4, 3, 32, 32), dtype=torch.uint8, generator=chance)
    tokens = torch.randint(1, 599, (4, 16), generator=chance)
    tokens[range(4), [3, 7, 11, 15]] = 599
    assert_same(theirs, Size(image, text, 48), pixels, tokens)


@pytest.mark.slow
def test_sentences_are_cut_as_open_clip_cuts_them(
    tokenizer: ClipTokenizer, sentences: list[str]
) -> None:
    theirs = open_clip().tokenizer.SimpleTokenizer(clip_table())
    assert (tokenizer.start, tokenizer.end) == (theirs.sot_token_id, theirs.eot_token_id)
    assert tokenizer.size == theirs.vocab_size
    assert [s for s in [*sentences, *ODD, ""] if tokenizer.encode(s) != theirs.encode(s)] == []
    batch = torch.from_numpy(tokenizer.batch(sentences, 77))
    assert int((batch[:, -1] == tokenizer.end).sum()) > 50  # cut short, and the end is kept
    assert torch.equal(batch, theirs(sentences))


@pytest.mark.slow
@pytest.mark.skipif(CAPTIONS is None, reason="no file of captions: CAPTIONS=captions.txt.gz")
def test_a_file_of_captions_is_cut_as_open_clip_cuts_it(tokenizer: ClipTokenizer) -> None:
    path = Path(str(CAPTIONS))
    content = path.read_bytes()
    if path.suffix == ".gz":
        content = gzip.decompress(content)
    captions = content.decode().split("\n")
    some = captions[:: max(len(captions) // MANY, 1)][:MANY]  # from all over: files may be sorted
    theirs = open_clip().tokenizer.SimpleTokenizer(clip_table())
    assert [s for s in some if tokenizer.encode(s) != theirs.encode(s)] == []
    print(f"{len(some)} captions: the same tokens")


def test_tokens_are_read_back_as_words(tokenizer: ClipTokenizer) -> None:
    numbers = tokenizer.encode("A  Birthday CAKE, caf\u00c3\u00a9!")
    assert tokenizer.decode(numbers) == "a birthday cake , café !"


def test_a_table_that_is_not_clip_s_is_refused_by_its_name(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.txt.gz"
    for content in (
        b"no gzip at all",
        gzip.compress(b"header\n" + b"i n\n" * 9),
        gzip.compress(b"header\n" + b"in\n" * MERGES),
        gzip.compress(b"header\n" + b"\xff n\n" * MERGES),
        gzip.compress(b"header\n" + b"i n\n" * MERGES)[:-9],
    ):
        wrong.write_bytes(content)
        with pytest.raises(BadEncoder, match=r"wrong\.txt\.gz is not CLIP's table"):
            ClipTokenizer.read(wrong)
    with pytest.raises(BadEncoder, match="absent"):
        ClipTokenizer.read(tmp_path / "absent.gz")
