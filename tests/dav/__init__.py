"""Tests of davd.dav."""
