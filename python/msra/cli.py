"""`analyze-pcap`: options in, exit status out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msra
from msra import filters, plugin
from msra.analysis.invitation import InvitationError, parse_invitation
from msra.analysis.model import CaptureReport, Outcome, Report
from msra.analysis.session import Given
from msra.analyzer import analyze_capture, choose_engine, together
from msra.capture import find_captures
from msra.engines.embedded import EmbeddedEngine
from msra.engines.export import MessageExport
from msra.engines.interface import Engine, EngineError, Options
from msra.engines.secrets import load_secrets
from msra.extract import extract
from msra.output import private_file, write_text
from msra.report.data import to_json, to_jsonl
from msra.report.ecs import to_ecs
from msra.report.html import to_html
from msra.report.markdown import to_markdown
from msra.report.printable import printable
from msra.report.screen import PLAIN, screen_of
from msra.report.spreadsheet import to_csv
from msra.report.text import Detail, to_text

STDIN = "-"
PASSWORD_VARIABLE = "MSRA_PASSWORD"  # noqa: S105 - a name
READ, FAIL_ON_MET, USAGE, NOT_READ = 0, 1, 2, 3

FORMATS: Mapping[str, Callable[[Report, bool], str]] = {
    "text": to_text,
    "json": to_json,
    "jsonl": to_jsonl,
    "csv": to_csv,
    "markdown": to_markdown,
    "html": to_html,
    "ecs": to_ecs,
}
DETAILS: Mapping[str, tuple[Detail, str]] = {
    "-q --quiet": ("quiet", "text: the verdict only"),
    "-v --verbose": ("verbose", "text: everything, with the values of all fields"),
    "--summary": ("summary", "text: one line a session"),
}

DESCRIPTION = """\
Show the Remote Assistance sessions in packet captures: what each side said, which result code
ended the session, what that code means, and what to do next."""

EPILOG = """\
examples:
  analyze-pcap capture.pcapng                what happened, in words
  analyze-pcap -f json captures/ > all.json  every capture in a folder, as data
  tcpdump -w - port 49230 | analyze-pcap -   from standard input
  analyze-pcap --keylog keys.txt tls.pcapng  decrypted with a TLS key log (--rdp-key: a private key)
  analyze-pcap --fail-on failure night.pcap  exit status 1 if a session failed or was refused
  analyze-pcap --only failed captures/       the sessions that failed; see also the other filters
  analyze-pcap --install-plugin              put the dissector into Wireshark

exit status:
  0  everything was read          2  wrong usage
  1  --fail-on was met            3  some capture could not be read; the others are reported

