"""Tests of davd.authentication."""
