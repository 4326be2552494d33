"""Tests of davd.dav.properties."""
