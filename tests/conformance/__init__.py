"""The clients people have, run against the real daemon over TLS."""
