"""Tests of davd.caldav.reports."""
