"""The store in memory: the reference of meaning."""
