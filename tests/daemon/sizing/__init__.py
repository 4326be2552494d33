"""Tests of how a host is sized."""
