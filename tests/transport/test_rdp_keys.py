"""Private keys as people have them, and the server's public key as its certificate shows it."""

from __future__ import annotations

import base64
import hashlib
import re
import struct
from datetime import datetime
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from hypothesis import given
from hypothesis import strategies as st

from msra.events import FACTS
from msra.transport.rdp_keys import (
    PublicKey,
    RsaPrivateKey,
    find_key,
    load_private_keys,
    parse_server_certificate,
)
from tests.transport import rdp_security_peer as peer

DATA = Path(__file__).parents[1] / "data"
PCAPS = Path(__file__).parents[2] / "pcaps"

KEY = peer.Session.KEY
OTHER = rsa.generate_private_key(65537, 2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
PKCS1, PKCS8 = PrivateFormat.TraditionalOpenSSL, PrivateFormat.PKCS8


def written(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, form: PrivateFormat, encoding: Encoding) -> bytes:
    return key.private_bytes(encoding, form, NoEncryption())


def ours(key: rsa.RSAPrivateKey) -> RsaPrivateKey:
    numbers = key.private_numbers()
    return RsaPrivateKey(numbers.public_numbers.n, numbers.public_numbers.e, numbers.d)


def certificate(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey, version3: bool = True) -> bytes:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "novice")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 4711, datetime(2020, 1, 1), datetime(2040, 1, 1))
    if version3:
        builder = builder.add_extension(x509.BasicConstraints(False, None), False)
    return builder.sign(key, hashes.SHA256()).public_bytes(Encoding.DER)


def chain(*certificates: bytes, version: int = 2) -> bytes:
    """[MS-RDPELE] 2.2.1.4.2, with its padding."""
    blobs = b"".join(struct.pack("<I", len(der)) + der for der in certificates)
    return struct.pack("<II", version, len(certificates)) + blobs + bytes(8 + 4 * len(certificates))


# -- private keys --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("encoding", [Encoding.PEM, Encoding.DER])
@pytest.mark.parametrize("form", [PKCS1, PKCS8])
def test_the_usual_forms(form: PrivateFormat, encoding: Encoding) -> None:
    assert load_private_keys(written(KEY, form, encoding)) == [ours(KEY)]


def test_several_keys_among_other_things() -> None:
    """A file that somebody put together: certificates, keys of other kinds, text and repeated keys do not disturb."""
    pem = b"\xef\xbb\xbfBag Attributes\n" + peer.pem("CERTIFICATE", certificate(KEY))
    pem += written(CURVE, PKCS1, Encoding.PEM) + written(CURVE, PKCS8, Encoding.PEM)
    pem += written(KEY, PKCS1, Encoding.PEM).replace(b"\n", b"\r\n") + written(OTHER, PKCS8, Encoding.PEM)
    pem += written(KEY, PKCS8, Encoding.PEM)
    assert load_private_keys(pem) == [ours(KEY), ours(OTHER)]


def test_rsakeys_ini_as_xrdp_keygen_writes_it() -> None:
    """Written by xrdp-keygen of xrdp 0.9.21 for this test; only the comment is ours."""
    (key,) = load_private_keys((DATA / "rdp_security_rsakeys.ini").read_bytes())
    assert (key.size, key.e) == (256, 65537)
    assert pow(pow(0x1234, key.e, key.n), key.d, key.n) == 0x1234


def test_the_key_of_the_sample_captures() -> None:
    (key,) = load_private_keys((PCAPS / "v2_fips.server.key.pem").read_bytes())
    assert key.size == 256


def test_small_keys_and_unusual_exponents() -> None:
    """512 bits are usual for proprietary certificates, and 5.3.3.1.1 has an exponent that libraries refuse."""
    n, e, d = (peer.number(peer.KEY_512[name]) for name in "ned")
    lines = [f"{name}={','.join(f'0x{byte:02x}' for byte in number.to_bytes(64, 'little'))}" for name, number in
             (("pub_mod", n), ("pub_exp", e), ("pri_exp", d))]  # fmt: skip
    assert load_private_keys("\n".join(["[keys]", *lines]).encode()) == [RsaPrivateKey(n, e, d)]


