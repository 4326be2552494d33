"""Tests of davd.testing."""
