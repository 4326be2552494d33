"""Recurrence rules."""
