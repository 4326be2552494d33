"""Tests of davd.daemon."""
