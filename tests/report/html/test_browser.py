"""Reports in a real browser: they work by mouse and keyboard, ask the network for nothing, and text stays text."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator
from functools import cache
from itertools import pairwise
from pathlib import Path

import pytest
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.ui import WebDriverWait

from msra.analysis.model import CaptureReport, Report
from msra.analyzer import analyze_together
from tests.analysis.builders import Story
from tests.report.html import hostile
from tests.report.html.browser import Browser
from tests.report.html.hostile import PAYLOADS

PCAPS = Path(__file__).parents[3] / "pcaps"
Write = Callable[[str, Report], Path]


@cache
def rich() -> Report:
    return analyze_together(PCAPS / "rich_all_types.pcapng", engine="embedded")


@cache
def many() -> Report:
    """Every code, once, and two captures of one session."""
    story = Story().version2().say("novice", "CHAT", "70", text="Hi").result(61)
    both = hostile.report("plain").captures[:2]
    codes = analyze_together(PCAPS / "v2_all48_codes.pcapng", engine="embedded").captures
    return hostile.together([*codes, *both, CaptureReport("c", "embedded", sessions=[story.session()])])


@pytest.fixture(autouse=True)
def nothing_leaves_and_nothing_fails(window: Browser) -> Iterator[None]:
    """The console stays empty: scripts that fail and what the policy stops would stand there."""
    yield
    assert window.complaints() == []
    assert [address for address in window.requests() if not re.match(r"file:.*/\w+\.html|about:blank", address)] == []


def find(window: Browser, selector: str) -> WebElement:
    return window.driver.find_element(By.CSS_SELECTOR, selector)


def all_of(window: Browser, selector: str) -> list[WebElement]:
    return window.driver.find_elements(By.CSS_SELECTOR, selector)


def row(window: Browser, title: str) -> WebElement:
    """The ladder's row with this text."""
    (found, *_) = [one for one in all_of(window, ".row") if title in (one.get_attribute("aria-label") or "")]
    return found


def click(window: Browser, element: WebElement) -> None:
    """Selenium scrolls what it clicks to the upper edge, under the page's header."""
    window.run("arguments[0].scrollIntoView({block: 'center'})", element)
    element.click()


def press(window: Browser, *keys: str) -> None:
    ActionChains(window.driver).send_keys(*keys).perform()


# One session


def test_the_ladder_is_drawn_expert_left_novice_right(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))
    session = rich().captures[0].sessions[0]
    assert len(all_of(window, ".row.message")) == len(session.messages)
    assert len(all_of(window, ".row.moment")) == len(session.timeline)
    expert, novice = (find(window, f".lifeline.{role}").rect["x"] for role in ("expert", "novice"))
    assert expert < novice
    line = find(window, ".row.message.expert .arrow")
    assert float(line.get_attribute("x1") or 0) < float(line.get_attribute("x2") or 0)
    line = find(window, ".row.message.novice .arrow")
    assert float(line.get_attribute("x1") or 0) > float(line.get_attribute("x2") or 0)
    assert len(all_of(window, ".control-area")) == 1 and len(all_of(window, ".control-bar")) == 2
    assert "+1.577 s" in find(window, ".row.deciding").text


def test_a_click_shows_the_details_of_a_message(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))
    row(window, "“My printer is on fire").click()
    panel = find(window, ".panel")
    assert "CHAT" in panel.text and "Frame 118, +2.362 s" in panel.text and "2026-11-22T20:37:28.07" in panel.text
    assert "My printer is on fire & <b>smokes</b>" in panel.text
    assert row(window, "“My printer is on fire").get_attribute("aria-pressed") == "true"
    row(window, "“no terminator here").click()
    assert "The text has no NUL terminator." in panel.text and "printer" not in panel.text
    row(window, "CTL_RESULT").click()
    assert "0 SAFERROR_NOERROR: No errors occurred." in panel.text
    row(window, "EXPERT_ON_VISTA").click()
    assert "encrypted_password\n<masked>" in panel.text
    find(window, ".close").click()
    assert "Choose a row" in panel.text and not all_of(window, ".row[aria-pressed=true]")


