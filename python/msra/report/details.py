"""What a session was used for and how long it took, as sentences: control, files, times."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msra.analysis.model import Control, Durations, Session, Transfer

_CONTROL: Mapping[str, str] = {
    # model.Control.how: what became of the request
    "pending": "not answered",
    "accepted": "granted{answered}; still running at the end",
    "rejected": "rejected by the novice's user{answered}",
    "denied": "denied by the novice's settings{answered}",
    "aborted": "aborted{ended}",
    "taken_back": "granted{answered}, taken back by the novice{ended}",
    "escaped": "granted{answered}, ended by the novice's Esc key{ended}",
    "given_up": "granted{answered}, ended by the expert{ended}",
}
_ENDS = {"aborted": "ABORTRC", "taken_back": "the novice", "escaped": "the novice's Esc key", "given_up": "the expert"}
_TRANSFER: Mapping[str, str] = {
    "announced": "announced, not answered",
    "accepted": "accepted, not ended",
    "rejected": "rejected",
    "complete": "complete",
    "aborted": "aborted",
}


def rows(session: Session) -> Iterator[tuple[str, str]]:
    """Label and sentence, in the order in which they are shown."""
    yield from uses(session)
    if times := durations(session):
        yield "Durations", times


def uses(session: Session) -> Iterator[tuple[str, str]]:
    """Label and sentence of shared control and files."""
    for control in session.controls:
        yield "Control", _control(control)
    for transfer in session.transfers:
        yield "File", _transfer(transfer)


def durations(session: Session) -> str:
    """How long it took; "" if that is not known."""
    return ", ".join(_durations(session.durations)) if session.durations else ""


def _control(control: Control) -> str:
    if control.asked is None and control.answered is None:
        return f"ended in frame {control.ended} by {_ENDS.get(control.how, control.how)}, though none was running"
    asked = "not asked for" if control.asked is None else f"asked for in frame {control.asked}"
    how = _CONTROL.get(control.how, control.how).format(
        answered="" if control.answered is None else f" in frame {control.answered}",
        ended="" if control.ended is None else f" in frame {control.ended}",
    )
    lasted = "" if control.duration is None else f"; {control.duration / 1e9:.1f} s of control"
    return f"{asked}, {how}{lasted}"


def _transfer(transfer: Transfer) -> str:
    of = "" if transfer.file_size is None else f" of {transfer.file_size:,}"
    what = "contact information" if transfer.contact is not None else f'"{transfer.file_name}"'
    digest = f", SHA-256 {transfer.sha256}" if transfer.received else ""
    state = _TRANSFER.get(transfer.state, transfer.state)
    return f"{what} from the {transfer.sender}, {state}: {transfer.received:,}{of} bytes{digest}"


def _durations(times: Durations) -> Iterator[str]:
    yield f"{times.total / 1e9:.1f} s in all"
    for value, text in (
        (times.to_answer, "to the answer"),
        (times.under_control, "under control"),
        (times.silence, "of silence before the end"),
    ):
        if value:
            yield f"{value / 1e9:.1f} s {text}"
    if times.heartbeats:
        yield f"heart-beats: {times.heartbeats}"
