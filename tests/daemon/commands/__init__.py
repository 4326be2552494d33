"""Tests of davd.daemon.commands."""
