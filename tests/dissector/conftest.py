"""One sandbox for all tests of the plugin: starting from nothing for each would take most of their time."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.dissector.tshark import Sandbox


@pytest.fixture(scope="session")
def sandbox() -> Iterator[Sandbox]:
    """tshark with the plugin, loaded with -X lua_script."""
    with Sandbox() as sandbox:
        yield sandbox
