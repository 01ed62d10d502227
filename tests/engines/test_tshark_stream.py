"""The tshark engine for captures that grow: the same events as the embedded engine's, each as soon as it happens."""

from __future__ import annotations

import io
import os
import threading
from collections.abc import Iterator

import pytest

from msra.engines import tshark_stream
from msra.engines.embedded import EmbeddedEngine
from msra.engines.interface import EngineError, Options
from msra.engines.tshark import TsharkEngine
from msra.engines.tshark_stream import MessageDissector
from msra.events import ConnectionOpened, Endpoint, Event, Message
from tests.conformance.expected import PCAPS

ERROR = PCAPS / "v2_err61_passwords_dont_match.pcapng"
OPENED = ConnectionOpened(1, 1, 0, Endpoint("10.0.0.1", 1), Endpoint("10.0.0.2", 2))


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("v2_err61_passwords_dont_match.pcapng", Options()),
        ("v2_all48_codes.pcapng", Options()),
        ("rich_all_types.pcapng", Options()),
        ("link_ipv6.pcapng", Options()),
        ("comp_shared_ncrush.pcapng", Options()),
        ("v2_tls13.pcapng", Options(keylog=PCAPS / "v2_tls13.keys.txt")),
        ("v2_rc4_128.pcapng", Options(rdp_keys=(PCAPS / "v2_rc4_128.server.key.pem",))),
        ("neg_http.pcapng", Options()),
    ],
)
def test_the_events_are_those_of_the_embedded_engine(name: str, options: Options) -> None:
    expected = list(EmbeddedEngine().read(PCAPS / name, options).events())
    with (PCAPS / name).open("rb") as stream:
        reading = TsharkEngine().read(None, options, stream)
        assert list(reading.events()) == expected
    assert reading.packets > 0 and reading.notes == []


@pytest.mark.parametrize("engine", [EmbeddedEngine(), TsharkEngine()], ids=lambda engine: engine.name)
def test_events_come_while_the_capture_grows(engine: EmbeddedEngine | TsharkEngine) -> None:
    """With every packet that is written, byte for byte of its block, its events are there before the next one."""
    output, target = os.pipe()
    expected = list(EmbeddedEngine().read(ERROR, Options()).events())
    last = max(event.frame for event in expected if isinstance(event, Message))
    wanted = threading.Semaphore(0)

    def write() -> None:
        with os.fdopen(target, "wb", buffering=0) as pipe:
            for block, frame in blocks(ERROR.read_bytes()):
                if frame == last + 1:
                    assert wanted.acquire(timeout=30), "the message before it has not come"
                pipe.write(block)

    writer = threading.Thread(target=write)
    writer.start()
    found: list[Event] = []
    with os.fdopen(output, "rb") as stream:
        for event in engine.read(None, Options(), stream).events():
            found.append(event)
            if isinstance(event, Message) and event.frame == last:
                wanted.release()
    writer.join()
    assert found == expected


def blocks(capture: bytes) -> Iterator[tuple[bytes, int]]:
    """The blocks of a pcapng file, and the number of the packet in them (0: none)."""
    frame = 0
    while capture:
        kind, size = (int.from_bytes(capture[at : at + 4], "little") for at in (0, 4))
        frame += kind == 6
        yield capture[:size], frame if kind == 6 else 0
        capture = capture[size:]


def message(data: bytes) -> Message:
    return Message(1, 7, 9, "expert", "RC_CTL", "UNKNOWN", data=data)


def test_large_messages() -> None:
    """More than a pipe has room for is dissected, more than Wireshark takes stays as it is."""
    dissector = MessageDissector(Options())
    header = (14).to_bytes(4, "little") + (99_996).to_bytes(4, "little") + "RC_CTL\0".encode("utf-16-le")
    large = message(header + (77).to_bytes(4, "little") + bytes(99_992))
    dissected = dissector.dissected(large, OPENED)
    assert (dissected.type, dissected.frame, dissected.time) == ("UNKNOWN", 7, 9)
    assert dissected.fields["msg_type"] == 77 and dissected.data == large.data
    too_large = message(bytes(300_000))
    assert dissector.dissected(too_large, OPENED) is too_large
    dissector.finish()
    dissector.close()


def test_a_tshark_that_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    """It says what tshark said, at the first message."""
    monkeypatch.setattr(tshark_stream, "parameters", lambda _options: ["-o", "no.such.preference:1"])
    with ERROR.open("rb") as stream, pytest.raises(EngineError, match=r"no\.such\.preference"):
        list(TsharkEngine().read(None, Options(), stream).events())


def test_a_tshark_without_the_plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tshark_stream, "parameters", lambda _options: [])
    with ERROR.open("rb") as stream, pytest.raises(EngineError, match="0 messages"):
        list(TsharkEngine().read(None, Options(), stream).events())


def test_what_is_no_capture() -> None:
    with pytest.raises(EngineError, match="no pcap"):
        list(TsharkEngine().read(None, Options(), io.BytesIO(b"hello, world")).events())


def test_no_tshark_without_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tshark_stream, "needed_tshark", lambda: pytest.fail("not needed"))
    with (PCAPS / "neg_plain_rdp.pcapng").open("rb") as stream:
        assert list(TsharkEngine().read(None, Options(), stream).events())
