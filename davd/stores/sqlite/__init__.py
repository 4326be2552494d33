"""The store in one embedded SQLite file."""
