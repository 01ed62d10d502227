"""RC4 and Triple DES as the layer above uses them: streams that run from packet to packet."""

from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from msra.transport.ciphers import Rc4, TripleDesCbc, xor
from tests.transport import rdp_security_peer as peer

KEY = bytes(range(16))
STEPS = st.lists(st.tuples(st.sampled_from(["apply", "peek", "skip"]), st.integers(0, 300)), max_size=20)


@given(STEPS, st.sampled_from([KEY, KEY[:8]]))
def test_looking_ahead_and_skipping_do_not_disturb_the_stream(steps: list[tuple[str, int]], key: bytes) -> None:
    """Whatever was peeked at before: byte N of the stream is byte N, as RC4 by its definition has it."""
    stream = Rc4(key)
    expected = peer.Rc4(key).encrypt(bytes(10_000))
    at = 0
    for step, size in steps:
        if step == "peek":
            assert stream.peek(size, 7) == expected[at + 7 : at + 7 + size]
        elif step == "skip":
            stream.skip(size)
            at += size
        else:
            assert stream.apply(b"\xff" * size) == xor(b"\xff" * size, expected[at : at + size])
            at += size


def test_rc4_known_answer() -> None:
    """RFC 6229, 2: the key 0x0102030405060708, stream offsets 0 and 1536."""
    stream = Rc4(bytes(range(1, 9)))
    assert stream.peek(16).hex() == "97ab8a1bf0afb96132f2f67258da15a8"
    assert stream.peek(16, 1536).hex() == "8369e1a965610be887fbd0c79162aafb"
    assert stream.apply(bytes(16)).hex() == "97ab8a1bf0afb96132f2f67258da15a8"


def test_triple_des_is_chained_and_leaves_out_a_part_of_a_block() -> None:
    sender = peer.Sender(peer.FIPS, b"", bytes(range(24)))
    packets = [sender.protect(bytes([n]) * 24, False)[2] for n in range(3)]
    cipher = TripleDesCbc(bytes(range(24)), peer.IV)
    assert cipher.decrypt(packets[0]) == bytes(24)
    assert cipher.decrypt(packets[1] + b"rest") == b"\x01" * 24
    assert cipher.iv == packets[1][-8:]
    assert cipher.decrypt(b"short") == b""
    assert cipher.decrypt(packets[2]) == b"\x02" * 24


def test_no_warning_on_import() -> None:
    """Newer versions of `cryptography` warn when the ciphers are taken from their old place."""
    run = subprocess.run(
        [sys.executable, "-W", "error", "-c", "import msra.transport.ciphers"],
        capture_output=True, text=True, env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60,
    )  # fmt: skip
    assert (run.returncode, run.stderr) == (0, "")


def test_the_transport_does_not_load_cryptography_before_it_is_needed() -> None:
    """A capture in the clear must not pay for it."""
    code = "import sys, msra.transport.security, msra.transport.connection; sys.exit('cryptography' in sys.modules)"
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}, timeout=60
    )
    assert run.returncode == 0
