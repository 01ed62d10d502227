"""Write the man pages from the parsers that also print --help.

    python docs/make_man_pages.py            writes docs/analyze-pcap.1 and docs/saferror.1
    python docs/make_man_pages.py --check    writes nothing; exit status 1 and a sentence if one is stale

They come from the parsers themselves, not from the text of --help, which differs between versions of Python.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "python"))

import msra  # noqa: E402
from msra import cli, saferror  # noqa: E402

PARSERS = {"analyze-pcap": cli.make_parser, "saferror": saferror.make_parser}
_LONGEST_TITLE = 20
SEE_ALSO = {"analyze-pcap": "saferror", "saferror": "analyze-pcap"}


def man_page(parser: argparse.ArgumentParser) -> str:
    """The page in the language of man(7)."""
    name = parser.prog
    description = " ".join((parser.description or "").split())
    lines = [
        f'.\\" Generated from the parser of {name} by docs/make_man_pages.py; do not edit.',
        f'.TH {name.upper()} 1 "" "wireshark-msra {msra.__version__}" "User Commands"',
        ".SH NAME",
        f"{_text(name)} \\- {_text(description.partition(':')[0].rstrip('.'))}",
        ".SH SYNOPSIS",
        *_synopsis(parser),
        ".SH DESCRIPTION",
        _text(description),
    ]
    for group in parser._action_groups:
        actions = [action for action in group._group_actions if action.help is not argparse.SUPPRESS]
        if actions:
            lines.append(f".SH {_text((group.title or '').upper())}")
            lines += [_text(group.description)] if group.description else []
            for action in actions:
                lines += _action(action)
    lines += [*_epilog(parser.epilog or ""), ".SH SEE ALSO", f".BR {_text(SEE_ALSO[name])} (1),", ".BR tshark (1)"]
    return "\n".join(lines) + "\n"


def _synopsis(parser: argparse.ArgumentParser) -> Iterator[str]:
    positional = [_text(str(action.metavar)) for action in parser._actions if not action.option_strings]
    yield f".B {_text(parser.prog)}"
    yield " ".join(["[\\fIoptions\\fR]", *(f"\\fI{name}\\fR ..." for name in positional)])


def _action(action: argparse.Action) -> Iterator[str]:
    value = _value(action)
    names = [f"\\fB{_text(one)}\\fR{value}" for one in action.option_strings] or [value.strip()]
    yield ".TP"
    yield ", ".join(names)
    yield _text((action.help or "") % {"default": action.default})


def _value(action: argparse.Action) -> str:
    if action.nargs == 0:
        return ""
    if action.metavar:
        return f" \\fI{_text(str(action.metavar))}\\fR"
    return f" {{{','.join(_text(str(one)) for one in action.choices)}}}" if action.choices else ""


def _epilog(epilog: str) -> Iterator[str]:
    """Its paragraphs; those that begin with a word and a colon become sections, laid out as they are."""
    for paragraph in epilog.strip().split("\n\n"):
        title, colon, rest = paragraph.partition(":")
        if colon and title.replace(" ", "").isalpha() and len(title) < _LONGEST_TITLE:
            yield f".SH {title.upper()}"
            yield from (".nf", *map(_text, rest.strip("\n").split("\n")), ".fi")
        else:
            yield ".SH NOTES"
            yield _text(" ".join(paragraph.split()))


def _text(text: str) -> str:
    """Nothing in it is a command, and every hyphen can be copied into a shell."""
    escaped = text.replace("\\", "\\e").replace("-", "\\-")
    return f"\\&{escaped}" if escaped.startswith((".", "'")) else escaped


def main(arguments: Sequence[str]) -> int:
    """Write or check the pages; returns the exit status."""
    stale = False
    for name, make in PARSERS.items():
        target, page = HERE / f"{name}.1", man_page(make())
        if "--check" not in arguments:
            target.write_text(page, "utf-8")
        elif not target.exists() or target.read_text("utf-8") != page:
            print(f"{target} is stale: run python docs/make_man_pages.py", file=sys.stderr)
            stale = True
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
