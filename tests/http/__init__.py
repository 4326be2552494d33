"""Tests of davd.http."""
