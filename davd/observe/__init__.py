"""What is measured of a running server."""
