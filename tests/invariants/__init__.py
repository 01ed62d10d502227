"""What holds for any capture, whatever is in it.

| Invariant | where it is tested |
|---|---|
| No decoder raises, hangs, or gives more than it was given | fuzz/oracles.py, on mutated input |
| No capture raises in the engine, the analysis or a report, and no report grows beyond the capture | fuzz/captures.py |
| Every byte of a channel is in a message or in a gap | test_bytes.py |
| Every byte of a stream is in a PDU, a skip or what is dropped | fuzz/oracles.py (tpkt), transport/test_tpkt.py |
| What comes later never changes what was said before | test_prefix.py |
| How TCP carries a stream never changes what is said in it | test_tcp.py; capture/test_reassembly.py |
| What the scan leaves out has no events | conformance/test_scan.py, fuzz/captures.py (scanned) |
| Both engines say the same, but for the differences in a table with their reasons | test_engines.py |
| Memory and time are bounded by the limits of msra/limits.py | bounds/ |

    python -m pytest tests/invariants                                                     the same examples every time
    HYPOTHESIS_PROFILE=search MSRA_EXAMPLES=5000 python -m pytest tests/invariants        others, and more
"""

from __future__ import annotations

import os
from random import Random

from hypothesis import strategies as st

EXAMPLES = int(os.environ.get("MSRA_EXAMPLES", "25"))
RANDOMS = st.integers(0, (1 << 32) - 1).map(Random)
"""A choice that one number makes, so that a failing example is that number."""
