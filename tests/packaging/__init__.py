"""What an installed davd is."""
