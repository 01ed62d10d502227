"""What the rules know about a connection: its messages, facts and gaps, and what follows directly from them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from msra.events import Fact, Gap, Message, Role

ENCRYPTION_METHODS: Mapping[int, str] = {
    # [MS-RDPBCGR] 2.2.1.4.3
    0x00: "none",
    0x01: "rc4-40",
    0x02: "rc4-128",
    0x08: "rc4-56",
    0x10: "fips",
}

TLS_VERSIONS = ("ssl3.0", "tls1.0", "tls1.1", "tls1.2", "tls1.3")
"""What a ServerHello may choose; peers can write other numbers there."""

ENCRYPTION_LEVELS: Mapping[int, str] = {
    # [MS-RDPBCGR] 2.2.1.4.3
    0: "none", 1: "low", 2: "client compatible", 3: "high", 4: "fips",
}  # fmt: skip
PROTOCOLS: Mapping[int, str] = {
    # [MS-RDPBCGR] 2.2.1.1.1
    1: "ssl", 2: "hybrid", 4: "rdstls", 8: "hybrid_ex", 16: "rdsaad",
}  # fmt: skip


def protocol_names(value: int) -> str:
    """Security protocols as the specification names them: "rdp" if there is none, "ssl hybrid"."""
    names = [name for bit, name in PROTOCOLS.items() if value & bit]
    rest = value & ~sum(PROTOCOLS)
    return " ".join([*names, f"0x{rest:x}"] if rest else names) or "rdp"


_VERSION_EVIDENCE: Mapping[tuple[str, Role], int] = {
    # [MS-RA] 3: how both sides determine the version; the first of these decides, it never changes.
    ("REMOTEDESKTOP_CTL_TOKEN", "expert"): 3,
    ("REMOTEDESKTOP_CTL_TOKEN", "novice"): 3,
    ("REMOTEDESKTOP_EXPERT_ON_VISTA", "expert"): 2,
    ("REMOTEDESKTOP_CTL_VERSIONINFO", "expert"): 1,
    ("REMOTEDESKTOP_CTL_AUTHENTICATE", "expert"): 1,
}
_WEAK_VERSION_EVIDENCE: Mapping[tuple[str, Role], int] = {
    # [MS-RA] 2.2.1.11, 2.2.1.9: messages of one version only, for captures without those above.
    ("REMOTEDESKTOP_CTL_VERIFY_PASSWORD", "expert"): 2,
    ("REMOTEDESKTOP_CTL_REMOTE_CONTROL_DESKTOP", "expert"): 1,
}


_RESULT = "REMOTEDESKTOP_CTL_RESULT"
"""Its type counts, not its field: an RCCOMMAND may have an attribute of that name."""

SECURITY_FACTS = ("connection_request", "connection_confirm", "tls_session", "security", "server_key", "compression")


@dataclass(frozen=True)
class Evidence:
    """Messages and gaps in order, facts by name.

    `facts` has the first of each name, completed by later ones; `story` has them all, in the order of their frames.
    """

    messages: tuple[Message, ...]
    facts: Mapping[str, Fact]
    gaps: tuple[Gap, ...]
    story: tuple[Fact, ...] = ()

    @property
    def version(self) -> int | None:
        """The protocol version in use; None if no message tells."""
        found = self._version_evidence
        return found and found[1]

    @property
    def version_evidence(self) -> Message | None:
        """The message that tells the version."""
        found = self._version_evidence
        return found and found[0]

    @cached_property
    def _version_evidence(self) -> tuple[Message, int] | None:
        for table in (_VERSION_EVIDENCE, _WEAK_VERSION_EVIDENCE):
            for message in self.messages:
                version = table.get((message.type, message.sender))
                if version:
                    return message, version
        return None

    @property
    def security(self) -> str:
        """How the connection is protected, as reports name it."""
        tls = self.fact("tls", "version")
        if tls is not None:
            return str(tls) if tls in TLS_VERSIONS else "unknown"
        method = self.fact("security", "encryption_method")
        if isinstance(method, int):
            return ENCRYPTION_METHODS.get(method, "unknown")
        return "none" if self.messages and not self.fact("connection_confirm", "selected_protocol") else "unknown"

    @property
    def security_details(self) -> Mapping[str, object]:
        """Everything about the protection that the capture shows, by the names of the facts' keys."""
        details: dict[str, object] = {}
        for name in SECURITY_FACTS:
            details |= self.facts[name].data if name in self.facts else {}
        for key in ("requested_protocols", "selected_protocol"):
            if isinstance(value := details.get(key), int):
                details[key] = protocol_names(value)
        level = details.get("encryption_level")
        if isinstance(level, int):
            details["encryption_level"] = ENCRYPTION_LEVELS.get(level, str(level))
        return details

    @property
    def channels(self) -> tuple[str, ...] | None:
        """The names of the static channels; None if the channel list could not be read."""
        names = self.fact("client_channels", "channel_names")
        return tuple(str(name) for name in names) if isinstance(names, tuple) else None

    @property
    def results(self) -> list[Message]:
        """The RESULT messages that tell the expert what became of its request: the novice's, if it sent any."""
        results = [m for m in self.messages if m.type == _RESULT and isinstance(m.fields.get("result"), int)]
        return [message for message in results if message.sender == "novice"] or results

    def fact(self, name: str, key: str) -> object:
        """One value of a fact, or None."""
        fact = self.facts.get(name)
        return fact.data.get(key) if fact else None

    def has(self, message_type: str, sender: Role | None = None) -> bool:
        """Whether a message of this type was sent (by this side)."""
        return any(m.type == message_type and sender in (None, m.sender) for m in self.messages)

    def has_gap(self, *kinds: str) -> bool:
        """Whether bytes could not be read for one of these reasons."""
        return any(gap.kind in kinds for gap in self.gaps)
