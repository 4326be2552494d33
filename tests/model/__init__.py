"""Tests of davd.model."""
