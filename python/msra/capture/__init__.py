"""Captures: files, link layers, IP and TCP.

A file goes in, the bytes of TCP streams come out. What they say is of no concern here, and nothing else of this
package is imported.
"""

from msra.capture.files import CaptureReader, open_capture_file
from msra.capture.find import find_captures
from msra.capture.model import CaptureError, Packet, Segment

__all__ = ["CaptureError", "CaptureReader", "Packet", "Segment", "find_captures", "open_capture_file"]
