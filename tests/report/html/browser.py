"""A headless Chromium that looks at reports: Debian's chromium and chromium-driver, driven by Selenium."""

from __future__ import annotations

import contextlib
import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.service import Service

# Selenium would download both if it was not told where they are.
DRIVER = shutil.which("chromedriver") or "/usr/bin/chromedriver"
BROWSER = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = (
    "--headless=new",
    "--no-sandbox",  # as root, and in containers
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--force-prefers-reduced-motion",
)


class Browser:
    """One window. Pages are files; what they ask the network for, and what they complain about, is recorded."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self.driver = driver

    def open(self, page: Path, width: int = 1440, height: int = 900, dark: bool = False, fragment: str = "") -> None:
        """Look at a file, in a window of this size."""
        self.emulate(width, height, dark)
        self.driver.get("about:blank")
        self.complaints()  # what earlier pages left
        self.requests()
        self.driver.get(page.as_uri() + fragment)

    def emulate(self, width: int, height: int, dark: bool = False, media: str = "") -> None:
        """The size in CSS pixels, the colour scheme, and the medium."""
        metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": media, "features": [scheme]})

    def complaints(self) -> list[str]:
        """The messages of the console since the last call; violations of the policy are among them."""
        return [entry["message"] for entry in self.driver.get_log("browser")]

    def requests(self) -> list[str]:
        """The addresses asked for since the last call."""
        events = [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]
        return [event["params"]["request"]["url"] for event in events if event["method"] == "Network.requestWillBeSent"]

    def run(self, script: str, *arguments: object) -> Any:
        """The value of a script."""
        return self.driver.execute_script(script, *arguments)

    def picture(self, target: Path) -> None:
        """What the window shows, as PNG."""
        self.driver.save_screenshot(str(target))


@contextlib.contextmanager
def browser() -> Iterator[Browser]:
    """A browser with a profile of its own, closed and forgotten at the end."""
    profile = tempfile.mkdtemp(prefix="msra-chromium-")
    options = webdriver.ChromeOptions()
    options.binary_location = BROWSER
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(service=Service(DRIVER), options=options)
    try:
        yield Browser(driver)
    finally:
        driver.quit()
        shutil.rmtree(profile, ignore_errors=True)
