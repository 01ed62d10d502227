"""The tshark engine: Wireshark dissects with our plugin, pyshark runs it, and its layers become events.

tshark exits with 0 even when a plugin fails, and pyshark keeps only the last line that tshark wrote on standard
error, so both are looked after here. Repeated layers and fields, which pyshark's attributes hide, are read from
its lists.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Generator, Iterator, Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from msra import plugin
from msra.capture import selection
from msra.engines import pdml
from msra.engines.dissection import Dissection, Fed
from msra.engines.embedded import EmbeddedReading
from msra.engines.export import MessageExport
from msra.engines.interface import EngineError, Options, Reading
from msra.engines.own_pass import OwnConnection, OwnPass
from msra.engines.scratch import temporary_folder, written
from msra.engines.secrets import keylog_of
from msra.engines.slice import Slice
from msra.events import ConnectionOpened, Event, Message
from msra.wireshark import find_tshark as find_tshark  # also for those who choose an engine

if TYPE_CHECKING:
    from msra.engines.pyshark_capture import Reliable

FILTER = f"{pdml.MESSAGE_LAYER} || {pdml.TRANSPORT_LAYER} || _ws.lua.error"
PREFERENCES = {
    # Pinned, because the user's own settings must not change the answer.
    "tcp.desegment_tcp_streams": "TRUE",
    "tcp.try_heuristic_first": "TRUE",  # RDP is found also on ports that Wireshark gives to other protocols
    "tls.desegment_ssl_records": "TRUE",
    "tls.desegment_ssl_application_data": "TRUE",
    "ip.defragment": "TRUE",
    "ipv6.defragment": "TRUE",
}
OLDEST_WIRESHARK, IGNORES_SCRIPTS_FOR_ROOT = (4, 0), (4, 4)
DAMAGED_FILE = 2
"""tshark's exit status for a capture that it could not read to its end."""
_HARMLESS = re.compile(r"Running as user|dangerous|^\s*$")
_DAMAGED = re.compile(r"appears to (be damaged|have been cut short)|cut short in the middle")
_PLUGIN_FAILED = re.compile(r"\blua\b|_ws\.lua|was not loaded", re.IGNORECASE)
_NO_PLUGIN = re.compile(r"neither a field nor a protocol name|not a valid protocol or protocol field", re.IGNORECASE)


def needed_tshark() -> str:
    """The path of tshark; raises EngineError if there is none."""
    tshark = find_tshark()
    if tshark is None:
        raise EngineError("tshark is not installed; install Wireshark, or use --engine embedded")
    return tshark


def runs_plugins(tshark: str) -> bool:
    """Whether this tshark would run our plugin: 4.4 and later ignore user scripts for root, and before 4.0 it fails."""
    # What lies beside it is of the same version, and tells that in a thirtieth of the time that tshark takes.
    beside = Path(tshark).with_name("capinfos").with_suffix(Path(tshark).suffix)
    version = _version(str(beside)) or _version(tshark) or (0, 0)
    return version >= OLDEST_WIRESHARK and not (_is_root() and version >= IGNORES_SCRIPTS_FOR_ROOT)


