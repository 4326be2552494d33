"""One server to measure in each module, all behind the same face."""
