"""Bytes to HTTP events and back, without any I/O."""
