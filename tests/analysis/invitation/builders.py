"""Invitations for tests: written and encrypted by [MS-RAI] 6 and [MS-RA] 2.2.4, independently of the tested code."""

from __future__ import annotations

import hashlib
import struct
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher, modes
from cryptography.hazmat.primitives.ciphers.algorithms import AES

from msra.analysis.evidence import Evidence
from msra.analysis.invitation import Invitation, check, parse_invitation
from msra.analysis.invitation.case import Case
from msra.analysis.model import Check
from msra.events import Endpoint, Event, Fact, Gap, Message
from tests.analysis.builders import EXPERT, NOVICE, SECOND, Story
from tests.transport.rdp_security_peer import Rc4

PASSWORD, PASS_STUB = "48BJQ853X3B4", "WB^6HsrIaFmEpi"
SESSION_ID, KH = "sVq7jzDLPmGyMhbkQ1uPKA==", "jBhaLqNLqYqnKZmCMZWrGQtB8Ug="
RC_TICKET = f"65538,1,10.0.0.2:49230;192.168.1.200:49231,*,{SESSION_ID},*,*,{KH}"
LH_TEXT = (
    f'<E><A KH="{KH}" ID="{SESSION_ID}"/><C><T ID="1" SID="0">'
    '<L P="49229" N="fe80::3d8f:9b2d:6b4e:6aa%6"/><L P="49230" N="10.0.0.2"/></T></C></E>'
)
MADE, MINUTES = 1, 360
"""One second before the stories begin."""

REAL_PASSWORD = "48BJQ853X3B4"
REAL_TICKET = "".join(
    [
        "20FCC407AA53E95F8505AB56D485D26835064B03AF86CDA326248FD304626AD4DBDBDFFE0C473228EFFF7A1E6CEB445BBEC429294BB6616B",
        "BB600854438DDFB582FC377CF65A2060EB3221647643C9B29BF5EC320856180B34D1BE9827A528C7E8F0DCD53C8D38F974160FEE317458FA",
        "C9DBDBA7B972D21DF3BC5B1AF0E0187865F07A3B915618C03E6EAF843FC1185770A1208C29C836DBCA5A040CB276D3C41DDE2FA8CA9627E5",
        "E74FA750A92C0E01AD6C3D1000A5B1479DEB899BF5BCD402CE3BB3BF104CE0286C3F985AA711943C88C5EEEEE86F35B63F68883A90ADBCFD",
        "CBBAE3EAB993EFD9148E1A21D092CE9498695943946236D65D20B4A38D724C6172319E38E19C04E98EBC03F56A4A190E971F8EAEBFE6B415",
        "A3A2D8F35F7BF78526B9BFAAB48D11BDD6C905EFE503D2265678E1EAD2F2F124E570667F041031802F63587276C14E6A5AB436CE234F722C",
        "E7C9B5D244508F14C012E84A49FE69923F30320ABB3641F1EFA66205F3EA709E7E1C3E6874BB9642486FB96D2730CDF4514AA738167F00FC",
        "13B2978AED1D6678413FDF62008B03DD729E36173BE02742B69CAD44938512D0F56335394759338AF6ADBCF39CE829116D97435085D05BB5",
        "9320A134698050DCDBE01305A6B4712FD6BD48958BD2DC497498FF35CAECC9A82C97FD1A5B5EC4BAF5FFB75A1471B765C465B35A7C950019",
        "066BB219B391C6E98AE8FD2038E774F36F226D9FB9A38BCC313785612165D1EF69D19E2B9CF6E0F7FE1ECCF00AB81F9E8B626363CA82FAC7",
        "19A3B7D243325C9D6042B2488EC95B80A31273FF9B72FBBB86F946E6D3DF8816BE4533F0B547C8BC028309EA9784C1E6",
    ]
)
"""An LHTICKET that Windows made, with its password: a test vector of FreeRDP (TestCommonAssistance.c)."""
REAL_RC_TICKET = (
    "65538,1,192.168.1.200:49230;169.254.6.170:49231,*,+ULZ6ifjoCa6cGPMLQiGHRPwkg6VyJqGwxMnO6GcelwUh9a6/FBq3It5ADSndmLL,"
    "*,*,BNRjdu97DyczQSRuMRrDWoue+HA="
)


