"""Tests of msra.capture: a file each."""
