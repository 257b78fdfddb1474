"""Make a program ready to run: open its constants, join each step with its function.

All that can be refused is refused here, before anything runs: operations and inputs of operations
that are unknown, names that nothing made.
"""

import inspect
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np

from models.mil.constants import CONSTANTS
from models.mil.errors import BadPackage, UnknownOperation
from models.mil.operands import Function, Operand, operand
from models.mil.operations import OPERATIONS
from models.mil.package import Name, Operation, Program
from models.mil.values import Type, Value

Argument = Name | Operand | tuple[Name | Operand, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One operation that runs: `function` of `arguments`, whose results get names and types.

    After it nobody asks for the values in `done` again.
    """

    kind: str
    name: str
    function: Function
    arguments: dict[str, Argument]
    results: tuple[tuple[str, Type], ...]
    done: tuple[str, ...] = ()


def plan(program: Program, half: bool) -> list[Step]:
    """The steps of a program; `half`: opened weights are rounded as the program declares them.

    Raises UnknownOperation, which names all that is unknown, or BadPackage.
    """
    known = {*OPERATIONS, *CONSTANTS}
    strange = sorted({one.kind for one in program.operations} - known)
    if strange:
        raise UnknownOperation(f"the operations {', '.join(strange)}")
    constants: dict[str, Value] = {}
    ready: dict[str, Operand] = {}  # constants that steps use, as steps use them
    made = set(program.inputs)
    steps = []
    for one in program.operations:
        if one.kind in CONSTANTS:
            constants[one.outputs[0][0]] = _opened(one, constants, half)
            continue
        arguments = {
            key: tuple(_argument(part, constants, ready, made) for part in value)
            if isinstance(value, tuple)
            else _argument(value, constants, ready, made)
            for key, value in one.inputs.items()
        }
        function = OPERATIONS[one.kind]
        _bind(one, function, arguments)
        made.update(name for name, _ in one.outputs)
        steps.append(Step(one.kind, one.name, function, arguments, one.outputs))
    missing = sorted(set(program.results) - made)
    if missing or set(program.results) != set(program.outputs):
        raise BadPackage(f"Nothing makes the output {missing or sorted(program.outputs)}.")
    return _with_ends(steps, set(program.results))


def _argument(
    value: Name | Value, constants: dict[str, Value], ready: dict[str, Operand], made: set[str]
) -> Name | Operand:
    """A constant as steps use it, opened once, or the name of what an earlier step makes."""
    if not isinstance(value, Name):
        return operand(value)
    if value.name in constants:
        if value.name not in ready:
            ready[value.name] = operand(constants[value.name])
        return ready[value.name]
    if value.name not in made:
        raise BadPackage(f"Nothing makes {value.name} before it is used. Export it again.")
    return value


def _opened(one: Operation, constants: dict[str, Value], half: bool) -> Value:
    """The array (or word) that an operation on constants makes."""
    given: dict[str, Value] = {}
    for key, value in one.inputs.items():
        if isinstance(value, tuple) or (isinstance(value, Name) and value.name not in constants):
            raise BadPackage(f"{one.kind} {one.name}: {key} is no constant. Export it again.")
        given[key] = constants[value.name] if isinstance(value, Name) else value
    function = CONSTANTS[one.kind]
    _bind(one, function, given)
    try:
        opened = function(**given)
    except (LookupError, ArithmeticError, ValueError, TypeError, AttributeError) as error:
        raise BadPackage(f"{one.kind} {one.name} can not be opened: {error}") from error
    _, declared = one.outputs[0]
    if isinstance(opened, str):
        return opened
    if not declared.admits(opened.shape):
        raise BadPackage(f"{one.kind} {one.name} has the shape {opened.shape}, not {declared}.")
    rounds = half and declared.kind == "float16"
    return opened.astype(np.float16) if rounds else opened


def _bind(one: Operation, function: object, given: Iterable[str]) -> None:
    """Refuse an operation whose inputs its function does not have, or that lacks one."""
    assert callable(function)
    try:
        inspect.signature(function).bind(**dict.fromkeys(given))
    except TypeError as error:
        raise UnknownOperation(f"an input of {one.kind} {one.name} ({error})") from error


def _with_ends(steps: list[Step], kept: set[str]) -> list[Step]:
    """The steps, each with the values that are used there for the last time."""
    used = set(kept)
    ended = []
    for step in reversed(steps):
        here = {name for name, _ in step.results} | _names(step)
        ended.append(replace(step, done=tuple(sorted(here - used))))
        used |= here
    return ended[::-1]


def _names(step: Step) -> set[str]:
    """The values that a step takes from earlier ones."""
    found = set()
    for value in step.arguments.values():
        parts = value if isinstance(value, tuple) else (value,)
        found |= {part.name for part in parts if isinstance(part, Name)}
    return found
