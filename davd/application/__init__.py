"""One request from start to end, and failures to responses."""
