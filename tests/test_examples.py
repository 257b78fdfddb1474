"""The examples in docstrings are true."""

import doctest
import importlib
import pkgutil
import sys
from types import ModuleType

import pytest

import app
import indexer
import models

FOR_A_MAC = {"indexer.watch_fsevents"}  # imports what watchdog installs there alone


def modules(*packages: ModuleType) -> list[str]:
    """The names of all modules in `packages`, but for those that are run rather than imported."""
    names = [
        module.name
        for package in packages
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
    ]
    elsewhere = set() if sys.platform == "darwin" else FOR_A_MAC
    return [name for name in names if not name.endswith("__main__") and name not in elsewhere]


@pytest.mark.parametrize("name", modules(app, indexer, models))
def test_examples_in_docstrings_come_out_as_written(name: str) -> None:
    results = doctest.testmod(importlib.import_module(name), raise_on_error=False)
    assert results.failed == 0
