"""Tests of davd.application."""
