"""`sightword doctor`: look at the machine, the library and the encoder, and say what to do."""

import json
from collections.abc import Iterator
from dataclasses import asdict

from app.commands import doctor_encoder, doctor_library, doctor_machine
from app.commands.doctor_check import Check
from indexer.library import Library

SIGNS = {"ok": "ok      ", "warning": "warning ", "problem": "PROBLEM "}


def run(library: Library, model: str | None, *, as_json: bool) -> int:
    """Print a line a check, as they are made; 1 where one found a problem, else 0."""
    found = []
    for check in look(library, model):
        found.append(check)
        if not as_json:
            print(f"{SIGNS[check.state]}{check.part}: {check.words}", flush=True)
            if check.todo:
                print(f"        {check.todo}", flush=True)
    bad = [check for check in found if check.state == "problem"]
    if as_json:
        print(json.dumps({"ok": not bad, "checks": [asdict(check) for check in found]}))
    elif not bad:
        warned = sum(check.state == "warning" for check in found)
        print("\nAll is well." if not warned else "\nNothing is broken; see the warnings above.")
    return 1 if bad else 0


def look(library: Library, model: str | None) -> Iterator[Check]:
    """Every check in turn."""
    yield from doctor_machine.look(library)
    yield from doctor_library.look(library)
    yield from doctor_encoder.look(library, model)
