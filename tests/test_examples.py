"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil
from types import ModuleType

import pytest

import app
import indexer
import models


def modules(*packages: ModuleType) -> list[str]:
    """The names of all modules in `packages`, but for those that are run rather than imported."""
    names = [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    return [name for name in names if not name.endswith("__main__")]


@pytest.mark.parametrize("name", modules(app, indexer, models))
def test_examples_in_docstrings_come_out_as_written(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.failed == 0
