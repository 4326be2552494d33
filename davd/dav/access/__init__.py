"""Privileges and the one place that decides on them."""
