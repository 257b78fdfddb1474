"""Whether this computer runs on its battery now."""

from collections.abc import Callable

import psutil

OnBattery = Callable[[], bool]


def on_battery() -> bool:
    """Whether nothing feeds the battery. False where there is none, or nobody knows.

    psutil reads /sys/class/power_supply on Linux and asks IOKit on a Mac.
    """
    battery = psutil.sensors_battery()
    return battery is not None and battery.power_plugged is False
