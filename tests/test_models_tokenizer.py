"""The tokenizer: any text has tokens, and they lead back to it."""

from collections import Counter
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some

from models.errors import BadEncoder
from models.tokenizer import Tokenizer, clean, merge, spell, words
from models.train_tokenizer import learn, sentences

CAPTIONS = ["a dog runs on the grass", "two dogs on a beach", "the dog and the cat"] * 3


@pytest.fixture(scope="module")
def tokenizer() -> Tokenizer:
    return Tokenizer(learn(CAPTIONS, 40))


def test_frequent_words_become_one_token(tokenizer: Tokenizer) -> None:
    assert len(tokenizer.encode("dog")) == 1
    assert len(tokenizer.encode("zebra")) > 1


def test_case_and_white_space_make_no_difference(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("  The\tDOG\n") == tokenizer.encode("the dog")


def test_accents_have_one_spelling(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("cafe\u0301") == tokenizer.encode("caf\u00e9")


@given(text=some.text())
def test_any_text_has_tokens_that_lead_back_to_it(text: str) -> None:
    tokenizer = Tokenizer(learn(CAPTIONS, 40))
    numbers = tokenizer.encode(text)
    assert all(0 <= number < tokenizer.start for number in numbers)
    spaced = " ".join(words(text)).encode("utf-8", "replace").decode()
    assert tokenizer.decode(numbers) == spaced


@pytest.mark.parametrize(
    "text", ["犬が走る", "собака на пляже", "👩‍👩‍👧 🎂", "كلب", "a\u0000b", "\ud800", "ﬁne ½ ² _"]
)
def test_odd_scripts_have_tokens(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.encode(text)


def test_a_row_is_start_tokens_end_and_zeros(tokenizer: Tokenizer) -> None:
    (row,) = tokenizer.batch(["dog"], 5).tolist()
    assert row == [tokenizer.start, *tokenizer.encode("dog"), tokenizer.end, 0, 0]


def test_what_is_too_long_keeps_its_end_token(tokenizer: Tokenizer) -> None:
    (row,) = tokenizer.batch(["dog " * 100], 6)
    assert row[0] == tokenizer.start
    assert row[-1] == tokenizer.end
    assert row.argmax() == 5


def test_nothing_at_all_is_start_and_end(tokenizer: Tokenizer) -> None:
    assert tokenizer.batch([""], 4).tolist() == [[tokenizer.start, tokenizer.end, 0, 0]]


def test_a_written_tokenizer_reads_the_same(tokenizer: Tokenizer, tmp_path: Path) -> None:
    tokenizer.write(tmp_path / "table")
    again = Tokenizer.read(tmp_path / "table")
    assert again.encode("the dogs of 2019 犬") == tokenizer.encode("the dogs of 2019 犬")
    assert again.size == tokenizer.size


def test_the_same_captions_give_the_same_merges_in_any_order() -> None:
    assert learn(CAPTIONS, 40) == learn(reversed(CAPTIONS), 40)


def test_merges_are_those_of_a_slow_and_plain_learner() -> None:
    spelled = [spell(word) for caption in CAPTIONS for word in words(caption)]
    plain = []
    for _ in range(12):
        counts = Counter(pair for parts in spelled for pair in pairwise(parts))
        best = min(counts, key=lambda pair: (-counts[pair], pair))
        plain.append(best)
        spelled = [merge(parts, best) for parts in spelled]
    assert learn(CAPTIONS, 12) == plain


def test_a_table_that_is_none_is_refused(tmp_path: Path) -> None:
    for content in ("", "hello\n", "#sightword-bpe 1\nzz zz\n", "#sightword-bpe 1\n61\n"):
        (tmp_path / "table").write_text(content)
        with pytest.raises(BadEncoder, match="table"):
            Tokenizer.read(tmp_path / "table")


def test_only_training_rows_of_a_table_are_read(tmp_path: Path) -> None:
    table = tmp_path / "captions.tsv"
    table.write_text("a.jpg\ttrain\ta dog\nb.jpg\tdev\ta cat\n")
    assert list(sentences(table)) == ["a dog"]


def test_cleaning_gives_lower_case_and_single_spaces() -> None:
    assert clean(" Birthday   CAKE\n") == "birthday cake"
