"""Tokenizers of other makers: the tokens are those that open_clip's own classes give."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from tokenizers import Tokenizer as Inner
from tokenizers import models, normalizers, pre_tokenizers, processors, trainers

from models.cleaning import Way, cleaned
from models.errors import BadEncoder
from models.pretrained import open_clip
from models.spec import TextSpec
from models.tokenizer import Tokenizer
from models.tokenizer_choice import tokenizer_of
from models.tokenizers_json import JsonTokenizer
from models.train_tokenizer import learn

LENGTH = 12
PAD, END, UNKNOWN = 0, 1, 2
CAPTIONS = ["a dog runs on the grass", "two dogs on a beach", "日本語 собака café"] * 3
ODD = (
    *("", " ", "a dog", "A  DOG, on_the Beach!", "dog " * 40, "two dogs' \t\n grass", "'", "..."),
    *(
        "CafÃ© &amp;amp; bar",
        "&lt;end&gt; <end> <pad>",
        "日本語の犬",
        "собака",
        "👩‍👩‍👧 🎂",
        "İ ẞ ﬁ Ⅷ",
    ),
    *("x" * 300, "\x00\x85\xa0\u2028", "e\u0301", "\ufeffdog", "don't WE'LL", "_a__b_", "“q” – …"),
)


def trained(path: Path, kind: str) -> Path:
    """A tiny tokenizer.json with an end token, as SigLIP's: of bytes, or of sentence pieces."""
    marks = ["<pad>", "<end>", "<unk>"]
    trainer: trainers.Trainer
    if kind == "bytes":
        inner = Inner(models.BPE(unk_token="<unk>"))
        inner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        letters = pre_tokenizers.ByteLevel.alphabet()
        trainer = trainers.BpeTrainer(
            vocab_size=350, special_tokens=marks, initial_alphabet=letters, show_progress=False
        )
    else:
        inner = Inner(models.Unigram())
        inner.pre_tokenizer = pre_tokenizers.Metaspace()
        trainer = trainers.UnigramTrainer(
            vocab_size=60, special_tokens=marks, unk_token="<unk>", show_progress=False
        )
    inner.normalizer = normalizers.NFKC()
    inner.train_from_iterator(CAPTIONS, trainer)
    inner.post_processor = processors.TemplateProcessing(
        single="$A <end>", special_tokens=[("<end>", END)]
    )
    inner.save(str(path))
    return path


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return trained(tmp_path_factory.mktemp("tokenizer") / "tokenizer.json", "bytes")


def test_a_row_is_tokens_end_and_filling(path: Path) -> None:
    tokenizer = JsonTokenizer.read(path, PAD, "canonicalize")
    (row,) = tokenizer.batch(["A dog!"], LENGTH)
    assert row.dtype == np.int64
    (at,) = np.flatnonzero(row == END)
    assert set(row[at + 1 :]) == {PAD}
    (long,) = tokenizer.batch(["dog " * 40], LENGTH)
    assert long[-1] == END


def test_filling_may_be_any_token_and_lie_left(path: Path, tmp_path: Path) -> None:
    inner = Inner.from_file(str(path))
    inner.enable_padding(direction="left", pad_id=7, pad_token="<pad>")
    inner.save(str(tmp_path / "left.json"))
    (row,) = JsonTokenizer.read(tmp_path / "left.json", 7, "lower").batch(["dog"], LENGTH)
    assert row[0] == 7
    assert row[-1] == END


def test_half_a_character_is_a_question_mark(path: Path) -> None:
    tokenizer = JsonTokenizer.read(path, PAD, "none")
    broken, asked = tokenizer.batch(["dog \ud800", "dog ?"], LENGTH)
    assert np.array_equal(broken, asked)


