"""Can any file stop us? Broken files by the thousand go through a decoder, and then a whole run.

    python benchmarks/faults_decoding.py --mutations 5000 --seed 1 --formats FOLDER

Good files of every kind are flipped, cut, spliced and given absurd numbers. Each must give a
picture or a reason within the time limit, and none may end the decoder. Then `sightword index`
takes all of them: each must be searchable or have a reason that a person can read. With --formats,
a folder with broken.zip and cameras.zip (files of other people, which can't travel with the
project), those go first. Ends with status 1 where anything else happened.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from zipfile import ZipFile

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from indexer.decode import TIME_LIMIT_S, Decoder
from indexer.errors import SENTENCES, Reason, UnreadablePhoto
from indexer.scan import EXTENSIONS
from models.installed import find
from models.spec import EncoderSpec, ImageSpec
from tests.mutations import good_files, mutations

HOME = Path(__file__).resolve().parent.parent
LATE_S = 1.0  # beyond the limit: until the decoder is looked at, and ended
File = tuple[str, str, bytes]  # what befell it, its name, its bytes


@dataclass
class Row:
    """What came of one kind of harm."""

    files: int = 0
    read: int = 0
    reasons: Counter[Reason] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    largest_mb: float = 0.0


def main() -> int:
    """Run and print; the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--mutations", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--formats", type=Path, default=os.environ.get("SIGHTWORD_FORMATS"))
    given = parser.parse_args()
    formats = Path(given.formats) if given.formats else None
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "files"
        folder.mkdir()
        spec = EncoderSpec.read(find()).image
        rows = decode_all(files(formats, given.mutations, given.seed), folder, spec)
        print_table(rows)
        wrong = wrong_of(rows) + wrong_of_a_run(folder, Path(scratch) / "library")
    for line in wrong:
        print(f"WRONG: {line}")
    return 1 if wrong else 0


def files(formats: Path | None, count: int, seed: int) -> Iterator[File]:
    """All files, one after the other."""
    for name in ("cameras", "broken") if formats else ():
        with ZipFile((formats or Path()) / f"{name}.zip") as archive:
            for number, one in enumerate(archive.infolist()):
                suffix = Path(one.filename).suffix
                yield f"{name}.zip", f"{name}-{number}{suffix}", archive.read(one)
    good = good_files(seed)
    yield from (("none: good files", f"good-{name}", data) for name, data in good.items())
    yield from mutations(good, count, seed)


def decode_all(some: Iterator[File], folder: Path, spec: ImageSpec) -> dict[str, Row]:
    """Each file through one decoder; the files stay in `folder`."""
    rows: dict[str, Row] = {}
    decoder = Decoder()
    for harm, name, data in some:
        path = folder / name
        path.write_bytes(data)
        row = rows.setdefault(harm, Row())
        row.files += 1
        forget_peak(decoder)
        began_s = time.monotonic()
        try:
            decoder.index(path, spec, None)
            row.read += 1
        except UnreadablePhoto as error:
            row.reasons[error.reason] += 1
        took_s = time.monotonic() - began_s
        if took_s > row.slowest_s:
            row.slowest_s, row.slowest = took_s, name
        row.largest_mb = max(row.largest_mb, peak_mb(decoder))
    decoder.close()
    return rows


def forget_peak(decoder: Decoder) -> None:
    """Let Linux count the largest memory of the decoder anew; elsewhere it is not told."""
    path = Path(f"/proc/{decoder.process_id}/clear_refs")
    if path.exists():
        path.write_text("5")


def peak_mb(decoder: Decoder) -> float:
    """The most memory since then; 0 where it is not told, or where the decoder has ended."""
    path = Path(f"/proc/{decoder.process_id}/status")
    told = path.read_text() if path.exists() else ""
    return int(told.partition("VmHWM:")[2].split()[0]) / 1000 if "VmHWM:" in told else 0.0


def print_table(rows: dict[str, Row]) -> None:
    """One line a kind of harm."""
    told = [reason for reason in Reason if any(row.reasons[reason] for row in rows.values())]
    crashed = [] if Reason.CRASHED in told else [Reason.CRASHED]
    heads = ("what befell it", "files", "read", *told, *crashed, "slowest s", "largest MB")
    print("| " + " | ".join(heads) + " |")
    print("|---|" + "---:|" * (len(heads) - 1))
    for harm, row in rows.items():
        counts = (row.files, row.read, *(row.reasons[reason] for reason in (*told, *crashed)))
        figures = " | ".join(f"{count:,}" for count in counts)
        print(f"| {harm} | {figures} | {row.slowest_s:.2f} | {row.largest_mb:.0f} |")


def wrong_of(rows: dict[str, Row]) -> list[str]:
    """What must not be."""
    wrong = []
    for harm, row in rows.items():
        if row.read + row.reasons.total() != row.files:
            wrong.append(f"{harm}: a file without an answer")
        if row.reasons[Reason.CRASHED]:
            wrong.append(f"{harm}: {row.reasons[Reason.CRASHED]} files ended the decoder")
        if row.slowest_s > TIME_LIMIT_S + LATE_S:
            wrong.append(f"{harm}: {row.slowest} took {row.slowest_s:.1f} s")
        if harm == "none: good files" and row.read != row.files:
            wrong.append(f"good files that were not read: {row.reasons}")
    return wrong


def wrong_of_a_run(folder: Path, library: Path) -> list[str]:
    """Index all files with the real program; each must have a state and, if not read, a reason."""
    command = [sys.executable, "-m", "app"]
    where = ["--library", str(library), "--json"]
    began_s = time.monotonic()
    run = subprocess.run(
        [*command, "index", str(folder), *where],
        cwd=HOME,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    status = subprocess.run(
        [*command, "status", *where], cwd=HOME, stdout=subprocess.PIPE, check=True
    )
    told = json.loads(status.stdout)
    problems = told.pop("problems")
    count = sum(path.suffix.lower() in EXTENSIONS for path in folder.iterdir())
    print(
        f"sightword index: {told['photos']:,} files in {time.monotonic() - began_s:.0f} s, "
        f"{told['indexed']:,} searchable, {told['failed']:,} with a reason"
    )
    known = set(SENTENCES.values())
    wrong = [f"no reason for {one}" for one in problems if one["reason"] not in known]
    if run.returncode:
        wrong.append(f"sightword index ended with status {run.returncode}")
    if told["photos"] != count or told["pending"] or told["indexed"] + told["failed"] != count:
        wrong.append(f"{count:,} files, and in the library: {told}")
    if len(problems) != told["failed"]:
        wrong.append(f"{told['failed']:,} failed and {len(problems):,} are told")
    return wrong


if __name__ == "__main__":
    sys.exit(main())
