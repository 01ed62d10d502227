"""Masking: reports end up in tickets, so passwords, tokens and connection strings are left out unless asked for."""

from __future__ import annotations

from collections.abc import Mapping

from msra.analysis.model import Moment
from msra.events import FactValue, Message, Value

MASKED = "<masked>"

SECRET_FIELDS = frozenset({
    "ra_connection_string",  # whoever has it can connect while the invitation is open
    "expert_blob",  # PASS: the encrypted PassStub, open to an offline attack on the password
    "encrypted_password",  # the same
    "token",  # [MS-RA] 2.2.4: proves the password
    "voipgokey",  # [MS-RA] 2.2.2: the key of the voice connection
    "data",  # what no field explains: a damaged message can have any of these in it
})  # fmt: skip

_SECRET_DATA = frozenset({"password", "alternate_shell"})  # [MS-RA] 2.2.7.2: the password of the invitation
_NO_SECRETS = ("*", "")  # what stands there if there is none


def masked(text: str) -> str:
    """A password for readers: whether there is one, but not which."""
    return text if text in _NO_SECRETS else MASKED


def shown_data(data: Mapping[str, FactValue], show_secrets: bool) -> dict[str, FactValue]:
    """The data of a fact as a report may show it."""
    hidden = {} if show_secrets else {name: masked(str(data[name])) for name in _SECRET_DATA & data.keys()}
    return {**data, **hidden}


def shown_text(moment: Moment, show_secrets: bool) -> str:
    """The sentence of a moment as a report may show it."""
    return (moment.open_text if show_secrets else "") or moment.text


def shown_fields(message: Message, show_secrets: bool) -> Mapping[str, Value]:
    """The fields of a message as a report may show them."""
    if show_secrets:
        return message.fields
    secret = SECRET_FIELDS
    if message.type == "RCCOMMAND" and "voipgokey" in str(message.fields.get("text", "")).lower():
        secret = secret | {"text"}  # malformed: its attributes can't be told apart
    return {name: MASKED if name in secret else value for name, value in message.fields.items()}
