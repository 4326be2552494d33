"""davd and its peers measured side by side: `python -m tests.performance`."""
