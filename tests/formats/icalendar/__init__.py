"""Tests of davd.formats.icalendar."""
