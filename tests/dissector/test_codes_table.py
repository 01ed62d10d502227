"""The plugin's table of result codes: fresh, loadable by every Lua that Wireshark has, and the same as Python's."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from msra.codes import CODES, ResultCode, lookup

ROOT = Path(__file__).parents[2]
GENERATOR = ROOT / "dissector" / "generate_codes.py"
TABLE = ROOT / "dissector" / "msra_codes.lua"

# All values that have a row, and those at the edges of each kind of value that has none.
OTHERS = [2, 303, 1234, 0x7FFFFFFF, 0x80000000, 0x80071234, 0x87FF0001, 0x88040001, 0xA0040002, 0xA7FFFFFF]
OTHERS += [0xB0000001, 0xC0000022, 0xD0000022, 0xE0000001, 0xEFFFFFFF, 0xFFFFFFFF]

DUMP = """
local codes = require("msra_codes")
for value in io.lines() do
  local row = codes.lookup(tonumber(value))
  local fields = {
    value, row.name, row.text, row.versions, tostring(row.used), row.outcome,
    tostring(row.ends_session), tostring(row.known), table.concat(row.advice, " "),
  }
  print(table.concat(fields, "\\t"))
end
"""

# Wireshark runs every .lua file in a plugin folder: loading the table must not change anything.
SIDE_EFFECTS = """
local before = {}
for name in pairs(_G) do before[name] = true end
local module = dofile(arg[1])
for name in pairs(_G) do assert(before[name], "new global " .. name) end
local rows, known = 0, 0
for _ in pairs(module.codes) do rows = rows + 1 end
for _ in pairs(module.hresults) do known = known + 1 end
print(type(module), rows, known, module.facilities[7])
"""


def interpreters() -> list[str]:
    found = [path for name in ("lua5.2", "lua5.4", "lua") if (path := shutil.which(name))]
    return found or ["none"]


@pytest.fixture(params=interpreters(), ids=lambda path: Path(path).name)
def lua(request: pytest.FixtureRequest) -> str:
    path: str = request.param
    if path == "none":
        pytest.fail("no Lua interpreter found: install one of lua5.2, lua5.4 (apt-get install lua5.2 lua5.4)")
    return path


def run(*command: str | Path, text: str = "", cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, input=text, capture_output=True, text=True, timeout=60, check=False, cwd=cwd)


def fields(code: ResultCode) -> list[str]:
    def lua_bool(value: bool) -> str:
        return str(value).lower()

    versions = ", ".join(map(str, code.versions))
    flags = (lua_bool(code.used), code.outcome, lua_bool(code.ends_session), lua_bool(code.known))
    return [str(code.value), code.name, code.text, versions, *flags, code.advice]


def test_the_table_is_fresh() -> None:
    """A change of codes.toml without running the generator must not pass."""
    checked = run(sys.executable, GENERATOR, "--check")
    assert (checked.returncode, checked.stderr) == (0, "")
    assert TABLE.read_text("utf-8").startswith(
        "-- Generated from python/msra/data/codes.toml by dissector/generate_codes.py; do not edit.\n"
    )


def test_lua_gives_the_rows_of_python(lua: str) -> None:
    from msra.codes import _others

    expected = [*CODES.values(), *map(lookup, sorted(_others()["hresults"])), *map(lookup, OTHERS)]
    dumped = run(lua, "-e", DUMP, text="".join(f"{code.value}\n" for code in expected), cwd=TABLE.parent)
    assert dumped.stderr == ""
    assert [line.split("\t") for line in dumped.stdout.splitlines()] == [fields(code) for code in expected]


def test_loading_has_no_side_effects(lua: str, tmp_path: Path) -> None:
    script = tmp_path / "load.lua"
    script.write_text(SIDE_EFFECTS, "utf-8")
    loaded = run(lua, script, TABLE)
    assert loaded.stderr == ""
    assert loaded.stdout.split() == ["table", "48", "80", "FACILITY_WIN32"]


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """As much of the project as the generator needs, to be spoilt."""
    package = tmp_path / "python" / "msra"
    shutil.copytree(ROOT / "python" / "msra" / "data", package / "data")
    shutil.copy(ROOT / "python" / "msra" / "codes.py", package)
    (package / "__init__.py").touch()
    (tmp_path / "dissector").mkdir()
    shutil.copy(GENERATOR, tmp_path / "dissector")
    shutil.copy(TABLE, tmp_path / "dissector")
    return tmp_path


def generate(checkout: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return run(sys.executable, checkout / "dissector" / GENERATOR.name, *options)


def replace(path: Path, old: str, new: str) -> None:
    text = path.read_text("utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), "utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "sentence"),
    [
        ("codes.toml", "value = 41\n", "value = 40\n", "the value 40 occurs 2 times"),
        (
            "codes.toml",
            '"SAFERROR_HELPEESAIDNO"',
            '"SAFERROR_HELPEENEVERRESPONDED"',
            "the name HELPEENEVERRESPONDED occurs",
        ),
        ("hresults.toml", "0x80004004 =", "0x8000000a =", "the value 2147483658 occurs 2 times"),
        ("hresults.toml", '"E_ABORT"', '"E_FAIL"', "the name E_FAIL occurs 2 times"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--check"]])
def test_duplicates_are_refused(
    checkout: Path, file: str, old: str, new: str, sentence: str, options: list[str]
) -> None:
    """A second row with the same value or name would hide the first one without a word."""
    table = checkout / "dissector" / TABLE.name
    before = table.read_bytes()
    replace(checkout / "python" / "msra" / "data" / file, old, new)
    refused = generate(checkout, *options)
    assert refused.returncode == 1
    assert refused.stderr.startswith("generate_codes.py: ") and sentence in refused.stderr
    assert table.read_bytes() == before


def test_check_tells_a_stale_table(checkout: Path) -> None:
    """The gate can fail: after a change of one word, and without the file; writing it opens the gate again."""
    assert generate(checkout, "--check").returncode == 0
    replace(checkout / "python" / "msra" / "data" / "codes.toml", "The user clicked No", "Somebody clicked No")
    stale = generate(checkout, "--check")
    assert (stale.returncode, stale.stderr) == (
        1,
        "generate_codes.py: msra_codes.lua is stale; run python dissector/generate_codes.py\n",
    )
    (checkout / "dissector" / TABLE.name).unlink()
    assert generate(checkout, "--check").returncode == 1
    assert generate(checkout).returncode == 0
    assert generate(checkout, "--check").returncode == 0
    assert "Somebody clicked No" in (checkout / "dissector" / TABLE.name).read_text("utf-8")
