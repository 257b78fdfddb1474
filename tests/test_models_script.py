"""Training scripts: what the person sees when something is wrong."""

import subprocess
import sys
from pathlib import Path

import pytest

from models.errors import BadData, BugError
from models.script import as_script

ROOT = Path(__file__).parent.parent
QUIET = ("__init__", "report")  # report gives its status itself


def test_a_known_problem_is_one_sentence_and_status_1(capsys: pytest.CaptureFixture[str]) -> None:
    def main() -> None:
        raise BadData("a.bin holds 3 photos, its .tsv 2. Pack it again.")

    with pytest.raises(SystemExit) as end:
        as_script(main)
    assert end.value.code == 1
    assert capsys.readouterr().err == "a.bin holds 3 photos, its .tsv 2. Pack it again.\n"


def test_a_bug_keeps_its_trace() -> None:
    def main() -> None:
        raise BugError("half a batch")

    with pytest.raises(BugError):
        as_script(main)


def test_every_script_is_run_in_this_way() -> None:
    scripts = {
        path.stem: path.read_text(encoding="utf-8")
        for path in (ROOT / "models").glob("*.py")
        if path.stem not in QUIET
    }
    plain = [name for name, text in scripts.items() if text.endswith("\n    main()\n")]
    assert plain == []


def test_a_script_names_the_file_that_is_missing(tmp_path: Path) -> None:
    lost = tmp_path / "lost.tsv"
    command = [
        sys.executable,
        "-m",
        "models.phrases",
        "--out",
        str(tmp_path / "out.txt"),
        str(lost),
    ]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert done.stderr.startswith(f"{lost} can not be read")
    assert done.stderr.count("\n") == 1
