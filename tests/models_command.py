"""`sightword models` as the tests ask it, and what it answers with --json."""

import json

import pytest

from app import cli


def models(*arguments: object) -> int:
    """Its exit status."""
    return cli.run(["models", *map(str, arguments)])


def rows(capsys: pytest.CaptureFixture[str]) -> list[dict[str, object]]:
    """What was printed since the last look, a row a line."""
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]
