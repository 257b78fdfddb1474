"""The report from files to figures, its page and its sheet, and what it says of bad input."""

import json
import math
from collections.abc import Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from models import report
from models.captioned import captioned
from models.contact_sheet import BEST, TILE, contact_sheet
from models.drawn import draw_folder
from models.labelled import Labelled, from_folders, from_table
from models.page import number
from models.pair_accuracy import pair_accuracy
from models.photo_files import source_of
from models.photo_vectors import encode_photos, encode_texts
from models.sentence_pairs import Kinds, Pair, read_pairs
from models.word_search import word_search
from models.zero_shot import zero_shot
from tests.fakes import ColourEncoder

RGB = {"red": (250, 20, 20), "green": (20, 250, 20), "blue": (20, 20, 250)}
PAIRS = (
    "bench\tsubset\timage\tpositive\tnegative\n"
    "valse\tfoil-it\tred/0.png\ta red thing\ta blue thing\n"
    "valse\tplurals\tgreen/0.png\ta blue thing\ta green thing\n"
    "negclip\t-\tblue/0.png\tblue stones\t['red stones', 'green stones']\n"
    "vsr\tabove\tred/0.png\tred is above\tlabel=1\n"
    "vsr\tabove\tblue/0.png\tred is above all\tlabel=0\n"
)


@pytest.fixture
def pool() -> Iterator[Executor]:
    with ThreadPoolExecutor(2) as threads:
        yield threads


@pytest.fixture
def colours(tmp_path: Path) -> Path:
    """Three photos of each of three colours, a folder a colour, and one file that is no photo."""
    for name, rgb in RGB.items():
        (tmp_path / "colours" / name).mkdir(parents=True)
        for shift in range(3):
            shade = tuple(abs(part - 8 * shift) for part in rgb)
            picture = Image.new("RGB", (48, 36), shade)
            picture.save(tmp_path / "colours" / name / f"{shift}.png")
    (tmp_path / "colours" / "red" / "broken.jpg").write_bytes(b"no photo")
    return tmp_path / "colours"


@pytest.fixture
def captions(colours: Path) -> Path:
    path = colours.parent / "captions.tsv"
    path.write_text("".join(f"{c}/{n}.png\ta {c} wall\n" for c in RGB for n in range(3)))
    return path


@pytest.fixture
def pairs(colours: Path) -> Path:
    path = colours.parent / "pairs.tsv"
    path.write_text(PAIRS)
    return path


def test_pairs_are_read_with_their_kinds(pairs: Path) -> None:
    read, statements = read_pairs(pairs)
    assert [pair.kind for pair in read] == ["objects", "counting", "attributes", "attributes"]
    assert [pair.row for pair in read] == [0, 1, 2, 2]
    assert [(one.kind, one.is_true) for one in statements] == [
        ("position", True),
        ("position", False),
    ]
    kinds = Kinds.read()
    assert kinds.kind_of_pair("negclip", "-", "a man on a horse", "a horse on a man") == "relations"
    assert kinds.kind("a new bench", "any") == "other"


def test_pairs_are_judged_by_their_photo(colours: Path, pairs: Path, pool: Executor) -> None:
    found = pair_accuracy(ColourEncoder(), source_of(colours), *read_pairs(pairs), pool)
    by_kind = found.figures["pairs"]
    assert isinstance(by_kind, dict)
    assert by_kind["objects"]["accuracy"] == 1.0
    assert by_kind["counting"]["accuracy"] == 0.0
    assert by_kind["attributes"]["pairs"] == 2
    statements = found.figures["statements"]
    assert isinstance(statements, dict)
    assert statements["position"]["accuracy"] == 1.0
    assert [len(group) for group in found.examples.values()] == [3, 4, 1]


def test_a_pair_without_its_photo_is_left_out_and_counted(colours: Path, pool: Executor) -> None:
    there = Pair(0, "b", "s", "red/0.png", "red", "blue", "objects")
    gone = Pair(1, "b", "s", "gone.png", "red", "blue", "objects")
    found = pair_accuracy(ColourEncoder(), source_of(colours), [there, gone], [], pool)
    assert (found.figures["photos"], found.figures["left_out"]) == (1, 1)


def test_colours_are_classified_and_searched_and_the_broken_photo_counted(
    colours: Path, pool: Executor
) -> None:
    source = source_of(colours)
    classes = zero_shot(ColourEncoder(), source, from_folders(source), pool)
    assert (classes.figures["photos"], classes.figures["left_out"]) == (9, 1)
    assert "red/broken.jpg" in str(classes.figures["first_left_out"])
    plain = classes.figures["plain"]
    assert isinstance(plain, dict)
    assert plain["top1"] == 1.0
    words = word_search(ColourEncoder(), source, from_folders(source), pool)
    found = words.figures["plain"]
    assert found == dict.fromkeys(("blue", "green", "red", "mean over words"), 1 / 3)
    first = words.examples["The first 20"][0].photos[:3]
    assert [one.is_right for one in first] == [True] * 3


def test_captions_of_equal_photos_are_equally_hard(colours: Path, pool: Executor) -> None:
    rows = [Labelled(f"{c}/0.png", f"a {c} wall") for c in RGB]
    retrieval, shape = captioned(ColourEncoder(), source_of(colours), rows, pool)
    assert retrieval.figures["text_to_photo"] == {
        **{f"R@{k}": 1.0 for k in (1, 5, 10)},
        "median_rank": 1.0,
    }
    assert len(retrieval.examples["Best"]) == 3
    assert retrieval.examples["Confidently wrong"] == ()
    assert set(shape.figures) >= {"gap", "temperature", "histogram"}


