"""Finding captures in a directory: by what the files hold, never by their names."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from msra.capture.files import open_capture_file
from msra.capture.model import CaptureError


def find_captures(directory: Path) -> Iterator[Path]:
    """The captures in `directory` and below it, sorted by path. Directories behind links are not entered."""
    for folder, subfolders, names in os.walk(directory):
        subfolders.sort()
        for name in sorted(names):
            path = Path(folder) / name
            if path.is_file() and _is_capture(path):
                yield path


def _is_capture(path: Path) -> bool:
    """A file that cannot be opened may be one: it is to be reported, not passed over."""
    try:
        open_capture_file(path).close()
    except CaptureError:
        return False
    except OSError:
        return True
    return True
