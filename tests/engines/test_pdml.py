"""PDML: how tshark writes values, and that nothing is lost on the way from pyshark's objects."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import pytest

from msra.analyzer import EngineName, iter_events
from msra.engines import pdml
from msra.engines.export import MessageExport
from msra.engines.interface import EngineError
from msra.events import ConnectionOpened, Endpoint, Fact, Gap, Message
from tests.conformance.expected import PCAPS
from tests.dissector.conversation import NOVICE, Conversation
from tests.transport.builders import ra_message


@dataclass
class Shown:
    show: str
    raw_value: str | None = None


class Field:
    def __init__(self, values: list[str], raw_value: str | None) -> None:
        self.all_fields = [Shown(value, raw_value) for value in values]


class Layer:
    """As pyshark gives them: each name once, with all its values. `raw_value`: the bytes that the fields stand for."""

    def __init__(self, layer_name: str, raw_value: str | None = None, **values: str | list[str]) -> None:
        self.layer_name = layer_name
        self._raw_value = raw_value
        self._values = {
            f"{layer_name}.{name.replace('__', '.').rstrip('_')}": value if isinstance(value, list) else [value]
            for name, value in values.items()
        }

    @property
    def field_names(self) -> list[str]:
        return [name.removeprefix(f"{self.layer_name}.").replace(".", "_") for name in self._values]

    def get_field(self, name: str) -> Field | None:
        return Field(self._values[name], self._raw_value) if name in self._values else None


@dataclass
class Packet:
    layers: list[Layer]
    number: str = "7"
    sniff_timestamp: str = "10.000000001"
    frame_info: object = field(default=None)


WHERE = (1, 7, 10_000_000_001)


def message(raw_value: str | None = None, **values: str | list[str]) -> Layer:
    return Layer("msra", raw_value, connection="1", from_="novice", channel_name="RC_CTL", **values)


def test_several_messages_of_a_frame_all_arrive() -> None:
    layers = [Layer("tcp"), message(type="A", msg_type="2"), Layer("rdp"), message(type="B", note=["x", "y"])]
    assert list(pdml.Translator().events(Packet(layers))) == [
        Message(*WHERE, "novice", "RC_CTL", "A", {"msg_type": 2}),
        Message(*WHERE, "novice", "RC_CTL", "B", {}, ("x", "y")),
    ]


def test_attributes_keep_their_order_and_the_first_wins() -> None:
    layer = message(type="RCCOMMAND", attribute__name=["name", "x", "x"], attribute__value=["N", "1", "2"])
    (event,) = pdml.Translator().events(Packet([layer]))
    assert isinstance(event, Message) and list(event.fields.items()) == [("name", "N"), ("x", "1")]


def test_an_error_in_the_tree_is_no_empty_result() -> None:
    broken = Layer("DATA")
    broken._values[""] = ["Lua Error: msra_tree.lua:7: it broke"]
    with pytest.raises(EngineError, match=r"frame 7.*it broke"):
        list(pdml.Translator().events(Packet([broken])))
    with pytest.raises(EngineError, match=r"msra\.type"):
        list(pdml.Translator().events(Packet([message()])))


def test_transport_events() -> None:
    opened = Layer(
        "msra_rdp", connection="1", event="open", expert_ip="::1", expert_port="5", novice_ip="::2", novice_port="6"
    )
    fact = Layer("msra_rdp", connection="1", event="client_channels", from_="expert", channel_names=["a", "b"])
    empty = Layer("msra_rdp", connection="1", event="connection_request", from_="expert")
    gap = Layer("msra_rdp", connection="1", event="gap", from_="expert", gap="encrypted", gap_size="12")
    assert list(pdml.Translator().events(Packet([opened, fact, empty, gap]))) == [
        ConnectionOpened(*WHERE, Endpoint("::1", 5), Endpoint("::2", 6)),
        Fact(*WHERE, "expert", "client_channels", {"channel_names": ("a", "b")}),
        Fact(*WHERE, "expert", "connection_request", {}),
        Gap(*WHERE, "expert", "encrypted", 12),
    ]


def test_texts_are_taken_as_they_are() -> None:
    for text in ("plain é中😀", r"C:\new\x41", 'say "no"', " blanks "):
        (event,) = pdml.Translator().events(Packet([message(type="CHAT", text=text)]))
        assert isinstance(event, Message) and event.fields["text"] == text


def test_texts_that_xml_cannot_hold_come_as_bytes() -> None:
    text = "\x1b[31m\r\n\x00é"
    shown = text.encode("utf-8").hex(":")
    (event,) = pdml.Translator().events(Packet([message(type="CHAT", text="?", text_utf8=shown)]))
    assert isinstance(event, Message) and event.fields["text"] == text


@pytest.mark.parametrize(("raw_value", "data"), [("00ff", b"\x00\xff"), (None, b"")])
def test_the_bytes_of_a_message(raw_value: str | None, data: bytes) -> None:
    (event,) = pdml.Translator().events(Packet([message(raw_value, type="CHAT", text="x")]))
    assert isinstance(event, Message) and event.data == data


def messages(path: Path, engine: EngineName) -> list[Message]:
    return [event for event in iter_events(path, engine) if isinstance(event, Message)]


@pytest.mark.parametrize("name", ["rich_all_types.pcapng", "comp_shared_ncrush.pcapng", "link_ipv6.pcapng"])
def test_every_message_is_whole_also_in_an_export(tmp_path: Path, name: str) -> None:
    """Header and all, as the embedded engine has it: on several chunks, decompressed, and from packets of an export."""
    embedded = messages(PCAPS / name, "embedded")
    with (tmp_path / "export.pcapng").open("wb") as stream:
        MessageExport(stream).add(iter_events(PCAPS / name, "embedded"), name)
    for path in (PCAPS / name, tmp_path / "export.pcapng"):
        assert [one.data for one in messages(path, "tshark")] == [one.data for one in embedded] != []


@pytest.mark.parametrize("size", [30_000, 409_600])
def test_long_values_are_not_cut(tmp_path: Path, size: int) -> None:
    """A block of version 1 ([MS-RA] 3.9.5)."""
    whole = ra_message("1000.612009461", bytes(range(256)) * (size // 256) + bytes(size % 256))
    capture = Conversation().connect().message(NOVICE, whole).capture()
    (tmp_path / "made.pcap").write_bytes(capture)
    (event,) = messages(tmp_path / "made.pcap", "tshark")
    assert (event.type, event.fields, event.data) == ("FILE_DATA", {"data_len": size}, whole)


@pytest.mark.parametrize(
    ("timestamp", "nanoseconds"),
    [("1.5", 1_500_000_000), ("1763845810.470903001", 1763845810_470903001), ("3", 3_000_000_000)],
)
def test_times_are_not_rounded(timestamp: str, nanoseconds: int) -> None:
    assert pdml.nanoseconds(timestamp) == nanoseconds
