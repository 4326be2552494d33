"""Tests of davd.caldav.methods."""