def utf16(text: str) -> bytes:
    return text.encode("utf-16-le")


def lh_ticket(text: str = LH_TEXT, password: str = PASSWORD, padded: bool = True) -> str:
    """[MS-RAI] 6, note 20: MS_ENH_RSA_AES_PROV, CALG_SHA, CALG_AES_128, CBC; the padding is that of CryptEncrypt."""
    block = bytearray([0x36] * 64)
    for at, byte in enumerate(hashlib.sha1(utf16(password)).digest()):
        block[at] ^= byte
    encryptor = Cipher(AES(hashlib.sha1(block).digest()[:16]), modes.CBC(bytes(16))).encryptor()
    clear = utf16(text)
    missing = 16 - len(clear) % 16
    clear += bytes([missing] * missing) if padded else bytes(missing % 16)
    return (encryptor.update(clear) + encryptor.finalize()).hex().upper()


def rc4(clear: bytes, password: str = PASSWORD) -> bytes:
    return Rc4(hashlib.md5(utf16(password)).digest()).encrypt(clear)


def encrypted_stub(stub: str = PASS_STUB, password: str = PASSWORD, counted: bool = False, end: bytes = b"") -> str:
    """[MS-RAI] 6, note 17; `counted`: with a BSTR count before it, too."""
    encrypted = rc4(struct.pack("<I", len(utf16(stub))) + utf16(stub) + end, password)
    return ((struct.pack("<I", len(encrypted)) if counted else b"") + encrypted).hex()


def token(role: str, secret: str, connection_string: str) -> str:
    """[MS-RA] 2.2.4, step by step."""
    text = utf16(secret + role + connection_string)
    hash_input = text + bytes(20)
    for _ in range(100_000):
        hash_input = text + hashlib.sha1(hash_input).digest()
    return hash_input[-20:].hex()


def blob(stub: str = PASS_STUB, password: str = PASSWORD) -> str:
    """An expert blob ([MS-RA] 2.2.1.4)."""
    value = f"PASS={encrypted_stub(stub, password).upper()}"
    return f"8;NAME=Eve{len(value)};{value}"


def xml(declaration: str = '<?xml version="1.0" encoding="Unicode" ?>', /, **attributes: object) -> str:
    """An invitation file; attributes that are None are left out."""
    values = {
        "USERNAME": "jeff", "LHTICKET": lh_ticket(), "RCTICKET": RC_TICKET, "RCTICKETENCRYPTED": "1", "DtStart": MADE,
        "DtLength": MINUTES, "PassStub": PASS_STUB, "L": "0", **attributes,
    }  # fmt: skip
    written = "\r\n".join(f'{name}="{value}"' for name, value in values.items() if value is not None)
    return f'{declaration}\r\n<UPLOADINFO TYPE="Escalated">\r\n<UPLOADDATA {written} />\r\n</UPLOADINFO>\r\n'


def invitation(**attributes: object) -> Invitation:
    return parse_invitation(xml(**attributes).encode())


def type_1(**attributes: object) -> Invitation:
    return invitation(LHTICKET=None, **attributes)


def evidence(events: Iterable[Event]) -> Evidence:
    kept = list(events)
    facts = [event for event in kept if isinstance(event, Fact)]
    return Evidence(
        tuple(event for event in kept if isinstance(event, Message)),
        {fact.name: fact for fact in reversed(facts)},
        tuple(event for event in kept if isinstance(event, Gap)),
        tuple(facts),
    )


def case(
    story: Story | None = None,
    made: Invitation | None = None,
    password: str | None = PASSWORD,
    novice: Endpoint = NOVICE,
    start: int = 2 * SECOND,
    end: int = 3 * SECOND,
) -> Case:
    events = (story or Story()).events
    return Case(made or invitation(), password, evidence(events), EXPERT, novice, start, end)


def checked(found: Case) -> dict[str, Check]:
    """What check() says of it, by id."""
    answers = check(
        found.invitation, found.password, found.evidence, found.expert, found.novice, found.start, found.end
    )
    return {answer.id: answer for answer in answers}
