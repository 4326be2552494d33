"""Request bodies of CalDAV, from elements to values."""
