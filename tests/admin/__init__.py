"""Tests of the admin plane without a socket."""
