"""The pages say what is true: commands, links, the table of files (run as a script: renews it)."""

import ast
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("packaging/*.md")])
FOLDERS = ("app", "indexer", "models", "resources", "tests", "packaging", "benchmarks", "docs")
BEGIN, END = "<!-- files: made by `make table` -->", "<!-- end of files -->"
# Paths of one machine, and folders that those who clone the project do not have.
FOREIGN = re.compile(r"/(?:work|farm|root)/|[.]{2}/shared")
TEXT = {".py", ".md", ".toml", ".sh", ".yml", ".json", ".spec", ".txt", ".tsv", ""}


def first_line(path: Path) -> str:
    return (ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").partition("\n")[0]


def table_of_files() -> str:
    """The table of modules as it ought to be."""
    rows = ["| file | what it does |", "|---|---|"]
    for package in ("app", "indexer", "models"):
        for path in sorted((ROOT / package).rglob("*.py")):
            if path.name != "__init__.py":
                rows.append(f"| `{path.relative_to(ROOT).as_posix()}` | {first_line(path)} |")
    return "\n".join(rows)


def renewed(page: str) -> str:
    """The text of ARCHITECTURE.md with the table as it ought to be."""
    before, _, rest = page.partition(BEGIN)
    return f"{before}{BEGIN}\n{table_of_files()}\n{END}{rest.partition(END)[2]}"


def test_the_table_of_files_lists_every_module_with_its_own_first_sentence() -> None:
    page = (ROOT / "ARCHITECTURE.md").read_text("utf-8")
    assert page == renewed(page), "run `make table` and read what changed"


def test_every_module_s_first_line_is_one_whole_sentence() -> None:
    rows = table_of_files().splitlines()[2:]
    assert [row for row in rows if not row.endswith(". |")] == []


def commands(page: Path) -> list[list[str]]:
    """The lines of the page's `sh` blocks, split into words, without comments."""
    blocks = re.findall(r"```sh\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
    lines = [line for block in blocks for line in block.splitlines() if line.strip()]
    return [words for line in lines if (words := shlex.split(line, comments=True))]


def test_every_make_command_in_the_pages_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    named = {words[1] for page in PAGES for words in commands(page) if words[0] == "make"}
    for page in PAGES:
        named |= set(re.findall(r"`make ([a-z-]+)", page.read_text("utf-8")))
    assert named - targets == set()
    assert {"run", "test"} <= named


def documented() -> dict[str, set[str]]:
    """Every command of `sightword` in the pages, with the options shown for it."""
    shown: dict[str, set[str]] = {}
    for words in (words for page in PAGES for words in commands(page)):
        if words[0].endswith("sightword") and "/" not in words[1]:  # a folder opens the window
            shown.setdefault(words[1], set()).update(w for w in words if w.startswith("--"))
    return shown


@pytest.mark.parametrize("command", sorted(documented()))
def test_the_command_line_knows_what_the_pages_show(command: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "app", command, "--help"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = documented()[command] | {"--library", "--model", "--json"}
    assert {option for option in shown if option not in done.stdout} == set()


def test_links_between_pages_lead_somewhere() -> None:
    dead = [
        f"{page.name}: {target}"
        for page in PAGES
        for target in re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", page.read_text("utf-8"))
        if not (page.parent / target).exists()
    ]
    assert dead == []


def test_nothing_names_a_path_of_one_machine() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*")]
    files += [path for path in ROOT.iterdir() if path.name not in {".git", ".venv"}]
    files += [path for folder in (".ci", ".github") for path in (ROOT / folder).rglob("*")]
    guilty = [
        f"{path.relative_to(ROOT)}: {found.group()}"
        for path in files
        if path.is_file() and path.suffix in TEXT and "__pycache__" not in path.parts
        for found in FOREIGN.finditer(path.read_text("utf-8"))
    ]
    assert guilty == []


if __name__ == "__main__":
    architecture = ROOT / "ARCHITECTURE.md"
    architecture.write_text(renewed(architecture.read_text("utf-8")), encoding="utf-8")
