"""Tests of davd.stores."""
