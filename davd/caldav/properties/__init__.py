"""Live properties of calendars, their homes and the principals they belong to."""