PASSPHRASE = BestAvailableEncryption(b"secret")


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (KEY.private_bytes(Encoding.PEM, PKCS8, PASSPHRASE), "encrypted with a pass phrase"),
        (KEY.private_bytes(Encoding.PEM, PKCS1, PASSPHRASE), "encrypted with a pass phrase"),
        (written(CURVE, PKCS8, Encoding.PEM), "no RSA private key"),
        (written(CURVE, PKCS8, Encoding.DER), "no RSA private key"),
        (peer.pem("CERTIFICATE", certificate(KEY)), "no RSA private key"),
        (certificate(KEY), "no RSA private key"),
        (peer.pem("PRIVATE KEY", b"0\x03abc"), "no RSA private key"),
        (b"-----BEGIN PRIVATE KEY-----\n", "no RSA private key"),
        (b"-----BEGIN PRIVATE KEY-----\n!!\n-----END PRIVATE KEY-----", "PEM text of the private key is damaged"),
        (b"", "no private key file"),
        (b"some text", "no private key file"),
        (b"[keys]\npub_exp=0x01", "rsakeys.ini is damaged"),
        (b"[keys]\npub_mod=0x\npub_exp=1\npri_exp=1", "rsakeys.ini is damaged"),
        (b"[keys]\npub_mod=0x0\npub_exp=1\npri_exp=1", "rsakeys.ini is damaged"),
        (b"[keys]\npub_mod=0x100\npub_exp=1\npri_exp=1", "rsakeys.ini is damaged"),
        (b"[keys]\npub_mod=0xff\npub_exp=0x1\npri_exp=0x1", "exponents don't belong together"),
        (written(KEY, PKCS1, Encoding.DER)[:50].replace(b"\x30\x82", b"\x30\x2e", 1), "no RSA private key"),
    ],
)
def test_what_is_refused_and_how(data: bytes, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        load_private_keys(data)


def test_a_key_whose_exponents_do_not_belong_together() -> None:
    """A damaged key would decrypt to garbage, and the capture would be blamed."""
    der = bytearray(written(KEY, PKCS1, Encoding.DER))
    at = der.index(ours(KEY).d.to_bytes(128, "big")[:16])
    der[at + 5] ^= 1
    with pytest.raises(ValueError, match="exponents don't belong together"):
        load_private_keys(bytes(der))


@given(st.binary(max_size=300) | st.binary(max_size=200).map(lambda data: peer.pem("PRIVATE KEY", b"0\x20" + data)))
def test_no_other_exception_comes_out(data: bytes) -> None:
    try:
        load_private_keys(data)
    except ValueError as error:
        assert "\n" not in str(error)


def test_no_secret_in_the_text_form() -> None:
    """An exception report prints its locals."""
    key = ours(KEY)
    for text in (repr(key), str([key]), f"{key}"):
        assert str(key.d) not in text and f"{key.d:x}" not in text
        assert "1024 bits" in text and key.sha256 in text


def test_sha256_is_what_openssl_says() -> None:
    spki = KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    assert ours(KEY).sha256 == hashlib.sha256(spki).hexdigest()


# -- the server's certificate --------------------------------------------------------------------------------------

EXAMPLE = bytes.fromhex(
    # 4.1.4, TS_UD_SC_SEC1::serverCertificate
    "01000000010000000100000006005c00525341314800000000020000"
    "3f00000001000100cb81feba6d61c35505d55f2e87f87194d6f1a5cbf15f0c3df8700296c4fb9bc8"
    "3c2d55aee8ff3275ea6879e5a201fd31a0b11f55a61fc1f6d18388632656"
    "12bc000000000000000008004800"
    "e9e1d628468b4ef50adffdee2199acb4e18f5f815782ef9d9652632718"
    "29dbb34afd9ada42adb56921890e1dc04c1aa8aa713e0f54b99ae499683f6cd67684610000000000000000"
)
SIGNING_KEY = (  # 5.3.3.1.1, little-endian: n, e
    "3d3a5ebd72433ec94dbbc11e4aba5fcb3e882087eff5c1e2d7b76b9af2524595ce63656b583afeef"
    "7ce7bffe3df65c7d6c5e06091af561bb2093095f056dea87",
    "5b7b88c0",
)


def test_the_certificate_of_the_specification() -> None:
    """Its signature proves that the bytes here are those of the text (5.3.3.1.3)."""
    n, e = (int.from_bytes(bytes.fromhex(text), "little") for text in SIGNING_KEY)
    signature = pow(int.from_bytes(EXAMPLE[-72:], "little"), e, n).to_bytes(64, "little")
    assert signature[:16] == hashlib.md5(EXAMPLE[:-76]).digest()
    key = parse_server_certificate(EXAMPLE)
    assert key is not None
    assert (key.n.bit_length(), key.e, key.kind, key.temporary, key.size) == (512, 65537, "proprietary", False, 64)
    assert key.n.to_bytes(64, "little").hex().startswith("cb81feba6d61c355")
    assert key.blob == EXAMPLE[16 : 16 + 92]


@pytest.mark.parametrize(("version", "temporary"), [(1, False), (0x80000001, True)])
def test_proprietary_certificates(version: int, temporary: bool) -> None:
    numbers = KEY.public_key().public_numbers()
    key = parse_server_certificate(peer.proprietary_certificate(numbers.n, numbers.e, version))
    assert key is not None
    assert (key.n, key.e, key.kind, key.temporary) == (numbers.n, numbers.e, "proprietary", temporary)
    assert key.blob == peer.public_key_blob(numbers.n, numbers.e)


def test_hashes_as_in_invitations() -> None:
    """[MS-RAI] 2.2.2: over the PublicKeyBlob, not over a certificate or a SubjectPublicKeyInfo."""
    numbers = KEY.public_key().public_numbers()
    blob = peer.public_key_blob(numbers.n, numbers.e)
    key = parse_server_certificate(peer.proprietary_certificate(numbers.n, numbers.e))
    assert key is not None
    assert key.kh == base64.b64encode(hashlib.sha1(blob).digest()).decode()
    assert key.kh2() == "sha256:" + base64.b64encode(hashlib.sha256(blob).digest()).decode()
    assert key.kh2("sha512") == "sha512:" + base64.b64encode(hashlib.sha512(blob).digest()).decode()
    shown = key.described("proprietary")
    assert shown["kh"] == key.kh and shown["sha256"] == key.sha256
    for name in ("sha256", "sha384", "sha512"):
        hashed = hashlib.new(name, blob).digest()
        assert shown[f"kh2_{name}"] == f"{name}:{base64.b64encode(hashed).decode()}"
    assert key.sha256 == ours(KEY).sha256


def test_what_reports_show_is_declared() -> None:
    """Whoever reads the fact relies on the keys of events.FACTS."""
    key = parse_server_certificate(EXAMPLE)
    assert key is not None
    assert list(key.described(key.kind)) == FACTS["server_key"].split()


@pytest.mark.parametrize(("version", "temporary"), [(2, False), (0x80000002, True)])
@pytest.mark.parametrize("version3", [True, False])
def test_the_last_certificate_of_a_chain_is_the_servers(version: int, temporary: bool, version3: bool) -> None:
    key = parse_server_certificate(chain(certificate(OTHER), certificate(KEY, version3), version=version))
    assert key is not None
    assert (key.kind, key.temporary) == ("x509", temporary)
    assert (key.n, key.e) == (ours(KEY).n, ours(KEY).e)
    assert key.sha256 == ours(KEY).sha256
    assert key.blob == KEY.public_key().public_bytes(Encoding.DER, PublicFormat.PKCS1)


def test_a_terminal_server_certificate_with_the_wrong_algorithm() -> None:
    """Real ones name md5WithRSAEncryption as the algorithm of the key, and libraries refuse them."""
    rsa_encryption = bytes.fromhex("06092a864886f70d010101")
    der = certificate(KEY)
    assert der.count(rsa_encryption) == 1
    key = parse_server_certificate(chain(der.replace(rsa_encryption, rsa_encryption[:-1] + b"\x04")))
    assert key is not None
    assert key.sha256 == ours(KEY).sha256


@pytest.mark.parametrize(
    "data",
    [
        b"", b"\1\0\0\0", b"\3\0\0\0" + bytes(50), EXAMPLE[:60], EXAMPLE.replace(b"RSA1", b"RSA2"),
        chain(), chain(b""), chain(b"0\0"), chain(certificate(CURVE)), chain(certificate(KEY))[:200],
        chain(certificate(KEY), b"0\x80"), struct.pack("<II", 2, 0xFFFFFFFF) + bytes(100),
    ],
)  # fmt: skip
def test_certificates_that_show_no_key(data: bytes) -> None:
    assert parse_server_certificate(data) is None


CERTIFICATES = [EXAMPLE, chain(certificate(KEY)), chain(certificate(OTHER), certificate(KEY))]


@given(st.sampled_from(CERTIFICATES), st.integers(0, 2000), st.integers(1, 255), st.integers(0, 2000))
def test_damaged_certificates_never_raise(data: bytes, at: int, change: int, end: int) -> None:
    damaged = bytearray(data)
    damaged[at % len(data)] ^= change
    for cut in (bytes(damaged), data[:end]):
        key = parse_server_certificate(cut)
        if key is not None:
            assert re.fullmatch("[0-9a-f]{64}", key.sha256)
            assert key.kh and key.size


@given(st.binary(max_size=200), st.sampled_from([1, 2, 0x80000001, 0x80000002, 7]))
def test_random_certificates_never_raise(data: bytes, version: int) -> None:
    parse_server_certificate(struct.pack("<I", version) + data)


def test_the_fitting_key_is_found() -> None:
    keys = [ours(OTHER), ours(KEY)]
    assert find_key(keys, PublicKey(ours(KEY).n, 65537)) == keys[1]
    assert find_key(keys[:1], PublicKey(ours(KEY).n, 65537)) is None
