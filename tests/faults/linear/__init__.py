"""Histories of real requests, checked for an order."""
