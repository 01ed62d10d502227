"""What follows directly from the events: version and security."""

from __future__ import annotations

import pytest

from msra.analysis.evidence import ENCRYPTION_METHODS, TLS_VERSIONS
from tests.analysis.builders import Story
from tests.analysis.test_as_dict import SCHEMA


def test_versions() -> None:
    assert Story().version1().session().version == 1
    assert Story().version2().session().version == 2
    assert Story().say("novice", "CTL_TOKEN").session().version == 3
    assert Story().say("novice", "CTL_VERSIONINFO").session().version is None


def test_messages_of_one_version_are_evidence_where_the_others_are_missing() -> None:
    assert Story().say("expert", "CTL_VERIFY_PASSWORD").session().version == 2
    assert Story().say("expert", "CTL_REMOTE_CONTROL_DESKTOP").session().version == 1
    assert Story().say("expert", "CTL_VERIFY_PASSWORD").version1().session().version == 1


def test_the_version_never_changes() -> None:
    assert Story().version2().version1().say("expert", "CTL_TOKEN").session().version == 2


@pytest.mark.parametrize(
    ("method", "name"), [(0, "none"), (1, "rc4-40"), (2, "rc4-128"), (8, "rc4-56"), (16, "fips"), (99, "unknown")]
)
def test_standard_rdp_security(method: int, name: str) -> None:
    assert Story().fact("security", encryption_method=method).session().security == name


def test_details_have_names() -> None:
    story = Story().fact("connection_request", "expert", cookie="Eve", requested_protocols=0x43)
    story.fact("connection_confirm", selected_protocol=0).fact("security", encryption_method=2, encryption_level=3)
    assert story.session().security_details == {
        "cookie": "Eve",
        "requested_protocols": "ssl hybrid 0x40",
        "selected_protocol": "rdp",
        "encryption_method": 2,
        "encryption_level": "high",
    }


def test_tls_counts_before_standard_security() -> None:
    assert Story().fact("tls", version="tls1.2").fact("security", encryption_method=0).session().security == "tls1.2"


def test_a_version_of_tls_that_there_is_not_is_unknown() -> None:
    assert Story().fact("tls", version="0x7f1c").session().security == "unknown"


def test_the_schema_knows_every_security() -> None:
    known = {*TLS_VERSIONS, *ENCRYPTION_METHODS.values(), "unknown"}
    assert known == set(SCHEMA["$defs"]["session"]["properties"]["security"]["enum"])


def test_readable_messages_without_a_start_are_clear_text() -> None:
    assert Story().version2().session().security == "none"
    assert Story().gap("bad_framing").session().security == "unknown"
