"""davd serves files (WebDAV), calendars (CalDAV) and contacts (CardDAV)."""