def test_the_keyboard_does_what_the_mouse_does(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))
    assert len(all_of(window, ".row[tabindex='0']")) == 1
    window.run("document.querySelector('.toolbar input[type=checkbox]').focus()")
    press(window, Keys.TAB)
    assert "#1," in (window.driver.switch_to.active_element.get_attribute("aria-label") or "")
    press(window, Keys.ARROW_DOWN, Keys.ARROW_DOWN, Keys.ENTER)
    assert "X.224 connection request" in find(window, ".panel").text
    press(window, Keys.END, Keys.SPACE)
    assert "tcp_close" in find(window, ".panel").text
    press(window, Keys.ARROW_UP, Keys.SPACE)
    assert "REMOTEDESKTOP_CTL_DISCONNECT" in find(window, ".panel").text
    press(window, Keys.ESCAPE)
    assert "Choose a row" in find(window, ".panel").text
    press(window, Keys.HOME)
    assert "#1," in (window.driver.switch_to.active_element.get_attribute("aria-label") or "")
    assert len(all_of(window, ".row[tabindex='0']")) == 1


def test_findings_lead_to_their_messages(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()), height=700)
    button = next(one for one in all_of(window, ".finding .show") if one.text == "Frames 105, 121")
    click(window, button)
    lit = all_of(window, ".row.lit")
    assert ["#105," in (one.get_attribute("aria-label") or "") for one in lit] == [True, False]
    assert 0 < window.run("return arguments[0].getBoundingClientRect().top", lit[0]) < 700
    assert window.driver.switch_to.active_element == lit[0]
    assert "REMOTEDESKTOP_CTL_TOKEN and RCCOMMAND SETTINGANNOUNCE" in find(window, ".panel .warning").text
    click(window, find(window, ".verdict .show"))
    assert ["#82," in (one.get_attribute("aria-label") or "") for one in all_of(window, ".row.lit")] == [True]


def test_a_finding_opens_what_is_not_drawn(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))
    find(window, ".toolbar input[type=checkbox]").click()
    assert not all_of(window, ".row.moment")
    click(window, find(window, ".finding .show"))
    assert len(all_of(window, ".row.lit")) == 2 and "Frame 10" in find(window, ".panel").text


def test_time_and_zoom(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))

    def tops() -> list[float]:
        return [one.rect["y"] for one in all_of(window, ".row.message .arrow")]

    def steps() -> list[float]:
        return [round(after - before) for before, after in pairwise(tops())]

    assert len(set(steps())) == 1
    find(window, "input[value=time]").find_element(By.XPATH, "following-sibling::span").click()
    spread = steps()
    assert max(spread) > 3 * min(spread) > 0
    tall = find(window, ".ladder").rect["height"]
    find(window, "input[type=range]").click()  # its middle
    assert find(window, ".ladder").rect["height"] > 1.5 * tall
    labels = [one.rect for one in all_of(window, ".row .hit")]
    assert all(one["y"] < other["y"] for one, other in pairwise(labels))


def test_long_sessions_are_drawn_in_parts(window: Browser, page: Write) -> None:
    story = Story().version2()
    for number in range(700):
        story.say("novice" if number % 2 else "expert", "CHAT", "70", text=f"line {number}")
    window.open(page("long", Report([CaptureReport("a", "embedded", sessions=[story.session()])])), fragment="#s1-f650")
    assert "line 646" in find(window, ".panel").text
    before, after = all_of(window, ".more")
    assert len(all_of(window, ".row")) == 702 - 598 and not after.is_displayed()
    for drawn in (404, 702):
        click(window, before)
        assert len(all_of(window, ".row")) == drawn
    assert not before.is_displayed()


