"""Request bodies of CardDAV, from elements to values."""
