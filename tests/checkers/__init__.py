"""Tests of davd.checkers."""
