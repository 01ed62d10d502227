"""`analyze-pcap`: options in, exit status out."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path

import msra
from msra import filters, live_command, plugin
from msra.analysis.model import CaptureReport, Report
from msra.analyzer import choose_engine, together
from msra.completion import PrintCompletion
from msra.console import INTERRUPTED, READ, SELF_CHECK_FAILED, USAGE, Parser, status, warn_of
from msra.console import complain as _complain
from msra.engines.interface import Options
from msra.given import PASSWORD_VARIABLE, GivenError, check_keys, load_invitation
from msra.jobs import choose_runner
from msra.jobs.errors import JobsError
from msra.jobs.interface import Runner
from msra.jobs.interrupt import once_interrupted
from msra.jobs.progress import shown_progress
from msra.jobs.sources import STDIN, Source, find_sources
from msra.jobs.task import Task
from msra.output import OutputError, write_text
from msra.report.data import to_json, to_jsonl
from msra.report.ecs import to_ecs
from msra.report.html import to_html
from msra.report.markdown import to_markdown
from msra.report.screen import PLAIN, screen_of
from msra.report.spreadsheet import to_csv
from msra.report.text import Detail, to_text
from msra.saving import save_files, save_messages

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
  tcpdump -U -w - | analyze-pcap -           from standard input, while the capture goes on
  analyze-pcap -i eth0                       live, until Ctrl-C
  analyze-pcap --keylog keys.txt tls.pcapng  decrypted with a TLS key log (--rdp-key: a private key)
  analyze-pcap --fail-on failure night.pcap  exit status 1 if a session failed or was refused
  analyze-pcap --only failed captures/       the sessions that failed; see also the other filters
  analyze-pcap --install-plugin              put the dissector into Wireshark

exit status:
  0  everything was read          2  wrong usage
  1  --fail-on was met            3  some capture could not be read; the others are reported
     (or --self-check failed)     130  interrupted (Ctrl-C)

Passwords, tokens and connection strings are masked unless --show-secrets is given."""


