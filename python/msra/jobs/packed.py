"""A task that can go to another machine: the key files travel by content, since their paths mean nothing there."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from msra.analysis.session import Given
from msra.analyzer import EngineName
from msra.engines.interface import Options
from msra.engines.secrets import keylog_of
from msra.jobs.errors import JobsError
from msra.jobs.task import Task


@dataclass(frozen=True, slots=True)
class PackedTask:
    """See Task. What is secret is left out of its text form: Dask logs the arguments of what fails."""

    engine: EngineName
    keylog: bytes = field(repr=False)
    rdp_keys: tuple[bytes, ...] = field(repr=False)
    decode_as: frozenset[int]
    given: Given | None = field(repr=False)

    @contextlib.contextmanager
    def unpacked(self, folder: str | None = None) -> Iterator[Task]:
        """The task, while the key files are there again: in `folder`, for this user only.

        There is always a key log, if only an empty one, so that the machine's own $SSLKEYLOGFILE makes no difference.
        """
        with tempfile.TemporaryDirectory(prefix="analyze-pcap-", dir=folder) as made:
            keylog = _written(Path(made) / "keylog", self.keylog)
            keys = [_written(Path(made) / f"key-{number}", key) for number, key in enumerate(self.rdp_keys, start=1)]
            yield Task(self.engine, Options(keylog, tuple(keys), self.decode_as), self.given)


def pack(task: Task) -> PackedTask:
    """Read the key files; raises JobsError if that is not possible."""
    keylog = keylog_of(task.options)
    return PackedTask(
        task.engine,
        _read(keylog) if keylog else b"",
        tuple(_read(path) for path in task.options.rdp_keys),
        task.options.decode_as,
        task.given,
    )


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise JobsError(f"{path}: the key file cannot be read: {error.strerror}") from error


def _written(path: Path, content: bytes) -> Path:
    path.touch(mode=0o600)
    path.write_bytes(content)
    return path
