"""Whether this computer runs on its battery now."""

import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil

OnBattery = Callable[[], bool]
SUPPLIES = Path("/sys/class/power_supply")  # a folder each: mains, batteries, those of mice


def on_battery() -> bool:
    """Whether nothing feeds the battery. False where there is none, or nobody knows.

    psutil asks IOKit on a Mac. Its Linux half takes the battery of a wireless mouse for the
    computer's own, and raises where there is no /sys.
    """
    if sys.platform == "linux":
        return runs_down(SUPPLIES)
    with suppress(OSError, ValueError):
        battery = psutil.sensors_battery()
        return battery is not None and battery.power_plugged is False
    return False


def runs_down(supplies: Path) -> bool:
    """Whether a battery of the computer discharges and no other supply feeds it.

    What the files mean: https://docs.kernel.org/power/power_supply_class.html
    """
    discharges = False
    with suppress(OSError):
        for supply in sorted(supplies.iterdir()):
            if _word(supply, "scope") == "Device":
                continue  # it feeds a mouse, a keyboard or a pen
            if _word(supply, "type") == "Battery":
                discharges |= _word(supply, "status") == "Discharging"
            elif _word(supply, "online") == "1":
                return False
    return discharges


def _word(supply: Path, name: str) -> str:
    """What a file of a supply says; nothing where it is not there or can't be read."""
    try:
        return (supply / name).read_text(encoding="ascii", errors="replace").strip()
    except OSError:
        return ""