def test_the_table_says_what_the_picture_shows(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()))
    find(window, ".as-table summary").click()
    session = rich().captures[0].sessions[0]
    rows = len(session.messages) + len(session.timeline)
    WebDriverWait(window.driver, 10).until(lambda _: len(all_of(window, ".as-table tbody tr")) == rows)
    assert "notes.bin" in find(window, ".as-table").text


# All sessions


def test_sessions_are_sorted_and_filtered(window: Browser, page: Write) -> None:
    window.open(page("many", many()))

    def shown() -> list[str]:
        return [one.text for one in all_of(window, ".sessions tbody tr:not([hidden]) td:first-child")]

    assert len(shown()) == 51 and find(window, "[role=status]").text == "51 sessions"
    head = next(one for one in all_of(window, ".sessions th") if one.text.startswith("Session"))
    head.find_element(By.TAG_NAME, "button").click()
    head.find_element(By.TAG_NAME, "button").click()
    assert shown() == [str(number) for number in range(51, 0, -1)] and head.get_attribute("aria-sort") == "descending"
    find(window, ".chip[data-outcome=refused]").click()
    assert 0 < len(shown()) < 5 and find(window, "[role=status]").text == f"{len(shown())} of 51 sessions"
    find(window, ".chip[data-outcome=refused]").click()
    find(window, "input[type=search]").send_keys("all48 PASSWORDS_DONT")
    assert len(shown()) == 1
    find(window, "input[type=search]").clear()
    find(window, "input[type=search]").send_keys("127.0.0.1:3389 v2_all48 not find the novice nowhere")
    assert shown() == []


def test_sessions_open_one_at_a_time_and_the_way_back_leads_back(window: Browser, page: Write) -> None:
    window.open(page("many", many()))
    assert not all_of(window, ".ladder") and not [one for one in all_of(window, "article") if one.is_displayed()]
    window.run("window.scrollTo(0, 1200)")
    find(window, "a[href='#s30']").click()
    assert [one.get_attribute("id") for one in all_of(window, "article") if one.is_displayed()] == ["s30"]
    assert not find(window, "#index").is_displayed() and len(all_of(window, ".ladder")) == 1
    assert window.driver.switch_to.active_element.text.startswith("Session 30")
    assert window.driver.title.startswith("Session 30")
    find(window, "#s30 [rel=next]").click()
    assert [one.get_attribute("id") for one in all_of(window, "article") if one.is_displayed()] == ["s31"]
    find(window, "#s31 .way a").click()
    assert find(window, "#index").is_displayed()
    assert window.driver.switch_to.active_element.get_attribute("hash") == "#s31"
    window.driver.back()
    assert find(window, "#s31").is_displayed()


def test_the_way_past_the_header_leaves_open_what_is_open(window: Browser, page: Write) -> None:
    window.open(page("many", many()), fragment="#s30")
    window.run("document.querySelector('.skip').focus()")
    press(window, Keys.ENTER)
    assert window.driver.current_url.endswith("#main") and find(window, "#s30").is_displayed()
    assert window.driver.switch_to.active_element.tag_name == "main"


def test_the_row_is_a_way_in_for_the_mouse(window: Browser, page: Write) -> None:
    window.open(page("many", many()))
    find(window, ".sessions tbody tr td:nth-child(2)").click()
    assert find(window, "#s1").is_displayed()


def test_captures_side_by_side(window: Browser, page: Write) -> None:
    window.open(page("many", many()), fragment="#s49-s50")
    find(window, ".comparison a").click()
    assert find(window, "#s49").is_displayed() and len(all_of(window, "#s49 .row.lit")) >= 1
    find(window, "#s49 .facts a[href='#s49-s50']").click()
    assert find(window, ".comparison table").is_displayed()


