"""Tests of davd.tree."""
