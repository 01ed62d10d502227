"""The plugin's layers in a packet that pyshark read from PDML, as events.

The plugin gives each message a layer `msra` and each transport event a layer `msra_rdp`; the names of their fields
are those of the event model, so the translation is a table of how each value is written.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any, cast

from msra.engines.interface import EngineError
from msra.events import FACTS, ConnectionOpened, Endpoint, Event, Fact, Gap, Message, Role, Value

MESSAGE_LAYER = "msra"
TRANSPORT_LAYER = "msra_rdp"
LUA_ERROR = "Lua Error"


def _number(shown: str) -> int:
    return int(shown, 0)


def _hex(shown: str) -> str:
    return shown.replace(":", "").lower()


_FIELDS: Mapping[str, Callable[[str], Value] | None] = {
    # The fields of messages, in the order of reports, and how the plugin shows each; None: as text.
    "msg_type": _number,
    "ra_connection_string": None,
    "expert_blob": None,
    "result": _number,
    "result_name": None,
    "result_text": None,
    "version_major": _number,
    "version_minor": _number,
    "encrypted_password": _hex,
    "novice_name": None,
    "expert_name": None,
    "token": _hex,
    "text": None,
    "order_type": _number,
    "flags": _number,
    "app_id": _number,
    "wnd_id": _number,
    "participant_id": _number,
    "group_id": _number,
    "disc_type": _number,
    "disc_code": _number,
    "reason_code": _number,
    "left": _number,
    "top": _number,
    "right": _number,
    "bottom": _number,
    "cch_string": _number,
    "app_name": None,
    "wnd_name": None,
    "friendly_name": None,
    "data": _hex,
}
_TEXT_FACTS = frozenset({"cookie", "version", "channel_names"})
_REPEATED = frozenset({"channel_names", "channel_ids"})


class Translator:
    """Translates the packets of one capture, in order."""

    def events(self, packet: Any) -> Iterator[Event]:
        """The events of one packet, in the order of its layers."""
        frame, time = int(packet.number), nanoseconds(packet.sniff_timestamp)
        for layer in packet.layers:
            _refuse_lua_error(layer, frame)
            if layer.layer_name == MESSAGE_LAYER:
                yield _message(_Fields(layer, MESSAGE_LAYER), frame, time)
            elif layer.layer_name == TRANSPORT_LAYER:
                yield _transport(_Fields(layer, TRANSPORT_LAYER), frame, time)


def _refuse_lua_error(layer: Any, frame: int) -> None:
    """A plugin that fails while it dissects leaves a text in the tree, and nothing else."""
    if "" not in layer.field_names:
        return  # pyshark takes long to find out
    for field in layer.get_field("").all_fields:
        if (field.show or "").startswith(LUA_ERROR) and MESSAGE_LAYER in field.show:
            raise EngineError(f"the MS-RA plugin failed in tshark at frame {frame}: {field.show}")


class _Fields:
    """All values of all fields of one layer: pyshark's attributes show the first of each only."""

    def __init__(self, layer: Any, prefix: str) -> None:
        self._layer = layer
        self._prefix = prefix
        self._names = frozenset(layer.field_names)

    def all(self, name: str) -> list[str]:
        if name.replace(".", "_") not in self._names:
            return []  # pyshark takes long to find out
        field = self._layer.get_field(f"{self._prefix}.{name}")
        return [] if field is None else [one.show or "" for one in field.all_fields]

    def texts(self, name: str) -> list[str]:
        """The values of a text field. XML has no control characters and folds line breaks, so where a text has some
        the plugin adds a second field with its UTF-8 bytes.
        """
        exact = self.all(f"{name}_utf8")
        return [bytes.fromhex(_hex(shown)).decode("utf-8", "replace") for shown in exact] or self.all(name)

    def wire(self, name: str) -> bytes:
        """The bytes of the capture that a field stands for, all of them: PDML may cut what it shows, but not this."""
        field = self._layer.get_field(f"{self._prefix}.{name}")
        return b"" if field is None else bytes.fromhex(field.all_fields[0].raw_value or "")

    def one(self, name: str) -> str:
        values = self.texts(name)
        if not values:
            raise EngineError(
                f"the MS-RA plugin in tshark gave no {self._prefix}.{name}: it failed, or is another version"
            )
        return values[0]

    @property
    def sender(self) -> Role:
        return cast("Role", self.one("from"))


def _message(layer: _Fields, frame: int, time: int) -> Message:
    """The plugin puts `type` on the whole message, header and all."""
    kind = layer.one("type")
    fields: dict[str, Value] = {}
    for name, convert in _FIELDS.items():
        for shown in (layer.all(name) if convert else layer.texts(name))[:1]:
            fields[name] = convert(shown) if convert else shown
    for name, value in zip(layer.texts("attribute.name"), layer.texts("attribute.value"), strict=True):
        fields.setdefault(name, value)
    if kind == "FILE_DATA":
        fields = {"data_len": int(layer.one("file_data_len"), 0)}
    return Message(
        int(layer.one("connection")), frame, time,
        layer.sender, layer.one("channel_name"), kind, fields, tuple(layer.all("note")), layer.wire("type"),
    )  # fmt: skip


def _transport(layer: _Fields, frame: int, time: int) -> Event:
    number, event = int(layer.one("connection")), layer.one("event")
    if event == "open":
        expert, novice = (
            Endpoint(layer.one(f"{side}_ip"), int(layer.one(f"{side}_port"))) for side in ("expert", "novice")
        )
        return ConnectionOpened(number, frame, time, expert, novice)
    if event == "gap":
        return Gap(number, frame, time, layer.sender, layer.one("gap"), int(layer.one("gap_size")))
    data: dict[str, Value | tuple[Value, ...]] = {}
    for key in FACTS[event].split():
        values: list[Value] = [*layer.texts(key)] if key in _TEXT_FACTS else [_number(v) for v in layer.all(key)]
        if key in _REPEATED:
            data[key] = tuple(values)
        elif values:
            data[key] = values[0]
    return Fact(number, frame, time, layer.sender, event, data)


def nanoseconds(timestamp: Any) -> int:
    """tshark's seconds since 1970 ("1763845810.470903000") as nanoseconds, without rounding."""
    seconds, _, fraction = str(timestamp).partition(".")
    return int(seconds) * 1_000_000_000 + int(fraction.ljust(9, "0")[:9])
