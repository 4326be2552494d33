"""Tests of davd.stores.memory."""
