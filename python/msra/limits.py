"""What a hostile capture cannot exceed: the only place of these numbers, and docs/limits.md is made from it.

Captures come from hostile networks, and privileged people open them. Whatever a capture claims, memory and time stay
bounded, the limit shows in the report, and the rest of the capture is still read. A docstring says first what is
limited, then what happens beyond it, and why the number is what it is. Numbers that the formats themselves have
(lengths of 16 bits) are limits, too, but stand where the formats are read.
"""

from __future__ import annotations

# -- Capture files -----------------------------------------------------------------------------------------------------

MAX_RECORD = 1 << 24
"""Bytes of a record of a capture file
Larger claims are garbage; the next record is looked for. Wireshark has the same limit for a block of pcapng."""
MAX_INTERFACES = 1 << 16
"""Interfaces that a section of a pcapng file describes
Packets of later ones are not decoded, which is a note. No computer has so many."""
MAX_SECRETS_BYTES = 1 << 26
"""Bytes of TLS secrets inside a pcapng file
What follows is not read, which is a note. A session takes some 400 bytes."""
MAX_ZSTD_WINDOW = 1 << 27
"""Bytes of the window of a zstd file
The file is not read, which is an error. The zstd program has the same limit. Of gzip it is 32 KiB; both are unpacked
in pieces, so that a bomb takes no memory."""
MAX_SCAN_KEPT = 128 << 20
"""Bytes that are kept of the first pass over a file
Nothing more is kept, and the second pass walks over the file again."""
MAX_READ_AHEAD = 1 << 24
"""Bytes of tshark's output that wait to be read
tshark waits, too."""
MAX_DOUBTS = 1 << 20
"""Packets that the first pass cannot judge
The file is then read packet by packet."""

# -- Packets and TCP ---------------------------------------------------------------------------------------------------

MAX_VLAN_TAGS = 8
"""VLAN tags of a packet
The packet is left out. Networks use one or two."""
MAX_EXTENSIONS = 16
"""IPv6 extension headers of a packet
The packet is left out. RFC 8200 4.1 knows seven kinds."""
MAX_FRAGMENTS = 1024
"""IP fragments after which a datagram has to be complete
It is dropped; its bytes are a lost segment. They hold 64 MiB at most, and identifications are used again."""
MAX_CONNECTIONS = 50_000
"""TCP connections that are followed at one time
Those idle for the longest are given up, which their sessions tell of. Each takes 2.5 KB, and 9 KB if it carries RDP."""
MAX_CLOSED = 10_000
"""Closed TCP connections that are remembered
Late segments of older ones open them again, and show no RDP."""
MAX_SYNS = 8
"""SYNs of one TCP connection that are remembered
Later ones are not told of. Systems send fewer."""
MAX_HELD = 1 << 20
"""Bytes that wait for a lost segment in one direction of a connection
The segment is given up: a gap. A piece counts 256 bytes more than it has, so that tiny ones are bounded, too."""
MAX_HELD_IN_ALL = 1 << 26
"""Bytes that wait for lost segments in all connections
Those that have waited for the longest are given up: gaps."""
MAX_UNRECOGNISED = 256 * 1024
"""Bytes in which a connection has to show that it is RDP
It is no longer followed. RDP shows in the first packet; --decode-as takes a port for RDP all the same."""

# -- TLS ---------------------------------------------------------------------------------------------------------------

