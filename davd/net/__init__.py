"""Twisted protocols and listeners of the DAV plane."""
