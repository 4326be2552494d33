"""Time zones: names and VTIMEZONE components to zones, zones to VTIMEZONE components."""
