"""Tests of davd.caldav.elements."""
