"""Saving files: what a peer calls a file never leaves the folder, replaces anything, or means something to a system."""

from __future__ import annotations

import errno
import resource
import stat
import sys
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PureWindowsPath

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from msra import analyzer
from msra.analysis.model import CaptureReport, Outcome, Session, Transfer, Verdict
from msra.analysis.transfers import transfers
from msra.events import Endpoint, Message
from msra.extract import LONGEST_NAME, SavedFile, extract, safe_name
from tests.conformance.expected import PCAPS
from tests.transport.builders import ra_message

CONTENT = b"abcdef"


def file(name: str, content: bytes = CONTENT, size: int | None = None, end: str = "FILEXFEREND") -> list[Message]:
    """The messages of a transfer from the expert."""
    announced = {"name": "FILEXFER", "filename": name, "channelid": "RA_FX"}
    announced["filesize"] = str(len(content) if size is None else size)
    block = ra_message("RA_FX", content)
    return [
        Message(1, 1, 0, "expert", "71", "RCCOMMAND", announced),
        Message(1, 2, 0, "novice", "RA_FX", "FILEXFERACK"),
        Message(1, 3, 0, "expert", "RA_FX", "FILE_DATA", {"data_len": len(content)}, (), block),
        Message(1, 4, 0, "expert", "RA_FX", end),
    ]


def report(*files: list[Message], path: str = "some/night.pcapng") -> CaptureReport:
    """A capture with one session that has these files."""
    messages = [message for one in files for message in one]
    end = Endpoint("10.0.0.1", 1)
    verdict = Verdict(Outcome.ESTABLISHED, 0, "")
    session = Session(1, end, end, "none", {}, 2, None, 0, 0, verdict, messages, transfers=transfers(messages))
    return CaptureReport(path, "embedded", sessions=[session])


def saved(folder: Path, name: str, **more: str) -> str:
    """The name under which a file is saved."""
    (one,) = extract(report(file(name), **more), folder)
    assert one.path.parent == folder and one.path.read_bytes() == CONTENT
    return one.path.name


PREFIX = "night - session 1, file 1 - "

