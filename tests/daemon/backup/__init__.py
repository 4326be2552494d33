"""Verifies copies of the store."""
