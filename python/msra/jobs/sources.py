"""Where captures come from: files, directories, globs, URLs and standard input.

URLs are fsspec's: s3://, https://, file:// and many more. All that is asked of them is one pass from start to end.
"""

from __future__ import annotations

import contextlib
import errno
import glob
import io
import os
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from msra.capture import find_captures
from msra.jobs.errors import missing_extra

STDIN = "-"

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(://|::)")
_GLOB = re.compile(r"[*?[]")
_PASSWORD = re.compile(r"(://[^/@:]*):[^/@]*@")
_QUERY = re.compile(r"^(https?://[^?]*)\?.*", re.DOTALL)
_BUFFER = 1 << 18


@dataclass(frozen=True, slots=True)
class Source:
    """One capture: the file at `path`, what is at `url`, or else standard input.

    `name` is what reports call it. `size` is that of the file in bytes, None if it is not known. `problem` says why
    there is nothing to read. `only_here`: no other process would find the same under this name.
    """

    name: str
    path: Path | None = None
    url: str | None = field(default=None, repr=False)
    size: int | None = None
    problem: str | None = None
    only_here: bool = False

    @contextlib.contextmanager
    def opened(self) -> Iterator[tuple[Path | None, BinaryIO | None]]:
        """The path, or a stream, or neither for standard input. Raises OSError, also later when the stream is read."""
        if self.url is None:
            yield self.path, None
        else:
            with io.BufferedReader(_Remote(self.url, self.name), _BUFFER) as stream:
                yield None, stream


def find_sources(arguments: Iterable[str]) -> list[Source]:
    """The captures that the arguments name, in their order. Raises JobsError if that needs packages that are missing.

    Directories are searched for captures, globs are expanded and sorted; what names nothing is a source with a problem.
    """
    return [source for argument in arguments for source in _sources(argument)]


def _sources(argument: str) -> Iterator[Source]:
    if argument == STDIN:
        return iter([Source(STDIN, only_here=True)])
    if _URL.match(argument):
        return _from_url(argument)
    if _GLOB.search(argument) and not os.path.lexists(argument):
        return _from_glob(argument)
    return _from_path(argument)


def _from_glob(pattern: str) -> Iterator[Source]:
    found = sorted(glob.glob(pattern, recursive=True))  # noqa: PTH207 - Path.glob needs a folder to begin with
    if not found:
        yield _nothing(pattern, "no file has such a name")
    for path in found:
        yield from _from_path(path)


def _from_path(name: str) -> Iterator[Source]:
    path = Path(name)
    if not path.is_dir():
        yield _file(name)
        return
    found = [_file(str(capture)) for capture in find_captures(path)]
    yield from found or [_nothing(name, "there are no captures in this directory")]


def _file(name: str) -> Source:
    path = Path(name)
    if path.is_file():
        with contextlib.suppress(OSError):
            return Source(name, path, size=path.stat().st_size)
    # A pipe, such as the shell's <(command), belongs to this process. What is missing is missing here.
    return Source(name, path, only_here=True)


def _from_url(url: str) -> Iterator[Source]:
    try:
        from fsspec.core import url_to_fs
    except ImportError as error:
        raise missing_extra(f"{shown(url)}: a capture named by a URL") from error
    only_here, pattern = url.startswith("memory://"), "*" in url and "::" not in url
    try:
        files, path = url_to_fs(url)
        if pattern:
            found = sorted(files.glob(path, detail=True).items())
            named = [(files.unstrip_protocol(name), info) for name, info in found]
        else:
            named = [(url, files.info(path))]
    except Exception as error:  # noqa: BLE001, RUF100 - whatever the file system at hand raises
        if pattern:
            yield _nothing(shown(url), f"it cannot be read: {reason(error, url)}")
        else:  # who knows; a worker may have the rights
            yield Source(shown(url), url=url, only_here=only_here)
        return
    captures = [
        Source(shown(name), url=name, size=info.get("size"), only_here=only_here)
        for name, info in named
        if info.get("type") != "directory"
    ]
    yield from captures or [_nothing(shown(url), _NOT_FOUND if pattern else _DIRECTORY)]


_NOT_FOUND = "no file has such a name"
_DIRECTORY = "this is a directory; name the captures in it with a glob: .../*.pcapng"


def _nothing(name: str, problem: str) -> Source:
    return Source(name, problem=problem, only_here=True)


def shown(url: str) -> str:
    """The URL without what may be secret: the password, and the query with its signatures."""
    return _QUERY.sub(r"\1", _PASSWORD.sub(r"\1:***@", url))


def reason(error: Exception, url: str) -> str:
    """What went wrong, without the secrets of the URL; file systems raise what they like."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    if isinstance(error, FileNotFoundError):
        return os.strerror(errno.ENOENT)
    return " ".join(str(error).replace(url, shown(url)).split()) or type(error).__name__


class _Remote(io.RawIOBase):
    """A remote file as a stream whose every failure is an OSError."""

    def __init__(self, url: str, name: str) -> None:
        self._url = url
        try:
            from fsspec.core import url_to_fs

            files, path = url_to_fs(url)
            self._file: Any = files.open(path, "rb")
        except Exception as error:
            raise OSError(errno.EIO, reason(error, url), name) from error

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        try:
            data = self._file.read(len(buffer))
        except Exception as error:
            raise OSError(errno.EIO, reason(error, self._url)) from error
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        if not self.closed and hasattr(self, "_file"):
            self._file.close()
        super().close()
