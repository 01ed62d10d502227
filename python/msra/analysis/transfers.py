"""The files of a session ([MS-RA] 2.2.3, 2.2.5, 3.9, 3.10): who sent them, what became of them, what was in them.

    FILEXFER on channel 71 ----> FILEXFERACK <---- blocks ----> FILEXFEREND ---->
                                 FILEXFERREJECT <---- ends it; either side may also reject later

The engines have told the blocks from the commands (msra.layers.file_transfer). One file is sent at a time ([MS-RA]
1.3.2); where both sides send at once all the same, a block belongs to the file of its sender.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from msra.analysis.model import Transfer
from msra.events import Message, Role
from msra.layers.contact import parse_contact
from msra.layers.header import is_file_channel
from msra.limits import MAX_TRANSFER_FRAMES, MAX_TRANSFERS, MAX_XML

_MOST_CONTACT = 2 * MAX_XML
"""Bytes of a file that may be a contact, in UTF-16."""
_SIZE = re.compile("[0-9]{1,19}")
_OTHER_SIDE: Mapping[Role, Role] = {"expert": "novice", "novice": "expert"}

_NEXT: Mapping[tuple[str, str], str] = {
    # [MS-RA] 3.9.5, 3.10.5: state, message: the next state; everything else changes nothing
    ("announced", "FILEXFERACK"): "accepted",
    ("announced", "FILEXFERREJECT"): "rejected",
    ("announced", "FILEXFEREND"): "complete",  # out of sequence, or the answer is not captured
    ("accepted", "FILEXFERREJECT"): "aborted",
    ("accepted", "FILEXFEREND"): "complete",
}
_ENDED = frozenset({"rejected", "aborted", "complete"})

Place: TypeAlias = tuple[str, Role]
"""A channel, and who sends its file there."""


def transfers(messages: Sequence[Message]) -> list[Transfer]:
    """The transfers of one session in the order of their announcements, which number them from 1.

    What is sent without an announcement belongs to none. After a FILEXFERREJECT nothing counts: blocks that were on
    their way are for nobody. `sha256` is "" where nothing was sent, or where the engine has not the bytes.
    """
    return [_transfer(number, file) for number, file in enumerate(_follow(messages), start=1)]


def contents(messages: Sequence[Message]) -> list[Iterator[bytes]]:
    """What was captured of each file of `transfers(messages)`, in the same order, block by block.

    Bytes that are missing from the capture leave no mark: the protocol has no offsets ([MS-RA] 3.9.5).
    """
    return [file.content() for file in _follow(messages)]


@dataclass
class File:
    """A transfer with its messages, the announcement first. `state` is that of model.Transfer."""

    place: Place
    messages: list[Message]
    state: str = "announced"

    def take(self, message: Message) -> None:
        """The next message that belongs to it."""
        self.messages.append(message)
        self.state = _NEXT.get((self.state, message.type), self.state)

    def announced(self, name: str, missing: str = "") -> str:
        """An attribute of FILEXFER ([MS-RA] 2.2.2)."""
        return str(self.messages[0].fields.get(name, missing))

    @property
    def blocks(self) -> list[Message]:
        """Its FILE_DATA messages."""
        return [message for message in self.messages if message.type == "FILE_DATA"]

    def content(self) -> Iterator[bytes]:
        """What is in its blocks."""
        return map(_block, self.blocks)


def is_announcement(message: Message) -> bool:
    """Whether this is a FILEXFER ([MS-RA] 2.2.2)."""
    return message.type == "RCCOMMAND" and str(message.fields.get("name", "")).strip() == "FILEXFER"


@dataclass
class Channels:
    """The file channels of a session: which files are on their way, and which was the last to end at each place."""

    running: dict[Place, File] = field(default_factory=dict)
    ended: dict[Place, File] = field(default_factory=dict)

    def announce(self, message: Message) -> File | None:
        """FILEXFER, in place of what its sender has not ended there; None if it names no channel for files."""
        channel = str(message.fields.get("channelid", ""))
        if not is_file_channel(channel):
            return None
        file = File((channel, message.sender), [message])
        self.running[file.place] = file
        return file

    def take(self, message: Message) -> None:
        """Any other message."""
        file = self.whose(message)
        if file:
            file.take(message)
            if file.state in _ENDED:
                self.ended[file.place] = self.running.pop(file.place)

    def whose(self, message: Message) -> File | None:
        """The file that a message on its channel belongs to.

        Blocks and FILEXFEREND come from who sends the file, FILEXFERACK from the other side, FILEXFERREJECT from either
        ([MS-RA] 2.2.3): it is an answer where there is something to answer.
        """
        own = self.running.get((message.channel, message.sender))
        others = self.running.get((message.channel, _OTHER_SIDE[message.sender]))
        if message.type == "FILEXFERREJECT":
            return others or own
        return others if message.type == "FILEXFERACK" else own


def _follow(messages: Sequence[Message]) -> list[File]:
    found: list[File] = []
    channels = Channels()
    for message in messages:
        if is_announcement(message):
            file = channels.announce(message)
            if file and len(found) < MAX_TRANSFERS:
                found.append(file)
        else:
            channels.take(message)
    return found


def _transfer(number: int, file: File) -> Transfer:
    channel, sender = file.place
    size = file.announced("filesize")
    received = sum(map(size_of, file.blocks))
    return Transfer(
        number=number,
        sender=sender,
        channel=channel,
        file_name=file.announced("filename"),
        file_size=int(size) if _SIZE.fullmatch(size) else None,
        received=received,
        blocks=len(file.blocks),
        state=file.state,
        sha256=_sha256(file, received),
        frames=_frames(file),
        contact=_contact(file, received),
    )


def size_of(block: Message) -> int:
    """Bytes of the file in a FILE_DATA message."""
    size = block.fields.get("data_len", 0)
    return size if isinstance(size, int) else 0


def _block(message: Message) -> bytes:
    """The block in a FILE_DATA message ([MS-RA] 2.2.1.2).

    +----------------------+--------------+----------------------------------+-------------------------+
    | channel_name_len u32 | data_len u32 | channel_name_len bytes of a name | data_len bytes of block |
    +----------------------+--------------+----------------------------------+-------------------------+
    """
    if len(message.data) < 8:
        return b""
    name_len, data_len = struct.unpack_from("<II", message.data)
    return message.data[8 + name_len : 8 + name_len + data_len]


def _sha256(file: File, received: int) -> str:
    digest, size = hashlib.sha256(), 0
    for block in file.content():
        digest.update(block)
        size += len(block)
    sent = file.blocks or file.state == "complete"
    return digest.hexdigest() if sent and size == received else ""


def _frames(file: File) -> tuple[int, ...]:
    frames = tuple(dict.fromkeys(message.frame for message in file.messages))
    return frames if len(frames) <= MAX_TRANSFER_FRAMES else (*frames[: MAX_TRANSFER_FRAMES - 1], frames[-1])


def _contact(file: File, received: int) -> Mapping[str, str] | None:
    """The contact in an internal file ([MS-RA] 2.2.2, 2.2.5), empty if there is none in it; None for other files."""
    if file.announced("internaldata", "0") == "0":
        return None
    contact = parse_contact(b"".join(file.content())) if received <= _MOST_CONTACT else None
    return {} if contact is None else {name: _shown(value) for name, value in contact._asdict().items()}


def _shown(value: str | bytes | None) -> str:
    """Text as it is; of the picture and the key, which are not for readers, the size."""
    if value is None:
        return "no base64"
    return value if isinstance(value, str) else f"{len(value):,} bytes"
