"""Record protection: built here with the primitives alone, from the layouts of the specifications, and opened."""

from __future__ import annotations

import hmac
import os
import struct

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.aead import AESCCM, AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from hypothesis import given
from hypothesis import strategies as st

from msra.capture.tls import ciphers
from msra.capture.tls.ciphers import RecordCipher, make_cipher
from msra.capture.tls.place import Place
from msra.capture.tls.schedule import Keys
from msra.capture.tls.suites import Suite, find_suite

GCM, CCM_8, CHACHA, CBC, RC4, NULL = 0xC02F, 0xC0AE, 0xCCA8, 0x002F, 0x0005, 0x0002
KEYS = Keys(b"m" * 20, b"k" * 16, b"i" * 16)


def suite(number: int) -> Suite:
    found = find_suite(number)
    assert found is not None
    return found


def cipher(number: int, keys: Keys = KEYS, version: int = 0x0303, encrypt_then_mac: bool = False) -> RecordCipher:
    made = make_cipher(version, suite(number), keys, encrypt_then_mac)
    assert made is not None
    return made


def mac(sequence: int, content: bytes, version: int = 0x0303, kind: int = 23) -> bytes:
    return hmac.digest(KEYS.mac_key, struct.pack(">QBHH", sequence, kind, version, len(content)) + content, "sha1")


def encrypt_cbc(data: bytes, iv: bytes) -> bytes:
    encryptor = Cipher(AES(KEYS.key), modes.CBC(iv)).encryptor()
    return encryptor.update(data) + encryptor.finalize()


def padded(data: bytes, blocks: int = 0) -> bytes:
    size = 15 - len(data) % 16 + 16 * blocks
    return data + bytes([size]) * (size + 1)


def after_loss(sequence: int, size: int) -> Place:
    place = Place(sequence)
    place.lose(size)
    return place


@pytest.mark.parametrize(("number", "tag"), [(GCM, 16), (CCM_8, 8)])
def test_aead_with_explicit_nonce(number: int, tag: int) -> None:
    """RFC 5288 3: the salt is from the key block, the rest of the nonce is in the record."""
    keys = Keys(b"", b"k" * 16, b"salt")
    aead = AESGCM(keys.key) if number == GCM else AESCCM(keys.key, tag)
    nonce = os.urandom(8)
    fragment = nonce + aead.encrypt(b"salt" + nonce, b"content", struct.pack(">QBHH", 9, 23, 0x0303, 7))
    opens = cipher(number, keys).open
    assert opens(23, fragment, Place(9)) == (9, b"content")
    assert opens(23, fragment, after_loss(2, 500)) == (9, b"content")
    assert opens(23, fragment, Place(8)) is opens(22, fragment, Place(9)) is opens(23, fragment[:20], Place(9)) is None


def test_chacha_of_tls_1_2() -> None:
    """RFC 7905 2: the nonce is the IV xor the sequence number."""
    keys = Keys(b"", b"k" * 32, b"i" * 12)
    nonce = bytes(a ^ b for a, b in zip(keys.iv, struct.pack(">4xQ", 3), strict=True))
    fragment = ChaCha20Poly1305(keys.key).encrypt(nonce, b"content", struct.pack(">QBHH", 3, 23, 0x0303, 7))
    assert cipher(CHACHA, keys).open(23, fragment, Place(3)) == (3, b"content")


def test_tls_1_3() -> None:
    """RFC 8446 5.2: the additional data is the header of the record."""
    keys = Keys(b"", b"k" * 16, b"i" * 12)
    nonce = bytes(a ^ b for a, b in zip(keys.iv, struct.pack(">4xQ", 3), strict=True))
    fragment = AESGCM(keys.key).encrypt(nonce, b"content\x17", b"\x17\x03\x03" + struct.pack(">H", 8 + 16))
    assert cipher(0x1301, keys, 0x0304).open(23, fragment, after_loss(0, 60)) == (3, b"content\x17")


@pytest.mark.parametrize("blocks", [0, 1, 14])
def test_cbc_with_explicit_iv(blocks: int) -> None:
    """RFC 5246 6.2.3.2: any length of padding up to 255."""
    iv = os.urandom(16)
    fragment = iv + encrypt_cbc(padded(b"content" + mac(4, b"content"), blocks), iv)
    assert cipher(CBC).open(23, fragment, Place(4)) == (4, b"content")
    assert cipher(CBC).open(23, fragment, after_loss(1, 200)) == (4, b"content")
    assert cipher(CBC).open(23, fragment, Place(5)) is None


