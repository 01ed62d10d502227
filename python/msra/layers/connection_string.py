# SPDX-License-Identifier: GPL-2.0-or-later
"""Remote Assistance connection strings ([MS-RAI] 2.2.1, 2.2.2), taken apart and written.

    >>> parse_connection_string("65538,1,172.31.243.138:3389;MIKE_HOME:3389,*,Uj7R=,*,*,Rcfw=").machine_address_list[1]
    Address(host='MIKE_HOME', port=3389)

Both forms name the listeners of the novice, the session, and the hash of the key with which the novice proves itself.
What is not as the document says but readable stays in the result: to judge it is the work of others.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from msra.layers.elements import quote, scan_elements
from msra.limits import MAX_CONNECTION_STRING

__all__ = [
    "Address", "ConnectionString1", "ConnectionString2", "KeyHash", "Listener", "Transport", "parse_connection_string",
]  # fmt: skip


_NUMBER = re.compile("[0-9]{1,10}")
_PORT = re.compile("[0-9]{1,5}")


def _port(text: str) -> int | None:
    return int(text) if _PORT.fullmatch(text) and int(text) <= 0xFFFF else None


class Address(NamedTuple):
    """A listener of the novice: IP address or computer name, and TCP port. Without a port all of it is `host`."""

    host: str
    port: int | None

    @classmethod
    def parse(cls, text: str) -> Address:
        """What follows the last colon is the port, so that IPv6 addresses need no brackets."""
        host, _, port = text.rpartition(":")
        number = _port(port)
        return cls(text, None) if number is None or not host else cls(host, number)

    def __str__(self) -> str:
        return self.host if self.port is None else f"{self.host}:{self.port}"


class ConnectionString1(NamedTuple):
    """[MS-RAI] 2.2.1; `str()` gives the text. By the document the first two are 65538 and 1, and "*" stands for itself.

    <ProtocolVersion>,<protocolType>,<machineAddressList>,<assistantAccountPwd>,
    <RASessionID>,<RASessionName>,<RASessionPwd>,<protocolSpecificParms>

    `ra_session_id` is the `id` of connection string 2, `protocol_specific_parms` its `kh`.
    """

    protocol_version: int
    protocol_type: int
    machine_address_list: tuple[Address, ...]
    assistant_account_pwd: str
    ra_session_id: str
    ra_session_name: str
    ra_session_pwd: str
    protocol_specific_parms: str

    def __str__(self) -> str:
        addresses = ";".join(map(str, self.machine_address_list))
        return (
            f"{self.protocol_version},{self.protocol_type},{addresses},{self.assistant_account_pwd},"
            f"{self.ra_session_id},{self.ra_session_name},{self.ra_session_pwd},{self.protocol_specific_parms}"
        )


class KeyHash(NamedTuple):
    """The attribute KH2: "sha256", "sha384" or "sha512" (empty if there is no colon), and the hash in base64."""

    algorithm: str
    value: str

    @classmethod
    def parse(cls, text: str) -> KeyHash:
        algorithm, colon, value = text.partition(":")
        return cls(algorithm, value) if colon else cls("", text)

    def __str__(self) -> str:
        return f"{self.algorithm}:{self.value}" if self.algorithm else self.value


class Listener(NamedTuple):
    """The node L: port (P) and server name (N), or with web sockets the URI (U) in place of the port."""

    port: int | None
    name: str
    uri: str = ""


class Transport(NamedTuple):
    """The node T: transport identifier (ID), session identifier (SID), and where it listens."""

    id: str
    sid: str
    listeners: tuple[Listener, ...]


class ConnectionString2(NamedTuple):
    """[MS-RAI] 2.2.2; `str()` gives the text, without white space between the elements.

    <E><A KH="" KH2="" ID=""/><C><T ID="" SID=""><L P="" N=""/><L U="" N=""/></T></C></E>

    `kh` is the SHA-1 of the server's PublicKeyBlob in base64. What is missing is empty, or None.
    """

    kh: str
    kh2: KeyHash | None
    id: str
    transports: tuple[Transport, ...]

    def __str__(self) -> str:
        transports = "".join(
            f"<T{_attributes(ID=transport.id, SID=transport.sid)}>{''.join(map(_listener, transport.listeners))}</T>"
            for transport in self.transports
        )
        return f"<E><A{_attributes(KH=self.kh, KH2=self.kh2, ID=self.id)}/><C>{transports}</C></E>"


def _attributes(**values: object) -> str:
    return "".join(f" {name}={quote(value)}" for name, value in values.items() if value not in (None, ""))


def _listener(listener: Listener) -> str:
    return f"<L{_attributes(P=listener.port, N=listener.name, U=listener.uri)}/>"


def parse_connection_string(text: str) -> ConnectionString1 | ConnectionString2 | None:
    """Take a connection string of either form apart; None if `text` is neither. White space around it doesn't count."""
    if len(text) > MAX_CONNECTION_STRING:
        return None
    return _connection_string_2(text) if text.lstrip("\ufeff \t\r\n").startswith("<") else _connection_string_1(text)


def _connection_string_1(text: str) -> ConnectionString1 | None:
    """Eight parts, the first two of which are numbers."""
    version, *parts = text.strip().split(",")
    if len(parts) != 7 or not _NUMBER.fullmatch(version) or not _NUMBER.fullmatch(parts[0]):
        return None
    protocol_type, addresses, *others = parts
    address_list = tuple(Address.parse(address) for address in addresses.split(";") if address)
    return ConnectionString1(int(version), int(protocol_type), address_list, *others)


def _connection_string_2(text: str) -> ConnectionString2 | None:
    """An element E with an A; nodes in other places don't count."""
    auth: dict[str, str] | None = None
    transports: list[tuple[dict[str, str], list[Listener]]] = []
    for element in scan_elements(text) or ():
        attributes = element.attributes
        if element.path == ("E", "A"):
            auth = attributes if auth is None else auth
        elif element.path == ("E", "C", "T"):
            transports.append((attributes, []))
        elif element.path == ("E", "C", "T", "L"):
            listener = Listener(_port(attributes.get("p", "")), attributes.get("n", ""), attributes.get("u", ""))
            transports[-1][1].append(listener)
    if auth is None:
        return None
    kh2 = auth.get("kh2")
    return ConnectionString2(
        kh=auth.get("kh", ""),
        kh2=KeyHash.parse(kh2) if kh2 else None,
        id=auth.get("id", ""),
        transports=tuple(Transport(t.get("id", ""), t.get("sid", ""), tuple(found)) for t, found in transports),
    )
