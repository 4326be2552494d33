"""The reports of CardDAV."""
