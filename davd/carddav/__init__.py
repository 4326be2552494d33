"""CardDAV: address books over WebDAV."""
