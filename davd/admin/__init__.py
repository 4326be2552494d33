"""The admin plane on its own listener."""
