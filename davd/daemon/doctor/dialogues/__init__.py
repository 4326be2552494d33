"""What each client asks first, as data: one file for each client."""
