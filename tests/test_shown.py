"""What notebooks ask of reports, sessions and messages."""

from __future__ import annotations

import pytest

from msra.analyzer import analyze, together
from msra.events import Message
from tests.conformance.expected import PCAPS


class Printer:
    """As much of IPython's as is used."""

    def __init__(self) -> None:
        self.said = ""

    def text(self, text: str) -> None:
        self.said += text


def test_all_of_them_show_themselves() -> None:
    capture = analyze(PCAPS / "v2_err61_passwords_dont_match.pcapng", engine="embedded")
    session = capture.sessions[0]
    for shown in (capture, together([capture]), session, session.messages[-1]):
        printer = Printer()
        shown._repr_pretty_(printer, False)
        assert "PASSWORDS_DONT_MATCH" in printer.said and "(msg_type" not in printer.said and "={" not in printer.said
        assert "PASSWORDS_DONT_MATCH" in shown._repr_html_()


def test_they_are_the_values_that_they_were() -> None:
    """Equality, order of fields and repr are the dataclass's own."""
    one, same = (Message(1, 2, 3, "novice", "70", "CHAT", {"text": "Hi"}) for _ in range(2))
    assert one == same and repr(one).startswith("Message(connection=1, frame=2, time=3, sender='novice'")
    with pytest.raises(AttributeError):
        object.__setattr__(one, "other", 1)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_reports_as_data_frames(library: str) -> None:
    capture = analyze(PCAPS / "v2_err61_passwords_dont_match.pcapng", engine="embedded")
    for report in (capture, together([capture])):
        frame = report.to_dataframe(library)  # type: ignore[arg-type]
        assert type(frame).__module__.startswith(library) and len(frame) == 16