def _version(program: str) -> tuple[int, ...] | None:
    """Major and minor version that a program of Wireshark tells; None if it tells nothing."""
    try:
        listing = subprocess.run(  # noqa: S603
            [program, "--version"], capture_output=True, encoding="utf-8", errors="replace", check=False, timeout=60
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = re.search(r"(\d+)\.(\d+)\.\d+", listing.stdout)
    return tuple(map(int, found.groups())) if found else None


class TsharkReading:
    """One capture being read (see interface.Reading)."""

    def __init__(self, path: Path, options: Options) -> None:
        self._path = path
        self._options = options
        self._own_reading: EmbeddedReading | None = None
        self.packets = 0
        self.notes: list[str] = []

    @property
    def position(self) -> int:
        """Bytes of the file that our own pass over it has read so far; tshark does not tell how far it is."""
        return self._own_reading.position if self._own_reading else 0

    def events(self) -> Generator[Event, None, None]:
        """Let tshark dissect the capture: a small file as it is, of everything else a slice with what may matter.

        tshark starts, and dissects what is there already, while our own pass is under way.
        """
        if _is_small(self._path):
            with closing(self._tshark(self._path)) as tshark:
                own_pass = OwnPass(self._path, self._options, started=self._started)
                yield from self._read(self._path, tshark, own_pass, None)
            return
        with temporary_folder() as folder:
            path = folder / "slice.pcapng"
            with (
                written(path) as stream,
                closing(Fed(needed_tshark(), parameters(self._options), FILTER, path)) as tshark,
            ):
                sliced = Slice(stream)
                own_pass = OwnPass(self._path, self._options, sliced=sliced, started=self._started)
                stream.close()
                tshark.complete()
                yield from self._read(path, tshark, own_pass, sliced)

    def _read(self, path: Path, tshark: Dissection, own_pass: OwnPass, sliced: Slice | None) -> Iterator[Event]:
        self.packets, self.notes = own_pass.packets, own_pass.notes
        if own_pass.has_losses:  # which this tshark was not told of
            tshark.close()
            tshark = self._tshark(path, holes=True)
        opaque: dict[int, OwnConnection] = {}
        dissected = self._events(tshark)
        for event in map(sliced.original, dissected) if sliced else dissected:
            if isinstance(event, ConnectionOpened):
                own = own_pass.find(event)
                yield event
                additions = own.additions if own else []
                yield from (replace(addition, connection=event.connection) for addition in additions)
                if own and own.opaque:
                    opaque[event.connection] = own
            elif event.connection not in opaque:
                yield event
        if opaque:
            yield from self._exported(opaque)
        yield from own_pass.failed

    def _started(self, own_reading: EmbeddedReading) -> None:
        self._own_reading = own_reading

    def _exported(self, opaque: Mapping[int, OwnConnection]) -> Iterator[Event]:
        """The messages that Wireshark cannot decrypt or decompress: it dissects them from an export."""
        for number, own in opaque.items():
            with temporary_folder() as folder:
                export = folder / "messages.pcapng"
                with written(export) as stream:
                    MessageExport(stream).add([own.opened, *own.messages], "the capture")
                dissected = [event for event in self._events(self._tshark(export)) if isinstance(event, Message)]
            if len(dissected) != len(own.messages):
                raise EngineError(f"tshark dissected {len(dissected)} of {len(own.messages)} decrypted messages")
            for event, message in zip(dissected, own.messages, strict=True):
                yield replace(event, connection=number, frame=message.frame, time=message.time)

    def _tshark(self, path: Path, holes: bool = False) -> Dissection:
        return Dissection(needed_tshark(), parameters(self._options, holes), FILTER, str(path))

    def _events(self, tshark: Dissection) -> Iterator[Event]:
        translator = pdml.Translator()
        with closing(tshark):
            for packet in tshark:
                yield from translator.events(packet)
            if problem := problem_of(tshark):
                raise EngineError(problem)
            if tshark.exit_status == DAMAGED_FILE and not self.notes:
                self.notes.append("Wireshark takes this file for damaged, and did not read all of it")


def parameters(options: Options, holes: bool = False) -> list[str]:
    """What tshark is told besides what to read; `holes`: bytes of the streams are missing."""
    return [
        *plugin_parameters(options, holes),
        # The plugin reads TPKT and all above it by itself; Wireshark would need 3 MB more for each RDP connection.
        *("--disable-protocol", "rdp"),
        # Only these protocols are written out: the rest of the tree is most of the work.
        *("-J", f"{pdml.MESSAGE_LAYER} {pdml.TRANSPORT_LAYER}"),
    ]


def plugin_parameters(options: Options, holes: bool = False) -> list[str]:
    """What tshark is told for the plugin to see all messages, whatever else is asked of it."""
    made = ["-X", f"lua_script:{plugin.script()}"]
    preferences: dict[str, Any] = dict(PREFERENCES)
    # When it puts segments into order, Wireshark waits for lost ones to the end, and shows nothing behind them.
    preferences["tcp.reassemble_out_of_order"] = "FALSE" if holes else "TRUE"
    keylog = keylog_of(options)
    if keylog:
        preferences["tls.keylog_file"] = keylog
    for name, value in preferences.items():
        made += ["-o", f"{name}:{value}"]
    for key in options.rdp_keys:
        made += ["-o", f'uat:rsa_keys:"{_quoted(key)}",""']
    for port in sorted(options.decode_as):
        made += ["-d", f"tcp.port=={port},{pdml.TRANSPORT_LAYER}"]
    return made


def _is_small(path: Path) -> bool:
    """A file that cannot be looked at is left to the pass over it, which says what is wrong."""
    try:
        return path.is_file() and path.stat().st_size <= selection.SMALL
    except OSError:
        return False


def problem_of(tshark: Dissection | Reliable) -> str | None:
    """What went wrong in a tshark that has ended, as a sentence; None if nothing did. A damaged file is a note only."""
    exit_status, said = tshark.exit_status, [line for line in tshark.error_lines if not _HARMLESS.search(line)]
    if any(_NO_PLUGIN.search(line) for line in said):
        reason = "Wireshark ignores user scripts for root" if _is_root() else "; ".join(said)
        return f"tshark did not load the MS-RA plugin ({reason}); use --engine embedded"
    if any(_PLUGIN_FAILED.search(line) for line in said):
        return f"the MS-RA plugin failed in tshark: {'; '.join(said)}"
    damaged = exit_status == DAMAGED_FILE and any(_DAMAGED.search(line) for line in said)
    if exit_status and not damaged:
        how = f"status {exit_status}" if exit_status > 0 else f"signal {-exit_status}"
        return f"tshark ended with {how}: {'; '.join(said) or 'it gave no reason'}"
    if not tshark.whole:
        return f"tshark ended in the middle of its output: {'; '.join(said) or 'it gave no reason'}"
    return None


def _quoted(path: Path) -> str:
    """A path inside the quotes of a table preference: backslashes and quotes are written as hexadecimal escapes."""
    return str(path.resolve()).replace("\\", r"\x5c").replace('"', r"\x22")


def _is_root() -> bool:
    return sys.platform != "win32" and os.geteuid() == 0


class TsharkEngine:
    """Reads captures with tshark and the plugin (see interface.Engine)."""

    name = "tshark"

    def read(self, path: Path | None, options: Options, stream: BinaryIO | None = None) -> Reading:
        """Start reading the capture at `path`; without one `stream`, or else standard input."""
        if path is not None:
            return TsharkReading(path, options)
        from msra.engines.tshark_stream import StreamReading

        return StreamReading(stream, options)
