"""Tests of davd.config."""
