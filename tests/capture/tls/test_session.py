"""Where the secrets of a connection come from."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey

from msra.capture.tls import TlsSecrets
from msra.capture.tls.messages import HandshakeStream
from msra.capture.tls.records import HANDSHAKE, RecordStream
from msra.capture.tls.schedule import Keys
from msra.capture.tls.session import Session, traffic_label
from tests.capture.tls import sessions
from tests.capture.tls.sessions import Connection, recorded, rsa_key


def follow(connection: Connection, given: TlsSecrets) -> Session:
    """The session after the handshake messages that are in the clear."""
    session = Session(given)
    parts = {side: (RecordStream(), HandshakeStream()) for side in (True, False)}
    protected = set()
    for side, data in connection.stream:
        records, messages = parts[side]
        for kind, fragment in records.feed(data):
            if kind != HANDSHAKE:
                protected.add(side)
            elif side not in protected:
                for number, message in messages.feed(fragment):
                    session.message(side, number, message)
    return session


def secrets_of(name: str, *labels: str, keys: tuple[RSAPrivateKey, ...] = ()) -> TlsSecrets:
    """The secrets of a recorded session, with only these labels of its key log."""
    lines = recorded(name).keylog.splitlines()
    kept = [line for line in lines if line.split()[0].decode() in labels]
    assert bool(kept) == bool(labels)
    return sessions.secrets(b"\n".join(kept), *keys)


def both(session: Session, epoch: int = 0) -> tuple[Keys | None, Keys | None]:
    return session.keys(True, epoch), session.keys(False, epoch)


RSA = {
    # recorded session: whether its master secret is an extended one (RFC 7627)
    "tls10_aes_cbc_rsa": False,
    "tls12_rsa_gcm": False,
    "tls12_rsa_gcm_ems": True,
    "tls12_rsa_client_certificate": True,
}


@pytest.mark.parametrize("name", RSA)
def test_four_ways_to_the_same_keys(name: str) -> None:
    """Master secret, premaster secret by its encrypted form or by the client random, and private key."""
    connection = recorded(name).first
    expected = both(follow(connection, secrets_of(name, "CLIENT_RANDOM")))
    assert None not in expected and expected[0] != expected[1]
    random = connection.stream[0][1][11:43].hex().encode()
    premaster = recorded(name).keylog.split(b"RSA ")[1].split()[1]
    ways: Iterator[TlsSecrets] = iter(
        [
            secrets_of(name, "RSA"),
            secrets_of(name, keys=(rsa_key(),)),
            sessions.secrets(b"PMS_CLIENT_RANDOM %s %s" % (random, premaster)),
        ]
    )
    assert [both(follow(connection, given)) for given in ways] == [expected] * 3


def test_extended_master_secret_was_really_negotiated() -> None:
    assert {name: follow(recorded(name).first, TlsSecrets()).handshake.extended_master_secret for name in RSA} == RSA


def test_encrypt_then_mac_was_really_negotiated() -> None:
    for name, agreed in (("tls12_cbc_sha384_etm", True), ("tls12_cbc_sha384", False), ("tls10_aes_cbc_etm", True)):
        assert follow(recorded(name).first, TlsSecrets()).handshake.encrypt_then_mac == agreed


@pytest.mark.parametrize("name", ["tls12_session_id", "tls12_ticket"])
def test_a_resumed_session_has_the_secret_of_the_first(name: str) -> None:
    first, second = recorded(name).connections
    given = secrets_of(name, keys=(rsa_key(),))
    assert follow(second, given).keys(True, 0) is None
    session = follow(first, given)
    assert None not in both(session)
    resumed = follow(second, given)
    assert resumed.handshake.resumed and None not in both(resumed)
    assert resumed.source == "resumed session"
    assert both(resumed) == both(follow(second, secrets_of(name, "CLIENT_RANDOM")))


def test_a_handshake_with_holes_has_no_extended_master_secret() -> None:
    session = Session(secrets_of("tls12_rsa_gcm_ems", keys=(rsa_key(),)))
    session.handshake = follow(recorded("tls12_rsa_gcm_ems").first, TlsSecrets()).handshake
    session.handshake.whole = False
    assert both(session) == (None, None)


def test_traffic_secrets_of_tls_1_3() -> None:
    name = "tls13_rfc8448"
    session = follow(recorded(name).first, sessions.secrets(recorded(name).keylog))
    assert len({keys.key for epoch in (0, 1, 2, 3) for keys in both(session, epoch) if keys}) == 8
    alone = follow(recorded(name).first, secrets_of(name, "SERVER_TRAFFIC_SECRET_0"))
    assert both(alone) == (None, None)
    assert [keys is not None for keys in both(alone, 1)] == [False, True]


def test_labels() -> None:
    assert [traffic_label(side, epoch) for side, epoch in ((True, 0), (False, 0), (True, 1), (False, 3))] == [
        "CLIENT_HANDSHAKE_TRAFFIC_SECRET",
        "SERVER_HANDSHAKE_TRAFFIC_SECRET",
        "CLIENT_TRAFFIC_SECRET_0",
        "SERVER_TRAFFIC_SECRET_2",
    ]


def test_secrets_may_come_later() -> None:
    """As Decryption Secrets Blocks do in the middle of a pcapng."""
    given = TlsSecrets()
    session = follow(recorded("tls12_ccm").first, given)
    known = session.known
    assert both(session) == (None, None)
    given.add_keylog(recorded("tls12_ccm").keylog)
    assert session.known > known and None not in both(session)
