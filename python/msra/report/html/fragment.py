"""Parts of the HTML report for the pages of others, notebooks above all."""

from __future__ import annotations

from msra.analysis.as_dict import rfc3339
from msra.analysis.model import Report
from msra.events import Message
from msra.report.html import words
from msra.report.html.ladder import message_row
from msra.report.html.page import environment, page


def framed(report: Report, caption: str, overview: bool = True) -> str:
    """The page in a frame, in which it can do nothing to what is around it, nor that to it.

    Below it a caption: what is left where frames are not shown, as on GitHub. Without `overview` only the sessions.
    """
    inside = page(report, show_secrets=False, overview=overview)
    return environment().get_template("frame.html").render(page=inside, caption=caption)


def message(shown: Message) -> str:
    """One message as a small table."""
    return environment().get_template("message.html").render(
        row=message_row(shown, show_secrets=False),
        sender=words.shown(shown.sender),
        frame=shown.frame,
        time=rfc3339(shown.time),
    )  # fmt: skip
