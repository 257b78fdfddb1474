"""Find out on which parts of this Mac an encoder runs best: try each for a moment, and remember.

What is fastest differs from tower to tower and from Mac to Mac, and a Neural Engine may round so
badly that the vectors are worth nothing. So each choice of Core ML's compute units is loaded, timed
on a few batches, and held against rows that are known to be right.
"""

import json
import platform
import subprocess
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from models.strict import build

UNITS = ("CPU_AND_NE", "CPU_AND_GPU", "CPU_ONLY", "ALL")
FILE = "trial.json"
LEAST_COSINE = 0.99  # to the right rows; float16 costs 0.001, a unit that fails costs nearly all
NEARLY = 0.9  # a Neural Engine this near to the fastest is taken: the GPU is there for the window


@dataclass(frozen=True, slots=True)
class Tried:
    """How one choice of units did: seconds to load, photos a second, the least cosine."""

    units: str
    first_load_s: float = 0.0
    photos_per_s: float = 0.0
    cosine: float = 0.0
    trouble: str = ""

    @property
    def is_good(self) -> bool:
        """Whether its vectors can be used."""
        return not self.trouble and self.cosine >= LEAST_COSINE


@dataclass(frozen=True, slots=True)
class Trial:
    """What was tried on which machine with which package, and what was chosen: "" for none."""

    machine: str
    package: str
    tried: tuple[Tried, ...]
    chosen: str

    def of_chosen(self) -> Tried | None:
        """How the chosen units did."""
        return next((one for one in self.tried if one.units == self.chosen), None)

    def write(self, folder: Path) -> None:
        """Remember it in `folder`. Nothing is lost but time where that can't be done."""
        beside = folder / f"{FILE}.new"
        with suppress(OSError):
            beside.write_text(json.dumps(asdict(self), indent=2) + "\n", encoding="utf-8")
            beside.replace(folder / FILE)


def remembered(folder: Path, machine: str, package: str) -> Trial | None:
    """The trial in `folder`, if it was made on this machine with this package."""
    try:
        text = (folder / FILE).read_text(encoding="utf-8")
        trial = build(Trial, json.loads(text), "trial")
    except (OSError, ValueError):
        return None
    return trial if (trial.machine, trial.package) == (machine, package) else None


def best(tried: Sequence[Tried]) -> str:
    """The units to use: the fastest, or the Neural Engine where it is nearly so. "" for none.

    >>> best([Tried("CPU_AND_NE", 1, 95, 1.0), Tried("ALL", 1, 100, 1.0), Tried("CPU_ONLY")])
    'CPU_AND_NE'
    """
    good = sorted((one for one in tried if one.is_good), key=lambda one: -one.photos_per_s)
    for one in good:
        if one.units == UNITS[0] and one.photos_per_s >= NEARLY * good[0].photos_per_s:
            return one.units
    return good[0].units if good else ""


def this_machine() -> str:
    """The chip and the system: another of either is another trial.

    >>> this_machine() == this_machine()
    True
    """
    chip = platform.processor() or platform.machine()
    with suppress(OSError, subprocess.SubprocessError):
        asked = ("/usr/sbin/sysctl", "-n", "machdep.cpu.brand_string")
        done = subprocess.run(asked, capture_output=True, text=True, timeout=10, check=True)
        chip = done.stdout.strip() or chip
    system = platform.mac_ver()[0]
    return f"{chip}, macOS {system}" if system else f"{chip}, {platform.system()}"