def test_a_file_that_is_no_tokenizer_is_refused_by_its_name(tmp_path: Path) -> None:
    for content in (b"", b"{}", b"\xff\xfe", b'{"model": {"type": "Nonsense"}}'):
        (tmp_path / "tokenizer.json").write_bytes(content)
        with pytest.raises(BadEncoder, match=r"tokenizer\.json is no tokenizer\.json"):
            JsonTokenizer.read(tmp_path / "tokenizer.json", PAD, "none")
    with pytest.raises(BadEncoder, match="absent"):
        JsonTokenizer.read(tmp_path / "absent", PAD, "none")


def test_the_manifest_says_whose_tokenizer_it_is(path: Path, tmp_path: Path) -> None:
    Tokenizer(learn(CAPTIONS, 9)).write(tmp_path / "own")
    (tmp_path / "tokenizer.json").write_bytes(path.read_bytes())
    own = tokenizer_of(tmp_path, TextSpec(8, "own", "", "", ("LATIN",)))
    assert isinstance(own, Tokenizer)
    of_others = TextSpec(8, "tokenizer.json", "", "", ("ANY",), kind="tokenizers", pad=7)
    assert tokenizer_of(tmp_path, of_others).batch([""], 3).tolist() == [[END, 7, 7]]
    with pytest.raises(BadEncoder, match="own is not CLIP's table"):
        tokenizer_of(tmp_path, TextSpec(8, "own", "", "", ("LATIN",), kind="clip"))


def test_reading_a_tokenizer_loads_nothing_that_knows_the_network(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from models.tokenizers_json import JsonTokenizer\n"
        "JsonTokenizer.read(Path(sys.argv[1]), 0, 'lower').batch(['a dog'], 8)\n"
        "print({'socket', 'ssl', 'http', 'huggingface_hub', 'transformers'} & set(sys.modules))"
    )
    home = Path(__file__).resolve().parent.parent
    done = subprocess.run(
        [sys.executable, "-c", code, str(path)],
        cwd=home,
        env={**os.environ, "PYTHONPATH": str(home)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == "set()"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["bytes", "pieces"])
@pytest.mark.parametrize("way", ["lower", "canonicalize", "whitespace"])
def test_tokens_are_those_of_open_clip_s_wrapper(tmp_path: Path, kind: str, way: Way) -> None:
    path = trained(tmp_path / "tokenizer.json", kind)
    theirs = wrapper(path, tmp_path, way)
    ours = JsonTokenizer.read(path, PAD, way).batch(ODD, LENGTH)
    assert np.array_equal(ours, theirs(list(ODD), LENGTH).numpy())


@pytest.mark.slow
def test_tokens_are_those_of_open_clip_s_wrapper_for_siglip(path: Path, tmp_path: Path) -> None:
    kind = open_clip().tokenizer.SigLipTokenizer
    theirs = kind.__new__(kind)  # its own start asks the network
    theirs.tokenizer = wrapper(path, tmp_path, "lower").tokenizer
    ours = JsonTokenizer.read(path, PAD, "canonicalize").batch(ODD, LENGTH)
    assert np.array_equal(ours, theirs(list(ODD), LENGTH).numpy())


@pytest.mark.slow
@pytest.mark.parametrize("way", ["lower", "canonicalize", "whitespace"])
def test_sentences_are_cleaned_as_open_clip_cleans_them(way: Way) -> None:
    theirs = open_clip().tokenizer.get_clean_fn(way)
    assert [text for text in ODD if cleaned(text, way) != theirs(text)] == []


def wrapper(path: Path, folder: Path, way: Way) -> Any:
    """open_clip's own HFTokenizer over the same file."""
    from transformers import PreTrainedTokenizerFast

    kind: Any = PreTrainedTokenizerFast  # has no types
    fast = kind(
        tokenizer_file=str(path),
        pad_token="<pad>",
        eos_token="<end>",
        unk_token="<unk>",
    )
    fast.save_pretrained(folder / "theirs")
    return open_clip().tokenizer.HFTokenizer(
        str(folder / "theirs"), context_length=LENGTH, clean=way
    )
