"""Live properties of address books and the principals they belong to."""
