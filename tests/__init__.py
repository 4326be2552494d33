"""The tests of davd; they mirror davd/ file for file, beside those of the whole."""
