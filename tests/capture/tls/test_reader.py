"""Keys that come late, records that are lost, and a bound on all trying."""

from __future__ import annotations

import pytest

from msra.capture.tls import Plaintext, TlsDecryptor, TlsSecrets, Undecrypted, reader, reasons
from msra.capture.tls.place import Place
from msra.capture.tls.reader import Reader
from msra.capture.tls.session import Session
from tests.capture.tls import sessions
from tests.capture.tls.sessions import clear_text, client_hello, cut_records, record, recorded, server_hello


@pytest.mark.parametrize("name", ["tls13_chacha", "tls12_ccm", "tls12_rc4_sha", "tls12_cbc_sha384", "tls10_ecdhe"])
def test_keys_that_come_in_the_middle(name: str) -> None:
    """A key log block may follow the first packets that it opens (pcapng 4.7): those are reported, the rest is read."""
    session = recorded(name)
    given = TlsSecrets()
    decryptor = TlsDecryptor(given)
    half = len(session.first.stream) // 2
    early = [item for side, data in session.first.stream[:half] for item in decryptor.feed(side, data)]
    given.add_keylog(session.keylog)
    late = [(side, item) for side, data in session.first.stream[half:] for item in decryptor.feed(side, data)]
    assert any(isinstance(item, Undecrypted) for item in early)
    assert not any(isinstance(item, Plaintext) for item in early)
    chained = name == "tls10_ecdhe"
    for side, text in clear_text(late).items():
        assert text and session.first.clear[side].endswith(text)
        assert sum(isinstance(item, Undecrypted) for late_side, item in late if late_side == side) <= chained


def test_the_epoch_follows_when_the_handshake_can_not_be_read() -> None:
    """TLS 1.3 with application secrets alone: the first record that they open ends the handshake."""
    session = recorded("tls13_aes128_gcm")
    alone = b"\n".join(line for line in session.keylog.splitlines() if b"_TRAFFIC_SECRET_0" in line)
    items = sessions.decrypt(session.first.stream, sessions.secrets(alone))
    assert clear_text(items) == session.first.clear
    assert all("lacks its" in reason for reason in sessions.reasons(items))


@pytest.mark.parametrize(("name", "start", "end"), [("tls13_gnutls_rekey", 0, 5), ("tls13_key_update", -5, -2)])
def test_several_changes_of_keys_in_one_loss(name: str, start: int, end: int) -> None:
    """TLS 1.3: from the client's Finished to what is behind its KeyUpdate, and over two updates in a row."""
    session = recorded(name)
    sent = list(cut_records(session.first.sent(True)))
    protected = [number for number, data in enumerate(sent) if data[0] == 23]
    first, behind = protected[start], protected[end]
    hello, *others = [(True, data) for data in sent[:first]]
    decryptor = TlsDecryptor(sessions.secrets(session.keylog))
    for side, data in [hello, *(part for part in session.first.stream if not part[0]), *others]:
        list(decryptor.feed(side, data))
    list(decryptor.hole(True, sum(map(len, sent[first:behind]))))
    read = [(True, item) for data in sent[behind:] for item in decryptor.feed(True, data)]
    rest = clear_text(read)[True]
    assert rest and session.first.clear[True].endswith(rest) and not sessions.reasons(read)


def test_trying_has_a_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """With a wrong key and a great loss, the time spent does not depend on what follows."""
    tried = 0

    class Never:
        chained = False

        def open(self, _kind: int, _fragment: bytes, place: Place) -> None:
            nonlocal tried
            tried += len(place.sequences)

    monkeypatch.setattr("msra.capture.tls.ciphers.make_cipher", lambda *_: Never())
    random = bytes(32)
    given = sessions.secrets(b"CLIENT_RANDOM %s %s" % (random.hex().encode(), b"00" * 48))
    session = Session(given)
    for from_client, message in ((True, client_hello(random)), (False, server_hello(0x0303, 0x002F))):
        session.message(from_client, message[0], message)
    lost = Reader(session, True)
    lost.lose(1 << 30)
    for _ in range(500):
        assert lost.open(23, b"x") is None
        lost.passed(b"x")
    assert reader.MAX_TRIES <= tried < 2 * reader.MAX_TRIES
    assert lost.reason == reasons.NOT_FOUND and not lost.doubtful


def test_a_damaged_record_costs_itself_alone() -> None:
    for name in ("tls13_ccm", "tls12_ccm", "tls12_rc4_sha", "tls12_rsa_cbc_sha256"):
        session = recorded(name)
        sent = list(cut_records(session.first.sent(False)))
        applications = [number for number, data in enumerate(sent) if data[0] == 23]
        broken = applications[-3]
        sent[broken] = sent[broken][:-1] + bytes([sent[broken][-1] ^ 1])
        hellos = [part for part in session.first.stream if part[0]]
        stream = [hellos[0], (False, sent[0]), *hellos[1:], *((False, data) for data in sent[1:])]
        items = sessions.decrypt(stream, sessions.secrets(session.keylog))
        unread = [item for _, item in items if isinstance(item, Undecrypted)]
        assert unread == [Undecrypted(len(sent[broken]) - 5, reasons.DAMAGED)], name
        assert record(23, sent[broken][5:]) == sent[broken]
