"""The package as a Scapy session sees it: import, listing, showing, copying, fuzzing."""

from __future__ import annotations

import copy
import json
import pickle
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scapy.compat import raw
from scapy.config import conf
from scapy.fields import FlagValue
from scapy.main import load_contrib
from scapy.packet import Packet, Padding, Raw, explore, fuzz, ls

import msra.layers
from tests.layers.real import MESSAGES

PREFIXES = ("MSRA_", "ENCOMSP_")
LAYERS: list[type[Packet]] = [getattr(msra.layers, name) for name in msra.layers.__all__ if name.startswith(PREFIXES)]
NAMESPACE = {layer.__name__: layer for layer in [*LAYERS, Raw, Padding]}


def test_import_warns_of_nothing_and_loads_only_parts_of_scapy() -> None:
    """The analyzer imports the layers: all of Scapy would take half a second each time."""
    program = (
        "import sys, msra.layers.file_transfer; print('scapy.all' in sys.modules, 'scapy.layers.inet' in sys.modules)"
    )
    run = subprocess.run([sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=True)
    assert (run.stdout, run.stderr) == ("False False\n", "")


def test_explore_lists_the_layers(capsys: pytest.CaptureFixture[str]) -> None:
    explore("msra")
    output = capsys.readouterr().out
    listed = [line.split("|")[0].strip() for line in output.splitlines() if line.startswith(PREFIXES)]
    assert listed == sorted(layer.__name__ for layer in LAYERS)
    assert "MS-RA REMOTEDESKTOP_CTL_RESULT" in output
    assert "ENCOMSP OD_WND_SHOW" in output


def test_the_menu_of_explore_still_works() -> None:
    """Scapy evaluates the name of every module that has layers; a module outside of Scapy's namespace breaks that."""
    assert not [module for module in conf.layers.ldict if module.startswith("msra")]
    conf.layers.layers()


def test_load_contrib_finds_the_layers() -> None:
    names: dict[str, object] = {}
    load_contrib("msra", globals_dict=names)
    assert names["MSRA_Result"] is msra.layers.MSRA_Result


@pytest.mark.parametrize("layer", LAYERS)
def test_ls_lists_the_fields(layer: type[Packet], capsys: pytest.CaptureFixture[str]) -> None:
    ls(layer)
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == [field.name for field in layer.fields_desc]


def test_ls_lists_the_result_codes(capsys: pytest.CaptureFixture[str]) -> None:
    ls(msra.layers.MSRA_Result, verbose=True)
    output = capsys.readouterr().out
    assert "SAFERROR_HELPEESAIDNO: 41" in output
    assert "PASSWORDS_DONT_MATCH: 61" in output


@pytest.mark.parametrize("name", MESSAGES)
def test_commands_make_the_same_packet(name: str) -> None:
    packet = msra.layers.MSRA_Header(MESSAGES[name])
    again = eval(packet.command(), NAMESPACE)
    assert again == packet
    assert raw(again) == MESSAGES[name]


@given(st.sampled_from(LAYERS), st.binary(min_size=1, max_size=80))
def test_commands_make_the_same_packet_of_any_bytes(layer: type[Packet], wire: bytes) -> None:
    packet = layer(wire)
    again = eval(packet.command(), NAMESPACE)
    assert raw(again) == wire
    assert again == packet


@pytest.mark.parametrize("name", MESSAGES)
def test_copies_are_the_same_packet(name: str) -> None:
    packet = msra.layers.MSRA_Header(MESSAGES[name])
    for copied in (packet.copy(), copy.deepcopy(packet), pickle.loads(pickle.dumps(packet))):
        assert copied == packet
        copied.clear_cache()
        assert raw(copied) == MESSAGES[name]


def test_show_is_readable() -> None:
    shown = msra.layers.MSRA_Header(MESSAGES["VERIFY_PASSWORD_FREERDP3"]).show(dump=True)
    assert "channel_name= 'RC_CTL'" in shown
    assert "msg_type  = REMOTEDESKTOP_CTL_VERIFY_PASSWORD" in shown
    assert "expert_blob= '18;NAME=Administrator69;PASS=3C9C" in shown
    assert "' (missing_terminator)" in shown


def test_json_is_readable() -> None:
    assert '"expert_blob": "18;NAME=Administrator' in msra.layers.MSRA_Header(MESSAGES["VERIFY_PASSWORD"]).json()
    assert '"token": "00112233' in msra.layers.MSRA_Header(MESSAGES["TOKEN"]).json()


@given(st.sampled_from(LAYERS), st.binary(max_size=80))
def test_json_is_valid_for_any_bytes(layer: type[Packet], wire: bytes) -> None:
    packet = layer(wire) if wire else layer()
    read = json.loads(packet.json())
    assert list(read) == [field.name for field in packet.fields_desc] + (["payload"] if packet.payload else [])


@pytest.mark.parametrize("layer", [layer for layer in LAYERS if not layer.__name__.endswith("_Header")])
def test_only_what_is_an_answer_answers(layer: type[Packet]) -> None:
    """By Scapy's default a packet answers those of its own kind: a line of the chat another one, for sr()."""
    if layer.__name__.startswith("MSRA_"):
        packet = msra.layers.MSRA_Header() / layer()
    else:
        packet = msra.layers.ENCOMSP_Header() / layer()
    assert not packet.answers(packet.copy())


@pytest.mark.parametrize("layer", LAYERS)
def test_fuzz(layer: type[Packet]) -> None:
    for _ in range(20):
        packet = fuzz(layer())
        packet.summary()
        packet.show(dump=True)
        json.loads(packet.json())
        raw(eval(packet.command(), NAMESPACE))
        wire = raw(packet)
        if wire:
            assert raw(layer(wire)) == wire


@pytest.mark.parametrize("layer", LAYERS)
def test_assigning_a_field_changes_the_packet(layer: type[Packet]) -> None:
    """A dissected packet must not be rebuilt from the bytes it came from once it was changed."""
    for field in layer.fields_desc:
        packet = layer(b"\2\0\0\0\4\0\0\0x\0\0\0\0\0\0\0")
        before = raw(packet)
        is_number = isinstance(packet.getfieldval(field.name), (int, FlagValue))
        setattr(packet, field.name, 7 if is_number else "changed")
        assert raw(packet) != before
