# SPDX-License-Identifier: GPL-2.0-or-later
"""File transfer of one connection ([MS-RA] 2.2.3, 3.9, 3.10): tells the commands from the blocks of the file.

    FILEXFER on channel 71 ----> FILEXFERACK <---- blocks ----> FILEXFEREND ---->
                                 FILEXFERREJECT <---- ends it; either side may also reject later

A block may look like a command by chance. What the file's sender sends is a block as long as the announced size isn't
exceeded; but one that is shorter than the block before it is the last one ([MS-RA] 3.9.5), and has to make that size
whole. What else looks like a command is one: the sender may end early, and blocks may be missing from the capture.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from msra.layers.decode import FILE_DATA, Decoded
from msra.layers.header import is_file_channel
from msra.limits import MAX_OPEN_TRANSFERS

__all__ = ["FileTransfers", "is_file_channel"]

_SIZE = re.compile("[0-9]{1,19}")


@dataclass
class _Transfer:
    sender: str
    size: int
    received: int = 0
    accepted: bool = False
    block: int = 0
    """Bytes of the latest block."""

    def has_room_for(self, size: int) -> bool:
        """Whether a block of this size can come next."""
        rest = self.size - self.received
        return size == rest or self.block <= size < rest


class FileTransfers:
    """Follows the file transfers of one connection; sees each of its messages once, in their order."""

    def __init__(self) -> None:
        self._open: dict[str, _Transfer] = {}

    def classify(self, sender: str, decoded: Decoded) -> Decoded:
        """The same message, or FILE_DATA in place of a command that is a block of the file. `sender` is the role."""
        if decoded.type == "RCCOMMAND":
            self._announced(sender, decoded)
        if not is_file_channel(decoded.channel):
            return decoded
        if decoded.type != FILE_DATA and self._is_block(sender, decoded):
            notes = tuple(note for note in decoded.notes if note != "missing_terminator")
            decoded = decoded._replace(type=FILE_DATA, fields={"data_len": decoded.body_len}, notes=notes)
        self._follow(sender, decoded)
        return decoded

    def _announced(self, sender: str, decoded: Decoded) -> None:
        """[MS-RA] 2.2.2: FILEXFER names the channel and the size of the file in bytes."""
        channel = decoded.fields.get("channelid")
        if decoded.fields.get("name") != "FILEXFER" or not isinstance(channel, str) or not is_file_channel(channel):
            return
        size = str(decoded.fields.get("filesize", ""))
        self._open.pop(channel, None)
        self._open[channel] = _Transfer(sender, int(size) if _SIZE.fullmatch(size) else 0)
        if len(self._open) > MAX_OPEN_TRANSFERS:
            del self._open[next(iter(self._open))]

    def _is_block(self, sender: str, decoded: Decoded) -> bool:
        transfer = self._open.get(decoded.channel)
        return (
            transfer is not None
            and transfer.accepted
            and transfer.sender == sender
            and transfer.has_room_for(decoded.body_len)
        )

    def _follow(self, sender: str, decoded: Decoded) -> None:
        transfer = self._open.get(decoded.channel)
        if transfer is None:
            return
        if decoded.type == FILE_DATA:
            transfer.received += decoded.body_len
            transfer.block = decoded.body_len
        elif decoded.type == "FILEXFERACK":
            transfer.accepted = transfer.accepted or sender != transfer.sender
        else:
            del self._open[decoded.channel]