Passwords, tokens and connection strings are masked unless --show-secrets is given."""


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = argparse.ArgumentParser(
        prog="analyze-pcap",
        usage="analyze-pcap [options] CAPTURE...",
        description=DESCRIPTION,
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    add = parser.add_argument
    add(
        "captures",
        nargs="*",
        metavar="CAPTURE",
        help="files, directories (searched for captures), or - for standard input",
    )
    add(
        "--engine",
        choices=("auto", "tshark", "embedded"),
        default="auto",
        help="auto: tshark where it is installed, else embedded",
    )
    add(
        "--keylog",
        type=Path,
        metavar="FILE",
        help="TLS key log (NSS format), default $SSLKEYLOGFILE; secrets inside a pcapng are used by themselves",
    )
    add(
        "--rdp-key",
        type=Path,
        action="append",
        default=[],
        metavar="FILE",
        help="RSA private key of the novice's RDP server (PEM, or xrdp's rsakeys.ini), for Standard RDP Security "
        "and TLS with RSA key exchange; may be given several times",
    )
    add(
        "--decode-as",
        type=_port,
        action="append",
        default=[],
        metavar="PORT",
        help="take a TCP port for RDP (otherwise connections are recognised by content)",
    )
    add(
        "-f",
        "--format",
        choices=tuple(FORMATS),
        default="text",
        help="text (default), html: one page, markdown: for tickets, csv: one line an event, for spreadsheets, "
        "json: one document, jsonl: one line an event, ecs: one line a session (Elastic Common Schema)",
    )
    add_detail = parser.add_mutually_exclusive_group().add_argument
    for names, (detail, text) in DETAILS.items():
        add_detail(*names.split(), dest="detail", action="store_const", const=detail, help=text)
    add("-o", "--output", type=Path, metavar="FILE", help="write the report to FILE instead of standard output")
    add(
        "--export",
        type=Path,
        metavar="FILE",
        help="write the messages, decrypted and decompressed, as pcapng for Wireshark and the plugin",
    )
    add(
        "--invitation",
        type=Path,
        metavar="FILE",
        help="check the sessions against this invitation (.msrcIncident)",
    )
    add(
        "--password-file",
        type=Path,
        metavar="FILE",
        help=f"file with the invitation's password, default ${PASSWORD_VARIABLE}",
    )
    add(
        "--extract", type=Path, metavar="DIR", help="save the files that were transferred, as far as they were captured"
    )
    add(
        "--show-secrets",
        action="store_true",
        help="do not mask passwords, tokens, password stubs and connection strings",
    )
    add(
        "--fail-on",
        choices=("never", "failure"),
        default="never",
        help="failure: exit status 1 if a session failed or was refused",
    )
    filters.add_options(parser)
    add("--install-plugin", action="store_true", help="install the dissector and its profile into Wireshark")
    add("--uninstall-plugin", action="store_true", help="remove what was installed")
    add("--version", action="version", version=f"analyze-pcap {msra.__version__}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = make_parser()
    arguments = parser.parse_args(argv)
    if arguments.install_plugin or arguments.uninstall_plugin:
        return _change_plugin(arguments.install_plugin)
    engine, options = _checked(parser, arguments)
    given = _given(parser, arguments)
    captures = [path for argument in arguments.captures for path in _captures(argument)]
    everything = together([_analyze(path, engine, options, given) for path in captures])
    report, left_out = filters.select(everything, filters.from_options(arguments))
    _warn(report, arguments.format)
    if left_out:
        _complain(left_out)
    try:
        if arguments.export:
            _export(everything, options, arguments.export)
        if arguments.extract:
            _extract(report, arguments.extract)
        write_text(_render(report, arguments), arguments.output)
    except BrokenPipeError:
        # Whoever reads the pipe (`| head`) has seen enough; keep the interpreter from writing to it again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except OSError as error:
        _complain(f"{error.filename or arguments.output}: it cannot be written: {error.strerror}")
        return USAGE
    return _status(report, arguments.fail_on)


def _render(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format != "text":
        return FORMATS[arguments.format](report, arguments.show_secrets)
    screen = screen_of(sys.stdout, os.environ) if arguments.output is None else PLAIN
    return to_text(report, arguments.show_secrets, arguments.detail or "normal", screen)


def _checked(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> tuple[Engine, Options]:
    """The engine and what it is given; wrong usage ends the command here."""
    if not arguments.captures:
        parser.error("no CAPTURE given (a file, a directory, or - for standard input)")
    if arguments.detail and arguments.format != "text":
        parser.error("-q, -v and --summary are for --format text; the other formats have everything")
    if arguments.export and STDIN in arguments.captures:
        parser.error("--export reads the captures twice, which standard input does not allow")
    options = Options(arguments.keylog, tuple(arguments.rdp_key), frozenset(arguments.decode_as))
    try:
        load_secrets(options)
        return choose_engine(arguments.engine), options
    except EngineError as error:
        parser.error(str(error))


def _given(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> Given | None:
    """The invitation and its password. A password on the command line would be seen by every user of the machine."""
    if arguments.invitation is None:
        if arguments.password_file:
            parser.error("--password-file is the password of an --invitation, and none is given")
        return None
    password = os.environ.get(PASSWORD_VARIABLE)
    try:
        if arguments.password_file:
            password = arguments.password_file.read_text("utf-8-sig").rstrip("\r\n")
        return Given(parse_invitation(arguments.invitation.read_bytes()), password)
    except InvitationError as error:
        parser.error(f"{arguments.invitation}: {error}")
    except UnicodeDecodeError:
        parser.error(f"{arguments.password_file}: the password is not UTF-8 text")
    except OSError as error:
        parser.error(f"{error.filename}: it cannot be read: {error.strerror}")


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return port


def _captures(argument: str) -> Iterator[str]:
    """The captures that an argument names; a directory without any stays as it is, to be reported."""
    if argument != STDIN and Path(argument).is_dir():
        found = [str(path) for path in find_captures(Path(argument))]
        yield from found or [argument]
    else:
        yield argument


def _analyze(path: str, engine: Engine, options: Options, given: Given | None) -> CaptureReport:
    if path == STDIN:
        return analyze_capture(None, STDIN, engine, options, given)
    if Path(path).is_dir():
        return CaptureReport(path=path, engine=engine.name, error="there are no captures in this directory")
    return analyze_capture(Path(path), path, engine, options, given)


def _warn(report: Report, form: str) -> None:
    """Say on standard error what the report cannot show, or what a reader of its data might miss."""
    for capture in report.captures:
        if capture.error:
            _complain(f"{capture.path}: {capture.error}")
        for session in capture.sessions:
            if form == "jsonl" and not session.messages:
                _complain(f"{capture.path}: session {session.id} has no events: {session.verdict.summary}")


def _complain(text: str) -> None:
    print(f"analyze-pcap: {printable(text)}", file=sys.stderr)


def _export(report: Report, options: Options, target: Path) -> None:
    """Write the messages of all captures that could be read. What is decrypted is for the user's eyes only."""
    with private_file(target) as stream:
        export = MessageExport(stream)
        for capture in report.captures:
            if not capture.error:
                export.add(EmbeddedEngine().read(Path(capture.path), options).events(), capture.path)
    print(f"analyze-pcap: {export.count} messages written to {target}", file=sys.stderr)


def _extract(report: Report, folder: Path) -> None:
    """Save the files of all captures."""
    saved = [file for capture in report.captures for file in extract(capture, folder)]
    for file in saved:
        _complain(f"{file.path}" + ("" if file.whole else " (not whole)"))
    print(f"analyze-pcap: {len(saved)} files saved in {folder}", file=sys.stderr)


def _status(report: Report, fail_on: str) -> int:
    if any(capture.error for capture in report.captures):
        return NOT_READ
    outcomes = {session.verdict.outcome for capture in report.captures for session in capture.sessions}
    if fail_on == "failure" and outcomes & {Outcome.FAILED, Outcome.REFUSED}:
        return FAIL_ON_MET
    return READ


def _change_plugin(install: bool) -> int:
    try:
        print(plugin.install() if install else plugin.uninstall())
    except plugin.PluginError as error:
        _complain(str(error))
        return USAGE
    return READ
