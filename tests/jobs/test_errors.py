"""What is missing is said together with how to get it."""

from __future__ import annotations

from msra.jobs.errors import missing_extra


def test_missing_extra() -> None:
    assert str(missing_extra("a Dask cluster")) == (
        "a Dask cluster needs more packages: pip install wireshark-msra[cluster]"
    )