MAX_HANDSHAKE_MESSAGE = 1 << 18
"""Bytes of a TLS handshake message
What is under way is given up: the session cannot be decrypted, and says so. Certificates take some kilobytes."""
MAX_TRANSCRIPT = 1 << 20
"""Bytes of a TLS handshake
The extended master secret (RFC 7627) cannot be derived, nor what hangs on it."""
MAX_SECRETS = 500_000
"""TLS secrets that are known at one time
The oldest ones are forgotten. A session has one to five."""
MAX_TLS_SESSIONS = 10_000
"""TLS sessions whose secrets are kept for others that resume them
The oldest ones are forgotten."""
MAX_RSA_KEYS = 1_000
"""RSA keys
Later ones are not tried."""
MAX_LOST_RECORDS = 255
"""TLS records that may be missing at once
The rest of the direction stays encrypted: gaps. Each record that may be missing is one more attempt to decrypt."""
MAX_TRIES = 4 * (MAX_LOST_RECORDS + 1)
"""Sequence numbers that are tried until a TLS record can be decrypted
The rest of the direction stays encrypted: gaps. It is four such losses."""
MAX_LOST_KEY_CHANGES = 3
"""TLS 1.3 key updates that may be missing at once
The rest of the direction stays encrypted: gaps."""
MAX_KEY_STREAM = 1 << 22
"""Bytes of an RC4 key stream in which the place behind a loss is looked for
The rest of the direction stays encrypted: gaps."""
MAX_CREDSSP_REQUEST = 1 << 20
"""Bytes of a CredSSP request
It is taken for RDP, and is then a gap. Real ones have some kilobytes."""

# -- RDP ---------------------------------------------------------------------------------------------------------------

MAX_CERTIFICATES = 200
"""Certificates in the chain of Standard RDP Security
The rest is not read. [MS-RDPELE] 2.2.1.4.2 has this number."""
MAX_LOST_PACKETS = 64
"""Encrypted PDUs that may be missing at once (Standard RDP Security)
The place in the RC4 stream is known again after the next key update; gaps until then."""
MAX_LOST_BYTES = 1 << 20
"""Bytes that may be missing at once (Standard RDP Security)
The place is known again after the next key update; gaps until then."""
MAX_NEW_OFFSET = 1 << 16
"""Bytes since a key update that was missed (Standard RDP Security)
The place is known again after the next key update; gaps until then."""
MAX_SEARCH_BYTES = 1 << 26
"""Bytes that are hashed in search of that place; each MAC counts for 256
The place is known again after the next key update; gaps until then. It takes less than a second."""
MAX_SEARCHES = 4
"""Searches for that place after one loss
The place is known again after the next key update; gaps until then."""
MAX_CLEAR_CHUNK = 16_256
"""Bytes that a compressed channel PDU stands for
It is a gap, and the history goes on. [MS-RDPBCGR] 2.2.7.1.10 allows no more (VCChunkSize), and 33 bytes could be
60,000."""
MAX_MESSAGE = 1 << 24
"""Bytes of a channel message
It is a gap. Remote Assistance messages have some kilobytes; a sender may never end one, and claim 4 GiB."""
MAX_UNFINISHED = 1 << 24
"""Bytes of unfinished messages of one side of a connection
All of them are given up: a gap. There are 65,536 channels."""
MAX_UNFINISHED_IN_ALL = 1 << 27
"""Bytes of unfinished messages in all connections
Those of the connection that is idle for the longest are given up: a gap. Compressed, they take a five-hundredth in
the capture."""
MAX_HISTORIES = 1 << 29
"""Bytes of compression histories in all connections
Those of the side that is idle for the longest are forgotten: what it sends compressed is a gap, until it flushes its
history. A side takes up to 2.3 MB, and a packet of some bytes makes it do so."""
MAX_DYNAMIC_CHANNELS = 4096
"""Dynamic channels of Remote Assistance that are open in one connection
Later ones are not read. Windows opens one."""

# -- Remote Assistance -------------------------------------------------------------------------------------------------

