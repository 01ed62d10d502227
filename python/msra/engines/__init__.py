"""Engines turn a capture into events (msra.events). Two of them, one interface, one answer."""
