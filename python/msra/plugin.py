"""The Wireshark plugin that travels with this package: where it is, and putting it into Wireshark."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import msra

ENTRY = "msra.lua"
FOLDER = "msra"
_MANIFEST = "installed-by-analyze-pcap.json"
_LUA_FOLDER = "Personal Lua Plugins:"


class PluginError(Exception):
    """The plugin cannot be installed or removed; the text is one clear sentence."""


def source_folder() -> Path:
    """The folder that holds the plugin: inside the installed package, or in a checkout beside it."""
    package = Path(__file__).parent
    for folder in (package / "dissector", package.parent.parent / "dissector"):
        if (folder / ENTRY).is_file():
            return folder
    raise PluginError("the plugin's files are missing from this installation; install the package again")


def script() -> Path:
    """The file to give to `tshark -X lua_script:`."""
    return source_folder() / ENTRY


def install(plugins: Path | None = None) -> str:
    """Copy the plugin into Wireshark's personal plugin folder; returns what was done, as a sentence.

    Never overwrites a file that it did not write itself: the manifest beside the files tells.
    """
    source, target = source_folder(), (plugins or personal_folder()) / FOLDER
    files = sorted(source.glob("*.lua"))
    owned = _manifest(target)
    foreign = [file.name for file in files if (target / file.name).exists() and not _is_ours(target, file.name, owned)]
    if foreign:
        raise PluginError(f"{target} has files that this command did not write: {', '.join(foreign)}; move them away")
    try:
        target.mkdir(parents=True, exist_ok=True)
        for name in owned:
            if _is_ours(target, name, owned):
                (target / name).unlink()
        for file in files:
            shutil.copyfile(file, target / file.name)
        written = {file.name: _digest(target / file.name) for file in files}
        (target / _MANIFEST).write_text(json.dumps({"version": msra.__version__, "files": written}, indent=1), "utf-8")
    except OSError as error:
        raise PluginError(f"{target}: the plugin cannot be written: {error.strerror}") from error
    return f"MS-RA plugin {msra.__version__} is installed in {target}; restart Wireshark to use it."


def uninstall(plugins: Path | None = None) -> str:
    """Remove the files that `install` wrote, and only those."""
    target = (plugins or personal_folder()) / FOLDER
    owned = _manifest(target)
    if not owned:
        raise PluginError(f"{target} holds no plugin that this command installed")
    kept = [name for name in owned if (target / name).exists() and not _is_ours(target, name, owned)]
    try:
        for name in owned:
            if name not in kept:
                (target / name).unlink(missing_ok=True)
        (target / _MANIFEST).unlink()
        if not any(target.iterdir()):
            target.rmdir()
    except OSError as error:
        raise PluginError(f"{target}: the plugin cannot be removed: {error.strerror}") from error
    changed = f" Files changed since were kept: {', '.join(kept)}." if kept else ""
    return f"The MS-RA plugin was removed from {target}.{changed}"


def personal_folder() -> Path:
    """Wireshark's personal Lua plugin folder: what tshark says, else where Wireshark puts it on this system."""
    tshark = shutil.which("tshark")
    if tshark:
        listing = subprocess.run([tshark, "-G", "folders"], capture_output=True, text=True, check=False)  # noqa: S603
        for line in listing.stdout.splitlines():
            if line.startswith(_LUA_FOLDER):
                return Path(line.removeprefix(_LUA_FOLDER).strip())
    if sys.platform == "win32":
        return Path(os.environ.get("APPDATA") or Path.home() / "AppData" / "Roaming") / "Wireshark" / "plugins"
    return Path.home() / ".local" / "lib" / "wireshark" / "plugins"


def _manifest(target: Path) -> Mapping[str, str]:
    """Names and digests of the files that were installed; empty if there are none."""
    try:
        files = json.loads((target / _MANIFEST).read_text("utf-8"))["files"]
    except (OSError, ValueError, KeyError, TypeError):
        return {}
    return {name: digest for name, digest in files.items() if Path(name).name == name}


def _is_ours(target: Path, name: str, owned: Mapping[str, str]) -> bool:
    try:
        return owned.get(name) == _digest(target / name)
    except OSError:
        return False


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
