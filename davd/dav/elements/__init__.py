"""XML elements of requests, parsed into values."""
