"""Concrete storage."""
