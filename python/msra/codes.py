"""The result codes of Remote Assistance ([MS-RA] 2.2.6), and what any other result value means.

    >>> lookup(41).name
    'SAFERROR_HELPEESAIDNO'
    >>> lookup(0x80004005).name
    'E_FAIL'
    >>> find("helpeesaidno").value
    41

The codes, their texts and the advice come from ``data/codes.toml``, the only table of them; the HRESULTs by name from
``data/hresults.toml``. This module imports nothing else of the package.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from enum import EnumMeta, IntEnum
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

__all__ = ["CODES", "SAFERROR", "HResult", "Outcome", "ResultCode", "find", "hresult", "lookup", "suggest"]

Outcome: TypeAlias = Literal["established", "refused", "failed"]
"""What a result decides: the expert was let in, the novice's user said no, or something failed."""

PREFIX = "SAFERROR_"


@dataclass(frozen=True, slots=True)
class ResultCode:
    """What one result value means; `value` is unsigned.

    `versions` are the protocol versions that use the code (empty for what is not in [MS-RA] 2.2.6), `used` is false
    where the document says "This code is not used.", `ends_session` is true if the code tells how a running session
    ended. `causes` and `next_steps` are our advice, the likeliest first. `known` is false if the value has no name.
    """

    value: int
    name: str
    text: str
    versions: tuple[int, ...] = ()
    used: bool = True
    outcome: Outcome = "failed"
    ends_session: bool = False
    causes: tuple[str, ...] = ()
    next_steps: tuple[str, ...] = ()
    known: bool = True

    @property
    def number(self) -> str:
        """The value as people write it: HRESULTs in hexadecimal, result codes in decimal digits."""
        return f"0x{self.value:08x}" if self.value >= 0x80000000 else str(self.value)

    @property
    def advice_sentences(self) -> tuple[str, ...]:
        """The likeliest causes and the most promising steps."""
        return self.causes[:2] + self.next_steps[:2]

    @property
    def advice(self) -> str:
        """The same as one short paragraph."""
        return " ".join(self.advice_sentences)


def _load(file: str) -> dict[str, Any]:
    return tomllib.loads((Path(__file__).parent / "data" / file).read_text("utf-8"))


def _result_code(row: Mapping[str, Any]) -> ResultCode:
    """A row of codes.toml, whose lists become tuples."""
    fields: dict[str, Any] = {key: tuple(value) if isinstance(value, list) else value for key, value in row.items()}
    return ResultCode(next_steps=fields.pop("next"), **fields)


CODES: Mapping[int, ResultCode] = {row["value"]: _result_code(row) for row in _load("codes.toml")["code"]}
"""The 48 codes of [MS-RA] 2.2.6 by value, in the order of the document."""


class _FromTable(EnumMeta):
    if TYPE_CHECKING:  # the members come from the table: a type checker can't see them, and takes any name

        def __getattr__(cls, name: str) -> SAFERROR: ...


class SAFERROR(IntEnum, metaclass=_FromTable):
    """The 48 codes of [MS-RA] 2.2.6 with the document's names, PASSWORDS_DONT_MATCH among them."""

    _ignore_ = ["members", "code"]
    members = vars()
    for code in CODES.values():
        members[code.name] = code.value


@dataclass(frozen=True, slots=True)
class HResult:
    """The parts of an HRESULT, [MS-ERREF] 2.1. `facility_name` is empty if the document has no name for it.

     31  30  29  28  27 26      16 15       0
    +---+---+---+---+---+----------+---------+
    | S | R | C | N | X | Facility |  Code   |
    +---+---+---+---+---+----------+---------+
    """

    failure: bool
    reserved: bool
    customer: bool
    ntstatus: bool
    facility: int
    facility_name: str
    code: int


def hresult(value: int) -> HResult:
    """Take a 32-bit value, signed or unsigned, apart as [MS-ERREF] 2.1 says."""
    facility = value >> 16 & 0x7FF
    return HResult(
        failure=bool(value & 0x80000000),
        reserved=bool(value & 0x40000000),
        customer=bool(value & 0x20000000),
        ntstatus=bool(value & 0x10000000),
        facility=facility,
        facility_name=_others()["facilities"].get(str(facility), ""),
        code=value & 0xFFFF,
    )


