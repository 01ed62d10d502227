"""Remote Assistance sessions built from messages: complete captures for tests, training and bug reports.

    from msra.build import Session, script

    Session().connect().play(script.version_2(result=41)).close().write("denied.pcapng")

`script` has the handshakes and pieces of sessions, `Invitation` what both sides know, `Session` makes packets of it.
Below it: rdp, connect, activation and dynamic (the packets of RDP), tcp, and file.
"""

from msra.build import script
from msra.build.file import pcap, pcapng, write_capture
from msra.build.invitation import Invitation
from msra.build.script import Step
from msra.build.session import Session, to_scapy
from msra.build.tcp import TimedPacket
from msra.events import Endpoint

__all__ = [
    "Endpoint", "Invitation", "Session", "Step", "TimedPacket", "pcap", "pcapng", "script", "to_scapy", "write_capture",
]  # fmt: skip
