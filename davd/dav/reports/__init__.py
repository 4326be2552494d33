"""The REPORTs, one file each."""