def test_five_hundred_sessions_stay_fluent(window: Browser, page: Write) -> None:
    sessions = analyze_together(PCAPS / "v2_all48_codes.pcapng", engine="embedded").captures[0].sessions
    captures = [CaptureReport(f"{day}.pcapng", "embedded", sessions=sessions) for day in range(11)]
    path = page("large", Report(captures))
    assert path.stat().st_size < 528 * 11_000
    window.open(path)
    took = window.run("""
      const took = [performance.getEntriesByType("navigation")[0].domContentLoadedEventEnd];
      const time = (action) => {
        const start = performance.now();
        action();
        document.body.getBoundingClientRect();
        took.push(performance.now() - start);
      };
      time(() => document.querySelector(".chip[data-outcome=failed]").click());
      time(() => document.querySelectorAll(".sessions th button")[2].click());
      time(() => document.querySelector("a[href='#s500']").click());
      return took;
    """)
    assert took[0] < 5000 and max(took[1:]) < 1000, took  # milliseconds: ten times what it takes on an idle machine


# Looks


def luminance(colour: str) -> float:
    """WCAG 2.1: relative luminance of rgb(...)."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


CONTRASTS = """
const bare = (color) => color.startsWith("rgba") && color.endsWith(", 0)");
const ground = (node) => {
  const color = getComputedStyle(node).backgroundColor;
  return bare(color) && node.parentElement ? ground(node.parentElement) : color;
};
const ink = (node) => getComputedStyle(node)[node.ownerSVGElement ? "fill" : "color"];
return [...document.querySelectorAll("main *, header *, footer *")].filter((node) =>
  node.checkVisibility() && [...node.childNodes].some((child) => child.nodeType === 3 && child.data.trim())
).map((node) => [node.outerHTML.slice(0, 80), ink(node), ground(node)]);
"""


@pytest.mark.parametrize("dark", [False, True])
@pytest.mark.parametrize("name", ["rich", "many"])
def test_contrast_is_enough(window: Browser, page: Write, name: str, dark: bool) -> None:
    """WCAG 2.1 AA asks for 4.5 to 1."""
    window.open(page(name, rich() if name == "rich" else many()), dark=dark)
    seen = window.run(CONTRASTS)
    assert len(seen) > 100
    for what, text, ground in seen:
        low, high = sorted((luminance(text), luminance(ground)))
        assert (high + 0.05) / (low + 0.05) >= 4.5, (what, text, ground)


def test_the_theme_follows_the_system_and_the_switch(window: Browser, page: Write) -> None:
    def ground() -> float:
        return luminance(window.run("return getComputedStyle(document.body).backgroundColor"))

    window.open(page("rich", rich()), dark=True)
    assert ground() < 0.1
    assert find(window, "#theme").text == "Light colours"
    find(window, "#theme").click()
    assert ground() > 0.8 and find(window, "#theme").text == "Dark colours"
    find(window, "#theme").click()
    assert ground() < 0.1


@pytest.mark.parametrize("width", [320, 420, 800, 1440])
def test_no_page_is_wider_than_the_window(window: Browser, page: Write, width: int) -> None:
    for name, report, fragment in (("rich", rich(), ""), ("many", many(), ""), ("many", many(), "#s49")):
        window.open(page(name, report), width=width, fragment=fragment)
        assert window.run("return document.documentElement.scrollWidth") <= width, (name, fragment)


PRINTED = """
window.seen = null;
const count = (selector) => document.querySelectorAll(selector).length;
addEventListener("beforeprint", () => {
  const closed = count("#index:not([hidden]) details:not([open]), .printed details:not([open])");
  window.seen = [count(".printed .picture:has(.ladder)"), count(".as-table table"), closed];
});
"""


@pytest.mark.parametrize(("name", "fragment", "ladders"), [("rich", "", 1), ("many", "#s30", 1), ("many", "", 51)])
def test_print(window: Browser, page: Write, name: str, fragment: str, ladders: int) -> None:
    window.open(page(name, rich() if name == "rich" else many()), dark=True, fragment=fragment)
    window.run(PRINTED)
    opened = len(all_of(window, "details[open]"))
    pdf = base64.b64decode(window.driver.execute_cdp_cmd("Page.printToPDF", {})["data"])
    assert window.run("return window.seen") == [ladders, ladders, 0]
    assert len(re.findall(rb"/Type /Page\b", pdf)) >= max(2, ladders)
    assert not all_of(window, ".printed") and len(all_of(window, "details[open]")) == opened


def test_print_is_dark_on_white_and_without_controls(window: Browser, page: Write) -> None:
    window.open(page("rich", rich()), dark=True)
    find(window, "#theme").click()
    find(window, "#theme").click()
    window.emulate(800, 900, dark=True, media="print")
    assert luminance(window.run("return getComputedStyle(document.body).color")) < 0.1
    for selector in ("#theme", ".toolbar", ".panel"):
        assert not find(window, selector).is_displayed()


# Hostile captures


def test_hostile_text_stays_text(window: Browser, page: Write) -> None:
    for number, text in enumerate(PAYLOADS):
        window.open(page(f"hostile{number}", hostile.report(text)))
        elements = window.run("return document.querySelectorAll('*').length")
        window.driver.get(page("plain", hostile.report("harmless")).as_uri())
        assert window.run("return document.querySelectorAll('*').length") == elements
        window.driver.get(page(f"hostile{number}", hostile.report(text)).as_uri() + "#s1")
        find(window, ".as-table summary").click()
        for one in all_of(window, "#s1 .row"):
            window.run("arguments[0].dispatchEvent(new MouseEvent('click', {bubbles: true}))", one)
        assert window.run("return window.pwned") is None
        assert not all_of(window, "img, iframe, b > *, dd > b, a[href^=javascript], a[href^=http]")


def test_chat_is_shown_as_it_was_typed(window: Browser, page: Write) -> None:
    window.open(page("hostile0", hostile.report(PAYLOADS[0])), fragment="#s1")
    row(window, "CHAT").click()
    assert "<script>window.pwned = 1</script>" in find(window, "#s1 .panel").text


def test_the_policy_stops_what_would_get_in(window: Browser, page: Write) -> None:
    """Not only is nothing there: a script, a style, a picture that somebody put in would not run."""
    window.open(page("rich", rich()))
    window.run("""
      window.stopped = [];
      addEventListener("securitypolicyviolation", (event) => window.stopped.push(event.effectiveDirective));
      const script = document.createElement("script");
      try { script.textContent = "window.pwned = 1"; } catch (error) { window.stopped.push(error.name); }
      const image = document.createElement("img");
      image.src = "data:image/gif;base64,R0lGODlhAQABAAAAACw=";
      document.body.append(image);
      document.body.setAttribute("style", "color: red");
      fetch("data:,x").catch(() => {});
    """)
    stopped = window.driver.execute_async_script("setTimeout(() => arguments[0](window.stopped), 200)")
    assert {"TypeError", "img-src", "style-src-attr", "connect-src"} <= set(stopped)
    assert window.run("return window.pwned") is None
    assert len(window.complaints()) >= 3
    assert "data:image/gif" in window.requests()[-1]  # asked for, and stopped


def test_in_the_frame_of_a_notebook(window: Browser, tmp_path: Path) -> None:
    """Its links stay in it, though its address is not that of the page around it; and the ladder is drawn."""
    path = tmp_path / "notebook.html"
    path.write_text(f"<!doctype html><meta charset=utf-8>{many()._repr_html_()}", "utf-8")
    window.open(path)
    window.driver.switch_to.frame(find(window, "iframe"))
    wait = WebDriverWait(window.driver, 20)
    wait.until(lambda _: find(window, "table.sessions a").is_displayed())
    click(window, find(window, "table.sessions a"))
    wait.until(lambda _: all_of(window, "#s1 .row"))
    click(window, find(window, "h1 a"))
    wait.until(lambda _: find(window, "table.sessions").is_displayed())
    assert window.run("return location.href") == "about:srcdoc#overview"
    window.driver.switch_to.default_content()
    assert window.run("return location.hash") == ""
