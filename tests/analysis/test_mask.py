"""Masking: nothing that opens a session or proves a password leaves a report unasked."""

from __future__ import annotations

from functools import partial

import pytest

from msra.analysis.mask import MASKED
from msra.report.data import to_json, to_jsonl
from msra.report.text import to_text
from tests.report.builders import SECRETS, report


@pytest.mark.parametrize("render", [partial(to_text, detail="verbose"), to_json, to_jsonl])
def test_secrets_are_masked(render) -> None:  # type: ignore[no-untyped-def]
    masked, shown = render(report()), render(report(), show_secrets=True)
    for secret in SECRETS:
        assert secret not in masked
        assert secret in shown
    assert masked.count(MASKED) == len(SECRETS)
    assert MASKED not in shown
