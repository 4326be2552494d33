"""Inputs that more than one test reads."""
