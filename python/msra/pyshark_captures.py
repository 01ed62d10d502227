"""Captures for scripts with pyshark: its own FileCapture and LiveCapture, with the plugin and its messages in them.

>>> with msra.open_capture("capture.pcapng") as capture:
...     for packet in capture:
...         for message in packet.messages:
...             print(packet.ip.src, message.type, message.fields)
"""

from __future__ import annotations

import contextlib
import os
import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pyshark.capture.capture import TSharkCrashException
from pyshark.capture.file_capture import FileCapture
from pyshark.capture.live_capture import LiveCapture
from pyshark.packet.packet import Packet
from pyshark.tshark.output_parser.tshark_xml import TsharkXmlParser
from pyshark.tshark.tshark import get_process_path

from msra.engines.interface import EngineError, Options
from msra.engines.own_pass import OwnPass
from msra.engines.pdml import MESSAGE_LAYER, Translator
from msra.engines.program import Program
from msra.engines.pyshark_capture import Reliable
from msra.engines.tshark import DAMAGED_FILE, plugin_parameters, problem_of
from msra.events import Message
from msra.wireshark import find_tshark

_INFORMATION = ("Capturing on", "File: ", "Packets captured", "Packets received")
"""How lines begin that dumpcap writes when all is well."""


def open_capture(
    path: str | os.PathLike[str],
    keylog: str | os.PathLike[str] | None = None,
    rdp_keys: Iterable[str | os.PathLike[str]] = (),
    **pyshark_options: Any,
) -> RemoteAssistanceCapture:
    """A pyshark FileCapture of a capture file. To be used with `with`: at its end, no tshark is left.

    `keylog` is a TLS key log (NSS format), `rdp_keys` are RSA private keys (PEM or xrdp's rsakeys.ini).
    `pyshark_options` are those of FileCapture: display_filter, keep_packets, decode_as...
    """
    return RemoteAssistanceCapture(os.fspath(path), keylog=keylog, rdp_keys=rdp_keys, **pyshark_options)


def open_live(
    interface: str | list[str] | None = None,
    keylog: str | os.PathLike[str] | None = None,
    rdp_keys: Iterable[str | os.PathLike[str]] = (),
    **pyshark_options: Any,
) -> RemoteAssistanceLiveCapture:
    """A pyshark LiveCapture of an interface, of several, or of all. To be used with `with`.

    Keys as in `open_capture`; the key log may grow meanwhile. `pyshark_options` are those of LiveCapture: bpf_filter,
    display_filter, output_file... Wireshark cannot decrypt Standard RDP Security; live, such messages are not seen.
    """
    return RemoteAssistanceLiveCapture(interface, keylog=keylog, rdp_keys=rdp_keys, **pyshark_options)


class RemoteAssistancePacket(Packet):  # type: ignore[misc]  # pyshark has no types
    """A packet of pyshark; `messages` are all Remote Assistance messages that it completed, in their order."""

    messages: list[Message]


class _Parser(TsharkXmlParser):  # type: ignore[misc]
    """pyshark's parser of PDML. `own`: the messages of the frames that Wireshark cannot read, and we can."""

    def __init__(self, own: Mapping[int, list[Message]], only_summaries: bool) -> None:
        super().__init__(parse_summaries=only_summaries)
        self._own = own
        self._translator = Translator()

    def _parse_single_packet(self, packet: bytes) -> Any:
        parsed = super()._parse_single_packet(packet)
        if isinstance(parsed, Packet):
            parsed.__class__ = RemoteAssistancePacket
            events = list(self._translator.events(parsed))
            own = self._own.get(int(parsed.number))
            parsed.messages = own or [event for event in events if isinstance(event, Message)]
        return parsed