def lookup(value: int) -> ResultCode:
    """What a result value means. Any integer is answered; a negative one is read as signed 32-bit number.

    Values outside [MS-RA] 2.2.6 are named as HRESULT if their top bit is set (``E_FAIL``, ``HRESULT 0x80071234``),
    else ``UNKNOWN(1234)``.
    """
    if -0x80000000 <= value < 0:
        value &= 0xFFFFFFFF
    return CODES.get(value) or _lookup_other(value)


@cache
def _others() -> dict[str, Any]:
    """data/hresults.toml: read when a result outside the 48 codes turns up, as most captures have none."""
    data = _load("hresults.toml")
    data["hresults"] = {int(number, 16): row for number, row in data["hresults"].items()}
    return data


@lru_cache(maxsize=1024)
def _lookup_other(value: int) -> ResultCode:
    data = _others()
    named = data["hresults"].get(value)
    if named:
        name, text = named
        kind = name
    elif 0x80000000 <= value <= 0xFFFFFFFF:
        kind, text = _unnamed_hresult(value, data["texts"])
        name = f"HRESULT 0x{value:08X}"
    else:
        kind, name, text = "unknown", f"UNKNOWN({value})", data["texts"]["unknown"]
    advice = data["advice"].get(kind, data["advice"]["hresult"])
    causes, next_steps = tuple(advice["causes"]), tuple(advice["next"])
    return ResultCode(value, name, text, causes=causes, next_steps=next_steps, known=bool(named))


def _unnamed_hresult(value: int, texts: Mapping[str, str]) -> tuple[str, str]:
    """The kind of an HRESULT without a name, a key of `texts`, and a sentence on where it comes from."""
    parts = hresult(value)
    if parts.ntstatus:  # [MS-ERREF] 2.1: an NTSTATUS value, except that this bit is set
        return "ntstatus", texts["ntstatus"] % (value - 0x10000000)
    if parts.reserved:
        return "reserved", texts["reserved"] % value
    kind = "vendor" if parts.customer else "hresult"
    facility = f"{parts.facility_name} ({parts.facility})" if parts.facility_name else f"facility {parts.facility}"
    return kind, texts[kind] % (facility, parts.code, parts.code)


_NUMBER = re.compile(
    r"(?:UNKNOWN\(|HRESULT\s+)?([+-]?)(?:0x([0-9a-f]{1,16})|([0-9]{1,20}))\)?", re.IGNORECASE | re.ASCII
)


def find(text: str) -> ResultCode | None:
    """The result that `text` names, or None.

    Takes what :func:`lookup` answers with and what people have at hand: a decimal, hexadecimal (0x...) or negative
    number, a name of [MS-RA] 2.2.6 with or without SAFERROR_, the name of an HRESULT, all in any case.
    None for names that are not in the tables and for numbers that don't fit into 32 bits.
    """
    if match := _NUMBER.fullmatch(text.strip()):
        sign, hexadecimal, decimal = match.groups()
        value = int(sign + (hexadecimal or decimal), 16 if hexadecimal else 10)
        return lookup(value) if -0x80000000 <= value <= 0xFFFFFFFF else None
    value_of_name = _names().get(_key(text))
    return None if value_of_name is None else lookup(value_of_name)


def suggest(text: str) -> list[str]:
    """At most three spellings that :func:`find` takes and that `text` may have meant, the closest first."""
    import difflib  # takes milliseconds to load, and is needed for mistakes only

    key = _key(text)
    if re.fullmatch("[89A-F][0-9A-F]{7}", key):
        return [f"0x{key}"]
    parts = [name for name in _names() if len(key) > 2 and key in name]
    close = difflib.get_close_matches(key, _names(), n=3)
    return [lookup(_names()[name]).name for name in dict.fromkeys(close + parts)][:3]


def _key(name: str) -> str:
    return name.strip().upper().removeprefix(PREFIX)


@cache
def _names() -> dict[str, int]:
    """The value of each name, without SAFERROR_."""
    hresults = {name: value for value, (name, _) in _others()["hresults"].items()}
    return hresults | {_key(code.name): code.value for code in CODES.values()}
