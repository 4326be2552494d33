"""Who can prove a name and a password."""
