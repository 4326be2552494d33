"""Tests of davd.caldav.properties."""
