"""Disks that are full, and folders that cannot be written: one sentence, and nothing half is left."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.conformance.expected import PCAPS
from tests.faults.command import CODE, GOOD, LARGE, MANY, VERDICT, analyze_pcap, environment, namespace

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="namespaces and such limits are Linux's")
RICH = PCAPS / "rich_all_types.pcapng"


@pytest.fixture
def large(tmp_path: Path) -> Path:
    """A capture that tshark is given a slice of."""
    path = tmp_path / "large.pcapng"
    path.write_bytes(MANY.read_bytes() * (LARGE // MANY.stat().st_size + 1))
    return path


def with_small_disk(
    folder: Path, kilobytes: int, *arguments: str | Path, variables: dict[str, str]
) -> tuple[int, str, list[str]]:
    """Run the command while a disk of this size is mounted at `folder`; status, standard error, and what is left."""
    script = (
        f'mount -t tmpfs -o size={kilobytes}k none "$DISK" && {{ "$PYTHON" -c "$CODE" "$@" >/dev/null; '
        'status=$?; ls -A "$DISK"; exit $status; }'
    )
    folder.mkdir()
    known = {"DISK": str(folder), "PYTHON": sys.executable, "CODE": CODE}
    done = subprocess.run(
        [*namespace(), "sh", "-c", script, "sh", *map(str, arguments)],
        capture_output=True, text=True, timeout=120, env=environment(folder.parent, **known, **variables),
    )  # fmt: skip
    return done.returncode, done.stderr, done.stdout.split()


@pytest.mark.parametrize("option", [("-f", "html", "-o"), ("--export",), ("--extract",)], ids=lambda words: words[-1])
def test_a_full_disk(tmp_path: Path, option: tuple[str, ...]) -> None:
    disk = tmp_path / "disk"
    target = disk if option == ("--extract",) else disk / "file"
    captures = [RICH] if option == ("--extract",) else [MANY]
    status, err, left = with_small_disk(disk, 4, "--engine=embedded", *option, target, *captures, variables={})
    assert (status, err, left) == (2, f"analyze-pcap: {target}: it cannot be written: No space left on device\n", [])


@pytest.mark.parametrize("kilobytes", [4, 64])
def test_no_room_for_temporary_files(tmp_path: Path, large: Path, kilobytes: int) -> None:
    """It is that folder, and not the capture, that is at fault; the other capture is small, and needs none."""
    disk = tmp_path / "disk"
    variables = {"TMPDIR": str(disk)}
    status, err, left = with_small_disk(disk, kilobytes, "--engine=tshark", large, GOOD, variables=variables)
    (line,) = err.splitlines()
    assert line.startswith(f"analyze-pcap: {large}: the temporary file {disk}/analyze-pcap-")
    assert line.endswith("slice.pcapng cannot be written: No space left on device") and (status, left) == (3, [])


def test_files_that_may_not_grow(tmp_path: Path) -> None:
    """RLIMIT_FSIZE, as administrators set it: the signal that comes with it ends nothing."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "report").write_text("old")
    done = analyze_pcap(tmp_path, "--engine=embedded", "-fhtml", "-o", folder / "report", GOOD, before="ulimit -f 8")
    assert done.returncode == 2
    assert done.stderr == f"analyze-pcap: {folder / 'report'}: it cannot be written: File too large\n"
    assert [(path.name, path.read_text()) for path in folder.iterdir()] == [("report", "old")]


def test_nothing_can_be_written_anywhere(tmp_path: Path, large: Path) -> None:
    """A system that is read-only: small captures are read all the same, and for others there is a sentence."""
    script = (
        "mount --make-rprivate / && for place in $(cut -d' ' -f2 /proc/mounts | grep -v '^/proc'); do "
        'mount -o remount,bind,ro "$place" 2>/dev/null; done; cd / && exec "$PYTHON" -c "$CODE" "$@"'
    )
    done = subprocess.run(
        [*namespace(), "sh", "-c", script, "sh", "--engine=tshark", "-q", str(large), str(GOOD)],
        capture_output=True, text=True, timeout=120, env=environment(tmp_path, PYTHON=sys.executable, CODE=CODE),
    )  # fmt: skip
    assert done.returncode == 3 and VERDICT in done.stdout
    assert done.stderr.startswith(f"analyze-pcap: {large}: no temporary folder can be made: ")
    assert len(done.stderr.splitlines()) == 1


def test_folders_that_cannot_be_written(tmp_path: Path) -> None:
    """As root everything can be written, so it is where the system says no to everybody."""
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "file").touch()
    for target, reason in (
        (folder, "Is a directory"),
        (folder / "missing" / "report", "No such file or directory"),
        (folder / "file" / "report", "Not a directory"),
        (Path("/proc/report"), "No such file or directory"),
        (folder / ("x" * 300), "File name too long"),
    ):
        for option in ("-o", "--export"):
            done = analyze_pcap(tmp_path, "--engine=embedded", option, target, GOOD)
            assert (done.returncode, done.stdout) == (2, "")
            assert done.stderr == f"analyze-pcap: {target}: it cannot be written: {reason}\n"
    assert [path.name for path in folder.iterdir()] == ["file"]


def test_devices_stay_devices(tmp_path: Path) -> None:
    """In a folder of devices that is the test's own."""
    device = tmp_path / "dev" / "full"
    device.parent.mkdir()
    script = (
        'mount -t tmpfs none "$1" && touch "$2" && mount --bind /dev/full "$2" && '
        '"$PYTHON" -c "$CODE" -o "$2" "$3"; test -c "$2"'
    )
    done = subprocess.run(
        [*namespace(), "sh", "-c", f'{script}; echo "device: $?"', "sh", device.parent, device, GOOD],
        capture_output=True, text=True, timeout=120,
        env=environment(tmp_path, PYTHON=sys.executable, CODE=CODE),
    )  # fmt: skip
    assert done.stdout == "device: 0\n"
    assert done.stderr == f"analyze-pcap: {device}: it cannot be written: No space left on device\n"
