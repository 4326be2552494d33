"""Schemes, remembered credentials, throttle."""
