"""Remarks on file transfer ([MS-RA] 2.2.3, 3.9, 3.10)."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Literal, TypeAlias

from msra.analysis.findings.rule import Case, Finder, Hit, Rule, hit, hits, listed, quoted
from msra.analysis.findings.vocabulary import FILE_TYPES, name_of
from msra.analysis.model import Transfer
from msra.analysis.transfers import Channels, is_announcement, size_of
from msra.events import Message, Role

BLOCK_SIZES = {1: 409_600, 2: 1024, 3: 1024}
"""By version, in bytes; the last block is shorter ([MS-RA] 3.9.5)."""

SIDES: tuple[Role, Role] = ("expert", "novice")

Odd: TypeAlias = Literal["second", "unannounced", "unaccepted", "wrong side"]


def _walk(case: Case) -> Iterator[tuple[Odd, Message]]:
    channels = Channels()
    for message in case.messages("RCCOMMAND", *FILE_TYPES):
        if is_announcement(message):
            odd: Odd | None = "second" if channels.running else None
            channels.announce(message)
        else:
            odd = _oddity(channels, message) if message.type in FILE_TYPES else None
            channels.take(message)
        if odd and case.complete_until(message.frame):
            yield odd, message


def _oddity(channels: Channels, message: Message) -> Odd | None:
    """What is odd about a message on a file channel, before the channels take it."""
    file = channels.whose(message)
    if file is None:
        if any((message.channel, side) in channels.running for side in SIDES):
            return "wrong side"
        return None if _is_late(channels, message) else "unannounced"
    answers = message.type in ("FILEXFERACK", "FILEXFERREJECT")
    return "unaccepted" if file.state == "announced" and not answers else None


def _is_late(channels: Channels, message: Message) -> bool:
    """A block that was on its way when its receiver said that it does not want the file."""
    file = channels.ended.get((message.channel, message.sender))
    if file is None or message.type != "FILE_DATA":
        return False
    end = file.messages[-1]
    return end.type == "FILEXFERREJECT" and end.sender != message.sender


def _odd(wanted: Odd) -> Finder:
    """Messages that are odd in this way, those of one type and sender together."""

    def find(case: Case) -> Iterator[Hit]:
        for odd, message in _walk(case):
            if odd == wanted:
                file_name = quoted(message.fields.get("filename", ""))
                yield hit(message, sender=message.sender, name=name_of(message), file_name=file_name)

    return find


def _blocks(case: Case) -> Iterator[tuple[Message, bool]]:
    """Each block, and whether another one of the same transfer follows it."""
    waiting: dict[tuple[str, Role], Message] = {}
    for message in case.messages(*FILE_TYPES):
        if message.type == "FILE_DATA":
            before = waiting.pop((message.channel, message.sender), None)
            if before:
                yield before, True
            waiting[message.channel, message.sender] = message
        else:
            for place in [place for place in waiting if place[0] == message.channel]:
                yield waiting.pop(place), False
    yield from ((message, False) for message in waiting.values())


def _block_size(case: Case) -> Iterator[Hit]:
    """Blocks of another size than that of the version; only the last one of a transfer may be shorter."""
    expected = BLOCK_SIZES.get(case.version or 0)
    if expected is None:
        return
    odd = [message for message, followed in _blocks(case) if _is_odd(size_of(message), followed, expected)]
    sizes = listed(f"{size_of(message):,}" for message in odd)
    yield from hits(odd, sizes=sizes, expected=f"{expected:,}", version=case.version)


def _is_odd(size: int, followed: bool, expected: int) -> bool:
    return size != expected if followed else size > expected


def _in(states: Mapping[str, str], applies: Callable[[Transfer], bool] = lambda _transfer: True) -> Finder:
    """Transfers in one of these states; the words for it are the text's {state}."""

    def find(case: Case) -> Iterator[Hit]:
        for transfer in case.transfers:
            whole = bool(transfer.frames) and case.complete_until(transfer.frames[-1])
            if whole and transfer.state in states and applies(transfer):
                yield Hit(
                    transfer.frames,
                    {
                        "name": quoted(transfer.file_name),
                        "sender": transfer.sender,
                        "size": "no size" if transfer.file_size is None else f"{transfer.file_size:,} bytes",
                        "received": f"{transfer.received:,}",
                        "state": states[transfer.state],
                    },
                )

    return find


_DIFFERENT = "the transfer ended after"
_MORE = "the transfer has had"


def _does_not_add_up(case: Case) -> Iterator[Hit]:
    yield from _in({"complete": _DIFFERENT}, lambda transfer: transfer.file_size not in (None, transfer.received))(case)
    yield from _in({"accepted": _MORE}, lambda transfer: transfer.received > _limit(transfer))(case)


def _limit(transfer: Transfer) -> float:
    return float("inf") if transfer.file_size is None else transfer.file_size


_UNFINISHED = {
    "announced": "it was announced, but never answered",
    "accepted": "it was accepted, but not sent to its end",
}

RULES = (
    Rule(
        "file_size", "warning", "[MS-RA] 3.9.5",
        "The bytes of a file are not as many as were announced.",
        "The file {name} of the {sender} was announced with {size}, but {state} {received} bytes: the receiver has not "
        "the file that was sent.",
        _does_not_add_up,
    ),
    Rule(
        "unfinished_file", "info", "[MS-RA] 3.9.5",
        "A file transfer has no end in the capture.",
        "The file {name} of the {sender} did not arrive: {state} ({received} bytes seen).",
        _in(_UNFINISHED, lambda transfer: transfer.received <= _limit(transfer)),
    ),
    Rule(
        "second_file", "warning", "[MS-RA] 3.9",
        "A file is announced while another transfer is running.",
        "The {sender} announced the file {file_name} while another transfer was running; the protocol sends one file "
        "at a time, and the blocks of two may be mixed up.",
        _odd("second"),
    ),
    Rule(
        "unannounced_file_data", "warning", "[MS-RA] 3.9.5",
        "Something is sent on a file channel without FILEXFER before it.",
        "The {sender} sent {name} on a file channel where no transfer was running.",
        _odd("unannounced"),
    ),
    Rule(
        "unaccepted_file_data", "warning", "[MS-RA] 3.9.5",
        "A file is sent before its receiver accepts it.",
        "The {sender} sent {name} before the other side had accepted the file with FILEXFERACK.",
        _odd("unaccepted"),
    ),
    Rule(
        "file_wrong_side", "warning", "[MS-RA] 2.2.3, 3.9.5",
        "A message of a transfer comes from the wrong side of it.",
        "The {sender} sent {name}, which in this transfer is for the other side to send.",
        _odd("wrong side"),
    ),
    Rule(
        "block_size", "info", "[MS-RA] 3.9.5",
        "Blocks of a file have another size than the specification says.",
        "A file was sent in blocks of {sizes} bytes; version {version} uses {expected}, and only the last one is "
        "shorter. Receivers write what they get, so this rarely matters.",
        _block_size,
    ),
)  # fmt: skip
"""Remarks on file transfer."""
