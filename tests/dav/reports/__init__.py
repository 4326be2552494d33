"""Tests of davd.dav.reports."""
