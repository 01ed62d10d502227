"""Data, script and style inside the page, and the policy that lets nothing else in.

A session's diagram is drawn by the page's script from JSON in a data block (HTML 4.12.1). Captures are hostile, so no
character of that JSON may end the block or begin another: <, >, & and the line ends that JavaScript knows and JSON does
not, U+2028 and U+2029, are written as escapes, which mean the same in JSON.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib import resources

from markupsafe import Markup

_STYLES = ("base.css", "overview.css", "session.css", "ladder.css", "print.css")
_SCRIPTS = ("text.js", "layout.js", "drawing.js", "ladder.js", "details.js", "list.js", "pages.js")
_ESCAPES = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}


def embedded(value: object) -> Markup:
    """A JSON value for a data block."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Markup(_without_surrogates(text.translate(_ESCAPES)))  # noqa: S704 - nothing is left that HTML would read


def style() -> Markup:
    """The style sheet, as it stands in the page."""
    return _static(_STYLES)


def script() -> Markup:
    """The script, as it stands in the page."""
    return _static(_SCRIPTS)


def policy(style: str, script: str) -> str:
    """The Content-Security-Policy (CSP level 3): this style and this script, and nothing from anywhere."""
    directives: Mapping[str, str] = {
        "default-src": "'none'",
        "style-src": _hash(style),
        "script-src": _hash(script),
        "base-uri": "'none'",
        "form-action": "'none'",
        "require-trusted-types-for": "'script'",
    }
    return "; ".join(f"{name} {value}" for name, value in directives.items())


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


def _static(names: tuple[str, ...]) -> Markup:
    """Our own files, one after the other."""
    folder = resources.files("msra.report.html") / "static"
    return Markup("\n".join((folder / name).read_text("utf-8") for name in names))  # noqa: S704 - our own


def _without_surrogates(text: str) -> str:
    """Half a character, which a damaged name can hold, as an escape: UTF-8 has no form for it."""
    return "".join(f"\\u{ord(one):04x}" if "\ud800" <= one <= "\udfff" else one for one in text)
