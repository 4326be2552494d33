"""Tests of what davctl doctor says."""
