"""The ladder: who said what to whom, at a glance."""

from __future__ import annotations

from rich.cells import cell_len

from msra.analysis.model import Control
from msra.report.ladder import ladder
from msra.report.lines import rendered
from msra.report.screen import PLAIN, Screen
from msra.report.story import steps, told_briefly
from tests.analysis.builders import Story
from tests.report.builders import story

SMALL = Screen(width=76)


def shown(made: Story, screen: Screen = SMALL, everything: bool = False, controls: tuple[Control, ...] = ()) -> str:
    session = made.session()
    session.controls = list(controls)
    return rendered(ladder(session, (steps if everything else told_briefly)(session), screen, everything), screen)


def rich_story() -> Story:
    made = (
        Story().fact("tcp_syn", "expert").fact("tcp_syn_ack").say("expert", "EXPERT_ON_VISTA", encrypted_password="x")
    )
    made.result(0).say("expert", "RCCOMMAND", "71", name="REMOTECTRLSTART").say("novice", "RCCOMMAND", name="ACCEPTRC")
    made.say("expert", "RCCOMMAND", "71", name="FILEXFER", filename="a.txt").say("novice", "CHAT", "70", text="Hi 中😀")
    return made.say("novice", "CHAT", "70", text="Hi 中😀").say("novice", "RCCOMMAND", name="TAKECONTROL")


RUNNING = (Control(6, 7, 11, "taken_back", None),)


def test_in_short() -> None:
    assert (
        shown(rich_story(), controls=RUNNING)
        == """\
        Time   Frame  Expert                                          Novice
     +1.000s       2  │                    TCP connect                     │
     +3.000s       4  │────────── REMOTEDESKTOP_EXPERT_ON_VISTA ──────────→│
     +4.000s       5  │←─── REMOTEDESKTOP_CTL_RESULT 0 SAFERROR_NOERROR ───│
     +5.000s       6  │════════════ RCCOMMAND REMOTECTRLSTART ════════════→│
     +6.000s       7  ║←═══════════════ RCCOMMAND ACCEPTRC ════════════════║
     +7.000s       8  ║┄┄┄┄┄┄┄┄┄┄┄ RCCOMMAND FILEXFER "a.txt" ┄┄┄┄┄┄┄┄┄┄┄┄→║
     +8.000s       9  ║←───────────────── CHAT Hi 中😀 ×2 ─────────────────║
    +10.000s      11  ║←══════════════ RCCOMMAND TAKECONTROL ══════════════║
"""
    )


def test_in_full_with_values_notes_and_channels() -> None:
    made = Story().fact("tcp_syn", "expert").say("expert", "EXPERT_ON_VISTA", encrypted_password="x")
    made.say("novice", "RCCOMMAND", "71", name="SETTINGANNOUNCE", value="1")
    session = made.session()
    object.__setattr__(session.messages[0], "notes", ("bstr_raw",))
    assert (
        rendered(ladder(session, steps(session), SMALL, everything=True), SMALL)
        == """\
        Time   Frame  Expert                                          Novice
     +1.000s       2  │           The expert connects (TCP SYN).           │
     +2.000s       3  │────────── REMOTEDESKTOP_EXPERT_ON_VISTA ──────────→│
                      │  encrypted_password=<masked>                       │
                      │  (the string has no BSTR byte count)               │
     +3.000s       4  │←───────── [71] RCCOMMAND SETTINGANNOUNCE ──────────│
                      │  value=1                                           │
"""
    )


def test_without_line_drawing_characters() -> None:
    text = shown(rich_story(), Screen(width=76, unicode=False), controls=RUNNING)
    text.replace("中😀", "").encode("ascii")
    assert "     +5.000s       6  |============ RCCOMMAND REMOTECTRLSTART ============>|" in text
    assert "     +8.000s       9  !<----" in text and "x2 ----" in text


def test_every_line_fits() -> None:
    """Whatever is in it: the right side is straight."""
    made = story().say("expert", "CHAT", "70", text="中" * 700).say("expert", "CHAT", "70", text="word " * 700)
    for screen in (PLAIN, SMALL, Screen(width=40)):
        for everything in (False, True):
            first, *lines = shown(made, screen, everything).splitlines()
            assert first.endswith("Novice") and len(lines) >= 9
            assert {cell_len(line) for line in lines} == {screen.width}, (screen, everything)


def test_a_long_text_is_cut_but_told_in_full_if_asked() -> None:
    made = Story().say("expert", "CHAT", "70", text="word " * 19 + "end").say("novice", "CHAT", "70", text="x" * 5000)
    assert "end" not in shown(made) and "…" in shown(made)
    assert "end" in shown(made, everything=True)
    assert "(5,010" in shown(made, everything=True), "its length, where even that is too much"


def test_of_very_many_steps_the_first_the_last_and_the_deciding_one() -> None:
    made = Story().version2()
    for number in range(100):
        made.say("novice", "CHAT", "70", text=f"number {number}")
    made.result(61)
    for number in range(100, 200):
        made.say("novice", "CHAT", "70", text=f"number {number}")
    text = shown(made)
    assert len(text.splitlines()) == 1 + 40 + 1 + 1 + 20
    assert "     142 more     " in text and "61 PASSWORDS_DONT_MATCH" in text and "number 199" in text
    assert len(shown(made, everything=True).splitlines()) == 1 + 203


def test_types_lose_their_beginning_before_anything_is_cut() -> None:
    assert "│←──── RESULT 61 PASSWORDS_DONT_MATCH ─────│" in shown(Story().version2().result(61), Screen(66))
    assert "│←── RESULT 61 P… ──│" in shown(Story().version2().result(61), Screen(43))


def test_colours() -> None:
    text = shown(rich_story(), Screen(76, "standard"), controls=RUNNING)
    assert "\x1b[1;32m←─── REMOTEDESKTOP_CTL_RESULT 0 SAFERROR_NOERROR ───\x1b[0m" in text
    assert "\x1b[35m════════════ RCCOMMAND REMOTECTRLSTART" in text
    assert "\x1b[1;31m" in shown(Story().version2().result(61), Screen(76, "standard"))
