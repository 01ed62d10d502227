"""The limits stand in one place, and on one page."""

from __future__ import annotations

import ast
import re
import runpy
from pathlib import Path

import pytest

from msra import limits
from tests.test_architecture import MODULES, PACKAGE

ROOT = Path(__file__).parents[1]
LIMITS = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}

NO_LIMITS = {
    # what looks like a limit, and why it is none against captures
    "build": "sessions are built from what the caller gives",
    "novice": "a novice for tests, which reads no captures",
    "report": "how much of a list one line, page or ladder shows",
    "extract.py": "names of files",
    "engines/dumpcap.py": "lines of an error message",
    "engines/program.py": "lines of an error message",
    "capture/writer.py": "16 bits in pcapng",
    "capture/pcapng.py": "64 bits in pcapng",
    "capture/ip.py": "a size that is believed where the packet does not say it",
    "transport/tpkt.py": "16 bits on the wire",
    "transport/gcc.py": "31 bits on the wire",
    "transport/xcrush.py": "a number of the compression itself",
    "analysis/transfers.py": "the limit of an XML text, in bytes",
}


def test_nothing_else_defines_a_limit() -> None:
    found: dict[str, list[str]] = {}
    for module in MODULES:
        for statement in ast.parse(module.read_text("utf-8")).body:
            for target in statement.targets if isinstance(statement, ast.Assign) else ():
                if isinstance(target, ast.Name) and re.match("_?(MAX|MOST)(_|$)|.*_LIMIT$", target.id):
                    found.setdefault(module.relative_to(PACKAGE).as_posix(), []).append(target.id)
    del found["limits.py"]
    excused = {name: [place for place in NO_LIMITS if name == place or name.startswith(f"{place}/")] for name in found}
    assert {name: found[name] for name, places in excused.items() if not places} == {}
    assert {place for places in excused.values() for place in places} == set(NO_LIMITS)


@pytest.mark.parametrize("name", LIMITS)
def test_each_limit_is_used(name: str) -> None:
    users = [m for m in MODULES if m.name != "limits.py" and re.search(rf"\b{name}\b", m.read_text("utf-8"))]
    assert users


def test_the_page_has_every_limit() -> None:
    made = runpy.run_path(str(ROOT / "docs" / "make_reference.py"))
    rows = list(made["all_limits"]())
    assert [row.name for row in rows] == list(LIMITS)
    assert all(row.of and row.beyond.endswith(".") for row in rows)
    page = (ROOT / "docs" / "limits.md").read_text("utf-8")
    assert page == made["limits_page"](), "run docs/make_reference.py"


PLUGIN = {
    # the constant and its value in the plugin: what the page says
    ("msra_channels.lua", "M.MAX_MESSAGE", "16 * 1024 * 1024"): "16 MiB",
    ("msra_dynamic.lua", "RC_CTL, MAX_CHANNELS", '"RC_CTL", 4096'): "4,096",
    ("msra_encomsp.lua", "MOST_ORDERS", "4096"): "4,096",
    ("msra_connection_string.lua", "MOST_CHARACTERS", "0x10000"): "65,536",
    ("msra_connection_string.lua", "MOST_ADDRESSES", "256"): "256",
    ("msra_elements.lua", "MOST_ELEMENTS, MOST_NESTING", "1000, 8"): "1,000",
    ("msra_command.lua", "MOST_ATTRIBUTES", "1000"): "1,000",
    ("msra_contact.lua", "M.MOST_BYTES", "256 * 1024"): "256 KiB",
    ("msra_blob.lua", "MOST_PROPERTIES", "256"): "256",
    ("msra_transfer.lua", "MOST_TRANSFERS", "64"): "64",
    ("msra_session.lua", "MOST_REQUESTS", "16"): "16",
    ("msra_session.lua", "MOST_EVENTS", "5000"): "5,000",
}
MORE = {
    "channels.MAX_MESSAGE": "set from the preference",
    "MOST_RESULTS": "beside the messages of the ladder",
    "MAX_CHANNELS = 31": "31 bits on the wire",
    "MAX_ALERT": "how alerts are told from data",
    "MAX_TLS_FRAGMENT": "RFC 8446 5.2",
}
"""What looks like a limit in the plugin and has no row of its own."""


def test_the_page_has_the_limits_of_the_plugin() -> None:
    section = (ROOT / "docs" / "limits.md").read_text("utf-8").partition("### The plugin")[2].partition("\n## ")[0]
    assert re.findall(r"^\| ([0-9].*?) \|", section, re.MULTILINE) == list(PLUGIN.values())
    found = {
        (path.name, name.strip(), value.strip())
        for path in (ROOT / "dissector").glob("*.lua")
        for name, value in re.findall(
            r"^(?:local )?([^=\n]*\b(?:MAX|MOST)_\w+[^=\n]*) = ([^\n]*?)(?: --.*)?$",
            path.read_text("utf-8"),
            re.MULTILINE,
        )
    }
    assert {row for row in found - PLUGIN.keys() if not any(known in f"{row[1]} = {row[2]}" for known in MORE)} == set()
    assert set(PLUGIN) <= found
