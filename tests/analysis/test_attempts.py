"""Every way in which a connect can fail has its explanation."""

from __future__ import annotations

from typing import get_args

import pytest

from msra.analysis.attempts import attempt
from msra.events import ConnectFailed, ConnectFailure
from tests.analysis.builders import EXPERT, NOVICE


@pytest.mark.parametrize("how", get_args(ConnectFailure))
def test_every_failure_is_explained(how: ConnectFailure) -> None:
    got = attempt(ConnectFailed(0, 7, 5, EXPERT, NOVICE, how, (7, 8)))
    assert (got.expert, got.novice, got.how, got.time, got.frames) == (EXPERT, NOVICE, how, 5, (7, 8))
    assert got.text.endswith(".")
