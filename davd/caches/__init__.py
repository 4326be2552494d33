"""Tiers that keep finished answers."""
