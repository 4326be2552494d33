"""Recurrence rules: read, and their occurrences found by integer arithmetic from any point on."""
