"""Whole synthetic sessions through capture, transport, decoder and analysis: each says exactly what it should."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from msra.analysis.findings import CATALOGUE
from msra.analysis.model import Session
from msra.analyzer import EngineName, analyze
from msra.codes import CODES
from tests.analysis.synthetic import SCENES, Scene, capture
from tests.analysis.test_as_dict import valid

ENGINES: tuple[EngineName, ...] = ("embedded", "tshark")


@cache
def sessions(engine: EngineName) -> list[Session]:
    """All scenes in one capture, read once."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "made.pcap")
        path.write_bytes(capture(SCENES))
        report = analyze(path, engine)
    assert report.error is None and len(report.sessions) == len(SCENES)
    valid(report.to_dict(show_secrets=True))
    return report.sessions


def check(session: Session, scene: Scene) -> None:
    verdict = session.verdict
    assert (verdict.outcome.value, verdict.result, session.version) == (scene.outcome, scene.result, scene.version)
    assert {finding.id for finding in session.findings} == scene.findings


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("index", range(len(SCENES)), ids=map(str, SCENES))
def test_scene(index: int, engine: EngineName) -> None:
    check(sessions(engine)[index], SCENES[index])


def test_every_code_decides_a_session() -> None:
    assert {scene.result for scene in SCENES} >= set(CODES) and len(CODES) == 48


NOT_HERE = {
    "old_tls": "takes a TLS handshake",
    "weak_cipher_suite": "takes a TLS handshake",
    "tls_alert": "takes a TLS handshake",
    "short_server_key": "takes a server certificate: test_protected.py",
    "undecoded_data": "takes encryption or compression: test_protected.py",
    "left_out": "takes more than a report holds: tests/bounds",
    "wrong_mac": "takes encryption: test_protected.py",
}
"""Rules that no scene fires, and why."""


def test_rules_are_fired_by_real_bytes() -> None:
    fired = {finding for scene in SCENES for finding in scene.findings}
    assert {rule.id for rule in CATALOGUE} - fired == set(NOT_HERE)
