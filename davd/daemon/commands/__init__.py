"""The commands of davctl, one file each."""