def test_photos_and_sentences_come_back_in_order(tmp_path: Path, pool: Executor) -> None:
    photos = draw_folder(tmp_path / "many", 70, size=(48, 36))
    encoder, source = ColourEncoder(), source_of(tmp_path / "many")
    names = [photo.path.name for photo in photos]
    together = encode_photos(encoder, source, names, pool)
    assert list(together.names) == names
    for at in (0, 33, 69):
        alone = encode_photos(encoder, source, [names[at]], pool)
        assert together.vectors[at] == pytest.approx(alone.vectors[0], abs=1e-6)
    sentences = [f"{colour} {n}" for n in range(200) for colour in RGB]
    assert np.array_equal(encode_texts(encoder, sentences, pool), encoder.texts(sentences))


def test_a_sheet_has_a_row_of_ten_for_each_query(colours: Path, pool: Executor) -> None:
    sheet = contact_sheet(ColourEncoder(), source_of(colours), ["red", "blue"], pool)
    assert sheet.width > BEST * TILE
    half = sheet.height // 2
    first = [sheet.getpixel((TILE // 2, half * row + half // 2)) for row in (0, 1)]
    near = [min(RGB, key=lambda c: math.dist(RGB[c], pixel[:3])) for pixel in first]  # type: ignore
    assert near == ["red", "blue"]


class Reader(HTMLParser):
    """Checks that every tag is closed, and keeps the text and where pictures come from."""

    VOID = frozenset({"meta", "img"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.sources: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.sources += [value or "" for name, value in attrs if name in ("src", "href")]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """An empty element of a drawing: opened and closed at once."""

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def leaves(figures: object) -> Iterator[float]:
    if isinstance(figures, dict):
        for key, value in figures.items():
            if key != "histogram":
                yield from leaves(value)
    elif isinstance(figures, float):
        yield figures


def test_the_page_holds_every_figure_of_the_json_and_needs_no_other_file(
    colours: Path, captions: Path, pairs: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    page = colours.parent / "report.html"
    asked = ["--retrieval", str(colours), str(captions), "--pairs", str(colours), str(pairs)]
    asked += ["--zero-shot", str(colours), "--events", str(colours)]
    assert report.main([*asked, "--json", "--page", str(page)], ColourEncoder()) == 0
    result = json.loads(capsys.readouterr().out)
    assert set(result) == {"encoder", "retrieval", "space", "zero_shot", "pairs", "events"}
    reader = Reader()
    reader.feed(page.read_text("utf-8"))
    assert reader.open == []
    assert reader.sources
    assert all(source.startswith("data:image/jpeg;base64,") for source in reader.sources)
    text = " ".join(reader.text)
    missing = {number(value) for value in leaves(result) if number(value) not in text}
    assert missing == set()
    assert "prefers-color-scheme: dark" in page.read_text("utf-8")


def test_words_of_strangers_cannot_break_the_page(colours: Path) -> None:
    table, page = colours.parent / "captions.tsv", colours.parent / "report.html"
    table.write_text('red/0.png\tred <script>alert("&")</script>\n')
    assert (
        report.main(["--retrieval", str(colours), str(table), "--page", str(page)], ColourEncoder())
        == 0
    )
    assert "<script" not in page.read_text("utf-8")


def test_figures_are_printed_for_people_and_the_sheet_is_written(
    colours: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (colours / "classes.tsv").write_text("red/0.png\tred\nblue/1.png\tblue\n")
    sheet = colours.parent / "sheet.png"
    asked = ["--zero-shot", str(colours / "classes.tsv"), "--out", str(sheet)]
    assert report.main([*asked, "--sheet", str(colours), "red"], ColourEncoder()) == 0
    assert "plain: top1 1.000" in capsys.readouterr().out
    with Image.open(sheet) as picture:
        assert picture.format == "PNG"


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (["--events", "nowhere"], "nowhere"),
        (["--retrieval", "{here}", "gone.tsv"], "gone.tsv"),
        (["--retrieval", "{here}", "{here}/short.tsv"], "line 2"),
        (["--retrieval", "{here}", "{here}/strangers.tsv"], "None of the 1 photos"),
        (["--pairs", "{here}", "{here}/strangers.tsv"], "strangers.tsv"),
        (["--events", "{here}/red"], "no folders"),
    ],
)
def test_bad_input_is_named_in_one_sentence(
    colours: Path, asked: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    (colours / "short.tsv").write_text("red/0.png\tred\nblue\n")
    (colours / "strangers.tsv").write_text("unknown.png\ta\n")
    assert report.main([part.format(here=colours) for part in asked], ColourEncoder()) == 1
    message = capsys.readouterr().err
    assert said in message
    assert "Traceback" not in message


@pytest.mark.parametrize(
    "asked", [[], ["--sheet", "photos"], ["--events", ".", "--page", "nowhere/at/all.html"]]
)
def test_wrong_usage_ends_with_status_two_before_any_work(asked: list[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        report.main(asked, ColourEncoder())
    assert ended.value.code == 2


def test_quotes_in_a_table_are_letters_like_any_other(tmp_path: Path) -> None:
    path = tmp_path / "captions.tsv"
    path.write_text('1.jpg\ta sign "STOP\r\n\n2.jpg\t\n3.jpg\tit\'s "red"\n', encoding="utf-8")
    assert [row.words for row in from_table(path)] == ['a sign "STOP', 'it\'s "red"']
