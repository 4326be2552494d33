"""What `davctl bench` does: find out, with real requests, how many users a host carries."""
