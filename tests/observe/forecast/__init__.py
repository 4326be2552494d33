"""Tests of davd.observe.forecast."""
