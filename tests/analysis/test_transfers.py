"""Files of a session: what became of each, and that its content is what was sent, byte for byte, with both engines."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from msra.analysis.model import Transfer
from msra.analysis.transfers import contents, transfers
from msra.analyzer import EngineName, iter_events
from msra.events import Message, Role
from msra.limits import MAX_TRANSFER_FRAMES, MAX_TRANSFERS, MAX_XML
from tests.analysis.findings.stories import Tale, Told, found
from tests.conformance.expected import PCAPS
from tests.dissector.conversation import EXPERT, NOVICE, Conversation, text
from tests.layers.test_contact import FILE
from tests.transport.builders import ra_message

ENGINES: tuple[EngineName, ...] = ("embedded", "tshark")
ACK, REJECT, END = "FILEXFERACK", "FILEXFERREJECT", "FILEXFEREND"
VERSION_1 = ("1000.612009461", "172.31.251.165.612009461")


class Files(Tale):
    """A story of files whose blocks have content."""

    def part(self, content: bytes, sender: Role = "expert", channel: str = "RA_FX") -> Files:
        """A block."""
        self.message(sender, "FILE_DATA", channel, data=ra_message(channel, content), data_len=len(content))
        return self

    def says(self, kind: str, sender: Role, channel: str = "RA_FX") -> Files:
        """A command on a file channel."""
        self.file(kind, sender, channel)
        return self

    def offer(self, size: object = 6, sender: Role = "expert", channel: str = "RA_FX", **more: str) -> Files:
        """A FILEXFER."""
        self.command(sender, "FILEXFER", filename="a.txt", filesize=str(size), channelid=channel, **more)
        return self

    def accepted(self, size: object = 6, **more: Any) -> Files:
        """An offer of the expert, and the answer to it."""
        return self.offer(size, **more).says(ACK, "novice", more.get("channel", "RA_FX"))

    @property
    def messages(self) -> list[Message]:
        """What was said."""
        return [event for event in self.events if isinstance(event, Message)]

    @property
    def transfers(self) -> list[Transfer]:
        """What came of it."""
        return transfers(self.messages)

    @property
    def contents(self) -> list[bytes]:
        """What was in it."""
        return [b"".join(blocks) for blocks in contents(self.messages)]


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


STATES = {
    "announced": Files().offer(),
    "accepted": Files().accepted().part(b"abc"),
    "rejected": Files().offer().says(REJECT, "novice"),
    "complete": Files().accepted().part(b"abc").part(b"def").says(END, "expert"),
    "aborted": Files().accepted().part(b"abc").says(REJECT, "novice"),
}


@pytest.mark.parametrize("state", STATES)
def test_states(state: str) -> None:
    story = STATES[state]
    (transfer,) = story.transfers
    content = {"accepted": b"abc", "aborted": b"abc", "complete": b"abcdef"}.get(state, b"")
    assert transfer == Transfer(
        number=1, sender="expert", channel="RA_FX", file_name="a.txt", file_size=6, received=len(content),
        blocks=len(content) // 3, state=state, sha256=sha256(content) if content else "",
        frames=tuple(message.frame for message in story.messages), contact=None,
    )  # fmt: skip
    assert story.contents == [content]


@pytest.mark.parametrize("state", ["rejected", "aborted"])
def test_the_sender_may_reject_too(state: str) -> None:
    """[MS-RA] 3.9.5: so it cancels; after it the next file may come."""
    story = Files().offer() if state == "rejected" else Files().accepted()
    story.says(REJECT, "expert").accepted().part(b"abcdef").says(END, "expert")
    assert [transfer.state for transfer in story.transfers] == [state, "complete"]
    assert story.contents == [b"", b"abcdef"]


def test_an_empty_file_has_a_hash() -> None:
    (transfer,) = Files().accepted(0).says(END, "expert").transfers
    assert (transfer.state, transfer.received, transfer.sha256) == ("complete", 0, sha256(b""))


@pytest.mark.parametrize("channel", VERSION_1)
def test_version_1(channel: str) -> None:
    story = Files().accepted(channel=channel).part(b"abcdef", channel=channel).says(END, "expert", channel)
    (transfer,) = story.transfers
    assert (transfer.channel, transfer.state, story.contents) == (channel, "complete", [b"abcdef"])


@pytest.mark.parametrize("channel", ["72", "RC_CTL", "", "ra_fx"])
def test_what_names_no_file_channel_is_no_transfer(channel: str) -> None:
    story = Files().accepted(channel=channel).part(b"abcdef", channel=channel)
    assert story.transfers == [] and story.contents == []


def test_what_was_not_announced_belongs_to_no_file() -> None:
    assert Files().part(b"abc").says(ACK, "novice").says(END, "expert").transfers == []


@pytest.mark.parametrize("size", ["", "-6", "0x6", "6.0", " 6", "\u0666", "9" * 20])
def test_sizes_that_are_none(size: str) -> None:
    (transfer,) = Files().accepted(size).transfers
    assert transfer.file_size is None


def test_too_many_bytes_are_all_there() -> None:
    """The receiver writes what it gets."""
    story = Files().accepted(2).part(b"abc").part(b"def").says(END, "expert")
    (transfer,) = story.transfers
    assert (transfer.file_size, transfer.received, transfer.state) == (2, 6, "complete")
    assert transfer.sha256 == sha256(b"abcdef")


def test_blocks_before_the_answer_count() -> None:
    story = Files().offer().part(b"abc").says(ACK, "novice").part(b"def").says(END, "expert")
    (transfer,) = story.transfers
    assert (transfer.state, transfer.sha256) == ("complete", sha256(b"abcdef"))


def test_an_end_without_an_answer_is_the_end() -> None:
    """The answer may not be captured."""
    (transfer,) = Files().offer().part(b"abcdef").says(END, "expert").transfers
    assert transfer.state == "complete"


def test_blocks_after_a_rejection_are_for_nobody() -> None:
    story = Files().accepted().part(b"abc").says(REJECT, "novice").part(b"def").says(END, "expert")
    (transfer,) = story.transfers
    assert (transfer.state, transfer.received, story.contents) == ("aborted", 3, [b"abc"])


def test_what_the_wrong_side_says_changes_nothing() -> None:
    story = Files().offer().says(ACK, "expert").part(b"xyz", "novice").says(END, "novice")
    (transfer,) = story.transfers
    assert (transfer.state, transfer.blocks, transfer.frames) == ("announced", 0, (story.messages[0].frame,))


def test_both_directions_at_once() -> None:
    """On one channel: each block belongs to the file of its sender."""
    story = Files().accepted(6).offer(4, "novice").part(b"abc").says(ACK, "expert")
    story.part(b"12", "novice").part(b"def").says(END, "expert").part(b"34", "novice").says(END, "novice")
    assert [transfer.state for transfer in story.transfers] == ["complete", "complete"]
    assert story.contents == [b"abcdef", b"1234"]


def test_a_second_file_while_one_runs() -> None:
    """It takes the place of the first, unless it has a channel of its own."""
    story = Files().accepted().part(b"abc").accepted().part(b"defghi").says(END, "expert")
    assert [transfer.state for transfer in story.transfers] == ["accepted", "complete"]
    assert story.contents == [b"abc", b"defghi"]
    one, other = VERSION_1
    story = Files().accepted(channel=one).part(b"abc", channel=one).accepted(channel=other)
    story.part(b"123456", channel=other).part(b"def", channel=one).says(END, "expert", one)
    assert [transfer.state for transfer in story.transfers] == ["complete", "accepted"]
    assert story.contents == [b"abcdef", b"123456"]


def test_a_rejection_answers_before_it_cancels() -> None:
    story = Files().accepted().offer(4, "novice").says(REJECT, "expert")
    assert [transfer.state for transfer in story.transfers] == ["accepted", "rejected"]


def test_a_hash_of_bytes_that_nobody_has_is_none() -> None:
    """An engine may have the sizes alone."""
    story = Files().accepted()
    story.block(6)
    (transfer,) = story.says(END, "expert").transfers
    assert (transfer.received, transfer.sha256) == (6, "")


@pytest.mark.parametrize("data", [b"", b"\1\0\0\0", b"\xff" * 8, ra_message("RA_FX", b"abc")[:-1]])
def test_a_message_that_is_too_short_has_what_is_there(data: bytes) -> None:
    story = Files().accepted()
    story.message("expert", "FILE_DATA", "RA_FX", data=data, data_len=3)
    assert story.contents == [b"ab" if len(data) > 8 else b""]


def test_trailing_bytes_are_no_part_of_the_block() -> None:
    story = Files().accepted()
    story.message("expert", "FILE_DATA", "RA_FX", data=ra_message("RA_FX", b"abc") + b"more", data_len=3)
    assert story.contents == [b"abc"]


def test_contact() -> None:
    """[MS-RA] 2.2.5: texts as they are, of the key and the picture the size."""
    content = FILE.encode()
    story = Files().accepted(len(content), internaldata="1")
    for at in range(0, len(content), 100):
        story.part(content[at : at + 100])
    (transfer,) = story.says(END, "expert").transfers
    assert transfer.contact == {
        "name": "Dave Heberer", "computer_name": "DHERB-X86-1", "avatar": "10 bytes", "public_key": "148 bytes",
        "address": "38827fecd1245882413e9a42c23d81f1aae08c4d.RAContact", "type": "1", "time": "20080625161611.761000",
    }  # fmt: skip


def test_a_contact_whose_picture_is_damaged() -> None:
    content = b'<RAINVITATIONCOLL><RAINVITATIONITEM NAME="Eve" AVATAR="&"/></RAINVITATIONCOLL>'
    (transfer,) = Files().accepted(internaldata="1").part(content).transfers
    assert transfer.contact and (transfer.contact["name"], transfer.contact["avatar"]) == ("Eve", "no base64")


def test_only_internal_files_are_taken_for_contacts() -> None:
    for more, contact in (({}, None), ({"internaldata": "0"}, None), ({"internaldata": ""}, {})):
        (transfer,) = Files().accepted(**more).part(b"no contact").transfers
        assert transfer.contact == contact
    (transfer,) = Files().accepted(internaldata="1").part(FILE.encode().ljust(2 * MAX_XML + 1)).transfers
    assert transfer.contact == {}, "too large for one"


def test_a_flood_of_announcements_is_bounded() -> None:
    """What comes after the last that is listed is not taken for content of those before."""
    story = Files()
    for _ in range(MAX_TRANSFERS + 5):
        story.accepted()
    story.part(b"abcdef")
    assert len(story.transfers) == MAX_TRANSFERS and set(story.contents) == {b""}


def test_a_flood_of_blocks_is_bounded() -> None:
    story = Files().accepted(MAX_TRANSFER_FRAMES)
    for _ in range(MAX_TRANSFER_FRAMES):
        story.part(b"x")
    (transfer,) = story.transfers
    frames = [message.frame for message in story.messages]
    assert transfer.frames == (*frames[: MAX_TRANSFER_FRAMES - 1], frames[-1])
    assert transfer.received == transfer.blocks == MAX_TRANSFER_FRAMES


def test_frames_are_listed_once() -> None:
    messages = Files().accepted().part(b"abc").messages
    (transfer,) = transfers([*messages, messages[-1]])
    assert (transfer.received, len(transfer.frames)) == (6, 3)


@pytest.mark.parametrize(("end", "rule"), [(END, "file_size"), (None, "unfinished_file")])
def test_the_rules_see_what_does_not_add_up(end: str | None, rule: str) -> None:
    """One finding, and no other on files."""
    story = Files()
    story.in_version(2)
    story.accepted().part(b"abc")
    if end:
        story.says(end, "expert")
    assert {finding.id for finding in found(Told(story, transfers=story.transfers))} == {rule, "no_encryption"}


def conversation(content: bytes, block: int, channel: str = "RA_FX") -> bytes:
    """The capture of a whole transfer from the novice."""
    announced = f'<RCCOMMAND NAME="FILEXFER" FILENAME="a.bin" FILESIZE="{len(content)}" CHANNELID="{channel}"/>'
    talk = Conversation().connect().message(NOVICE, ra_message("71", text(announced)))
    talk.message(EXPERT, ra_message(channel, text(ACK)))
    for at in range(0, len(content), block):
        talk.message(NOVICE, ra_message(channel, content[at : at + block]))
    return talk.message(NOVICE, ra_message(channel, text(END))).capture()


def read(path: Path, engine: EngineName) -> list[Message]:
    return [event for event in iter_events(path, engine) if isinstance(event, Message)]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize(
    ("content", "block", "channel"),
    [
        (bytes(1024) + text(END), 1024, "RA_FX"),
        (bytes(1024) + text(REJECT), 1024, "RA_FX"),
        (bytes(range(256)) * 1601, 409_600, VERSION_1[0]),
    ],
    ids=["a block that looks like FILEXFEREND", "a block that looks like FILEXFERREJECT", "version 1"],
)
def test_whole_files(tmp_path: Path, engine: EngineName, content: bytes, block: int, channel: str) -> None:
    (tmp_path / "made.pcap").write_bytes(conversation(content, block, channel))
    messages = read(tmp_path / "made.pcap", engine)
    (transfer,) = transfers(messages)
    assert (transfer.state, transfer.file_size, transfer.received) == ("complete", len(content), len(content))
    assert transfer.sha256 == sha256(content) and [b"".join(file) for file in contents(messages)] == [content]


@pytest.mark.parametrize("engine", ENGINES)
def test_real_files(engine: EngineName) -> None:
    """What is truly in the files of pcaps/README.md."""
    messages = read(PCAPS / "rich_all_types.pcapng", engine)
    got = [(one.file_name, one.sender, one.state, one.file_size, one.received) for one in transfers(messages)]
    assert got == [
        ("notes.bin", "expert", "complete", 4137, 4137),
        ("secret.txt", "novice", "rejected", 12, 0),
        ("big.log", "novice", "complete", 5000, 5000),
    ]
    notes, _, log = (b"".join(blocks) for blocks in contents(messages))
    assert notes.startswith(b"Hello, Remote Assist") and log == bytes(7 * at % 256 for at in range(5000))
    assert [one.sha256 for one in transfers(messages)] == [sha256(notes), "", sha256(log)]


_MESSAGES = st.lists(
    st.builds(
        Message, st.just(1), st.integers(1, 9), st.integers(0, 9), st.sampled_from(["expert", "novice"]),
        st.sampled_from(["RA_FX", "71", VERSION_1[0]]),
        st.sampled_from(["RCCOMMAND", "RCCOMMAND", "FILE_DATA", "FILE_DATA", ACK, REJECT, END, "CHAT"]),
        st.fixed_dictionaries(
            {"name": st.just("FILEXFER"), "channelid": st.sampled_from(["RA_FX", VERSION_1[0], "70"])},
            optional={
                "filesize": st.integers(-1, 99).map(str) | st.text(max_size=3) | st.integers(),
                "data_len": st.integers(0, 9) | st.text(), "filename": st.text(max_size=9),
                "internaldata": st.sampled_from(["0", "1", "", 2]),
            },
        ),
        st.just(()),
        st.binary(max_size=30) | st.binary(max_size=9).map(lambda content: ra_message("RA_FX", content)),
    ),
    max_size=30,
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_MESSAGES)
def test_no_stream_of_messages_is_too_much(messages: list[Message]) -> None:
    got, files = transfers(messages), [b"".join(blocks) for blocks in contents(messages)]
    assert [transfer.number for transfer in got] == list(range(1, len(files) + 1))
    for transfer, content in zip(got, files, strict=True):
        assert transfer.sha256 in ("", sha256(content))
        assert transfer.sha256 == "" or transfer.received == len(content)
        assert transfer.frames and len(transfer.frames) <= len(messages)
    assert sum(transfer.blocks for transfer in got) <= sum(one.type == "FILE_DATA" for one in messages), "none twice"
