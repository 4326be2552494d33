"""What the load will be."""
