"""Copies of a store elsewhere: made while it is in use, verified, and brought back."""
