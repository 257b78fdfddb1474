"""Each operation that the evaluator knows gives what torch gives, through a package on disk."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from models.mil.evaluator import Evaluator
from models.mil.operations import OPERATIONS
from tests import mil_cases, mil_constant_cases, mil_layer_cases, mil_shape_cases
from tests.mil_programs import Case, feed, save_cases, wanted

LARGEST_ERROR = 2e-6  # relative to the largest number: both sum in float32, in another order
LATER = {"scaled_dot_product_attention"}  # iOS 18 brought it


def cases(seed: int) -> list[Case]:
    draw = mil_cases.Draw(seed)
    families = (
        mil_cases.elementwise,
        mil_cases.choices_and_casts,
        mil_cases.activations,
        mil_cases.reductions,
        mil_layer_cases.convolutions,
        mil_layer_cases.pools,
        mil_layer_cases.products,
        mil_layer_cases.normalisations,
        mil_shape_cases.shapes,
        mil_shape_cases.joins_and_parts,
        mil_shape_cases.made,
        mil_shape_cases.slices,
        mil_shape_cases.gathers,
        mil_constant_cases.compressed,
    )
    return [case for family in families for case in family(draw)]


def differences(
    package: Path, all_cases: Sequence[Case], target: str
) -> tuple[dict[str, str], set[str]]:
    """What is wrong, by case, and the kinds of operation that ran."""
    names = save_cases(package, all_cases, target)
    evaluator = Evaluator(package)
    made = evaluator.run(feed(all_cases))
    wrong = {}
    for case in all_cases:
        for name, want in zip(names[case.name], wanted(case), strict=True):
            got = made[name]
            if got.shape != want.shape or got.dtype.kind != want.dtype.kind:
                wrong[case.name] = f"{got.shape} {got.dtype} for {want.shape} {want.dtype}"
            elif want.size and not np.isfinite(want).all():
                wrong[case.name] = "the test wants infinity"
            elif want.size:
                error = float(np.abs(got - want).max() / max(1.0, np.abs(want).max()))
                if not error <= LARGEST_ERROR:
                    wrong[case.name] = f"differs by {error}"
    return wrong, set(evaluator.operations)


@pytest.mark.parametrize("seed", [0, 1])
def test_every_operation_gives_what_torch_gives(tmp_path: Path, seed: int) -> None:
    wrong, ran = differences(tmp_path / "all.mlpackage", cases(seed), "iOS16")
    assert wrong == {}
    assert set(OPERATIONS) - ran == LATER, "an operation goes untested"


def test_operations_of_later_systems_do_too(tmp_path: Path) -> None:
    draw = mil_cases.Draw(2)
    later = [*mil_constant_cases.compressed_later(draw), *mil_constant_cases.later(draw)]
    wrong, ran = differences(tmp_path / "later.mlpackage", later, "iOS18")
    assert wrong == {}
    assert ran >= LATER
