"""What a typed line can not say by itself: the day, where on earth, which names are known."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date


def _nothing(_: str) -> bool:
    return False


@dataclass(frozen=True, slots=True)
class Here:
    """Where and when a line is typed. Nothing below looks at a clock or a list of its own."""

    today: date
    week_start: int = 0  # 0 is Monday, 6 is Sunday
    south: bool = False  # of the equator: summer begins in December
    day_first: bool = True  # 3/4/2019 is in April
    known_place: Callable[[str], bool] = _nothing  # asked with names as typed
    known_camera: Callable[[str], bool] = _nothing
