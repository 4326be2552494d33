"""Methods that CalDAV adds."""
