"""Whether the session took place when and where the invitation says ([MS-RAI] 2.2.1, 2.2.2, 6)."""

from __future__ import annotations

from msra.analysis.findings.rule import listed
from msra.analysis.invitation.case import Answer, Case, address, failed, not_checkable, passed

_SECOND = 1_000_000_000


def expiry(case: Case) -> Answer:
    """DtStart and DtLength: the expert has to connect while the invitation is valid; a session may go on after that."""
    start, minutes = case.invitation.start, case.invitation.minutes
    if start is None or minutes is None:
        return not_checkable("The invitation does not say from when on, or for how long, it is valid.")
    made, expired = start * _SECOND, (start + 60 * minutes) * _SECOND
    if case.start < made:
        return failed(
            f"The session began {span(made - case.start)} before the invitation was made: it is of another one, or the "
            "clocks of the novice and of the capturing computer differ.",
            *case.opening,
        )
    if case.start > expired:
        return failed(
            f"The session began {span(case.start - expired)} after the invitation had expired, by the clocks of the "
            "novice and of the capturing computer.",
            *case.opening,
        )
    later = " It went on after that; only connecting is limited." if case.end > expired else ""
    return passed(
        f"The session began {span(case.start - made)} after the invitation was made, which is valid for "
        f"{span(expired - made)}.{later}",
        *case.opening,
    )


def novice_address(case: Case) -> Answer:
    """Whether the invitation lists the address at which the expert found the novice."""
    novice = address(case.novice.ip)
    listed_addresses = [listener.address for listener in case.listeners]
    if novice is None or not listed_addresses:
        return not_checkable("There are no addresses to compare.")
    if novice in listed_addresses:
        return passed("The invitation lists the novice's address.", *case.opening)
    if not case.is_open:
        return _hidden("address", case)
    if None in listed_addresses:
        return not_checkable(
            "The invitation does not list the novice's address; it lists computer names, too, which can't be compared "
            "with an address.",
            *case.opening,
        )
    return failed(
        "The invitation does not list the novice's address: a NAT router lies between, the address has changed since, "
        "or the invitation is another computer's.",
        *case.opening,
    )


def port(case: Case) -> Answer:
    """Whether the novice listens on a port of the invitation: on that of its address, if the address is listed."""
    novice = address(case.novice.ip)
    same_host = [one.port for one in case.listeners if one.address is not None and one.address == novice]
    ports = same_host or [one.port for one in case.listeners]
    if case.novice.port in ports:
        return passed("The novice listens on the port that the invitation names.", *case.opening)
    if not case.is_open:
        return _hidden("port", case)
    known = [str(number) for number in ports if number is not None]
    if len(known) < len(ports) or not known:
        return not_checkable("The invitation names no port for a listener.", *case.opening)
    return failed(
        f"The novice listens on port {case.novice.port}, and the invitation names {listed(known)}: the novice has made "
        "another invitation since, or a router forwards the port.",
        *case.opening,
    )


def _hidden(what: str, case: Case) -> Answer:
    return not_checkable(
        f"The novice's {what} is not in the readable part of the invitation (RCTICKET), and its ticket (LHTICKET), "
        "which may have more, is not open.",
        *case.opening,
    )


def span(nanoseconds: int) -> str:
    """A duration as people say it: 5 s, 3 min 20 s, 2 h 5 min, 12 days."""
    minutes, seconds = divmod(nanoseconds // _SECOND, 60)
    hours, rest = divmod(minutes, 60)
    if hours >= 48:
        return f"{hours // 24} days"
    if hours:
        return f"{hours} h {rest} min"
    return f"{minutes} min {seconds} s" if minutes else f"{seconds} s"
