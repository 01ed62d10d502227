"""Tests of the extra `cluster` are skipped where it is not installed, which must never be so in CI."""

from __future__ import annotations

import os
from importlib.util import find_spec

import pytest

_MISSING = [name for name in ("distributed", "fsspec") if find_spec(name) is None]

needs_cluster = pytest.mark.skipif(
    bool(_MISSING) and not os.environ.get("CI"),
    reason=f"the extra 'cluster' is not installed: {', '.join(_MISSING)} missing",
)
