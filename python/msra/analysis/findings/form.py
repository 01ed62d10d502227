"""Remarks on the form of messages: lengths, terminators, strings, and what is no known message at all."""

from __future__ import annotations

from collections.abc import Iterator

from msra.analysis.findings.rule import Case, Finder, Hit, Rule, hits, listed, quoted
from msra.analysis.findings.vocabulary import name_of
from msra.analysis.model import Severity
from msra.events import Message

_BSTR_NOTES = ("bstr_counted", "bstr_raw")
_ORDERS = "encomsp"


def _noted(note: str) -> Finder:
    """All messages with this note (events.NOTES); the text may use {names}."""

    def find(case: Case) -> Iterator[Hit]:
        messages = [message for message in case.noted if note in message.notes]
        return hits(messages, names=listed(name_of(message) for message in messages))

    return find


def _note_rule(note: str, severity: Severity, section: str, about: str, text: str) -> Rule:
    return Rule(note, severity, section, about, text, _noted(note))


def _bstr_form(case: Case) -> Iterator[Hit]:
    """Strings with a count are as they should be: remarkable are those without."""
    counted, raw = ([m for m in case.noted if note in m.notes] for note in _BSTR_NOTES)
    if raw:
        text = f"{listed(name_of(message) for message in raw)} without a BSTR byte count"
        if counted:
            text += f", {listed(name_of(message) for message in counted)} with one"
        yield from hits([*raw, *counted], text=text)


def _unknown(case: Case) -> list[Message]:
    return case.messages("UNKNOWN")


def _unknown_type(case: Case) -> Iterator[Hit]:
    messages = [message for message in _unknown(case) if "msg_type" in message.fields]
    return hits(messages, numbers=listed(str(message.fields["msg_type"]) for message in messages))


def _unknown_channel(case: Case) -> Iterator[Hit]:
    known = {"RC_CTL", "remdesk", _ORDERS}
    messages = [message for message in _unknown(case) if message.channel not in known]
    return hits(messages, names=listed(quoted(message.channel) for message in messages))


def _unknown_order(case: Case) -> Iterator[Hit]:
    messages = [m for m in _unknown(case) if m.channel == _ORDERS and "order_type" in m.fields]
    return hits(messages, numbers=listed(str(message.fields["order_type"]) for message in messages))


def _no_header(case: Case) -> Iterator[Hit]:
    gaps = case.gaps("bad_header")
    return hits(gaps, size=sum(gap.size for gap in gaps))


RULES = (
    _note_rule(
        "missing_terminator", "info", "[MS-RA] 2.2.1.4, 3.11.5",
        "A text lacks its final NUL.",
        "The text of {names} has no NUL terminator. Some peers leave it out; the specification asks for it in "
        "AUTHENTICATE and in the chat, where a strict receiver may refuse the message.",
    ),
    _note_rule(
        "no_separator", "info", "[MS-RA] 2.2.1.4",
        "AUTHENTICATE has no NUL between connection string and expert blob.",
        "In {names} nothing separates the connection string from the expert blob, as FreeRDP sends it. A novice that "
        "reads by the specification finds no blob, and so no password.",
    ),
    Rule(
        "bstr_form", "info", "[MS-RA] 2.2.1.12 to 2.2.1.15, [MS-DTYP] 2.2.5",
        "A string that should be a BSTR has no byte count.",
        "The strings have another form than the specification says: {text}. A receiver that insists on the count reads "
        "another password, name or token.",
        _bstr_form,
    ),
    _note_rule(
        "truncated", "warning", "[MS-RA] 2.2.1, [MS-RDPEMC] 2.2",
        "A message ends before its fields do.",
        "The end of {names} is missing from the message itself: only its first fields could be read.",
    ),
    _note_rule(
        "bad_length", "warning", "[MS-RA] 2.2.1.1, [MS-RDPEMC] 2.2.1",
        "The length in the header is not that of the data.",
        "The length in the header of {names} is not that of the data. Receivers that trust it read too much or too "
        "little.",
    ),
    _note_rule(
        "trailing_data", "info", "[MS-RA] 2.2.1, [MS-RDPEMC] 2.2",
        "Bytes follow the last field.",
        "After the last field of {names} more bytes follow, which the specification does not know.",
    ),
    _note_rule(
        "odd_length", "warning", "[MS-RA] 2.2.1.2",
        "A UTF-16 text has an odd number of bytes.",
        "The text of {names} has an odd number of bytes, so its last character was cut in half.",
    ),
    _note_rule(
        "malformed_xml", "warning", "[MS-RA] 2.2.2",
        "A message on channel 71 is no RCCOMMAND element.",
        "What was sent on channel 71 is no RCCOMMAND element, so the receiver cannot know what was meant.",
    ),
    _note_rule(
        "name_not_terminated", "info", "[MS-RA] 2.2.1.2",
        "ChannelName has no NUL.",
        "The ChannelName of {names} has no NUL terminator.",
    ),
    _note_rule(
        "name_padded", "info", "[MS-RA] 2.2.1.1, 2.2.1.2",
        "ChannelNameLen is larger than the name with its NUL.",
        "ChannelNameLen of {names} is larger than the name with its NUL: a receiver that takes all of it for the name "
        "finds another one.",
    ),
    Rule(
        "bad_header", "warning", "[MS-RA] 2.2.1.1, 2.2.1.2",
        "A channel message has no valid header: ChannelNameLen is odd, too large or longer than the message.",
        "{size} bytes on a Remote Assistance channel have no valid header (ChannelNameLen must be even, at most 64, "
        "and fit): what they say is not known.",
        _no_header,
    ),
    Rule(
        "unknown_msg_type", "info", "[MS-RA] 2.2.1.3",
        "A control message has a type that is none of the twelve.",
        "Control messages of unknown type ({numbers}): the specification knows 1 to 12.",
        _unknown_type,
    ),
    Rule(
        "unknown_channel", "info", "[MS-RA] 2.2.1.2",
        "A message is for a sub-channel that the specification does not know.",
        "Messages for unknown sub-channels: {names}.",
        _unknown_channel,
    ),
    Rule(
        "unknown_order", "info", "[MS-RDPEMC] 2.2.1",
        "An order on encomsp has a type that is none of the thirteen.",
        "Orders of unknown type ({numbers}) on the channel encomsp; receivers ignore them.",
        _unknown_order,
    ),
)  # fmt: skip
"""Remarks on the form of messages."""
