"""WebDAV: methods, reports, properties, locks and access."""
