"""The figures of proven exports: kept, read again, and set into a page; what failed is named."""

from dataclasses import replace
from pathlib import Path

import pytest

from models.errors import BadData
from models.prove_export import ARCHITECTURES, exportable_of
from models.prove_export_table import BEGIN, END, Faults, Proof, Row, put_into, table_of

ROW = Row(
    way="Core ML, rounded to float16",
    operations=(63, 59),
    size_bytes=1_640_000,
    export_s=12.4,
    run_s=4.2,
    worst=(0.999978, 0.999987),
    top_10=0.997,
    largest=(255.0, 30009.2),
    complaints=(),
)
SEEN = Faults(planted=23, refused=3, least_seen=0.93, hardest="text: bias, sign", unseen=())
PROOF = Proof("RN50", (0.1, 0.01), (ROW,), SEEN)


def test_figures_are_read_as_they_were_kept(tmp_path: Path) -> None:
    for proof in (PROOF, replace(PROOF, faults=None, rows=(replace(ROW, largest=None),))):
        proof.write(tmp_path)
        assert Proof.read(tmp_path / "RN50.json") == proof


def test_a_row_of_the_table_has_every_figure() -> None:
    assert (
        "| RN50 | Core ML, rounded to float16 | 63 + 59 | 1.6 | 12 | 4 | 0.100, 0.010 "
        "| 0.999978, 0.999987 | 0.9970 | 255, 30,009 |"
    ) in table_of([PROOF])
    assert "| RN50 | 23 | 20 | 3 | 0.9300: `text: bias, sign` |" in table_of([PROOF])


def test_tables_replace_older_ones_in_the_page_and_nothing_else(tmp_path: Path) -> None:
    page, figures = tmp_path / "page.md", tmp_path / "figures"
    page.write_text(f"before\n{BEGIN}\nolder\n{END}\nafter\n", encoding="utf-8")
    PROOF.write(figures)
    replace(PROOF, architecture="tiny-vit").write(figures)
    for _ in range(2):
        put_into(page, figures, ARCHITECTURES)
        text = page.read_text(encoding="utf-8")
        assert text.startswith(f"before\n{BEGIN}\n| Architecture")
        assert text.endswith(f"|\n{END}\nafter\n")
        assert "older" not in text
        assert text.index("| tiny-vit |") < text.index("| RN50 |"), "ours come first"


def test_what_is_not_proven_is_named() -> None:
    assert PROOF.complaints() == []
    row = replace(ROW, complaints=("the top 10 overlap by 0.9, under 0.99",))
    faults = replace(SEEN, unseen=("image.mlpackage: norm, sign (0.9999)",))
    complaints = replace(PROOF, rows=(row,), faults=faults).complaints()
    assert complaints == [
        "RN50, Core ML, rounded to float16: the top 10 overlap by 0.9, under 0.99",
        "RN50: nobody saw image.mlpackage: norm, sign (0.9999)",
    ]


def test_an_architecture_of_which_nothing_is_promised_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(BadData, match=r"of RN500\. There are: tiny-vit"):
        exportable_of("RN500", tmp_path)
