"""Reads a capture in so much memory: python -m tests.bounds.reader CAPTURE MEGABYTES LIMITS; prints what is in it.

LIMITS, a JSON object, replaces numbers of msra/limits.py: with smaller ones, small captures reach them.
"""

from __future__ import annotations

import json
import re
import resource
import sys
from collections import Counter
from importlib import import_module
from pathlib import Path

from msra import limits


def main() -> None:
    """Prints a JSON object."""
    path, megabytes, changed = sys.argv[1], int(sys.argv[2]), json.loads(sys.argv[3])
    for name, value in changed.items():
        assert hasattr(limits, name), name
        setattr(limits, name, value)
    # Only now, because modules take the limits when they are imported.
    from msra.analysis.model import Report
    from msra.analyzer import analyze
    from tests.conformance.expected import PCAPS

    import_module("msra.capture.scan")  # NumPy takes memory of its own
    for warm in ("comp_shared_mppc64k.pcapng", "link_gzip.pcapng.gz", "rich_all_types.pcapng"):
        Report([analyze(PCAPS / warm, "embedded")]).to_dict()
    status = Path("/proc/self/status").read_text("ascii")
    most = (int(re.search(r"VmData:\s*(\d+) kB", status)[1]) << 10) + (megabytes << 20)  # type: ignore[index]
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    report = analyze(path, "embedded")
    gaps = Counter(gap.kind for session in report.sessions for gap in session.gaps)
    print(
        json.dumps(
            {
                "error": report.error,
                "notes": report.notes,
                "rdp_connections": report.rdp_connections,
                "sessions": len(report.sessions),
                "messages": sum(len(session.messages) for session in report.sessions),
                "gaps": gaps,
                "findings": sorted({finding.id for session in report.sessions for finding in session.findings}),
                "last": report.sessions[-1].verdict.result if report.sessions else None,
            }
        )
    )


if __name__ == "__main__":
    main()
