"""Tests of davd.caldav."""
