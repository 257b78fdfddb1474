"""Count what was left out, and why, so that it can be said at the end."""

from collections import Counter
from dataclasses import dataclass, field


@dataclass
class Skips:
    """What was left out so far.

    >>> skips = Skips()
    >>> skips.add("without a caption", "a.jpg")
    >>> skips.add("without a caption", "b.jpg")
    >>> print(skips)
    Left out: 2 without a caption (first: a.jpg).
    """

    first: dict[str, str] = field(default_factory=dict)  # reason -> which
    counts: Counter[str] = field(default_factory=Counter)

    def add(self, reason: str, which: str) -> None:
        """Leave one out."""
        self.first.setdefault(reason, which)
        self.counts[reason] += 1

    def __bool__(self) -> bool:
        return bool(self.counts)

    def __str__(self) -> str:
        if not self:
            return "Nothing was left out."
        parts = [
            f"{n:,} {reason} (first: {self.first[reason]})" for reason, n in self.counts.items()
        ]
        return f"Left out: {'; '.join(parts)}."
