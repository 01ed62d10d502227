"""Commands and blocks of a file: which is which depends on what came before ([MS-RA] 2.2.3)."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from msra.layers import MSRA_RCCommand
from msra.layers.decode import Decoded, decode_message
from msra.layers.file_transfer import FileTransfers, is_file_channel
from tests.layers.real import MESSAGES

EXPERT, NOVICE = "expert", "novice"
END = "FILEXFEREND\0".encode("utf-16-le")
ACK = "FILEXFERACK\0".encode("utf-16-le")
REJECT = "FILEXFERREJECT\0".encode("utf-16-le")


def decode(channel: str, body: bytes) -> Decoded:
    name = f"{channel}\0".encode("utf-16-le")
    decoded = decode_message(struct.pack("<II", len(name), len(body)) + name + body)
    assert decoded is not None
    return decoded


def announcement(size: object, channel: str = "RA_FX", name: str = "FILEXFER") -> bytes:
    text = MSRA_RCCommand.build_text(name, filename="a.txt", filesize=size, channelid=channel)
    return f"{text}\0".encode("utf-16-le")


class Session:
    """Sends messages, and tells their types."""

    def __init__(self) -> None:
        self.transfers = FileTransfers()

    def announce(self, sender: str, size: object, channel: str = "RA_FX") -> None:
        announced = decode("71", announcement(size, channel))
        assert self.transfers.classify(sender, announced) is announced

    def send(self, sender: str, body: bytes, channel: str = "RA_FX") -> str:
        return self.transfers.classify(sender, decode(channel, body)).type


def test_a_transfer_from_its_announcement_to_its_end() -> None:
    session = Session()
    session.announce(EXPERT, 1500)
    assert session.send(NOVICE, ACK) == "FILEXFERACK"
    assert session.send(EXPERT, bytes(1024)) == "FILE_DATA"
    assert session.send(EXPERT, bytes(476)) == "FILE_DATA"
    assert session.send(EXPERT, END) == "FILEXFEREND"


@pytest.mark.parametrize("block", [END, END[:-2], REJECT, ACK], ids=["END", "END without NUL", "REJECT", "ACK"])
def test_a_block_that_looks_like_a_command_is_a_block(block: bytes) -> None:
    session = Session()
    session.announce(EXPERT, 1000 + len(block))
    session.send(NOVICE, ACK)
    session.send(EXPERT, bytes(1000))
    decoded = session.transfers.classify(EXPERT, decode("RA_FX", block))
    assert (decoded.type, decoded.fields, decoded.notes) == ("FILE_DATA", {"data_len": len(block)}, ())
    assert session.send(EXPERT, END) == "FILEXFEREND"  # now the file is complete


def test_the_notes_about_the_header_stay() -> None:
    transfers = FileTransfers()
    for sender, decoded in ((EXPERT, decode("71", announcement(100))), (NOVICE, decode("RA_FX", ACK))):
        transfers.classify(sender, decoded)
    lookalike = decode_message(MESSAGES["FILEXFEREND"] + b"more")
    assert lookalike is not None
    assert transfers.classify(EXPERT, lookalike).notes == ("bad_length",)


def test_a_command_that_would_exceed_the_file_is_believed() -> None:
    session = Session()
    session.announce(EXPERT, 1000 + len(END) - 1)
    session.send(NOVICE, ACK)
    session.send(EXPERT, bytes(1000))
    assert session.send(EXPERT, END) == "FILEXFEREND"


@pytest.mark.parametrize(("command", "kind"), [(END, "FILEXFEREND"), (REJECT, "FILEXFERREJECT")])
def test_a_short_command_before_the_last_block_is_believed(command: bytes, kind: str) -> None:
    """No block in the middle is shorter than the one before: the sender ends early, or blocks were not captured."""
    session = Session()
    session.announce(EXPERT, 5000)
    session.send(NOVICE, ACK)
    session.send(EXPERT, bytes(1024))
    assert session.send(EXPERT, command) == kind


def test_a_first_block_may_look_like_a_command() -> None:
    session = Session()
    session.announce(EXPERT, 5000)
    session.send(NOVICE, ACK)
    assert session.send(EXPERT, END) == "FILE_DATA"
    assert session.send(EXPERT, END) == "FILE_DATA"


def test_the_receiver_can_always_reject() -> None:
    session = Session()
    session.announce(EXPERT, 5000)
    session.send(NOVICE, ACK)
    assert session.send(NOVICE, REJECT) == "FILEXFERREJECT"
    assert session.send(EXPERT, END) == "FILEXFEREND"  # the transfer is closed


def test_before_the_acceptance_commands_are_believed() -> None:
    session = Session()
    session.announce(EXPERT, 5000)
    assert session.send(EXPERT, ACK) == "FILEXFERACK"  # the sender can't accept its own file
    assert session.send(EXPERT, REJECT) == "FILEXFERREJECT"
    assert session.send(NOVICE, ACK) == "FILEXFERACK"
    assert session.send(EXPERT, END) == "FILEXFEREND"


def test_without_announcement_commands_are_believed() -> None:
    session = Session()
    assert [session.send(NOVICE, body) for body in (ACK, bytes(9), REJECT, END)] == [
        "FILEXFERACK",
        "FILE_DATA",
        "FILEXFERREJECT",
        "FILEXFEREND",
    ]


@pytest.mark.parametrize("size", ["", "x", "-5", "1e9", "0x99999", " 5000", "\u0665\u0665", "9" * 5000])
def test_a_size_that_is_no_number_protects_nothing(size: str) -> None:
    session = Session()
    session.announce(EXPERT, size)
    session.send(NOVICE, ACK)
    assert session.send(EXPERT, END) == "FILEXFEREND"


@pytest.mark.parametrize("channel", ["RA_FX", "1000.612009461", "172.31.251.165.612009461"])
def test_each_channel_has_its_own_transfer(channel: str) -> None:
    session = Session()
    session.announce(NOVICE, 5000, channel)
    session.announce(EXPERT, 0, "1000.1")
    session.send(EXPERT, ACK, channel)
    session.send(NOVICE, ACK, "1000.1")
    assert session.send(NOVICE, END, channel) == "FILE_DATA"
    assert session.send(EXPERT, END, "1000.1") == "FILEXFEREND"


def test_a_new_announcement_replaces_the_old_one() -> None:
    session = Session()
    session.announce(EXPERT, 5000)
    session.send(NOVICE, ACK)
    session.announce(NOVICE, 5000)
    assert session.send(EXPERT, END) == "FILEXFEREND"


def test_other_messages_pass() -> None:
    transfers = FileTransfers()
    for name in ("RESULT_NOERROR", "CHAT", "REMOTECTRLSTART"):
        decoded = decode_message(MESSAGES[name])
        assert decoded is not None
        assert transfers.classify(EXPERT, decoded) is decoded
    for body in (b"<RCCOMMAND", announcement(9, channel="72"), announcement(9, name="ACCEPTRC")):
        transfers.classify(EXPERT, decode("71", body))
    assert transfers.classify(EXPERT, decode("72", END)).type == "UNKNOWN"


def test_a_flood_of_announcements_is_bounded() -> None:
    session = Session()
    for number in range(10_000):
        session.announce(EXPERT, 5000, f"1000.{number}")
    assert len(session.transfers._open) <= 64
    session.send(NOVICE, ACK, "1000.9999")
    assert session.send(EXPERT, END, "1000.9999") == "FILE_DATA"


def test_file_channels() -> None:
    assert is_file_channel("RA_FX")
    assert not is_file_channel("70")


@given(st.lists(st.tuples(st.sampled_from([EXPERT, NOVICE]), st.sampled_from([ACK, END, REJECT, b"x", bytes(30)]))))
def test_any_order_of_messages_has_an_answer(messages: list[tuple[str, bytes]]) -> None:
    session = Session()
    session.announce(EXPERT, 60)
    for sender, body in messages:
        kind = session.send(sender, body)
        assert kind == "FILE_DATA" or body in (ACK, END, REJECT)
