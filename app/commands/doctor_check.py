"""One finding of the doctor: how it is, in words, and what a person can do about it."""

from dataclasses import dataclass, field
from typing import Literal

State = Literal["ok", "warning", "problem"]


@dataclass(frozen=True, slots=True)
class Check:
    """What was looked at, and what was found. `values` are the figures, for programs."""

    part: Literal["machine", "library", "encoder"]
    name: str
    state: State
    words: str
    todo: str | None = None
    values: dict[str, object] = field(default_factory=dict)
