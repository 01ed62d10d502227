"""Both engines say the same of captures that no honest peer sends, or it is known where they differ and why."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from random import Random

import pytest

from tests.invariants import EXAMPLES
from tests.invariants.engines import CHANGES, Side, capture, heard

SESSIONS = 2 * EXAMPLES
"""In one capture, because tshark takes long to start."""


def same(embedded: dict[str, Side], tshark: dict[str, Side]) -> bool:
    """Wireshark tells plugins of no end: what is unfinished then is a gap, one of a side, for the other engine only."""
    told, others = embedded.get("gaps", []), tshark.get("gaps", [])
    at_the_end = [gap for gap in told if gap not in others]
    unfinished = Counter(gap[1] for gap in at_the_end if str(gap[2]).startswith("incomplete_"))
    return (
        all(embedded.get(kind) == tshark.get(kind) for kind in ("messages", "facts"))
        and [gap for gap in told if gap not in at_the_end] == others
        and unfinished.total() == len(at_the_end)
        and all(count == 1 for count in unfinished.values())
    )


@pytest.mark.parametrize("change", CHANGES)
def test_changed_sessions(change: str, tmp_path: Path) -> None:
    path = tmp_path / "changed.pcap"
    path.write_bytes(capture(change, Random(change), SESSIONS))
    embedded, tshark = heard(path, "embedded"), heard(path, "tshark")
    assert embedded.keys() == tshark.keys() and len(embedded) == SESSIONS
    different = {client: (said, tshark[client]) for client, said in embedded.items() if not same(said, tshark[client])}
    if CHANGES[change].difference:
        assert different, "the engines agree now: take this difference off the table"
    else:
        assert different == {}


def test_the_changes_are_worth_it(tmp_path: Path) -> None:
    """They make gaps and messages that no honest session has."""
    path = tmp_path / "changed.pcap"
    path.write_bytes(capture("channel PDUs", Random(0), SESSIONS))
    found = heard(path, "embedded").values()
    kinds = {gap[2] for said in found for gap in said.get("gaps", [])}
    assert kinds >= {"incomplete_message", "bad_header", "compressed"}
    assert any(message[3] == "UNKNOWN" for said in found for message in said.get("messages", []))
