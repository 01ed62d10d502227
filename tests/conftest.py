"""Tests by property try the same examples every time, whatever the machine; HYPOTHESIS_PROFILE=search tries others.

A shell lets what it starts in the background ignore Ctrl-C, and so would all programs that the tests start.
"""

from __future__ import annotations

import os
import signal

from hypothesis import HealthCheck, settings

settings.register_profile("same", derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow], print_blob=True)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

signal.signal(signal.SIGINT, signal.default_int_handler)
