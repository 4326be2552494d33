"""The REPORTs of CalDAV, one file each."""