def make_parser() -> argparse.ArgumentParser:
    """The command line."""
    parser = Parser(
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
        help="files, directories (searched for captures), globs, - for standard input; or URLs such as "
        "s3://bucket/night/*.pcapng (these and --dask need wireshark-msra[cluster])",
    )
    add(
        "-j",
        "--jobs",
        type=_jobs,
        default=1,
        metavar="N",
        help="analyse N captures at the same time, in processes of their own; 0: as many as there are processors",
    )
    add(
        "--dask",
        metavar="ADDRESS",
        help="analyse them on the workers of this Dask cluster, such as tcp://scheduler:8786",
    )
    add(
        "-i",
        "--interface",
        metavar="IFACE",
        help="capture live, with Wireshark's dumpcap, until Ctrl-C; text and jsonl are written as things happen",
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
    add("--self-check", action="store_true", help="say what is installed, and whether both engines agree on a capture")
    add("--print-completion", action=PrintCompletion)
    add("--version", action="version", version=f"analyze-pcap {msra.__version__}")
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns the exit status."""
    parser = make_parser()
    try:
        return _run(parser, parser.parse_args(argv))
    except (GivenError, JobsError) as error:
        parser.error(str(error))
    except BrokenPipeError:
        return READ  # whoever reads it has seen enough
    except OutputError as error:
        _complain(str(error))
        return USAGE
    except KeyboardInterrupt:
        _complain("interrupted")
        return INTERRUPTED


def _run(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> int:
    """Do what the arguments ask for."""
    if arguments.install_plugin or arguments.uninstall_plugin:
        return _change_plugin(arguments.install_plugin)
    if arguments.self_check:
        return _check_self()
    _check(parser, arguments)
    options = Options(arguments.keylog, tuple(arguments.rdp_key), frozenset(arguments.decode_as))
    given = load_invitation(arguments.invitation, arguments.password_file)
    task = Task(arguments.engine, check_keys(options), given)
    if live_command.is_growing(arguments):
        return _grow(task, arguments)
    with once_interrupted():
        sources = find_sources(arguments.captures)
        captures = _analyze(sources, choose_runner(arguments.jobs, arguments.dask), task)
        return _report(captures, sources, task, arguments)


def _grow(task: Task, arguments: argparse.Namespace) -> int:
    """The only capture is standard input or an interface: Ctrl-C is its end."""
    engine = choose_engine(task.engine)
    if live_command.is_live(arguments):
        return live_command.run(arguments, engine, task.options, task.given)
    capture = live_command.analyze_stream(arguments.interface, engine, task.options, task.given)
    return _report([capture], [], task, arguments)


def _report(captures: list[CaptureReport], sources: Sequence[Source], task: Task, arguments: argparse.Namespace) -> int:
    """Write everything that was asked for."""
    everything = together(captures)
    report, left_out = filters.select(everything, filters.from_options(arguments))
    _warn(report, arguments.format)
    if left_out:
        _complain(left_out)
    if arguments.export:
        save_messages(everything, sources, task.options, arguments.export)
    if arguments.extract:
        save_files(report, arguments.extract)
    with suppress(BrokenPipeError):  # `| head` has seen enough
        write_text(_render(report, arguments), arguments.output)
    outcomes = {session.verdict.outcome for capture in report.captures for session in capture.sessions}
    return status(any(capture.error for capture in everything.captures), outcomes, arguments.fail_on)


def _render(report: Report, arguments: argparse.Namespace) -> str:
    if arguments.format != "text":
        return FORMATS[arguments.format](report, arguments.show_secrets)
    screen = screen_of(sys.stdout, os.environ) if arguments.output is None else PLAIN
    return to_text(report, arguments.show_secrets, arguments.detail or "normal", screen)


def _check(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    """Wrong usage ends the command here."""
    if bool(arguments.captures) == bool(arguments.interface):
        parser.error(
            "CAPTURE and --interface are given, and only one can be read"
            if arguments.captures
            else "no CAPTURE given (a file, a directory, or - for standard input), and no --interface"
        )
    if arguments.detail and arguments.format != "text":
        parser.error("-q, -v and --summary are for --format text; the other formats have everything")
    once = arguments.interface or any(path == STDIN or Path(path).is_fifo() for path in arguments.captures)
    if arguments.export and once:
        parser.error("--export reads the captures twice, which standard input, pipes and interfaces do not allow")
    if arguments.dask and arguments.jobs != 1:
        parser.error("-j is for this machine; with --dask the cluster decides how many captures it works on")
    if arguments.dask and arguments.interface:
        parser.error("--interface is one of this machine; --dask is for captures that the workers can read")


def _port(text: str) -> int:
    port = int(text)
    if not 1 <= port <= 65535:
        raise ValueError(text)
    return port


def _jobs(text: str) -> int:
    jobs = int(text)
    if jobs < 0:
        raise ValueError(text)
    return jobs


def _analyze(sources: Sequence[Source], runner: Runner, task: Task) -> list[CaptureReport]:
    """The reports in the order of the sources, whatever the order in which they come."""
    reports: dict[int, CaptureReport] = {}
    with (
        shown_progress(sources, sys.stderr) as display,
        closing(runner.run(sources, task, display.update if display else None)) as results,
    ):
        for index, report in results:
            reports[index] = report
            if display:
                display.done(index, report)
    return [reports[index] for index in range(len(sources))]


def _warn(report: Report, form: str) -> None:
    """Say on standard error what the report cannot show, or what a reader of its data might miss."""
    for capture in report.captures:
        if capture.error:
            _complain(f"{capture.path}: {capture.error}")
        for session in capture.sessions:
            warn_of(capture.path, session, form)


def _check_self() -> int:
    from msra.self_check import self_check

    good, text = self_check()
    write_text(text, None)
    return READ if good else SELF_CHECK_FAILED


def _change_plugin(install: bool) -> int:
    try:
        write_text(f"{plugin.install() if install else plugin.uninstall()}\n", None)
    except plugin.PluginError as error:
        _complain(str(error))
        return USAGE
    return READ
