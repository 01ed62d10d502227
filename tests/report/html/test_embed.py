"""What stands in the page beside markup: nothing can end a data block, and the policy names exactly our own code."""

from __future__ import annotations

import base64
import hashlib
import json

from hypothesis import given
from hypothesis import strategies as st

from msra.report.html.embed import embedded, policy, script, style

ANY_TEXT = st.text(st.characters(codec=None, exclude_categories=()))
JSON = st.recursive(
    st.none() | st.integers() | ANY_TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(ANY_TEXT, inner, max_size=3),
)


@given(JSON)
def test_embedded_json_is_the_value_and_nothing_that_html_reads(value: object) -> None:
    text = str(embedded(value))
    assert json.loads(text) == value
    assert not set(text) & set("<>&\u2028\u2029")
    text.encode("utf-8")


def test_embedded_json_holds_no_end_of_script() -> None:
    assert str(embedded("</script><!--")) == r'"\u003c/script\u003e\u003c!--"'


def test_the_policy_lets_in_what_it_names_and_nothing_else() -> None:
    digest = base64.b64encode(hashlib.sha256(b"a {}").digest()).decode()
    directives = dict(part.split(" ", 1) for part in policy("a {}", "b()").split("; "))
    assert directives["default-src"] == directives["base-uri"] == directives["form-action"] == "'none'"
    assert directives["style-src"] == f"'sha256-{digest}'"
    assert "unsafe" not in policy("a {}", "b()") and "http" not in policy("a {}", "b()")


def test_our_own_code_makes_no_markup_of_strings() -> None:
    code = str(script())
    for sink in ("innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval(", "Function(", ".style"):
        assert sink not in code
    assert "</" not in code and "</" not in str(style())
    for outside in ("fetch(", "XMLHttpRequest", "WebSocket", "import(", "sendBeacon", "localStorage"):
        assert outside not in code
    assert "url(" not in str(style()) and "@import" not in str(style())
