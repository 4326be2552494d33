"""From other programs' files into collections."""
