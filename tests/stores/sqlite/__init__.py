"""Tests of davd.stores.sqlite."""
