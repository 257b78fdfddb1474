"""Keep the figures of proven exports, and set them as tables in a page.

A run writes one file of figures for each architecture; the page is made of all that are there.
"""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

BEGIN, END = "<!-- figures: made by `make prove-export` -->", "<!-- end of figures -->"


@dataclass(frozen=True, slots=True)
class Row:
    """One way to write an encoder down, and how it fared. Pairs are of photos and sentences."""

    way: str
    operations: tuple[int, int]
    size_bytes: int
    export_s: float
    run_s: float  # 200 photos and 200 sentences, on one core
    worst: tuple[float, float]
    top_10: float
    largest: tuple[float, float] | None  # activations, of those that report them
    complaints: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Faults:
    """What was planted in the packages of one encoder, and what the gate made of it."""

    planted: int
    refused: int  # the program contradicted itself, and no vector came out
    least_seen: float  # the worst cosine of the fault that was hardest to see; it must be low
    hardest: str
    unseen: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proof:
    """All that was measured of one architecture."""

    architecture: str
    spread: tuple[float, float]  # mean cosine of different rows of the reference
    rows: tuple[Row, ...] = ()
    faults: Faults | None = None

    def complaints(self) -> list[str]:
        """What must not be, a sentence each; empty where all is proven."""
        found = [
            f"{self.architecture}, {row.way}: {complaint}"
            for row in self.rows
            for complaint in row.complaints
        ]
        if self.faults:
            found += [f"{self.architecture}: nobody saw {fault}" for fault in self.faults.unseen]
        return found

    def write(self, folder: Path) -> None:
        """Keep it as `<architecture>.json`."""
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(asdict(self), indent=2)
        (folder / f"{self.architecture}.json").write_text(text + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> "Proof":
        """What `write` kept."""
        values = json.loads(path.read_text(encoding="utf-8"))
        rows = tuple(
            Row(**{key: _tuple(one) for key, one in row.items()}) for row in values["rows"]
        )
        faults = values["faults"] and Faults(**{k: _tuple(v) for k, v in values["faults"].items()})
        return cls(values["architecture"], _tuple(values["spread"]), rows, faults)


def table_of(proofs: Sequence[Proof]) -> str:
    """Two tables in Markdown: how exports fared, and how faults did."""
    lines = [
        "| Architecture | Written as | Operations | MB | Export, s | Run, s | Spread "
        "| Worst cosine | Top 10 | Largest |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- | --- |",
    ]
    for proof in proofs:
        spread = "{:.3f}, {:.3f}".format(*proof.spread)
        lines += [f"| {proof.architecture} | {_row(row, spread)} |" for row in proof.rows]
    lines += [
        "",
        "| Architecture | Faults planted | Seen by the gate | Refused before | Hardest to see |",
        "| --- | --- | --- | --- | --- |",
    ]
    for proof in proofs:
        if faults := proof.faults:
            seen = faults.planted - faults.refused - len(faults.unseen)
            lines.append(
                f"| {proof.architecture} | {faults.planted} | {seen} | {faults.refused} "
                f"| {faults.least_seen:.4f}: `{faults.hardest}` |"
            )
    return "\n".join(lines)


def put_into(page: Path, folder: Path, order: Sequence[str]) -> None:
    """Set the tables of all figures in `folder` into `page`, between its two marks."""
    proofs = [Proof.read(path) for path in folder.glob("*.json")]
    proofs.sort(key=lambda proof: list(order).index(proof.architecture))
    text = page.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN)
    _, after = rest.split(END)
    page.write_text(f"{before}{BEGIN}\n{table_of(proofs)}\n{END}{after}", encoding="utf-8")


def _row(row: Row, spread: str) -> str:
    largest = "" if row.largest is None else "{:,.0f}, {:,.0f}".format(*row.largest)
    return " | ".join(
        [
            row.way,
            "{} + {}".format(*row.operations),
            f"{row.size_bytes / 1e6:.1f}",
            f"{row.export_s:.0f}",
            f"{row.run_s:.0f}",
            spread,
            "{:.6f}, {:.6f}".format(*row.worst),
            f"{row.top_10:.4f}",
            largest,
        ]
    )


def _tuple(value: Any) -> Any:
    """A list of JSON as the tuple that it was."""
    return tuple(value) if isinstance(value, list) else value
