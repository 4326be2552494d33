"""HTTP/1.x requests, good and bad."""
