"""RSA private keys: whose they are, and what they open."""

from __future__ import annotations

import hashlib

from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from cryptography.x509 import load_pem_x509_certificate
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls.rsa import decrypt_premaster, fingerprint, fits, public_key_info
from tests.capture.tls.sessions import DATA, rsa_key

CERTIFICATE = load_pem_x509_certificate((DATA / "server.crt.pem").read_bytes())
DER = CERTIFICATE.public_bytes(Encoding.DER)
INFO = CERTIFICATE.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
OTHER = rsa.generate_private_key(65537, 2048)


def test_the_public_key_is_found_in_the_certificate() -> None:
    assert public_key_info(DER) == INFO
    assert fingerprint(DER) == hashlib.sha256(INFO).hexdigest()


def test_a_certificate_of_version_1_has_no_version() -> None:
    """RFC 5280 4.1: the field is left out; short lengths are used here."""
    fields = b"\x02\x01\x05" + b"\x30\x00" * 4 + b"\x30\x03key" + b"\x30\x00"
    body = b"\x30" + bytes([len(fields)]) + fields
    assert public_key_info(b"\x30" + bytes([len(body)]) + body) == b"\x30\x03key"


def test_whose_key_it_is() -> None:
    assert fits(rsa_key(), DER)
    assert not fits(OTHER, DER)
    assert not fits(OTHER, b"no certificate")


def test_only_a_premaster_secret_is_one() -> None:
    premaster = b"\x03\x03" + bytes(46)
    sealed = rsa_key().public_key().encrypt(premaster, padding.PKCS1v15())
    assert decrypt_premaster(rsa_key(), sealed) == premaster
    assert decrypt_premaster(rsa_key(), rsa_key().public_key().encrypt(b"short", padding.PKCS1v15())) is None
    assert decrypt_premaster(rsa_key(), b"") is decrypt_premaster(rsa_key(), bytes(1000)) is None


@given(st.binary(max_size=80), st.integers(0, len(DER)))
def test_any_bytes_can_be_read(data: bytes, size: int) -> None:
    for damaged in (data, DER[:size], DER[:size] + data):
        fits(OTHER, damaged)
        fingerprint(damaged)
