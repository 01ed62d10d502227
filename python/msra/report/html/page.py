"""The page: the templates, filled. Jinja2 escapes every value but what msra.report.html.embed made."""

from __future__ import annotations

from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from msra.analysis.model import Report, SessionPlace
from msra.analysis.verdict.rule import seconds
from msra.events import GAPS
from msra.report.html import embed, words
from msra.report.html.comparison import comparisons
from msra.report.html.facts import facts
from msra.report.html.ladder import ladder
from msra.report.html.listing import by_place, listing, short_names
from msra.report.html.overview import MOST_ATTEMPTS, attempts, outcomes, remarks, results


def page(report: Report, show_secrets: bool, overview: bool = True) -> str:
    """The whole report as one HTML document; without `overview` its sessions alone."""
    style, script = embed.style(), embed.script()
    sessions = listing(report)
    places = by_place(sessions)
    names = short_names(report.captures)
    values: dict[str, Any] = {
        "policy": embed.policy(style, script),
        "style": style,
        "script": script,
        "show_secrets": show_secrets,
        "overview": overview,
        "captures": list(zip(report.captures, names, strict=True)),
        "sessions": sessions,
        "outcomes": outcomes(sessions),
        "results": results(sessions),
        "remarks": remarks(report, names),
        "attempts": attempts(report, names),
        "most_attempts": MOST_ATTEMPTS,
        "comparisons": comparisons(report, places),
        "earlier": lambda listed: places.get(SessionPlace(listed.place.capture, listed.session.reconnects)),
        "ladder": lambda session: embed.embedded(ladder(session, show_secrets)),
    }
    return environment().get_template("page.html").render(values)


def environment() -> Environment:
    """The templates, and what they use everywhere."""
    environment = Environment(
        loader=PackageLoader("msra.report.html"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals.update(facts=facts, gaps=GAPS)
    environment.filters.update(
        shown=words.shown, endpoint=words.endpoint, seconds=seconds, counted=words.count, frames=words.frames
    )
    return environment
