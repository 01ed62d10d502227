# SPDX-License-Identifier: GPL-2.0-or-later
"""What Scapy finds as `scapy.contrib.msra`, and how it finds it: this folder is on the path of scapy.contrib.

That is so as soon as `msra.layers` is imported, or after `conf.exts.load("wireshark-msra")` (Scapy 2.7).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from msra import __version__


def scapy_ext(ext: Any) -> None:
    """What Scapy calls to load this package as an extension of it (scapy.config.ScapyExt, ExtsManager)."""
    ext.config("wireshark-msra", __version__)
    ext.register("msra", ext.MODE.CONTRIB, Path(__file__).with_name("msra.py"))
