"""The timeline: everything that the transport learned, as sentences in the order of their frames.

Names from the network stand in the sentences as they were sent: whoever shows them has to escape them. Passwords stand
in a second sentence, for those who asked for them; in the first, what is not "*", the value for "none" ([MS-RA]
2.2.7.2), is masked.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace

from msra.analysis import rdp_codes
from msra.analysis.evidence import ENCRYPTION_LEVELS, ENCRYPTION_METHODS, Evidence, protocol_names
from msra.analysis.mask import MASKED, shown_data
from msra.analysis.model import Moment
from msra.analysis.rdp_codes import RdpCode
from msra.events import Fact, FactValue, Role

_PROTOCOLS = {
    # [MS-RDPBCGR] 2.2.1.1.1: as evidence.PROTOCOLS names them, and as people do
    "rdp": "Standard RDP Security", "ssl": "TLS", "hybrid": "CredSSP (NLA)", "rdstls": "RDSTLS",
    "hybrid_ex": "CredSSP with early authorization", "rdsaad": "RDS-AAD",
}  # fmt: skip
_KEY_KINDS = {
    "proprietary": "a proprietary certificate (Standard RDP Security)",
    "x509": "an X.509 certificate (Standard RDP Security)",
    "tls x509": "the TLS certificate",
}
_CLOSED = {"fin": "a FIN", "rst": "a reset (RST)"}
_UNCLOSED = {
    "end": "The capture ends here; the TCP connection was still open.",
    "reused": "A new TCP connection with the same ports begins: this one has ended unseen.",
    "evicted": "This TCP connection was followed no longer: too many others were open.",
}
_ALERT_LEVELS = {1: "warning", 2: "fatal"}  # RFC 8446 6


def timeline(evidence: Evidence) -> list[Moment]:
    """One row for each fact that the capture shows, the earliest frame first."""
    moments = []
    active = False
    for fact in sorted(evidence.story, key=lambda fact: (fact.frame, _ORDER.get(fact.name, 0))):
        sentence = _SENTENCES.get("reactivated" if active and fact.name == "activated" else fact.name)
        active = active or fact.name == "activated"
        if sentence is not None:
            text = open_text = sentence(fact)
            hidden = shown_data(fact.data, show_secrets=False)
            if hidden != fact.data:  # as of Client Info only
                text = sentence(replace(fact, data=hidden))
            moments.append(
                Moment(
                    fact.frame, fact.time, _sender(fact), fact.name, text, fact.data,
                    open_text if open_text != text else "",
                )
            )  # fmt: skip
    return moments


def is_remote_assistance(data: Mapping[str, object]) -> bool:
    """Whether the fields of a Client Info PDU are those of Remote Assistance ([MS-RA] 2.2.7.2).

    Password is "*" there, AlternateShell "*" or the invitation's password, and WorkingDir the id of its session.
    """
    return data.get("password") == "*" and bool(data.get("alternate_shell")) and bool(data.get("working_dir"))


def _sender(fact: Fact) -> Role | None:
    """Nobody closed a connection that the capture shows no end of."""
    return None if fact.name == "tcp_close" and fact.data.get("how") not in _CLOSED else fact.sender


def _number(fact: Fact, key: str) -> int:
    value = fact.data.get(key)
    return value if isinstance(value, int) else 0


def _texts(fact: Fact, key: str) -> list[str]:
    value = fact.data.get(key)
    return [str(one) for one in value] if isinstance(value, tuple) else []


def _code(fact: Fact, key: str, lookup: Callable[[int], RdpCode]) -> RdpCode:
    return lookup(_number(fact, key))


def _named(code: RdpCode) -> str:
    """Name, number and meaning; the meaning is a sentence of its own."""
    return f"{code.name} ({code.number}). {code.text}" if code.known else f"{code.name}. {code.text}"


def _protocols(value: FactValue) -> str:
    """Security protocols for people to read; Standard RDP Security is what is left without any."""
    names = protocol_names(value).split() if isinstance(value, int) else []
    return ", ".join(_PROTOCOLS.get(name, name) for name in names)


def _secret(value: object) -> str:
    return MASKED if value == MASKED else f'"{value or ""}"'


# TCP and X.224


def _tcp_syn(fact: Fact) -> str:
    return f"The {fact.sender} connects (TCP SYN)."


def _tcp_syn_ack(fact: Fact) -> str:
    return f"The {fact.sender} accepts the TCP connection (SYN/ACK)."


def _tcp_close(fact: Fact) -> str:
    how = str(fact.data.get("how"))
    if how in _CLOSED:
        return f"The {fact.sender} is the first to close the TCP connection, with {_CLOSED[how]}."
    return _UNCLOSED.get(how, "The TCP connection ends.")


def _connection_request(fact: Fact) -> str:
    protocols, cookie = fact.data.get("requested_protocols"), fact.data.get("cookie")
    asks = f"offers {_protocols(protocols)}" if isinstance(protocols, int) else "offers Standard RDP Security only"
    named = "" if cookie is None else f'; cookie "{cookie}"'
    return f"X.224 connection request: the {fact.sender} {asks}{named}."


def _connection_confirm(fact: Fact) -> str:
    protocol = fact.data.get("selected_protocol")
    return f"X.224 connection confirm: the {fact.sender} chooses {_protocols(protocol or 0)}."


def _negotiation_failure(fact: Fact) -> str:
    code = _code(fact, "failure_code", rdp_codes.negotiation_failure)
    return f"X.224 negotiation failure: the {fact.sender} refuses with {_named(code)}"


# Security


def _tls(fact: Fact) -> str:
    version = str(fact.data.get("version"))
    return f"The {fact.sender} chooses {version.upper().replace('TLS', 'TLS ').replace('SSL', 'SSL ')}."


def _tls_session(fact: Fact) -> str:
    return f"Cipher suite: {fact.data.get('cipher_suite')}."


def _server_key(fact: Fact) -> str:
    kind = _KEY_KINDS.get(str(fact.data.get("kind")), "a certificate")
    return f"The {fact.sender}'s RSA key has {fact.data.get('bits')} bits; it comes in {kind}."


def _tls_alert(fact: Fact) -> str:
    code = _code(fact, "description", rdp_codes.tls_alert)
    level = _ALERT_LEVELS.get(_number(fact, "level"), f"level {fact.data.get('level')}")
    return f"TLS alert ({level}) of the {fact.sender}: {_named(code)}"


def _credssp(fact: Fact) -> str:
    error = fact.data.get("error_code")
    if isinstance(error, int) and error:
        return f"CredSSP: the {fact.sender} reports that the logon failed: {_named(rdp_codes.ntstatus(error))}"
    version = fact.data.get("credssp_version")
    return f"CredSSP message of the {fact.sender}" + ("." if version is None else f", version {version}.")


def _early_authorization(fact: Fact) -> str:
    return f"Early authorization: {_named(_code(fact, 'authorization_result', rdp_codes.early_authorization))}"


def _security(fact: Fact) -> str:
    method, level = _number(fact, "encryption_method"), _number(fact, "encryption_level")
    if not method:
        return "RDP itself does not encrypt (encryption method none)."
    name = ENCRYPTION_METHODS.get(method, f"0x{method:x}")
    return f"Standard RDP Security encrypts: method {name}, level {ENCRYPTION_LEVELS.get(level, str(level))}."


def _unreadable(fact: Fact) -> str:
    return f"From here on data of the {fact.sender} could not be decrypted: {fact.data.get('reason')}."


def _compression(fact: Fact) -> str:
    return f"The {fact.sender} compresses channel data ({fact.data.get('compression_type')})."


# RDP


def _client_core(fact: Fact) -> str:
    build = _number(fact, "client_build")
    windows = rdp_codes.windows_of_build(build)
    return f'The {fact.sender}\'s computer is "{fact.data.get("client_name")}"; client build {build}' + (
        f", the number of {windows}." if windows else "."
    )


def _client_channels(fact: Fact) -> str:
    names = _texts(fact, "channel_names")
    return f"The {fact.sender} asks for the channels {', '.join(names)}." if names else "No channels are asked for."


def _server_channels(fact: Fact) -> str:
    ids = _texts(fact, "channel_ids")
    return f"The {fact.sender} gives the channels the ids {', '.join(ids)}." if ids else "There are no channels."


def _client_info(fact: Fact) -> str:
    data = fact.data
    user = f'user "{data.get("user_name")}"' + (f' of domain "{data["domain"]}"' if data.get("domain") else "")
    working_dir, shell = data.get("working_dir"), _secret(data.get("alternate_shell"))
    shown = f"Client Info: {user}, password {_secret(data.get('password'))}"
    if is_remote_assistance(data):
        return (
            f'{shown}, session id (WorkingDir) "{working_dir}", password of the invitation (AlternateShell) {shell}. '
            "These are the fields of Remote Assistance."
        )
    directory = f', WorkingDir "{working_dir}"' if working_dir else ""
    shell = f", AlternateShell {shell}" if data.get("alternate_shell") else ""
    return f"{shown}{directory}{shell}. These are not the fields of Remote Assistance, but of an ordinary logon."


def _license_error(fact: Fact) -> str:
    error = _code(fact, "error_code", rdp_codes.license_error)
    if error.name == "STATUS_VALID_CLIENT":
        return f"Licensing: {_named(error)}"
    transition = _code(fact, "state_transition", rdp_codes.license_transition)
    return f"Licensing: the {fact.sender} reports {_named(error)} {_named(transition)}"


def _activated(fact: Fact) -> str:
    return f"The {fact.sender} starts to share the screen (Demand Active)."


def _reactivated(fact: Fact) -> str:
    return f"The {fact.sender} shares the screen again, with new capabilities (Demand Active)."


def _deactivated(fact: Fact) -> str:
    return f"The {fact.sender} stops to share the screen (Deactivate All)."


def _error_info(fact: Fact) -> str:
    return f"Set Error Info of the {fact.sender}: {_named(_code(fact, 'error_info', rdp_codes.error_info))}"


def _disconnect(fact: Fact) -> str:
    code = _code(fact, "reason", rdp_codes.disconnect_reason)
    return f"The {fact.sender} ends the RDP connection (MCS Disconnect): {_named(code)}"


_SENTENCES: Mapping[str, Callable[[Fact], str]] = {
    # In the order in which they happen: frames can hold several.
    "tcp_syn": _tcp_syn,
    "tcp_syn_ack": _tcp_syn_ack,
    "connection_request": _connection_request,
    "connection_confirm": _connection_confirm,
    "negotiation_failure": _negotiation_failure,
    "tls": _tls,
    "tls_session": _tls_session,
    "credssp": _credssp,
    "early_authorization": _early_authorization,
    "client_core": _client_core,
    "client_channels": _client_channels,
    "security": _security,
    "server_key": _server_key,
    "server_channels": _server_channels,
    "client_info": _client_info,
    "license_error": _license_error,
    "error_info": _error_info,
    "deactivated": _deactivated,
    "activated": _activated,
    "reactivated": _reactivated,
    "compression": _compression,
    "unreadable": _unreadable,
    "disconnect": _disconnect,
    "tls_alert": _tls_alert,
    "tcp_close": _tcp_close,
}
_ORDER = {name: index for index, name in enumerate(_SENTENCES)}