class _WithMessages(Reliable):
    """What both kinds of captures have in common."""

    def __init__(
        self,
        source: Any,
        *,
        keylog: str | os.PathLike[str] | None = None,
        rdp_keys: Iterable[str | os.PathLike[str]] = (),
        display_filter: str | None = None,
        tshark_path: str | None = None,
        **options: Any,
    ) -> None:
        self._given = Options(Path(keylog) if keylog else None, tuple(map(Path, rdp_keys)))
        self._own: Mapping[int, list[Message]] = {}
        self._holes = False
        # A filter that names the plugin's protocol makes tshark fail where it did not load the plugin.
        needs_plugin = f"(frame || {MESSAGE_LAYER})"
        filter_with_plugin = f"({display_filter}) && {needs_plugin}" if display_filter else needs_plugin
        super().__init__(
            source, display_filter=filter_with_plugin, tshark_path=tshark_path or find_tshark(), **options
        )  # fmt: skip
        if options.get("use_json") or options.get("use_ek"):
            raise ValueError("use_json and use_ek lose repeated layers and fields: messages are read from XML only")

    def get_parameters(self, packet_count: int | None = None) -> list[str]:
        """What tshark is told. What the user gave comes later, and holds."""
        given: list[str] = super().get_parameters(packet_count)  # type: ignore[misc]
        return [*plugin_parameters(self._given, self._holes), *given]

    def _setup_tshark_output_parser(self) -> _Parser:
        capture: Any = self
        return _Parser(self._own, capture._only_summaries)

    async def _cleanup_subprocess(self, process: Program) -> None:
        await super()._cleanup_subprocess(process)
        if process.stopped or not process.at_end:
            return
        if problem := problem_of(self):
            raise TSharkCrashException(problem)
        if self.exit_status == DAMAGED_FILE:
            warnings.warn("Wireshark takes this capture for damaged, and did not read all of it", stacklevel=2)


class RemoteAssistanceCapture(_WithMessages, FileCapture):  # type: ignore[misc]
    """pyshark's FileCapture with the plugin; its packets are RemoteAssistancePackets.

    Raises TSharkCrashException, with what tshark said, where tshark or the plugin fails.
    """

    _looked = False

    async def _get_tshark_process(self, packet_count: int | None = None, **pipes: int) -> Program:
        self._verify_capture_parameters()
        if not self._looked:
            self._looked = True
            # What only Wireshark can read is left to it.
            with contextlib.suppress(EngineError):
                self._look(OwnPass(self.input_filepath, self._given))
        return await super()._get_tshark_process(packet_count, **pipes)

    def _look(self, own_pass: OwnPass) -> None:
        """Find what Wireshark needs to be told, and what it cannot read: see own_pass."""
        self._holes = own_pass.has_losses
        own = defaultdict(list)
        for message in own_pass.opaque_messages:
            own[message.frame].append(message)
        self._own = dict(own)


class RemoteAssistanceLiveCapture(_WithMessages, LiveCapture):  # type: ignore[misc]
    """pyshark's LiveCapture with the plugin; its packets are RemoteAssistancePackets."""

    _own_session = True

    def __init__(self, interface: str | list[str] | None = None, **options: Any) -> None:
        self._sources: dict[Program, Program] = {}
        super().__init__(interface, **options)

    def get_parameters(self, packet_count: int | None = None) -> list[str]:
        """What tshark is told: to read what dumpcap writes, and not (`-i -`) to capture it a second time."""
        return [*super().get_parameters(packet_count)[: -len(("-i", "-"))], "-r", "-"]

    async def _get_tshark_process(self, packet_count: int | None = None, **_pipes: int) -> Program:
        dumpcap = get_process_path(process_name="dumpcap", tshark_path=self.tshark_path)
        output, target = os.pipe()
        try:
            source = self._start([dumpcap, *self._get_dumpcap_parameters()], stdout=target)
            process = await super()._get_tshark_process(packet_count, stdin=output)
        finally:
            os.close(output)
            os.close(target)
        self._sources[process] = source
        return process

    async def _cleanup_subprocess(self, process: Program) -> None:
        """The end of one is that of the other; it is dumpcap that knows why."""
        source = self._sources.pop(process)
        status = source.stop()
        self._running_processes.discard(source)
        if status > 0 and process.at_end and not process.stopped:
            process.stop()
            said = [line for line in source.error_lines if line and not line.startswith(_INFORMATION)]
            raise TSharkCrashException(f"dumpcap ended with status {status}: {' '.join(said) or 'it gave no reason'}")
        await super()._cleanup_subprocess(process)
