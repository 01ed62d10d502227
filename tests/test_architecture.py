"""Who may import whom: the one-way imports that keep transport, layers and analysis independent of each other."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TESTS = Path(__file__).parent
PACKAGE = TESTS.parent / "python" / "msra"

MAY_IMPORT = {
    # part of the package: the parts of ours that it may import (its own modules are always allowed)
    "codes": set(),
    "events": {"shown"},
    "shown": set(),
    "limits": set(),
    "budget": {"events"},
    "layers": {"codes"},
    "transport": set(),
    "capture": set(),
    "engines": {"capture", "transport", "layers", "events", "budget", "plugin", "wireshark"},
    "analysis": {"events", "codes", "layers", "budget", "shown"},
    "build": {"codes", "events", "layers"},
    "novice": {"build", "transport", "layers", "codes"},
    "report": {"analysis", "events", "codes", "shown"},
    "filters": {"analysis", "events", "codes", "__init__"},
    "plugin": {"installed_files", "wireshark", "__init__"},
    "wireshark": set(),
    "installed_files": set(),
    "saferror": {"codes", "completion", "output", "__init__"},
    "completion": {"output"},
    "self_check": {"analyzer", "engines", "plugin", "report", "wireshark", "__init__"},
    "scapy_contrib": {"layers", "scapy_session", "__init__"},
    "scapy_session": {"capture", "engines", "layers", "events"},
    "pyshark_captures": {"engines", "events", "wireshark"},
    "extract": {"analysis", "events"},
    "analyzer": {"engines", "analysis", "events"},
    "output": set(),
    "given": {"analysis", "engines"},
    "jobs": {"analyzer", "analysis", "engines", "capture", "commands"},
    "saving": {"analysis", "console", "engines", "extract", "jobs", "output"},
    "commands": set(),
    "console": {"analysis", "report"},
    "source": {"engines"},
    "live": {"analysis", "engines", "events", "budget", "filters"},
    "live_command": {
        "analysis",
        "analyzer",
        "console",
        "engines",
        "filters",
        "live",
        "output",
        "report",
        "source",
        "__init__",
    },
    "cli": {
        "jobs",
        "given",
        "analyzer",
        "analysis",
        "filters",
        "report",
        "engines",
        "console",
        "live_command",
        "completion",
        "self_check",
        "plugin",
        "saving",
        "output",
        "__init__",
    },
    "__init__": {"analyzer", "codes", "pyshark_captures"},
}
FOR_ALL = {"limits"}
"""What every part may import."""
WHEN_ASKED = {"shown": {"report", "analysis"}}
"""What a part may import inside functions only: notebooks ask an object itself to show itself."""
HEAVY = {"scapy", "pyshark", "numpy", "lxml", "rich", "fsspec", "distributed", "pandas", "polars"}


def part_of(module: Path) -> str:
    return module.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(module: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(module.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            yield from (
                (f"msra.{alias.name}" if (PACKAGE / f"{alias.name}.py").exists() else "msra.__init__")
                for alias in node.names
                if node.module == "msra"
            )
            if node.module != "msra":
                yield node.module or ""


MODULES = sorted(PACKAGE.rglob("*.py"))


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_one_way(module: Path) -> None:
    part = part_of(module)
    ours = {[*name.split("."), "__init__"][1] for name in imports(module) if name.split(".")[0] == "msra"}
    assert ours - {part} - FOR_ALL <= MAY_IMPORT[part] | WHEN_ASKED.get(part, set())


def test_what_may_be_imported_when_it_is_asked_for_is_not_imported_before() -> None:
    code = (
        "import sys, msra.events, msra.analysis.model; print([name for name in sys.modules if 'msra.report' in name])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_only_the_modules_that_drive_pyshark_import_it() -> None:
    assert [m.name for m in MODULES if any(n.split(".")[0] == "pyshark" and "packet" not in n for n in imports(m))] == [
        "pyshark_capture.py",
        "pyshark_captures.py",
    ]


def test_the_package_itself_imports_nothing_heavy() -> None:
    top_level = ast.parse((PACKAGE / "__init__.py").read_text("utf-8")).body
    names = {alias.name for node in top_level if isinstance(node, ast.Import) for alias in node.names}
    assert not names & HEAVY


def test_modules_stay_small() -> None:
    """About 300 lines: a module with more has more than one job."""
    sizes = {str(m.relative_to(PACKAGE)): len(m.read_text("utf-8").splitlines()) for m in MODULES}
    assert {name: size for name, size in sizes.items() if size > 350} == {}


DECLARATIONS = {"events.py", "engines/interface.py", "analysis/model.py", "jobs/interface.py"}
"""Modules without behaviour of their own."""


@pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_every_module_has_its_test_file(module: Path) -> None:
    relative = module.relative_to(PACKAGE)
    tables = relative.stem.endswith("_tables")
    if relative.name != "__init__.py" and not tables and str(relative) not in DECLARATIONS:
        assert (TESTS / relative.parent / f"test_{relative.name}").exists()


def test_every_test_file_has_its_module() -> None:
    mirrored = {part.name for part in PACKAGE.iterdir() if part.is_dir()}
    for test in TESTS.rglob("test_*.py"):
        relative = test.relative_to(TESTS)
        if relative.parts[0] in mirrored and relative.name not in WHOLE_PARTS:
            assert (PACKAGE / relative.parent / relative.name.removeprefix("test_")).exists(), relative


WHOLE_PARTS = {"test_layers.py", "test_formats.py", "test_browser.py", "test_jobs.py"}
"""Tests of a part as a whole, by their names."""
