"""Remarks on the channel encomsp ([MS-RDPEMC] 2.2, 3.1 to 3.3): ids of its orders, a picture that stands still."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msra.analysis.findings.rule import Case, Hit, Rule, hit
from msra.codes import lookup
from msra.events import Message

_CREATED: Mapping[str, str] = {
    "OD_APP_CREATED": "app_id", "OD_WND_CREATED": "wnd_id", "OD_PARTICIPANT_CREATED": "participant_id",
}  # fmt: skip
_USES: Mapping[str, str] = {
    # [MS-RDPEMC] 2.2.3.3 to 2.2.3.6, 2.2.4.2, 2.2.4.3: orders that name something that there is
    "OD_APP_REMOVED": "app_id", "OD_WND_CREATED": "app_id", "OD_WND_REMOVED": "wnd_id", "OD_WND_SHOW": "wnd_id",
    "OD_PARTICIPANT_REMOVED": "participant_id", "OD_PARTICIPANT_CTRL_CHANGE": "participant_id",
}  # fmt: skip
_PAUSED, _RESUMED = "OD_GRAPHICS_STREAM_PAUSED", "OD_GRAPHICS_STREAM_RESUMED"
_DISC_CODES: Mapping[int, str] = {
    0xD00A0006: "the novice could not send to the expert",  # [MS-RDPEMC] 2.2.4.2
    0xD0000001: "an error on the novice's side",
}


def _unknown_id(case: Case) -> Iterator[Hit]:
    created: set[tuple[str, object]] = set()
    for message in case.messages(*dict.fromkeys([*_CREATED, *_USES])):
        key = _USES.get(message.type)
        used = key and (key, message.fields.get(key))
        if used and used[1] is not None and used not in created and case.complete_until(message.frame):
            yield hit(message, name=message.type, key=key, number=used[1])
        key = _CREATED.get(message.type)
        if key:
            created.add((key, message.fields.get(key)))


def _standing_still(case: Case) -> Iterator[Hit]:
    """The last word on the graphics stream was that it pauses."""
    orders = case.messages(_PAUSED, _RESUMED)
    if orders and orders[-1].type == _PAUSED:
        yield hit(orders[-1])


def _not_paused(case: Case) -> Iterator[Hit]:
    before: Message | None = None
    for message in case.messages(_PAUSED, _RESUMED):
        running = before is None or before.type == _RESUMED
        if message.type == _RESUMED and running and case.complete_until(message.frame):
            yield hit(message)
        before = message


def _removed_by_error(case: Case) -> Iterator[Hit]:
    for message in case.messages("OD_PARTICIPANT_REMOVED"):
        code = message.fields.get("disc_code")
        if isinstance(code, int) and code:
            name = lookup(code).name if code >> 28 == 8 else _DISC_CODES.get(code, "a code without a name")
            yield hit(message, code=f"0x{code:08x}", name=name)


RULES = (
    Rule(
        "participant_error", "warning", "[MS-RDPEMC] 2.2.4.2",
        "A participant is removed because of an error.",
        "A participant was removed because of an error: {name} ({code}).",
        _removed_by_error,
    ),
    Rule(
        "picture_paused", "info", "[MS-RDPEMC] 2.2.5.1",
        "The graphics stream is paused and does not go on.",
        "The novice paused the sharing and did not resume it: from here on the expert saw a picture that stood still.",
        _standing_still,
    ),
    Rule(
        "resumed_without_pause", "info", "[MS-RDPEMC] 2.2.5.2",
        "The graphics stream goes on although it was not paused.",
        "The novice resumed a sharing that was not paused.",
        _not_paused,
    ),
    Rule(
        "unknown_order_id", "info", "[MS-RDPEMC] 3.1.1, 2.2.3, 2.2.4",
        "An order names an application, window or participant that was not announced.",
        "{name} names the {key} {number}, which no order before it has created; receivers may ignore it.",
        _unknown_id,
    ),
)  # fmt: skip
"""Remarks on the orders of the multiparty channel."""
