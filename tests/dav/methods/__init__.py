"""Tests of davd.dav.methods."""
