"""Runs tshark with the plugin, away from the user's own configuration, and reads what it dissected.

The environment variable MSRA_TSHARK names another tshark than the one on PATH (sharkd is looked for beside it).
"""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import xml.etree.ElementTree as ElementTree
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "dissector"
PCAPS = ROOT / "pcaps"
MODULES = sorted(SOURCE.glob("*.lua"))
PREFERENCES = ("tcp.reassemble_out_of_order:TRUE",)
TIMEOUT = 120  # seconds
_FAILURES = ("Lua Error", "_ws.lua.error")
_CUT_FILE = "cut short in the middle of a packet"


def tshark_program() -> str:
    """The tshark to test. Never skipped in silence: the tests fail where there is none."""
    program = os.environ.get("MSRA_TSHARK") or shutil.which("tshark")
    assert program, "these tests need tshark: make test installs it"
    return program


@dataclass(frozen=True)
class Item:
    """A field in PDML: how it is shown, and which bytes it stands for."""

    name: str
    show: str
    showname: str
    position: int
    size: int


@dataclass(frozen=True)
class Layer:
    """One <proto> of PDML with all fields below it, in their order."""

    frame: int
    name: str
    items: tuple[Item, ...]

    def all(self, name: str) -> list[str]:
        """The values of a field of this protocol, by its name without the protocol's; text exactly as it was sent."""
        full = f"{self.name}.{name}"
        exact = [bytes.fromhex(item.show).decode() for item in self.items if item.name == f"{full}_utf8"]
        return exact or [item.show for item in self.items if item.name == full]

    def get(self, name: str) -> str | None:
        """The first value of a field, or None."""
        return next(iter(self.all(name)), None)

    def number(self, name: str) -> int | None:
        """The first value of a field, a number, or None."""
        value = self.get(name)
        return None if value is None else int(value, 0)

    def item(self, name: str) -> Item:
        """The first item of a field."""
        return next(item for item in self.items if item.name == f"{self.name}.{name}")

    @property
    def experts(self) -> set[str]:
        """The ids of the expert information in this layer."""
        prefix = "msra.expert."
        return {item.name.removeprefix(prefix) for item in self.items if item.name.startswith(prefix)}


class Sandbox:
    """A home folder of its own for an ordinary user: Wireshark ignores the scripts of root. Use as context manager."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="msra-tshark-"))
        self.home = self.folder / "home"
        self.script = self.folder / "dissector" / "msra.lua"
        self.plugins = self.home / ".local" / "lib" / "wireshark" / "plugins" / "msra"
        self.home.mkdir()
        self.copy_plugin(self.script.parent)
        self.own()

    def __enter__(self) -> Sandbox:
        return self

    def __exit__(self, *_: object) -> None:
        shutil.rmtree(self.folder)

    def copy_plugin(self, target: Path) -> None:
        """Copy the plugin's files into a folder."""
        target.mkdir(parents=True, exist_ok=True)
        for module in MODULES:
            shutil.copyfile(module, target / module.name)

    def install(self) -> None:
        """Install the plugin as a user would: a folder below the personal plugins."""
        self.copy_plugin(self.plugins)
        self.own()

    def uninstall(self) -> None:
        """Remove what `install` put there."""
        shutil.rmtree(self.plugins, ignore_errors=True)

    def capture(self, source: Path | bytes) -> Path:
        """A copy of a capture (a file, or its bytes) that the ordinary user can read."""
        if isinstance(source, bytes):
            target = self.folder / "synthetic.pcap"
            target.write_bytes(source)
        else:
            target = self.folder / source.name
            if not target.exists():
                shutil.copyfile(source, target)
        return target

    def run(self, arguments: Sequence[str], program: str | None = None, **options: Any) -> tuple[str, str]:
        """Run tshark; returns its standard output and error. Fails if it fails, or says anything about Lua."""
        environment = {
            "HOME": str(self.home), "XDG_CONFIG_HOME": str(self.home / "config"), "PATH": os.defpath,
            "TZ": "UTC", "LC_ALL": "C.UTF-8",
        }  # fmt: skip
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            options |= {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        done = subprocess.run(
            [program or tshark_program(), *arguments],
            capture_output=True, text=True, timeout=TIMEOUT, env=environment, cwd=self.folder, check=False, **options,
        )  # fmt: skip
        assert done.returncode == 0 or _CUT_FILE in done.stderr, (done.returncode, done.stderr)
        assert "lua" not in done.stderr.lower(), done.stderr
        return done.stdout, done.stderr

    def tshark(self, source: Path | bytes, *arguments: str, script: bool = True) -> str:
        """What tshark says about a capture. `script`: load the plugin with -X lua_script."""
        load = ["-X", f"lua_script:{self.script}"] if script else []
        preferences = [part for preference in PREFERENCES for part in ("-o", preference)]
        output, _ = self.run(["-n", *load, *preferences, "-r", str(self.capture(source)), *arguments])
        assert not any(failure in output for failure in _FAILURES), output
        return output

    def layers(self, source: Path | bytes, *arguments: str, script: bool = True) -> list[Layer]:
        """All layers of the plugin in a capture, in their order."""
        output = ["-T", "pdml", "-J", "msra msra_rdp", "-Y", "msra or msra_rdp"]
        pdml = self.tshark(source, *output, *arguments, script=script)
        return [layer for packet in ElementTree.fromstring(pdml).iter("packet") for layer in _layers(packet)]

    def messages(self, source: Path | bytes, *arguments: str) -> list[Layer]:
        """The Remote Assistance messages of a capture."""
        return [layer for layer in self.layers(source, *arguments) if layer.name == "msra"]

    def transport(self, source: Path | bytes, *arguments: str) -> list[Layer]:
        """The events of the transport in a capture."""
        return [layer for layer in self.layers(source, *arguments) if layer.name == "msra_rdp"]

    def own(self) -> None:
        """Give everything to the ordinary user."""
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            for path in (self.folder, *self.folder.rglob("*")):
                os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _layers(packet: ElementTree.Element) -> list[Layer]:
    number = packet.find("proto[@name='geninfo']/field[@name='num']")
    assert number is not None
    return [
        Layer(int(number.get("show", "")), proto.get("name", ""), tuple(_item(field) for field in proto.iter("field")))
        for proto in packet.iter("proto")
        if proto.get("name") in ("msra", "msra_rdp")
    ]


def _item(field: ElementTree.Element) -> Item:
    name, show, showname = (field.get(key, "") for key in ("name", "show", "showname"))
    return Item(name, show, showname, int(field.get("pos", "0")), int(field.get("size", "0")))