HOSTILE = {
    # what a peer calls the file: what it is called in the folder, behind the capture, the session and the number
    "notes.txt": "notes.txt",
    "../../etc/passwd": "passwd",
    "/etc/passwd": "passwd",
    r"C:\Users\Eve\notes.txt": "notes.txt",
    r"..\..\Startup\evil.exe": "evil.exe",
    "C:notes.txt": "C_notes.txt",
    "notes.txt:evil.exe": "notes.txt_evil.exe",
    "notes.txt::$DATA": "notes.txt__$DATA",
    "..": "no name",
    "a/..": "no name",
    "/": "no name",
    "": "no name",
    " . ": "no name",
    ".bashrc": "bashrc",
    "notes.txt. . ": "notes.txt",
    "a\0b\nc\x1b[31m\x7f.txt": "a_b_c_[31m_.txt",
    "\u202egpj.exe": "_gpj.exe",
    "a\u2066b\u200fc\u061cd\ufeffe": "a_b_c_d_e",
    "a\u2028b\u00a0c\u3000d": "a_b_c_d",
    "\ud800\udfff": "__",
    'a<b>c"d|e?f*g.txt': "a_b_c_d_e_f_g.txt",
    "Bj\u00f6rn \u4e2d \U0001f600.txt": "Bj\u00f6rn \u4e2d \U0001f600.txt",
    "CON": "CON",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names(tmp_path: Path, name: str) -> None:
    assert saved(tmp_path, name) == PREFIX + HOSTILE[name]


DEVICES = {
    "CON": "_CON", "nul": "_nul", "Aux.txt": "_Aux.txt", "PRN.tar.gz": "_PRN.tar.gz", "com1.log": "_com1.log",
    "LPT9": "_LPT9", "NUL .txt": "_NUL .txt", "COM\u00b9.txt": "_COM\u00b9.txt", "CONOUT$": "_CONOUT$", ".con": "_con",
    "-aux.c": "_aux.c", "CON" + " " * 200 + "x.txt": "_CON" + " " * 142 + ".txt", "CONSOLE": "CONSOLE",
    "COM10": "COM10",
}  # fmt: skip


@pytest.mark.parametrize("name", DEVICES)
def test_devices_of_windows(name: str) -> None:
    """Behind a prefix they are none; should there ever be a name without one, they are none either."""
    assert safe_name(name) == DEVICES[name]


CAPTURES = ["..", "-", "../CON", ".hidden", "-rf.pcap", "\u202e.pcap", "x" * 300, "\U0001f600" * 80]


@pytest.mark.parametrize("path", CAPTURES)
def test_names_of_captures_are_no_better(tmp_path: Path, path: str) -> None:
    name = saved(tmp_path, "y" * 300 + ".txt", path=path)
    assert_safe(name)
    assert "session 1, file 1 - y" in name and name.endswith("y.txt")


@pytest.mark.parametrize("letter", ["x", "\u00f6", "\u4e2d", "\U0001f600"])
def test_long_names_keep_their_extension(tmp_path: Path, letter: str) -> None:
    """File systems count bytes."""
    for _ in range(2):
        name = saved(tmp_path, letter * 300 + ".docx")
        assert_safe(name)
    assert name.endswith(f"{letter} (2).docx")
    assert not saved(tmp_path, "x." + letter * 300).endswith(letter * 140), "too long for an extension"


def is_device(name: str) -> bool:
    """Windows' own rule: any extension, blanks before the dot, superscript digits."""
    stem = unicodedata.normalize("NFKC", name).split(".")[0].rstrip(" ").upper()
    ports = [f"{port}{digit}" for port in ("COM", "LPT") for digit in "123456789"]
    return stem in ["CON", "PRN", "AUX", "NUL", "CONIN$", "CONOUT$", "CLOCK$", *ports]


def assert_safe(name: str) -> None:
    """A name of one file, on every system."""
    assert 0 < len(name) <= LONGEST_NAME and len(name.encode()) <= 255
    assert name.isprintable() and not set(name) & set('<>:"/\\|?*')
    assert name[0] not in " .-" and name[-1] not in " ."
    assert not is_device(name) and PureWindowsPath(name).name == name and Path(name).name == name
    assert not any(unicodedata.category(letter) in ("Cc", "Cf", "Cs", "Zl", "Zp") for letter in name)


NASTY = st.text(st.sampled_from("CONUL1.. -/\\:\0\u202e\u00b9\ud800aX\U0001f600") | st.characters(), max_size=400)


@given(NASTY, st.sampled_from(["", ".partial"]))
@example("CON" + " " * 200 + "x", "")
@example("." * 200, "")
@example("x" * 145 + " . . .txt", "")
@example("a." + "b" * 19, ".partial")
def test_every_name_is_safe(name: str, suffix: str) -> None:
    safe = safe_name(name, suffix)
    assert_safe(safe)
    assert safe.endswith(suffix)
    assert safe_name(safe) == safe, "nothing more to do"


@settings(max_examples=50)
@given(names=st.lists(NASTY, min_size=1, max_size=3))
def test_every_file_is_directly_in_the_folder(tmp_path_factory: pytest.TempPathFactory, names: list[str]) -> None:
    outer = tmp_path_factory.mktemp("outer")
    files = extract(report(*(file(name) for name in names)), outer / "inner")
    assert len(files) == len(names) and list(outer.iterdir()) == [outer / "inner"]
    assert set((outer / "inner").iterdir()) == {one.path for one in files}
    for one in files:
        assert_safe(one.path.name)


def test_where_the_system_has_no_code_for_a_letter(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "getfilesystemencoding", lambda: "latin-1")
    assert safe_name("\u00f6\u4e2d.txt") == "\u00f6_.txt"


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    (tmp_path / f"{PREFIX}a.txt").write_text("mine")
    (tmp_path / f"{PREFIX}a (2).txt").mkdir()
    assert saved(tmp_path, "a.txt") == f"{PREFIX}a (3).txt"
    assert (tmp_path / f"{PREFIX}a.txt").read_text() == "mine"


def test_links_are_not_followed(tmp_path: Path) -> None:
    """Neither to a file nor to nothing."""
    victim, folder = tmp_path / "victim", tmp_path / "folder"
    folder.mkdir()
    victim.write_text("mine")
    (folder / f"{PREFIX}a.txt").symlink_to(victim)
    (folder / f"{PREFIX}a (2).txt").symlink_to(tmp_path / "not there")
    assert saved(folder, "a.txt") == f"{PREFIX}a (3).txt"
    assert victim.read_text() == "mine" and not (tmp_path / "not there").exists()


def test_a_folder_that_is_full_of_the_same_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("msra.extract._MOST_OF_A_NAME", 3)
    for _ in range(3):
        saved(tmp_path, "a.txt")
    with pytest.raises(FileExistsError):
        saved(tmp_path, "a.txt")
    assert len(list(tmp_path.iterdir())) == 3


def test_files_are_private(tmp_path: Path) -> None:
    (one,) = extract(report(file("a.exe")), tmp_path / "new" / "folder")
    assert stat.S_IMODE(one.path.stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "new" / "folder").stat().st_mode) == 0o700


