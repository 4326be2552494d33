"""Tests of davd.http.wire."""
