"""Scapy's own ways to load the package: load_contrib(), and as an extension that was installed with pip."""

from __future__ import annotations

import inspect
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from scapy.config import ExtsManager
from scapy.main import load_contrib
from scapy.packet import explore

import msra.layers
from msra.scapy_session import RemoteAssistanceSession

ROOT = Path(__file__).parent.parent.parent
EXTENSION = """
import sys
from scapy.config import conf
conf.exts.load("wireshark-msra")
loaded, = conf.exts.exts
print(loaded.name, loaded.version, list(loaded.specs), "msra.layers" in sys.modules)
from scapy.main import load_contrib
load_contrib("msra")
print(MSRA_Header.__module__, RemoteAssistanceSession.__module__)
import msra
print(msra.__file__)
"""


def test_load_contrib_gives_layers_and_session() -> None:
    names: dict[str, object] = {}
    load_contrib("msra", globals_dict=names)
    assert names == {
        **{name: getattr(msra.layers, name) for name in msra.layers.__all__},
        "RemoteAssistanceSession": RemoteAssistanceSession,
    }


def test_explore_takes_the_module(capsys: pytest.CaptureFixture[str]) -> None:
    import scapy.contrib.msra  # type: ignore[import-not-found]

    explore(scapy.contrib.msra)
    assert "Packets contained in scapy.contrib.msra:" in capsys.readouterr().out


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what pip would install."""
    folder = tmp_path_factory.mktemp("installed")
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", "wheel", "--directory", str(folder)],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(folder)
    return folder


@pytest.mark.skipif(
    "extension" not in inspect.signature(ExtsManager.load).parameters,
    reason="NOT TESTED: this Scapy is older than 2.7, and takes no extensions that are on PyPI",
)
def test_the_extension(installed: Path) -> None:
    """It loads nothing until it is asked for; Scapy says of what it does not accept only that on standard error."""
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(installed)!r})\n{EXTENSION}"],
        capture_output=True, text=True, cwd=installed,
    )  # fmt: skip
    assert "wireshark-msra" not in run.stderr, run.stderr
    assert run.stdout.splitlines() == [
        f"wireshark-msra {msra.__version__} ['scapy.contrib.msra'] False",
        "msra.layers.header msra.scapy_session",
        str(installed / "msra" / "__init__.py"),
    ]


def test_the_other_metadata_of_the_wheel_is_as_before(installed: Path) -> None:
    (metadata,) = installed.glob("*.dist-info")
    names = {"METADATA", "RECORD", "WHEEL", "entry_points.txt", "licenses", "top_level.txt"}
    assert {path.name for path in metadata.iterdir()} == names
    assert (installed / "msra" / "data" / "self_check.pcapng").exists()
