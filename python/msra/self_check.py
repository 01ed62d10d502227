"""`analyze-pcap --self-check`: what is installed here, and whether both engines agree."""

from __future__ import annotations

import platform
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import msra
from msra import plugin
from msra.analyzer import analyze_capture
from msra.engines import tshark
from msra.engines.dumpcap import find_dumpcap
from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import Engine, Options
from msra.report.printable import printable
from msra.wireshark import find_tshark

LIBRARIES = ("scapy", "pyshark", "zstandard", "cryptography", "numpy", "rich", "jinja2", "markupsafe", "shtab")
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Line:
    """Something that was looked at. `good`: None where there is nothing to be good or bad."""

    label: str
    text: str
    good: bool | None = None


def self_check() -> tuple[bool, str]:
    """Whether everything that is here works, and the text that says so."""
    found = [*_python(), *_wireshark(), *_installed_plugin(), *_engines()]
    good = all(line.good is not False for line in found)
    lines = [f"{line.label:<{_LABEL}} {_MARKS[line.good]:<8} {printable(line.text)}".rstrip() for line in found]
    end = "Everything that is here works." if good else "Something is wrong; see the lines with WRONG."
    return good, "\n".join([*lines, "", end]) + "\n"


_MARKS = {True: "ok", False: "WRONG", None: "-"}


def sample() -> Path:
    """The bundled capture: inside the installed package, or in a checkout the one that it is a copy of."""
    package = Path(__file__).parent
    installed = package / "data" / "self_check.pcapng"
    return (
        installed if installed.is_file() else package.parent.parent / "pcaps" / "v2_err61_passwords_dont_match.pcapng"
    )


def _python() -> Iterator[Line]:
    yield Line("package", f"wireshark-msra {msra.__version__}, {Path(msra.__file__).parent}")
    yield Line("Python", f"{platform.python_version()}, {sys.executable}", sys.version_info >= (3, 10))
    for name in LIBRARIES:
        try:
            yield Line(name, metadata.version(name), True)
        except metadata.PackageNotFoundError:
            yield Line(name, "it is not installed; install wireshark-msra again", False)


def _wireshark() -> Iterator[Line]:
    program = find_tshark()
    if program is None:
        yield Line("tshark", "it is not installed; the embedded engine does without it")
    else:
        said = _version_of(program)
        version = re.search(r"\d+\.\d+\.\d+\S*", said)
        lua = re.search(r"with (?:system )?Lua (\d[\d.]*\d)", said)
        runs = tshark.runs_plugins(program)
        yield Line("tshark", f"{version.group() if version else 'unknown version'}, {program}", bool(version))
        yield Line("Lua", lua.group(1) if lua else "this tshark has none, and runs no plugins", bool(lua))
        why_not = (
            "" if runs else "this tshark runs no plugins of this user (root, or a version before 4.0); embedded it is"
        )
        yield Line("plugin", why_not or f"{msra.__version__}, {plugin.script()}", runs or None)
    dumpcap = find_dumpcap()
    yield Line("dumpcap", dumpcap or "it is not installed; -i needs it", True if dumpcap else None)


def _version_of(program: str) -> str:
    try:
        done = subprocess.run([program, "--version"], capture_output=True, text=True, check=False, timeout=60)  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return re.sub(r"\s+", " ", done.stdout)


def _installed_plugin() -> Iterator[Line]:
    """What `--install-plugin` put into Wireshark: an old one would be used by Wireshark."""
    try:
        installed, scripts = plugin.personal_folders().plugin, plugin.modules()
        if installed.version is None and not installed.foreign(scripts):
            yield Line("in Wireshark", f"no plugin in {installed.folder}; --install-plugin puts it there")
            return
        outdated = installed.outdated(scripts)
        where = f"{installed.version or 'unknown version'}, {installed.folder}"
    except (plugin.PluginError, OSError) as error:
        yield Line("in Wireshark", str(error), False)
        return
    if outdated:
        where += f"; {', '.join(outdated)}: not those of {msra.__version__}; --install-plugin brings them up to date"
    yield Line("in Wireshark", where, not outdated)


def _engines() -> Iterator[Line]:
    """Each engine on the bundled capture, and what they say the same of."""
    capture = sample()
    if not capture.is_file():
        yield Line("engines", "the bundled capture is missing; install wireshark-msra again", False)
        return
    program = find_tshark()
    runs = program is not None and tshark.runs_plugins(program)
    engines: list[Engine] = [EmbeddedEngine(), *([tshark.TsharkEngine()] if runs else [])]
    reports = []
    for engine in engines:
        report = analyze_capture(capture, capture.name, engine, Options())
        reports.append(report)
        messages = sum(len(session.messages) for session in report.sessions)
        yield Line(engine.name, report.error or f"{messages} messages in the bundled capture", bool(messages))
    if len(reports) > 1:
        agree = reports[0].sessions == reports[1].sessions
        yield Line("engines", "both say the same" if agree else "they do not agree", agree)