def test_partial_files_are_called_so(tmp_path: Path) -> None:
    """By their bytes; that FILEXFEREND is not captured takes nothing from them."""
    files = [
        file("a.txt", size=7),
        file("b.txt", size=7, end="FILEXFERREJECT"),
        file("c.txt", size=5),
        file("d.txt")[:3],
    ]
    got = {one.path.name.rpartition(" - ")[2]: one.whole for one in extract(report(*files), tmp_path)}
    assert got == {"a.txt.partial": False, "b.txt.partial": False, "c.txt": True, "d.txt": True}


@pytest.mark.parametrize(("end", "name"), [("FILEXFEREND", "a.txt"), ("FILEXFERREJECT", "a.txt.partial")])
def test_without_a_size_the_end_tells(tmp_path: Path, end: str, name: str) -> None:
    messages = file("a.txt", end=end)
    del messages[0].fields["filesize"]  # type: ignore[attr-defined]
    (one,) = extract(report(messages), tmp_path)
    assert one.path.name == PREFIX + name


def test_only_what_was_sent_is_saved(tmp_path: Path) -> None:
    announced, accepted, _, end = file("a.txt", b"")
    rejected = Message(1, 2, 0, "novice", "RA_FX", "FILEXFERREJECT")
    files = extract(report([announced, rejected], [announced, accepted, end], [announced]), tmp_path)
    assert [(one.transfer.number, one.path.read_bytes()) for one in files] == [(2, b"")], "an empty file was sent"
    assert extract(report(), tmp_path / "empty") == [] and list((tmp_path / "empty").iterdir()) == []


@contextmanager
def full_disk(size: int) -> Iterator[None]:
    """No file can grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_nothing_half_is_left_on_a_full_disk(tmp_path: Path) -> None:
    """What was complete before stays."""
    small, large = file("small"), file("large", bytes(100_000))
    with full_disk(50_000), pytest.raises(OSError) as raised:
        extract(report(small, large), tmp_path)
    assert raised.value.errno == errno.EFBIG
    assert [path.name for path in tmp_path.iterdir()] == [f"{PREFIX}small"]


@pytest.mark.parametrize("error", [OSError(errno.EIO, "broken disk"), KeyboardInterrupt()], ids=["disk", "ctrl-c"])
@pytest.mark.parametrize("step", ["_take", "Path.replace"])
def test_nothing_is_left_when_the_name_is_not_given(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str, error: BaseException
) -> None:
    def fail(*_: object) -> None:
        assert list(tmp_path.iterdir()), "something is there that has to go"
        raise error

    monkeypatch.setattr(f"msra.extract.{step}", fail)
    with pytest.raises(type(error)):
        saved(tmp_path, "a.txt")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("folder", ["a file", "a file/below"])
def test_a_folder_that_cannot_be_is_an_error(tmp_path: Path, folder: str) -> None:
    (tmp_path / "a file").write_text("mine")
    with pytest.raises(OSError):
        extract(report(file("a.txt")), tmp_path / folder)
    assert (tmp_path / "a file").read_text() == "mine"


def test_real_files(tmp_path: Path) -> None:
    """Both files of the capture, and not the one that was refused."""
    capture = analyzer.analyze(PCAPS / "rich_all_types.pcapng", "embedded")
    for session in capture.sessions:
        session.transfers = transfers(session.messages)
    files = extract(capture, tmp_path)
    assert [(one.path.name, one.session, one.whole) for one in files] == [
        ("rich_all_types - session 1, file 1 - notes.bin", 1, True),
        ("rich_all_types - session 1, file 3 - big.log", 1, True),
    ]
    assert [one.path.stat().st_size for one in files] == [4137, 5000]
    assert isinstance(files[0], SavedFile) and isinstance(files[0].transfer, Transfer)
