"""One session of several captures, side by side."""

from __future__ import annotations

from msra.analyzer import together
from msra.report.html.comparison import comparisons
from msra.report.html.listing import by_place, listing
from tests.analysis.sightings import Sight, report


def test_both_captures_side_by_side() -> None:
    first = Sight().syns().say(1, "expert", "A").say(2, "novice", "B", "70").say(3, "expert", "C")
    second = Sight(clock=5).syns().say(1, "expert", "A").say(3, "expert", "C").say(4, "novice", "D", "70")
    made = together([report(first), report(second)])
    (one,) = comparisons(made, by_place(listing(made)))
    assert (one.first.number, one.second.number) == (1, 2)
    assert [(line.first, line.second, line.type) for line in one.lines] == [
        (3, 3, "A"), (4, None, "B"), (5, 4, "C"), (None, 5, "D"),
    ]  # fmt: skip
    assert one.lines[1].remark == "never seen in the other capture" and not one.lines[0].remark
    assert one.clock == "The clock of B is 5.000 s ahead of that of A."


def test_captures_of_different_sessions_are_not_compared() -> None:
    made = together([report(Sight().syns().say(1, "expert", "A"))])
    assert comparisons(made, by_place(listing(made))) == []
