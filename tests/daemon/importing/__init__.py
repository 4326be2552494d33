"""Tests of davd.daemon.importing."""
