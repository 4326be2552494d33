"""Public fakes and conformance suites for plugin authors."""
