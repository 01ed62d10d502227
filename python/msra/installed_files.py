"""Files that are installed for the user: never overwrites or removes one that it did not write itself.

A manifest beside the files says what was written: names and SHA-256. A file with another content is the user's.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

MANIFEST = "installed-by-analyze-pcap.json"


class InstalledFiles(NamedTuple):
    """The files of one folder. The methods raise OSError where the folder cannot be read or written."""

    folder: Path

    def foreign(self, sources: Sequence[Path]) -> list[str]:
        """Which of the names to install belong to files that were not written here, or were changed since."""
        owned = self._manifest()
        return [source.name for source in sources if self._is_foreign(source.name, owned)]

    def install(self, sources: Sequence[Path], version: str) -> list[str]:
        """Copy the files into the folder, in place of those of an older version; returns the names of kept ones."""
        self.folder.mkdir(parents=True, exist_ok=True)
        owned = self._manifest()
        kept = self.foreign(sources)
        for name in owned:
            if not self._is_foreign(name, owned):
                (self.folder / name).unlink(missing_ok=True)
        written = dict(owned.items() & {(name, owned.get(name, "")) for name in kept})
        ours = [source for source in sources if source.name not in kept]
        written.update((source.name, _digest(source)) for source in ours)
        # First what will be written, then the files, each whole or not at all: if it breaks off, all are known as ours.
        _write(self.folder / MANIFEST, json.dumps({"version": version, "files": written}, indent=1).encode())
        for source in ours:
            _write(self.folder / source.name, source.read_bytes())
        return kept

    @property
    def version(self) -> str | None:
        """The version that was installed last; None if nothing is."""
        said = self._manifest_text().get("version")
        return said if isinstance(said, str) and self._manifest() else None

    def outdated(self, sources: Sequence[Path]) -> list[str]:
        """Which of the files are missing, or are not those of this version."""
        return [one.name for one in sources if not _same(self.folder / one.name, one)]

    def remove(self) -> list[str] | None:
        """Remove what was installed; returns the names of files that were changed and kept, None if there was none."""
        owned = self._manifest()
        if not owned:
            return None
        kept = [name for name in owned if self._is_foreign(name, owned)]
        for name in owned:
            if name not in kept:
                (self.folder / name).unlink(missing_ok=True)
        (self.folder / MANIFEST).unlink()
        if not any(self.folder.iterdir()):
            self.folder.rmdir()
        return kept

    def _is_foreign(self, name: str, owned: Mapping[str, str]) -> bool:
        """Links and folders are, whatever they lead to."""
        path = self.folder / name
        if path.is_symlink() or path.is_dir():
            return True
        return path.exists() and owned.get(name) != _digest(path)

    def _manifest(self) -> Mapping[str, str]:
        """Names and digests of the files that were installed; empty if there are none."""
        files = self._manifest_text().get("files")
        if not isinstance(files, dict):
            return {}
        return {name: digest for name, digest in files.items() if Path(name).name == name}

    def _manifest_text(self) -> Mapping[str, Any]:
        try:
            said = json.loads((self.folder / MANIFEST).read_text("utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return {}
        return said if isinstance(said, dict) else {}


def _same(path: Path, source: Path) -> bool:
    return path.is_file() and path.read_bytes() == source.read_bytes()


def _write(target: Path, data: bytes) -> None:
    beside = target.with_name(f"{target.name}.part")
    beside.write_bytes(data)
    beside.replace(target)


def _digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
