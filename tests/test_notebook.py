"""A real notebook in a real kernel, whose event loop runs: what it shows, and that nothing secret is saved in it."""

from __future__ import annotations

import doctest
import json
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

import msra
from tests.conformance.expected import PCAPS
from tests.pages import blocks
from tests.test_pages import workshop as workshop  # a fixture

CAPTURE = "v2_err61_passwords_dont_match.pcapng"
LOOP = "import asyncio, msra\nprint(asyncio.get_running_loop().is_running())"
ANALYZE = f'report = msra.analyze("pcaps/{CAPTURE}")\nreport'
SHOWN = ["report.sessions", "report.sessions[0]", "report.sessions[0].messages[2]", "report.to_dataframe()"]


def recipes() -> list[tuple[str, str]]:
    """The cookbook's recipes with pyshark: what is typed, and what is printed."""
    parser = doctest.DocTestParser()
    pages = [parser.get_examples(block.text) for block in blocks("python") if block.page == "cookbook.md"]
    found = [examples for examples in pages if any("open_capture" in one.source for one in examples)]
    return [("".join(one.source for one in examples), "".join(one.want for one in examples)) for examples in found[:2]]


@pytest.fixture(scope="module")
def notebook(workshop: Path) -> nbformat.NotebookNode:
    sources = [LOOP, *(source for source, _ in recipes()), ANALYZE, *SHOWN]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in sources])
    return NotebookClient(made, timeout=120, resources={"metadata": {"path": str(workshop)}}).execute()


def printed(cell: nbformat.NotebookNode) -> str:
    return "".join(output.text for output in cell.outputs if output.output_type == "stream")


def test_pyshark_works_where_a_loop_runs(notebook: nbformat.NotebookNode) -> None:
    """A cell that fails fails the fixture, with its traceback."""
    wanted = ["True\n", *(want for _, want in recipes())]
    assert len(wanted) == 3 and all(wanted)
    assert [printed(cell) for cell in notebook.cells[: len(wanted)]] == wanted


def test_what_is_shown(notebook: nbformat.NotebookNode) -> None:
    report, sessions, session, message, frame = (cell.outputs[-1].data for cell in notebook.cells[-5:])
    for framed in (report, session):
        assert "<iframe" in framed["text/html"] and "Session 1: FAILED" in framed["text/plain"]
    assert sessions["text/plain"].startswith("[Session 1: FAILED")
    assert "REMOTEDESKTOP_CTL_VERIFY_PASSWORD" in message["text/html"]
    assert message["text/plain"] == "75 expert: REMOTEDESKTOP_CTL_VERIFY_PASSWORD"
    assert "PASSWORDS_DONT_MATCH" in frame["text/html"]


def test_nothing_secret_is_saved(notebook: nbformat.NotebookNode) -> None:
    (session,) = msra.analyze(PCAPS / CAPTURE, engine="embedded").sessions
    secrets = [str(message.fields[name]) for message in session.messages for name in message.fields
               if name in ("encrypted_password", "expert_blob")]  # fmt: skip
    saved = json.dumps(notebook)
    assert len(secrets) == 2 and not [secret for secret in secrets if secret in saved]
