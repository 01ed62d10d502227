"""Where captures come from: every argument gives sources or a sentence, and secrets in URLs stay secret."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import pytest

from msra.jobs.errors import JobsError
from msra.jobs.sources import STDIN, Source, find_sources, reason, shown
from tests.jobs.captures import GOOD, OTHER
from tests.jobs.extra import needs_cluster

HTTP = "https://host/a.pcap?X-Amz-Signature=secret"
FTP = "ftp://user:secret@host/a.pcap"


@pytest.fixture
def night(tmp_path: Path) -> Path:
    """A folder with two captures and something else."""
    for name, content in (("b.pcapng", GOOD), ("a.pcap", OTHER)):
        shutil.copy(content, tmp_path / name)
    (tmp_path / "notes.txt").write_text("no capture")
    return tmp_path


def names(*arguments: object) -> list[str]:
    return [Path(source.name).name for source in find_sources(map(str, arguments))]


def test_files_directories_and_globs_in_their_order(night: Path) -> None:
    assert names(night / "b.pcapng", STDIN, night, night / "*.pcap") == [
        "b.pcapng",
        "-",
        "a.pcap",
        "b.pcapng",
        "a.pcap",
    ]
    (night / "sub").mkdir()
    shutil.copy(OTHER, night / "sub" / "c.pcap")
    assert names(night / "**" / "*.pcap") == ["a.pcap", "c.pcap"]
    (source,) = find_sources([str(night / "a.pcap")])
    assert (source.path, source.size, source.only_here) == (night / "a.pcap", OTHER.stat().st_size, False)


def test_a_name_that_looks_like_a_glob(night: Path) -> None:
    """Files may be called so."""
    shutil.copy(GOOD, night / "what[1].pcapng")
    assert names(night / "what[1].pcapng") == ["what[1].pcapng"]


@pytest.mark.parametrize(
    ("argument", "problem"), [("*.none", "no file has such a name"), ("", "there are no captures")]
)
def test_what_names_nothing_is_a_problem(tmp_path: Path, argument: str, problem: str) -> None:
    (source,) = find_sources([f"{tmp_path}/{argument}"])
    assert source.problem and problem in source.problem and source.only_here


def test_pipes_and_what_is_missing_are_only_here(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for source in find_sources([STDIN, str(tmp_path / "pipe"), str(tmp_path / "missing")]):
        assert source.only_here and source.size is None and source.problem is None


def test_a_path_is_opened_by_whoever_reads_it() -> None:
    with find_sources([str(GOOD)])[0].opened() as opened:
        assert opened == (GOOD, None)
    with Source(STDIN).opened() as opened:
        assert opened == (None, None)


@needs_cluster
def test_urls(night: Path) -> None:
    sources = find_sources([f"file://{night}/*.pcap*", f"file://{night}/b.pcapng"])
    assert [source.name for source in sources] == [
        f"file://{night}/{name}" for name in ("a.pcap", "b.pcapng", "b.pcapng")
    ]
    assert [source.size for source in sources] == [path.stat().st_size for path in (OTHER, GOOD, GOOD)]
    with sources[0].opened() as (path, stream):
        assert path is None and stream is not None and stream.read() == OTHER.read_bytes()
    assert stream.closed


@needs_cluster
def test_memory_is_that_of_this_process() -> None:
    import fsspec

    with fsspec.open("memory://night/a.pcap", "wb") as file:
        file.write(OTHER.read_bytes())
    (source,) = find_sources(["memory://night/*"])
    assert source.only_here and source.size == OTHER.stat().st_size
    with source.opened() as (_, stream):
        assert stream is not None and stream.read() == OTHER.read_bytes()


@needs_cluster
@pytest.mark.parametrize(
    ("url", "problem"),
    [
        ("file://{}/*.none", "no file has such a name"),
        ("file://{}", "this is a directory"),
        ("nope://{}/*", "it cannot be read: Protocol not known: nope"),
    ],
)
def test_urls_that_name_nothing(tmp_path: Path, url: str, problem: str) -> None:
    (source,) = find_sources([url.format(tmp_path)])
    assert source.problem and source.problem.startswith(problem)


@needs_cluster
@pytest.mark.parametrize(
    ("url", "said"), [("file:///nowhere/x", "No such file or directory"), ("nope://x/y", "Protocol not known: nope")]
)
def test_whoever_reads_a_url_finds_out_whether_that_is_possible(url: str, said: str) -> None:
    """It may be so for a worker, and not here."""
    (source,) = find_sources([url])
    assert source.problem is None and source.size is None and not source.only_here
    with pytest.raises(OSError, match=said), source.opened():
        pass


@needs_cluster
def test_a_remote_file_that_fails_is_an_oserror(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whatever its file system raises, when it is opened and later, and without the secrets of its URL."""
    from fsspec.implementations.memory import MemoryFileSystem

    class Failing:
        def read(self, _size: int) -> bytes:
            raise RuntimeError(f"timeout at {FTP}")

        def close(self) -> None:
            pass

    source = Source(shown(FTP), url="memory://x")
    with pytest.raises(OSError, match="No such file"), source.opened():
        pass
    monkeypatch.setattr(MemoryFileSystem, "open", lambda *_arguments, **_options: Failing())
    with source.opened() as (_, stream), pytest.raises(OSError, match="timeout"):
        assert stream is not None and stream.read(10)


def test_secrets_in_urls_are_not_shown() -> None:
    assert shown(HTTP) == "https://host/a.pcap"
    assert shown(FTP) == "ftp://user:***@host/a.pcap"
    assert shown("s3://bucket/a?.pcap") == "s3://bucket/a?.pcap"
    assert reason(RuntimeError(f"no\nanswer from {FTP}"), FTP) == "no answer from ftp://user:***@host/a.pcap"
    assert "secret" not in repr(Source(shown(HTTP), url=HTTP))


def test_reasons() -> None:
    assert reason(PermissionError(13, "Permission denied"), "s3://x") == "Permission denied"
    assert reason(FileNotFoundError("bucket/x"), "s3://x") == "No such file or directory"
    assert reason(ValueError(), "s3://x") == "ValueError"


def test_without_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(JobsError, match=r"s3://bucket/x: .*: pip install wireshark-msra\[cluster\]$"):
        find_sources(["s3://bucket/x"])
    assert find_sources([str(GOOD)])
