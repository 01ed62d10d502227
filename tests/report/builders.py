"""A report for tests of the renderers, with hostile text where the network can put text."""

from __future__ import annotations

from msra.analysis.model import CaptureReport, Report
from tests.analysis.builders import Story

HOSTILE = "\x1b[31mred\x07 \u202egnp.exe\u2028<b>&\x00"
SECRETS = ("secret-string", "secret-blob", "secret-password", "secret-token", "secret-key", "secret-rest")


def story() -> Story:
    made = Story().say("expert", "EXPERT_ON_VISTA", msg_type=9, encrypted_password=SECRETS[2], data=SECRETS[5])
    made.say("expert", "CTL_VERIFY_PASSWORD", msg_type=8, expert_blob=SECRETS[1])
    made.say("expert", "CTL_AUTHENTICATE", msg_type=3, ra_connection_string=SECRETS[0])
    made.say("expert", "CTL_TOKEN", msg_type=12, token=SECRETS[3])
    made.say("novice", "RCCOMMAND", "71", name="VOIPGO", voipgokey=SECRETS[4])
    made.say("novice", "CHAT", "70", text=HOSTILE)
    return made.say(
        "novice", "CTL_RESULT", msg_type=2, result=61, result_name="PASSWORDS_DONT_MATCH", result_text="..."
    )


def report() -> Report:
    capture = CaptureReport("dir/a.pcapng", "embedded", packets=81, rdp_connections=2, notes=["a note"])
    capture.sessions = [story().gap("lost_segment", 7).session()]
    broken = CaptureReport("b.pcap", "embedded", error="this is no pcap or pcapng file")
    return Report([capture, broken])
