"""Tests that kill, starve or corrupt."""
