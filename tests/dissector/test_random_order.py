"""Wireshark shows frames in the order in which the user looks at them: sharkd does the same without a window."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path
from typing import Any

import pytest

from tests.dissector.tshark import PCAPS, Sandbox, tshark_program

OURS = re.compile("MS-RA|Remote Desktop transport")


def ask(sandbox: Sandbox, requests: list[dict[str, Any]]) -> list[Any]:
    """The answers of sharkd, with the plugin installed."""
    sharkd = str(Path(tshark_program()).with_name("sharkd"))
    numbered = [{"jsonrpc": "2.0", "id": index, **one} for index, one in enumerate(requests, 1)]
    output, _ = sandbox.run(["-"], program=sharkd, input="\n".join(map(json.dumps, numbered)))
    answers = {one["id"]: one.get("result") for one in map(json.loads, output.splitlines()) if "id" in one}
    return [answers[index] for index in range(1, len(requests) + 1)]


def load(sandbox: Sandbox, file: str) -> dict[str, Any]:
    """The request to open a capture."""
    return {"method": "load", "params": {"file": str(sandbox.capture(PCAPS / file))}}


def frame(number: int) -> dict[str, Any]:
    """The request for the tree of a frame."""
    return {"method": "frame", "params": {"frame": number, "proto": True}}


def ours(answer: Any) -> list[Any]:
    """The plugin's part of a tree, without the numbers that differ from run to run."""

    def stable(node: Any) -> Any:
        if isinstance(node, list):
            return [stable(one) for one in node]
        return {key: stable(value) for key, value in node.items() if key != "e"} if isinstance(node, dict) else node

    return [stable(node) for node in answer["tree"] if OURS.match(node["l"])]


FRAMES = [("rich_all_types.pcapng", 164), ("v2_tls13_dsb.pcapng", 100), ("tcp_tiny_v2.pcapng", 420)]


@pytest.mark.parametrize(("file", "frames"), FRAMES)
def test_any_order_shows_the_same(file: str, frames: int) -> None:
    """All that a frame shows was found when the file was read; the order of looking, and looking twice, is nothing."""
    numbers = list(range(1, frames))
    mixed = numbers + numbers
    random.Random(1).shuffle(mixed)
    with Sandbox() as sandbox:
        sandbox.install()
        in_order = [ours(answer) for answer in ask(sandbox, [load(sandbox, file), *map(frame, numbers)])[1:]]
        shuffled = ask(sandbox, [load(sandbox, file), *map(frame, mixed)])[1:]
    assert sum(map(len, in_order)) > 4
    for number, answer in zip(mixed, shuffled, strict=True):
        assert ours(answer) == in_order[number - 1]


def test_nothing_leaks_into_the_next_file() -> None:
    """The second file is read as if it were the first: connections count from 1, and no channel is known yet."""
    with Sandbox() as sandbox:
        sandbox.install()
        requests = [load(sandbox, "cut_start50.pcapng"), *map(frame, range(1, 51))]
        alone = ask(sandbox, requests)[1:]
        after = ask(sandbox, [load(sandbox, "v2_ok_3389.pcapng"), *requests])
    assert any(ours(answer) for answer in alone)
    assert [ours(answer) for answer in after[2:]] == [ours(answer) for answer in alone]
