"""Tests of davd.formats.icalendar.zones."""
