"""Protects what every part of the package relies on in the shared data types."""

from msra.capture.model import CaptureLog, TcpConnection


def test_a_sentence_is_noted_once() -> None:
    """A million bad packets must not make a million notes."""
    log = CaptureLog()
    for _ in range(3):
        log.note("some packets are strange")
    log.note("the file ends early")
    assert log.notes == ["some packets are strange", "the file ends early"]


def test_logs_share_nothing() -> None:
    """The notes and secrets of one file must not show up in the next."""
    CaptureLog().note("x")
    CaptureLog().tls_secrets.append(b"secret")
    assert CaptureLog() == CaptureLog(0, [], [])


def test_connections_are_keys_by_identity() -> None:
    """Two connections between the same ends are two; callers keep them in dictionaries."""
    one, other = (TcpConnection(1, b"\0" * 4, 1, b"\0" * 4, 2, True, True) for _ in range(2))
    assert len({one, other}) == 2
