"""Write msra_codes.lua, the plugin's table of result codes, from the table that Python reads.

    python dissector/generate_codes.py            writes dissector/msra_codes.lua
    python dissector/generate_codes.py --check    writes nothing; exit status 1 and a sentence if the file is stale

Values or names that occur twice in python/msra/data are refused, with exit status 1.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

if TYPE_CHECKING:
    from msra.codes import ResultCode

HERE = Path(__file__).resolve().parent
PACKAGES = HERE.parent / "python"
DATA = PACKAGES / "msra" / "data"
TARGET = HERE / "msra_codes.lua"

UNNAMED = ("unknown", "hresult", "vendor")  # kinds of values without a name that have advice of their own

HEAD = """\
-- Generated from python/msra/data/codes.toml by dissector/generate_codes.py; do not edit.
--
-- The result codes of [MS-RA] 2.2.6, and the names of HRESULTs ([MS-ERREF] 2.1) that come instead of them.
-- require("msra_codes") gives a table and does nothing else:
--   codes[value]        name, text, versions ("1, 2"), used, outcome, ends_session, advice, known
--   hresults[value]     the same for HRESULTs with a name
--   facilities[number]  the name of an HRESULT's facility
--   lookup(value)       the row for any unsigned 32-bit value, as msra.codes.lookup gives it in Python

-- luacheck: no max line length

local M = {}
"""

TAIL = """
local function bit_set(value, bit)
  return math.floor(value / 2 ^ bit) % 2 == 1
end

-- The advice and text for an HRESULT without a name: S R C N X, 11 bits of facility, 16 bits of code.
local function unnamed_hresult(value)
  if bit_set(value, 28) then
    return M.advice.hresult, string.format(M.texts.ntstatus, value - 0x10000000)
  elseif bit_set(value, 30) then
    return M.advice.hresult, string.format(M.texts.reserved, value)
  end
  local kind = bit_set(value, 29) and "vendor" or "hresult"
  local facility, code = math.floor(value / 0x10000) % 0x800, value % 0x10000
  local name = M.facilities[facility]
  local from = name and string.format("%s (%d)", name, facility) or string.format("facility %d", facility)
  return M.advice[kind], string.format(M.texts[kind], from, code, code)
end

function M.lookup(value)
  local row = M.codes[value] or M.hresults[value]
  if row then
    return row
  end
  local name, advice, text = string.format("UNKNOWN(%d)", value), M.advice.unknown, M.texts.unknown
  if bit_set(value, 31) then
    name = string.format("HRESULT 0x%08X", value)
    advice, text = unnamed_hresult(value)
  end
  return {
    name = name, text = text, versions = "", used = true,
    outcome = "failed", ends_session = false, known = false, advice = advice,
  }
end

return M
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Write or check the Lua table; returns the exit status."""
    parser = argparse.ArgumentParser(description="Write dissector/msra_codes.lua from python/msra/data/codes.toml.")
    parser.add_argument("--check", action="store_true", help="only tell whether the file is up to date")
    check = parser.parse_args(argv).check
    # The tables are read here first: the Python module would not load with a name that occurs twice.
    codes = tomllib.loads((DATA / "codes.toml").read_text("utf-8"))["code"]
    tables = tomllib.loads((DATA / "hresults.toml").read_text("utf-8"))
    if errors := problems(codes, tables["hresults"]):
        return _fail("; ".join(errors))
    lua = generate(tables)
    if not check:
        TARGET.write_text(lua, "utf-8", newline="\n")
    elif not TARGET.exists() or TARGET.read_text("utf-8") != lua:
        return _fail(f"{TARGET.name} is stale; run python dissector/generate_codes.py")
    return 0


def problems(codes: Iterable[Mapping[str, Any]], hresults: Mapping[str, Sequence[str]]) -> list[str]:
    """What is wrong with the tables, a sentence each: values and names must be unique, upper and lower case alike."""
    codes = list(codes)
    values = [row["value"] for row in codes] + [int(number, 16) for number in hresults]
    names = [row["name"].upper().removeprefix("SAFERROR_") for row in codes]
    names += [name.upper() for name, _ in hresults.values()]
    return [f"the value {value} occurs {times} times" for value, times in Counter(values).items() if times > 1] + [
        f"the name {name} occurs {times} times" for name, times in Counter(names).items() if times > 1
    ]


def generate(tables: Mapping[str, Any]) -> str:
    """The text of msra_codes.lua; `tables` is what hresults.toml holds."""
    sys.path.insert(0, str(PACKAGES))
    from msra.codes import CODES, ResultCode, lookup

    def advice(row: Mapping[str, Any]) -> tuple[str, ...]:
        return ResultCode(0, "", "", causes=tuple(row["causes"]), next_steps=tuple(row["next"])).advice_sentences

    named = [lookup(value) for value in sorted(int(number, 16) for number in tables["hresults"])]
    return "\n".join(
        [
            HEAD,
            _table("codes", {f"[{code.value}]": _row(code) for code in CODES.values()}),
            _table("hresults", {f"[0x{code.value:08X}]": _row(code) for code in named}),
            _table("facilities", {f"[{number}]": _lua(name) for number, name in tables["facilities"].items()}),
            "-- For values without a name; the conversions in them are those of string.format.",
            _table("texts", {kind: _lua(text) for kind, text in tables["texts"].items()}),
            _table("advice", {kind: _lua(advice(tables["advice"][kind])) for kind in UNNAMED}),
            TAIL.lstrip(),
        ]
    )


def _table(name: str, rows: Mapping[str, str]) -> str:
    return "\n".join([f"M.{name} = {{", *(f"  {key} = {row}," for key, row in rows.items()), "}", ""])


def _row(code: ResultCode) -> str:
    fields: dict[str, str | bool | tuple[str, ...]] = {
        "name": code.name,
        "text": code.text,
        "versions": ", ".join(map(str, code.versions)),
        "used": code.used,
        "outcome": code.outcome,
        "ends_session": code.ends_session,
        "known": code.known,
        "advice": code.advice_sentences,
    }
    return "\n".join(["{", *(f"    {field} = {_lua(value)}," for field, value in fields.items()), "  }"])


def _lua(value: str | bool | tuple[str, ...]) -> str:
    """A literal: JSON's escapes mean the same in Lua 5.2 to 5.4, as long as other characters stay as they are."""
    if isinstance(value, tuple):
        return f"{{ {', '.join(map(_lua, value))} }}"
    return json.dumps(value, ensure_ascii=False)


def _fail(sentence: str) -> int:
    sys.stderr.write(f"generate_codes.py: {sentence}\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
