"""Write the pages that are made from data: docs/codes.md, docs/json.md, and the tables of docs/limits.md.

python docs/make_reference.py            writes them
python docs/make_reference.py --check    writes nothing; exit status 1 and a sentence if one is stale
"""

from __future__ import annotations

import ast
import json
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

from msra import limits  # noqa: E402
from msra.codes import CODES, ResultCode  # noqa: E402

LIMITS = re.compile(r"(<!-- [^\n]*limits\.py[^\n]* -->\n).*(<!-- end of the limits -->\n)", re.DOTALL)
SCHEMA = HERE.parent / "python" / "msra" / "data" / "msra-report-1.schema.json"

CODES_HEAD = """\
<!-- Generated from python/msra/data/codes.toml by docs/make_reference.py; do not edit. -->

# Result codes

The {count} codes of [MS-RA] 2.2.6, word for word, with what is usually behind each and what to try: that part is ours.
In a terminal:

```sh
saferror 61
saferror --list
```

Other values are HRESULTs, which `saferror 0x80004005` takes apart. Version 3 of the protocol sends no results.

| Value | Name | Versions | Outcome | Meaning |
|---|---|---|---|---|
"""

JSON_HEAD = """\
<!-- Generated from python/msra/data/msra-report-1.schema.json by docs/make_reference.py; do not edit. -->

# The report as JSON

```sh
analyze-pcap -f json capture.pcapng
analyze-pcap -f jsonl capture.pcapng
```

The first writes one document, which is described here key by key; `msra.analyze(...).to_dict()` gives the same in
Python. The second writes one line a message: an [event](#event) with the keys `capture`, the path, and `session`, the
session's id. Every key is always there. {description}

The [JSON Schema](../python/msra/data/msra-report-1.schema.json) has it for programs.
"""


def codes_page() -> str:
    """The table, and a section for each code."""
    head = CODES_HEAD.format(count=len(CODES))
    rows = "".join(f"{_row(code)}\n" for code in CODES.values())
    return head + rows + "".join(_section(code) for code in CODES.values())


def _row(code: ResultCode) -> str:
    versions = ", ".join(map(str, code.versions))
    name = f"[{code.name}](#{code.value}-{code.name.lower()})"
    return f"| {code.value} | {name} | {versions} | {code.outcome} | {_cell(code.text)} |"


def _section(code: ResultCode) -> str:
    lines = [f"\n## {code.value} {code.name}\n", f"{code.text}\n"]
    for title, sentences in (("Causes", code.causes), ("Next", code.next_steps)):
        if sentences:
            lines += [f"{title}:\n", *(f"{number}. {_cell(text)}" for number, text in enumerate(sentences, 1)), ""]
    return "\n".join(lines).rstrip() + "\n"


def json_page() -> str:
    """A table of keys for each kind of object."""
    schema = json.loads(SCHEMA.read_text("utf-8"))
    parts = [
        JSON_HEAD.format(description=_cell(schema["description"].partition(". ")[2])),
        *_object("The document", schema),
    ]
    for name, made in schema["$defs"].items():
        if "properties" in made:
            parts += _object(name, made)
    return "".join(parts)


def _object(name: str, made: Mapping[str, Any]) -> Iterator[str]:
    yield f"\n## {name}\n\n"
    if name != "The document" and made.get("description"):
        yield f"{made['description']}\n\n"
    yield "| Key | Type | Meaning |\n|---|---|---|\n"
    yield from _keys("", made)


def _keys(prefix: str, made: Mapping[str, Any]) -> Iterator[str]:
    for key, value in made["properties"].items():
        yield f"| `{prefix}{key}` | {_type(value)} | {_cell(value.get('description', ''))} |\n"
        inside = value.get("items", value)
        if "properties" in inside:
            yield from _keys(f"{prefix}{key}.", inside)


def _type(value: Mapping[str, Any]) -> str:
    if "$ref" in value:
        name = value["$ref"].rpartition("/")[2]
        return _SIMPLE.get(name, f"[{name}](#{name})")
    if "anyOf" in value:
        return " or ".join(map(_type, value["anyOf"]))
    if "enum" in value or "const" in value:
        return ", ".join(f"`{one}`" for one in value.get("enum", [value.get("const")]))
    kinds = value["type"] if isinstance(value["type"], list) else [value["type"]]
    of = f" of {_type(value['items'])}" if "items" in value and "type" not in _tuple(value) else ""
    return " or ".join(f"{kind}{of}" if kind == "array" else kind for kind in kinds)


def _tuple(value: Mapping[str, Any]) -> Mapping[str, Any]:
    """An array of pairs is just called one."""
    return {"type": "pairs"} if "prefixItems" in value.get("items", {}) else {}


_SIMPLE = {
    "frame": "frame",
    "frames": "array of frames",
    "role": "`expert`, `novice`",
    "time": "time",
    "value": "value",
}


def _cell(text: str) -> str:
    """Nothing in it ends a table's cell or begins markup."""
    return text.replace("|", "\\|").replace("<", "&lt;").replace("_", "\\_").replace("*", "\\*")


class Limit(NamedTuple):
    """One of msra/limits.py: under which heading it stands, and its docstring."""

    heading: str
    name: str
    of: str
    beyond: str


def all_limits() -> Iterator[Limit]:
    """The constants of msra/limits.py with what is written around them."""
    source = Path(limits.__file__).read_text("utf-8")
    headings = {number: line.strip("# -") for number, line in enumerate(source.splitlines(), 1) if line[:4] == "# --"}
    body = ast.parse(source).body
    for made, text in pairwise(body):
        if isinstance(made, ast.Assign):
            (name,) = (target.id for target in made.targets if isinstance(target, ast.Name))
            docstring = text.value.value if isinstance(text, ast.Expr) and isinstance(text.value, ast.Constant) else ""
            of, _, beyond = str(docstring).partition("\n")
            yield Limit(headings[max(line for line in headings if line < made.lineno)], name, of, beyond)


def limits_page() -> str:
    """docs/limits.md, whose tables come from msra/limits.py."""
    lines, heading = [], ""
    for limit in all_limits():
        if limit.heading != heading:
            heading = limit.heading
            lines += ["", f"### {heading}", "", "| Limit | of | Beyond it, and why |", "|---:|---|---|"]
        beyond = _cell(limit.beyond.replace("\n", " "))
        lines.append(f"| {_amount(limit)} | {_cell(limit.of)} | {beyond} |")
    page = (HERE / "limits.md").read_text("utf-8")
    return LIMITS.sub(lambda found: found[1] + "\n".join([*lines, "", ""]) + found[2], page)


def _amount(limit: Limit) -> str:
    value: int = getattr(limits, limit.name)
    for unit, name in ((1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")):
        if limit.of.startswith("Bytes") and not value % unit:
            return f"{value // unit} {name}"
    return f"{value:,}"


def main(arguments: Sequence[str]) -> int:
    """Write or check the pages; returns the exit status."""
    stale = False
    for name, page in (("codes.md", codes_page()), ("json.md", json_page()), ("limits.md", limits_page())):
        target = HERE / name
        if "--check" not in arguments:
            target.write_text(page, "utf-8")
        elif not target.exists() or target.read_text("utf-8") != page:
            print(f"{target} is stale: run python docs/make_reference.py", file=sys.stderr)
            stale = True
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
