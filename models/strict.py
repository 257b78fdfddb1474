"""Make frozen values of parsed JSON, strictly: each key known, none missing, each of its kind.

The kinds are the annotations of the dataclass itself, so that none is written down twice.
"""

import math
from dataclasses import MISSING, fields
from types import NoneType, UnionType
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")
NAMES = {str: "text", int: "a whole number", float: "a number", bool: "true or false"}


def build(kind: type[T], values: object, where: str) -> T:
    """A `kind`, a dataclass, with the fields of the JSON object `values`.

    Raises ValueError that names `where`, the field, and what it should be.

    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Cup:
    ...     volume: int
    >>> build(Cup, {"volume": "much"}, "cup")
    Traceback (most recent call last):
    ValueError: cup.volume must be a whole number, not 'much'
    """
    if not isinstance(values, dict):
        raise ValueError(f"{where} must be an object, not {values!r}")
    hints = get_type_hints(kind)
    known = {field.name: field for field in fields(kind)}  # type: ignore[arg-type]  # a dataclass
    for name in values:
        if name not in known:
            raise ValueError(f"{where}.{name} is unknown")
    for name, field in known.items():
        if name not in values and field.default is MISSING:
            raise ValueError(f"{where}.{name} is missing")
    return kind(
        **{name: _value(hints[name], value, f"{where}.{name}") for name, value in values.items()}
    )


def _value(hint: Any, value: object, where: str) -> Any:
    """`value` as the annotation `hint` wants it."""
    parts, origin = get_args(hint), get_origin(hint)
    if origin in (Union, UnionType):
        if value is None and NoneType in parts:
            return None
        (other,) = (part for part in parts if part is not NoneType)
        return _value(other, value, where)
    if origin is Literal:
        if value not in parts or isinstance(value, bool):
            raise ValueError(f"{where} must be one of {', '.join(parts)}, not {value!r}")
        return value
    if origin is tuple:
        return _row(parts, value, where)
    if hint not in NAMES:
        return build(hint, value, where)
    return _plain(hint, value, where)


def _row(parts: tuple[Any, ...], value: object, where: str) -> tuple[Any, ...]:
    """A list as a tuple: of as many as `parts` names, or with `...` of any length."""
    if not isinstance(value, list):
        raise ValueError(f"{where} must be a list, not {value!r}")
    kinds = [parts[0]] * len(value) if parts[-1] is ... else list(parts)
    if len(kinds) != len(value):
        raise ValueError(f"{where} must hold {len(kinds)} values, not {len(value)}")
    pairs = zip(kinds, value, strict=True)
    return tuple(_value(kind, one, f"{where}[{at}]") for at, (kind, one) in enumerate(pairs))


def _plain(kind: type, value: object, where: str) -> Any:
    """Text, a number, or true and false. A whole number may stand for any number; NaN for none."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    fits = isinstance(value, kind) and not (kind is int and isinstance(value, bool))
    if not fits or (isinstance(value, float) and not math.isfinite(value)):
        raise ValueError(f"{where} must be {NAMES[kind]}, not {value!r}")
    return value