def test_cbc_with_wrong_padding() -> None:
    """All bytes of the padding have its length; a MAC that is right doesn't make up for it."""
    iv = os.urandom(16)
    text = b"content" + mac(0, b"content")
    for end in (b"\x00\x01\x04\x04\x04", b"\xff" * 5):
        assert cipher(CBC).open(23, iv + encrypt_cbc(text + end, iv), Place()) is None


def test_cbc_of_tls_1_0_is_chained() -> None:
    """RFC 2246 6.2.3.2: the IV is the last block of the record before, the first one is from the key block."""
    first = encrypt_cbc(padded(b"one" + mac(0, b"one", 0x0301)), KEYS.iv)
    second = encrypt_cbc(padded(b"two" + mac(1, b"two", 0x0301)), first[-16:])
    chained, place = cipher(CBC, version=0x0301), Place()
    assert chained.chained and not cipher(CBC).chained
    assert chained.open(23, first, place) == (0, b"one")
    place.verified(0, first)
    assert chained.open(23, second, place) == (1, b"two")
    assert chained.open(23, second, after_loss(0, 30)) is None


def test_encrypt_then_mac() -> None:
    """RFC 7366 3: the MAC is over the IV and the encrypted content, and outside of it."""
    iv = os.urandom(16)
    sealed = iv + encrypt_cbc(padded(b"content"), iv)
    fragment = sealed + mac(2, sealed)
    assert cipher(CBC, encrypt_then_mac=True).open(23, fragment, after_loss(0, 30)) == (2, b"content")
    assert cipher(CBC, encrypt_then_mac=False).open(23, fragment, Place(2)) is None


def test_null_cipher_is_verified_all_the_same() -> None:
    assert cipher(NULL).open(23, b"content" + mac(0, b"content"), Place()) == (0, b"content")
    assert cipher(NULL).open(23, b"content" + mac(1, b"content"), Place()) is None


@given(st.lists(st.integers(0, 60), min_size=3, max_size=12), st.data())
def test_rc4_finds_its_place_after_a_loss(sizes: list[int], data: st.DataObject) -> None:
    """The size of the loss is known, the number of headers in it isn't: each is tried, and the MAC decides."""
    stream = Cipher(ciphers.ARC4(KEYS.key), mode=None).encryptor()
    contents = [os.urandom(size) for size in sizes]
    fragments = [stream.update(content + mac(number, content)) for number, content in enumerate(contents)]
    start = data.draw(st.integers(0, len(sizes) - 2))
    end = data.draw(st.integers(start + 1, len(sizes) - 1))
    opens, place = cipher(RC4), Place()
    for number, (content, fragment) in enumerate(zip(contents, fragments, strict=True)):
        if start <= number < end:
            place.lose(5 + len(fragment))
            continue
        assert opens.open(23, fragment, place) == (number, content)
        place.verified(number, fragment)


def test_rc4_does_not_keep_key_stream_without_bound() -> None:
    opens = cipher(RC4)
    assert opens.open(23, bytes(40), after_loss(0, 1 << 40)) is None


def test_keys_that_no_cipher_takes() -> None:
    assert make_cipher(0x0303, suite(GCM), Keys(b"", b"short", b"salt"), False) is None


@given(
    st.sampled_from([(GCM, 0x0303, 16, 4), (CCM_8, 0x0303, 16, 4), (CHACHA, 0x0303, 32, 12), (0x1302, 0x0304, 32, 12)]
                    + [(number, version, 16, 16) for number in (CBC, RC4, NULL) for version in (0x0301, 0x0303)]),
    st.booleans(),
    st.binary(max_size=100),
    st.integers(0, 200),
)  # fmt: skip
def test_any_bytes_can_be_opened(kind: tuple[int, int, int, int], later: bool, fragment: bytes, lost: int) -> None:
    number, version, key, iv = kind
    opens = cipher(number, Keys(b"m" * 20, bytes(key), bytes(iv)), version, later)
    assert opens.open(23, fragment, after_loss(0, lost)) is None
