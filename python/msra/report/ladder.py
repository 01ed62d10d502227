"""The ladder of a session: the expert on the left, the novice on the right, their messages as arrows in between.

   Time   Frame  Expert                              Novice
+0.000s       1  │     TCP connect, RDP negotiation     │      what happens below Remote Assistance
+1.369s      75  │─────────── VERIFY_PASSWORD ─────────→│      a message
+2.200s     113  │←════════ RCCOMMAND ACCEPTRC ═════════│      double: shared control
+2.604s     128  ║┄┄┄┄┄┄┄ FILE_DATA 4,137 bytes ┄┄┄┄┄┄→║      dotted: a file; while control is shared
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from rich.cells import cell_len
from rich.text import Text

from msra import codes
from msra.analysis.model import Outcome, Session
from msra.report.lines import OUTCOMES, cut, wrapped
from msra.report.screen import Screen
from msra.report.story import Kind, Step, most

_HEAD = 22
"""Columns before the ladder: the time since the session began, and the frame."""

_LONGEST_VALUE = 1000

_STYLES: Mapping[Kind, str] = {"moment": "dim", "message": "", "control": "magenta", "file": "blue", "chat": "cyan"}


@dataclass(frozen=True, slots=True)
class _Glyphs:
    right: str
    left: str
    side: str
    shared_side: str
    times: str
    shafts: Mapping[Kind, str]


_UNICODE = _Glyphs("→", "←", "│", "║", "×", {"message": "─", "chat": "─", "control": "═", "file": "┄"})
_ASCII = _Glyphs(">", "<", "|", "!", "x", {"message": "-", "chat": "-", "control": "=", "file": "."})


def _glyphs(screen: Screen) -> _Glyphs:
    return _UNICODE if screen.unicode else _ASCII


def ladder(session: Session, steps: Sequence[Step], screen: Screen, everything: bool = False) -> Iterator[Text]:
    """The lines of the ladder. With `everything` all steps are told with their values and notes, else they are cut."""
    glyphs, width = _glyphs(screen), screen.width - _HEAD - 2
    shared = _shared(session)
    yield Text(f"  {'Time':>10} {'Frame':>7}  Expert{'Novice':>{width - 4}}", "bold")
    for step in steps if everything else most(steps, session.verdict.frame):
        head = f"  {(step.time - session.start) / 1e9:>+9.3f}s {step.frame or '':>7}  "
        side = glyphs.shared_side if shared(step.frame) else glyphs.side
        for text, style in _lines(step, width, screen, everything):
            yield Text.assemble(
                (head, "dim"), (side, "dim"), (text + " " * (width - cell_len(text)), style), (side, "dim")
            )
            head = " " * _HEAD


def _lines(step: Step, width: int, screen: Screen, everything: bool) -> Iterator[tuple[str, str]]:
    """What stands between the two sides, and its style."""
    style = _STYLES[step.kind] if step.result is None else OUTCOMES[Outcome(codes.lookup(step.result).outcome)]
    if step.kind == "moment":
        for line in wrapped(step.name, width - 4):
            yield " " * ((width - cell_len(line)) // 2) + line, style
        return
    times = f" {_glyphs(screen).times}{step.count}" if step.count > 1 else ""
    if not everything:
        values = f"  {step.open_values}" if step.open_values else ""
        yield _arrow(step, step.label + values, times, width, screen), style
        return
    channel = "" if step.channel == "RC_CTL" else f"[{step.channel}] "
    yield _arrow(step, channel + step.label, times, width, screen), style
    for text in (*_long(channel + step.label, width), *map(_value, step.values), *(f"({note})" for note in step.notes)):
        for line in wrapped(text, width - 4):
            yield f"  {line}", "dim"


def _arrow(step: Step, label: str, times: str, width: int, screen: Screen) -> str:
    text = f" {cut(_short(label, width), _room(width) - len(times), screen.more)}{times} "
    glyphs = _glyphs(screen)
    shaft = glyphs.shafts[step.kind]
    free = width - cell_len(text) - 1
    before, behind = shaft * (free // 2), shaft * (free - free // 2)
    if step.sender == "expert":
        return f"{before}{text}{behind}{glyphs.right}"
    return f"{glyphs.left}{before}{text}{behind}"


def _room(width: int) -> int:
    """Columns for the label: the arrow is to be seen on both sides of it."""
    return width - 7


def _short(label: str, width: int) -> str:
    """The label, without what many types begin with if the arrow has no room for that."""
    if cell_len(label) <= _room(width):
        return label
    return label.removeprefix("REMOTEDESKTOP_").removeprefix("CTL_")


def _long(label: str, width: int) -> Iterator[str]:
    """The whole label once more, if the arrow has room for a part of it only."""
    if cell_len(_short(label, width)) > _room(width):
        yield _shortened(label)


def _value(value: tuple[str, str]) -> str:
    return f"{value[0]}={_shortened(value[1])}"


def _shortened(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} ({len(text):,} characters)"


def _shared(session: Session) -> Callable[[int], bool]:
    """Whether control is shared in a frame; the frames have to be asked for in their order."""
    granted = {control.answered for control in session.controls if control.how not in ("rejected", "denied")}
    ended = {control.ended for control in session.controls}
    running = False

    def shared(frame: int) -> bool:
        nonlocal running
        was = running
        running = (running or frame in granted) and frame not in ended
        return was or running

    return shared
