"""How a connection ended: the first to close counts, on whatever layer."""

from __future__ import annotations

import pytest

from msra.analysis.ending import ending
from tests.analysis.findings.stories import Tale, evidence


def how(tale: Tale) -> tuple[str, str | None, int | None]:
    end = ending(evidence(tale))
    assert end.text and "{" not in end.text
    return end.how, end.sender, end.frame


def test_a_connection_that_is_still_open() -> None:
    assert how(Tale().in_version(2)) == ("open", None, None)
    assert how(Tale().in_version(2).fact("tcp_close", "expert", how="end")) == ("open", None, None)


@pytest.mark.parametrize(
    ("tale", "wanted"),
    [
        (Tale().fact("disconnect", "expert", reason=3), "mcs"),
        (Tale().fact("tls_alert", "expert", level=1, description=0), "tls"),
        (Tale().fact("tcp_close", "expert", how="fin"), "fin"),
        (Tale().fact("tcp_close", "expert", how="rst"), "rst"),
        (Tale().expert("CTL_DISCONNECT"), "disconnect"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_every_way_to_close(tale: Tale, wanted: str) -> None:
    assert how(tale) == (wanted, "expert", 3)


def test_the_first_to_close_counts() -> None:
    tale = Tale().fact("disconnect", "novice", reason=1).fact("tcp_close", "expert", how="fin").expert("CTL_DISCONNECT")
    assert how(tale) == ("mcs", "novice", 3)


def test_an_error_alert_is_no_orderly_close() -> None:
    assert how(Tale().fact("tls_alert", level=2, description=40))[0] == "open"
