"""Live and dead properties."""
