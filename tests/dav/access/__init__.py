"""Tests of davd.dav.access."""
