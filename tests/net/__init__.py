"""Tests of davd.net."""
