"""The event model: what both engines yield, and all that the analysis sees.

A capture becomes a stream of events. An event belongs to one RDP connection and carries the number and
the time of the frame that completed it:

* :class:`ConnectionOpened`  an RDP connection was recognised, and who is who in it;
* :class:`Message`           one decoded Remote Assistance message ([MS-RA] 2.2);
* :class:`Fact`              something the transport learned: negotiation, channels, security, close;
* :class:`Gap`               bytes that could not be read, and why;
* :class:`ConnectFailed`     a TCP connect that led to no connection; these come last.

Nothing is dropped in silence: what cannot be decoded is a gap, and reading goes on.
Frames count from 1, as in Wireshark; times are integer nanoseconds since 1970, UTC; sizes are bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from msra.shown import Shown

Role: TypeAlias = Literal["expert", "novice"]
"""The expert helps (the RDP client); the novice shares its screen (the RDP server)."""

ConnectFailure: TypeAlias = Literal["refused", "timed_out", "closed"]

Value: TypeAlias = int | str
"""A field's value as reports show it; bytes are written as lower-case hexadecimal digits."""

FactValue: TypeAlias = Value | tuple[Value, ...]
"""A value of a fact; some are lists."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One end of a TCP connection: textual IP address and port."""

    ip: str
    port: int


@dataclass(frozen=True, slots=True)
class Event:
    """What all events have: RDP connection (counted from 1 in each capture), frame, time in ns."""

    connection: int
    frame: int
    time: int


@dataclass(frozen=True, slots=True)
class ConnectionOpened(Event):
    """An RDP connection was recognised; frame and time are those of its first recognised bytes."""

    expert: Endpoint
    novice: Endpoint


@dataclass(frozen=True, slots=True)
class Message(Event, Shown):
    """A Remote Assistance message. `type` is the document's name; `notes` are keys of NOTES.

    `data` is the whole channel message, where the engine has it; it is no part of the message's value.
    """

    sender: Role
    channel: str
    type: str
    fields: Mapping[str, Value] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    data: bytes = field(default=b"", compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class Fact(Event):
    """Something the transport learned; `name` and the keys of `data` are those of FACTS."""

    sender: Role
    name: str
    data: Mapping[str, FactValue] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap(Event):
    """`size` bytes of one direction that could not be read; `kind` is a key of GAPS."""

    sender: Role
    kind: str
    size: int


@dataclass(frozen=True, slots=True)
class ConnectFailed(Event):
    """A TCP connect to a novice, or to where one may be, that led to nothing; `connection` is 0, as there is none.

    `how`: "refused" with a reset; "timed_out", never answered; "closed" before either side sent a byte. Frame and time
    are those of the first SYN; `frames` are all that belong to it.
    """

    expert: Endpoint
    novice: Endpoint
    how: ConnectFailure
    frames: tuple[int, ...]


FACTS: Mapping[str, str] = {
    # name: keys of its data
    "connection_request": "cookie requested_protocols",  # [MS-RDPBCGR] 2.2.1.1; both optional
    "connection_confirm": "selected_protocol",  # [MS-RDPBCGR] 2.2.1.2; optional
    "negotiation_failure": "failure_code",  # [MS-RDPBCGR] 2.2.1.2.2
    "client_channels": "channel_names",  # [MS-RDPBCGR] 2.2.1.3.4, in the order of the list
    "server_channels": "channel_ids",  # [MS-RDPBCGR] 2.2.1.4.4, in the same order
    "security": "encryption_method encryption_level",  # [MS-RDPBCGR] 2.2.1.4.3
    # [MS-RDPBCGR] 2.2.1.4.3.1; kind "proprietary", "x509", "tls x509"; kh and kh2_* as in invitations ([MS-RAI] 2.2.2)
    "server_key": "kind bits kh sha256 kh2_sha256 kh2_sha384 kh2_sha512",
    "tls": "version",  # RFC 8446 4.1.3: "tls1.0" to "tls1.3", from ServerHello
    "tls_session": "cipher_suite client_random",  # the same; client_random in hexadecimal digits, "" if not seen
    "tls_alert": "level description",  # RFC 8446 6
    "credssp": "credssp_version error_code",  # [MS-CSSP] 2.2.1; both optional, error_code is an NTSTATUS
    "early_authorization": "authorization_result",  # [MS-RDPBCGR] 2.2.10.2
    "unreadable": "reason",  # what it takes to decrypt, in words
    "compression": "compression_type",  # [MS-RDPBCGR] 3.1.8, of one side's channel data
    "disconnect": "reason",  # [MS-RDPBCGR] 2.2.2.3, T.125 11.15
    "tcp_syn": "sequence_number",  # RFC 9293 3.4.1, 3.5; the initial one of its sender, who is the expert
    "tcp_syn_ack": "sequence_number",
    # "fin" or "rst", from who closed first; where nobody did: "reused", "end" (of the capture) or "evicted", from
    # who sent the last packet
    "tcp_close": "how",
    "client_core": "client_name client_build",  # [MS-RDPBCGR] 2.2.1.3.2
    "client_info": "user_name domain password alternate_shell working_dir",  # [MS-RDPBCGR] 2.2.1.11, [MS-RA] 2.2.7.2
    "license_error": "error_code state_transition",  # [MS-RDPBCGR] 2.2.1.12.1.3; the normal end has one, too
    "activated": "",  # Demand Active PDU, [MS-RDPBCGR] 2.2.1.13.1
    "deactivated": "",  # Deactivate All PDU, [MS-RDPBCGR] 2.2.3.1
    "error_info": "error_info",  # [MS-RDPBCGR] 2.2.5.1.1; 0 is no error
}

GAPS: Mapping[str, str] = {
    "lost_segment": "bytes of the TCP stream are missing from the capture",
    "cut_packet": "the capture holds only the beginning of this packet",
    "bad_framing": "the bytes are no RDP packet",
    "bad_pdu": "the RDP packet could not be decoded",
    "encrypted": "the data is encrypted and could not be decrypted",
    "wrong_mac": "the data was decrypted, but its MAC does not match",
    "compressed": "the data is compressed and could not be decompressed",
    "incomplete_pdu": "the rest of the RDP packet is missing",
    "incomplete_message": "other chunks of the channel message are missing",
    "left_out": "it is more than is decoded, or held by a report, of one connection or capture",
    "bad_header": "the channel message has no valid Remote Assistance header",
}

NOTES: Mapping[str, str] = {
    "missing_terminator": "the text has no NUL terminator",
    "no_separator": "nothing separates the connection string from the expert blob",
    "bstr_counted": "the string has a BSTR byte count",
    "bstr_raw": "the string has no BSTR byte count",
    "truncated": "the message ends before its fields do",
    "bad_length": "the length in the header does not match the data that follows",
    "trailing_data": "data follows the last field",
    "odd_length": "the text has an odd number of bytes",
    "malformed_xml": "the text is no RCCOMMAND element",
    "name_not_terminated": "ChannelName has no NUL terminator",
    "name_padded": "bytes follow the NUL in ChannelName",
}
