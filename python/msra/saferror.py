"""The command ``saferror``: what a Remote Assistance result code means, and what to try next.

Options in, text out: all that is said comes from :mod:`msra.codes`.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import sys
from collections.abc import Sequence
from dataclasses import asdict
from textwrap import fill

from msra import __version__
from msra.codes import CODES, ResultCode, find, lookup, suggest
from msra.completion import PrintCompletion
from msra.output import OutputError, write_text

EPILOG = """\
examples:
  saferror 41                        a code of [MS-RA] 2.2.6 by number
  saferror helpeesaidno              by name, with or without SAFERROR_, in any case
  saferror 0x80004005 -2147467259    an HRESULT, hexadecimal or signed
  saferror --list | grep -i dns      all codes, one a line

exit status: 0 all were explained; 2 a name or number is not valid, or the usage was wrong
"""


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status. Source: [MS-RA] 2.2.6, [MS-ERREF] 2.1."""
    parser = make_parser()
    try:
        options = parser.parse_args(argv)
        return _explained(parser, options)
    except OutputError as error:
        sys.stderr.write(f"saferror: {error}\n")
        return 2


def _explained(parser: argparse.ArgumentParser, options: argparse.Namespace) -> int:
    """Print what was asked for; returns the exit status."""
    if options.list and options.codes:
        parser.error("--list prints all codes; leave out the others")
    if not (options.codes or options.list):
        parser.print_help()
        return 0
    found = [(text, find(text)) for text in options.codes]
    results = list(CODES.values()) if options.list else [code for _, code in found if code]
    with contextlib.suppress(BrokenPipeError):  # `saferror --list | head` has seen enough
        _print(results, table=options.list, as_json=options.json)
    for text, code in found:
        if remark := _remark(text, code):
            sys.stderr.write(f"saferror: {remark}\n")
    return 0 if all(code for _, code in found) else 2


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="saferror",
        description="Explain result codes of Windows Remote Assistance: meaning, likely causes, what to try next.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("codes", nargs="*", metavar="CODE", help="number (41, 0x29, -2147467259) or name")
    parser.add_argument("--list", action="store_true", help="print a table of all codes")
    parser.add_argument("--json", action="store_true", help="print a JSON array instead of text")
    parser.add_argument("--print-completion", action=PrintCompletion)
    parser.add_argument("--version", action="version", version=f"saferror {__version__}")
    return parser


def _print(results: Sequence[ResultCode], *, table: bool, as_json: bool) -> None:
    if as_json:
        text = json.dumps([asdict(code) | {"advice": code.advice} for code in results], indent=2)
    elif table:
        text = _table(results, _width() if sys.stdout.isatty() else None)
    else:
        width = _width()
        text = f"\n\n{'-' * width}\n\n".join(_explain(code, width) for code in results)
    write_text(f"{text}\n" if text else "", None)


def _width() -> int:
    """Columns to fill: those of the terminal, but lines of more than 100 characters read badly."""
    return max(60, min(shutil.get_terminal_size((80, 24)).columns, 100))


def _table(results: Sequence[ResultCode], width: int | None) -> str:
    """All codes, aligned. Texts are wrapped to `width`, or kept on one line for grep if there is none."""
    name_width = max(len(code.name) for code in results)
    lines = [f"Code  Versions  {'Name':{name_width}}  Text"]
    for code in results:
        start = f"{code.value:4}  {_versions(code):8}  {code.name:{name_width}}  "
        lines.append(_wrap(start + code.text, width, len(start)) if width else start + code.text)
    return "\n".join(lines)


def _explain(code: ResultCode, width: int) -> str:
    """All that is known of one result, as a person wants to read it."""
    numbers = f"{code.value}, 0x{code.value:08X}, {code.value - 0x100000000}"  # as logs write HRESULTs
    lines = [f"{code.name}  ({numbers if code.value >= 0x80000000 else code.value})", _wrap(code.text, width)]
    if versions := _versions(code):
        lines += ["", f"Versions: {versions}   Outcome: {_outcome(code)}"]
    for title, sentences in (("Likely causes", code.causes), ("What to try next", code.next_steps)):
        lines += ["", f"{title}:"]
        lines += [_wrap(f"  {number}. {sentence}", width, 5) for number, sentence in enumerate(sentences, 1)]
    return "\n".join(lines)


def _outcome(code: ResultCode) -> str:
    return f"{code.outcome}, ends a running session" if code.ends_session else code.outcome


def _versions(code: ResultCode) -> str:
    return ", ".join(map(str, code.versions))


def _wrap(text: str, width: int, indent: int = 0) -> str:
    """Fold into lines of at most `width`; the second and later ones start `indent` columns to the right."""
    return fill(text, width, subsequent_indent=" " * indent, break_long_words=False, break_on_hyphens=False)


def _remark(text: str, code: ResultCode | None) -> str:
    """One sentence on what was not found, or probably not meant, with what may have been meant; else empty."""
    near = suggest(text)
    if code is not None:
        if code.known or not near:
            return ""
        return f"{text} was taken for a decimal number; write {near[0]} for {lookup(int(near[0], 16)).name}."
    if _is_number(text):
        return f"{text!r} does not fit into 32 bits."
    hint = (
        f"Did you mean {' or '.join(filter(None, [', '.join(near[:-1]), near[-1]]))}?"
        if near
        else "Try saferror --list."
    )
    return f"{text!r} is neither a number nor the name of a result code. {hint}"


def _is_number(text: str) -> bool:
    try:
        int(text, 0)
    except ValueError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