MAX_DECODED = 1_000_000
"""Messages that are decoded beyond one for each 16 bytes of RDP connections; 256 bytes of one count as one more
They are a gap and a finding. Compressed, 40 bytes could be 4,000 messages, each of which takes some 25 µs."""
MAX_ORDERS = 4096
"""Orders in one message of encomsp
The rest of the message is a gap. The smallest order takes 4 bytes."""
MAX_XML = 1 << 20
"""Characters of a contact file or an invitation
It is not read. The picture in a contact ([MS-RA] 2.2.5) takes some 44,000."""
MAX_XML_ELEMENTS = 1_000
"""Elements of an XML text
It is not read. Real ones have less than ten. Entities are not expanded at all."""
MAX_XML_ATTRIBUTES = 1_000
"""Attributes of an element, and so of an RCCOMMAND
It is shown as it is, but not taken apart. Real ones have ten."""
MAX_XML_NESTING = 8
"""Elements of an XML text inside each other
It is not read. Real ones have four."""
MAX_CONNECTION_STRING = 1 << 16
"""Characters of a connection string
It is shown as it is, but not taken apart. Real ones have some hundreds."""
MAX_OPEN_TRANSFERS = 64
"""Files that are announced at one time
The oldest announcement is forgotten, and its blocks may be taken for commands. One file is sent at a time."""

# -- The report --------------------------------------------------------------------------------------------------------

MAX_REPORT = 1 << 29
"""Bytes that the events of a capture take in memory, as estimated
They are no longer kept: a gap and a finding. It is half a million messages; a report takes three times as much while it
is written."""
MAX_REPORT_OF_A_CONNECTION = 1 << 28
"""Bytes of that for one connection
What it sends from then on is not kept: a gap and a finding. A file of 130 MB fits, in blocks of 1 KB."""
MAX_REPORT_RESERVED = 1 << 15
"""Bytes of that on which every connection can count
Connections that take more than others cannot hide how those ended. It is enough for 25 messages."""
MAX_SESSIONS = 25_000
"""RDP connections that are kept whatever they show, and 25,000 more with messages of Remote Assistance
The others are counted, which is a note. Each takes some 10 KB."""
MAX_WAITING = 5_000
"""RDP connections beyond those that are kept until they show a message of Remote Assistance
The oldest ones are forgotten, but counted. Messages come some seconds after the connect."""
MAX_STORY = 10_000
"""Facts of one connection
They are no longer kept: a gap and a finding. An ordinary connection has fewer than fifty."""
MAX_CONTROLS = 1_000
"""Requests of control in one session that are listed
Later ones are among the messages only."""
MAX_TRANSFERS = 1_000
"""Files of one session that are listed
Later ones are among the messages only."""
MAX_TRANSFER_FRAMES = 10_000
"""Frames of one file that are listed
The first ones and the last one. Version 2 of the protocol sends 10 MB in as many."""
MAX_FINDINGS = 20
"""Findings of one kind with different texts
The others share one more finding. Texts may depend on what peers send."""
MAX_FINDING_FRAMES = 100
"""Frames that one finding lists
It says how many there are."""
MAX_QUOTED = 60
"""Characters of the wire that a text of ours shows in one place
The rest is "..."."""
MAX_FAILED = 1_000
"""Failed TCP connects that are listed
Others are counted, which is a note."""
MAX_FAILED_CANDIDATES = 10_000
"""Failed TCP connects to other ports that are remembered
The oldest ones are forgotten. They count when an RDP connection to the same place is found later."""
MAX_FAILED_FRAMES = 16
"""Frames of a failed TCP connect that are listed
The first ones."""
MAX_COMPARED = 32
"""Sessions that a session is compared with, to find the same one in another capture
Others are not compared: sessions that all look the same would take the square of their number."""
MAX_OPENING = 1_000
"""Control messages of a session that are compared
The first ones."""
MAX_INVITATION = 1 << 20
"""Bytes of an invitation
It is not read, which is an error. Real ones have some thousands."""
MAX_PASS_STUB = 1 << 10
"""Bytes of an encrypted PassStub that is checked
It is not checked. Real ones have 32."""
MAX_CHECKED = 100
"""Messages of one kind that are checked against an invitation
The first ones. A session has one or two."""
