"""CalDAV: calendars as collections of the WebDAV tree."""
